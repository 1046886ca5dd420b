import Foundation

/// Curves of one run or of several side by side as an SVG picture: a panel for each number.
///
/// A run has its colour in all panels; of one run, training and validation have a colour each. Of several, what is measured in training is dashed
/// where there is validation. Numbers that span more than a factor of thirty have a logarithmic scale.
public struct HistoryPicture {
  private let runs: [RunCurves]
  private let title: String

  /// - Parameters:
  ///   - runs: in the order of the legend.
  ///   - title: what stands above; nothing if empty.
  public init(_ runs: [RunCurves], title: String = "") {
    self.runs = runs
    self.title = title
  }

  /// The text of the SVG file.
  public var svg: String {
    let charts = charts
    return Picture(charts, columns: charts.count == 1 ? 1 : 2, title: title).svg
  }

  /// The panels.
  package var charts: [Chart] { RunCurves.panels(runs).map(chart) }

  private func chart(_ name: String) -> Chart {
    var chart = Chart(title: name, xLabel: "epoch")
    for (number, run) in runs.enumerated() {
      let train = run.points(name), validation = run.points("val_" + name)
      let hasDots = run.epochs.count <= 12
      if runs.count == 1 {
        if !train.isEmpty { chart.series.append(Chart.Series("training", train, color: 0, hasDots: hasDots)) }
        if !validation.isEmpty { chart.series.append(Chart.Series("validation", validation, color: 1, hasDots: hasDots)) }
      } else {
        if !train.isEmpty {
          chart.series.append(Chart.Series(run.name, train, color: number, width: validation.isEmpty ? 1.8 : 1.2, isDashed: !validation.isEmpty, isNamed: validation.isEmpty))
        }
        if !validation.isEmpty { chart.series.append(Chart.Series(run.name, validation, color: number, hasDots: hasDots)) }
      }
    }
    let values = chart.series.flatMap { $0.points.map(\.y) }.filter(\.isFinite)
    if let least = values.min(), let greatest = values.max(), least > 0, greatest > 30 * least { chart.yScale = .logarithmic }
    chart.height += 16 * Double(max(0, min(runs.count, 6) - 2))
    return chart
  }
}

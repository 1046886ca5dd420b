import Descent
import Foundation

/// One page on a run on a table: what its columns are, how training went, how good the network is, and which columns it makes use of.
struct TableReport {
  let file: TableFile
  let data: TableData
  let history: History
  /// What the rows are that the network is judged on: Validation.
  let part: String
  let scores: TableScores
  /// Of the rows that the network is judged on: answers and predictions, for a number.
  let points: [(answer: Double, prediction: Double)]
  let importances: [ColumnImportance]

  var html: String {
    let target = data.preprocessing.target, title = "\(target.name) from \(file.name)"
    return HTMLPage.text(
      title: title,
      body: """
        <h1>\(HTMLPage.escaped(title))</h1>
        <p>\(HTMLPage.escaped(data.sizes))<br>Target: \(HTMLPage.escaped(data.targetDescription))</p>
        <h2>How good it is: \(HTMLPage.escaped(part))</h2>
        \(judgement)
        <h2>Training</h2>
        \(HTMLPage.charts(HistoryPicture([RunCurves(history)]).charts))
        <h2>What the network makes use of</h2>
        \(importanceChart)
        <h2>Columns</h2>
        \(columns)
        """)
  }

  // MARK: - How good it is

  private var judgement: String {
    let verdict = scores.verdictHTML
    if scores.target.classes == nil {
      let rows = [
        ["the model", short(scores.mae), short(scores.rmse), String(format: "%.3f", scores.r2)],
        ["always the mean, \(short(scores.target.mean))", short(scores.naiveMAE), short(scores.naiveRMSE), "0"],
      ]
      return HTMLPage.table(["", "MAE", "RMSE", "R²"], rows) + verdict + HTMLPage.charts([scatter, residuals])
    }
    return scores.classesHTML("rows")
  }

  private var shownPoints: ArraySlice<(answer: Double, prediction: Double)> { points.prefix(2_000) }

  private var scatter: Chart {
    var chart = Chart(title: "prediction by true value", xLabel: "true value")
    let all = shownPoints.flatMap { [$0.answer, $0.prediction] }.filter(\.isFinite)
    if let low = all.min(), let high = all.max() { chart.series.append(Chart.Series("right", [(low, low), (high, high)], color: 7, isNamed: false)) }
    chart.series.append(TableReport.dots(shownPoints.map { ($0.answer, $0.prediction) }))
    return chart
  }

  private var residuals: Chart {
    var chart = Chart(title: "true value − prediction", xLabel: "prediction")
    let all = shownPoints.map(\.prediction).filter(\.isFinite)
    if let low = all.min(), let high = all.max() { chart.series.append(Chart.Series("right", [(low, 0), (high, 0)], color: 7, isNamed: false)) }
    chart.series.append(TableReport.dots(shownPoints.map { ($0.prediction, $0.answer - $0.prediction) }))
    return chart
  }

  private static func dots(_ points: [(x: Double, y: Double)]) -> Chart.Series {
    Chart.Series("rows", points, color: 0, hasLine: false, hasDots: true, isNamed: false)
  }

  // MARK: - Columns

  private var importanceChart: String {
    guard let most = importances.map(\.loss).max(), most > 0 else { return "<p>No column makes a difference.</p>" }
    let what = scores.target.classes == nil ? "the root of the mean square error grows" : "the part of right answers falls"
    let rows = importances.prefix(40).map { own in
      let width = max(0, own.loss / most * 300)
      return "<tr><td>\(HTMLPage.escaped(TableDescription.shownName(own.column)))</td><td>\(short(own.loss))</td><td><svg width=\"300\" height=\"12\"><rect class=\"f c0\" width=\"\(Int(width.rounded()))\" height=\"12\"/></svg></td></tr>"
    }
    return "<p>How much \(what) when a column's values change places among the rows.</p><div class=\"scroll\"><table>" + rows.joined() + "</table></div>"
  }

  private var columns: String {
    HTMLPage.table(
      ["column", "kind", "missing", "values in training", ""],
      data.summaries.map { own in
        [
          TableDescription.shownName(own.name), own.kind.rawValue, own.missing == 0 ? "" : grouped(own.missing), own.values,
          (own.leftOut.map { "left out: \($0)" } ?? "") + own.remarks.map { " \($0)" }.joined(),
        ]
      }, texts: [1, 3, 4])
  }

  private func short(_ value: Double) -> String { TableScoresDescription.short(value) }
}

extension TableScores {
  /// What is said of a model that has learned nothing.
  var verdictHTML: String {
    isNoBetterThanNaive ? "<p><b>The model is no better than always saying \(target.classes == nil ? "the mean" : "the most frequent class").</b></p>" : ""
  }

  /// How many are right, and which class was taken for which.
  /// - Parameter things: what was judged: rows.
  func classesHTML(_ things: String) -> String {
    let summary = "<p>\(TableScoresDescription.percent(accuracy)) of \(grouped(count)) \(things) are right; always saying the most frequent class would be right for \(TableScoresDescription.percent(naiveAccuracy)).</p>"
    let each = HTMLPage.table(
      ["class", things, "precision", "recall"],
      classes.map { [$0.name, grouped($0.count), $0.precision.isNaN ? "–" : String(format: "%.3f", $0.precision), $0.recall.isNaN ? "–" : String(format: "%.3f", $0.recall)] })
    guard classes.count <= 30 else { return summary + verdictHTML + each }
    var html = "<div class=\"scroll\"><table><tr><th>true class</th>" + classes.map { "<th>as \(HTMLPage.escaped($0.name))</th>" }.joined() + "</tr>"
    for (row, own) in classes.enumerated() {
      html += "<tr><th>\(HTMLPage.escaped(own.name))</th>"
      for (column, count) in confusion[row].enumerated() {
        html += "<td class=\"\(count == 0 ? "" : row == column ? "hit" : "miss")\">\(count == 0 ? "" : grouped(count))</td>"
      }
      html += "</tr>"
    }
    return summary + verdictHTML + each + "<h3>Which class was taken for which</h3>" + html + "</table></div>"
  }
}

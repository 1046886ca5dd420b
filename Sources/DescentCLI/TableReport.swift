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
    let target = data.preprocessing.target
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(target.name)) from \(escaped(file.name))</title>
      <style>
      body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}
      h1{font-size:1.5em} h2{font-size:1.15em;margin-top:2em} table{border-collapse:collapse;font-variant-numeric:tabular-nums}
      th,td{padding:.2em .8em .2em 0;text-align:left;border-bottom:1px solid #ddd;vertical-align:top} td.n,th.n{text-align:right}
      .figures{display:flex;flex-wrap:wrap;gap:1.5em} svg{background:#fff} .note{color:#666} td.hit{background:#d7ecd9} td.miss{background:#f8ded8}
      </style></head><body>
      <h1>\(escaped(target.name)) from \(escaped(file.name))</h1>
      <p>\(escaped(sizes))<br>Target: \(escaped(data.targetDescription))</p>
      <h2>How good it is: \(escaped(part))</h2>
      \(judgement)
      <h2>Training</h2>
      <div class="figures">\(curves)</div>
      <h2>What the network makes use of</h2>
      \(importanceChart)
      <h2>Columns</h2>
      \(columns)
      </body></html>

      """
  }

  private var sizes: String {
    var parts = ["\(grouped(data.training.count)) rows to train on"]
    if let validation = data.validation { parts.append("\(grouped(validation.count)) to validate on") }
    if let test = data.test { parts.append("\(grouped(test.count)) to test on") }
    return parts.joined(separator: ", ")
  }

  // MARK: - How good it is

  private var judgement: String {
    let verdict = scores.isNoBetterThanNaive ? "<p><b>The model is no better than always saying \(scores.target.classes == nil ? "the mean" : "the most frequent class").</b></p>" : ""
    if scores.target.classes == nil {
      let rows = [
        ["the model", short(scores.mae), short(scores.rmse), String(format: "%.3f", scores.r2)],
        ["always the mean, \(short(scores.target.mean))", short(scores.naiveMAE), short(scores.naiveRMSE), "0"],
      ]
      return table(["", "MAE", "RMSE", "R²"], rows) + verdict + "<div class=\"figures\">\(scatter)\(residuals)</div>"
    }
    let summary = "<p>\(percent(scores.accuracy)) of \(grouped(scores.count)) rows are right; always saying the most frequent class would be right for \(percent(scores.naiveAccuracy)).</p>"
    let each = table(
      ["class", "rows", "precision", "recall"],
      scores.classes.map { [$0.name, grouped($0.count), $0.precision.isNaN ? "–" : short($0.precision), $0.recall.isNaN ? "–" : short($0.recall)] })
    guard scores.classes.count <= 30 else { return summary + verdict + each }
    var confusion = "<table><tr><th>true class</th>" + scores.classes.map { "<th class=\"n\">as \(escaped($0.name))</th>" }.joined() + "</tr>"
    for (row, own) in scores.classes.enumerated() {
      confusion += "<tr><th>\(escaped(own.name))</th>"
      for (column, count) in scores.confusion[row].enumerated() {
        confusion += "<td class=\"n \(count == 0 ? "" : row == column ? "hit" : "miss")\">\(count == 0 ? "" : grouped(count))</td>"
      }
      confusion += "</tr>"
    }
    return summary + verdict + each + "<h3>Which class was taken for which</h3>" + confusion + "</table>"
  }

  private var shownPoints: ArraySlice<(answer: Double, prediction: Double)> { points.prefix(2_000) }

  private var scatter: String {
    let all = shownPoints.flatMap { [$0.answer, $0.prediction] }
    let plot = Plot(x: all, y: all)
    return plot.svg(
      title: "prediction by true value", plot.line(from: (plot.xRange.lowerBound, plot.xRange.lowerBound), to: (plot.xRange.upperBound, plot.xRange.upperBound))
        + shownPoints.map { plot.dot($0.answer, $0.prediction) }.joined())
  }

  private var residuals: String {
    let plot = Plot(x: shownPoints.map(\.prediction), y: shownPoints.map { $0.answer - $0.prediction } + [0])
    return plot.svg(
      title: "true value − prediction, by prediction", plot.line(from: (plot.xRange.lowerBound, 0), to: (plot.xRange.upperBound, 0))
        + shownPoints.map { plot.dot($0.prediction, $0.answer - $0.prediction) }.joined())
  }

  // MARK: - Training

  private var curves: String {
    history.names.filter { !$0.hasPrefix("val_") }.map { name in
      let own = history[name], validation = history["val_" + name]
      let plot = Plot(x: [1, Double(max(own.count, 2))], y: own + validation)
      var content = plot.curve(own, color: "#3366cc")
      if !validation.isEmpty { content += plot.curve(validation, color: "#cc5500") }
      let legend = "<tspan fill=\"#3366cc\">training</tspan>" + (validation.isEmpty ? "" : " <tspan fill=\"#cc5500\">validation</tspan>")
      return plot.svg(title: "\(escaped(name)) by epoch: \(legend)", content)
    }.joined()
  }

  // MARK: - Columns

  private var importanceChart: String {
    guard let most = importances.map(\.loss).max(), most > 0 else { return "<p>No column makes a difference.</p>" }
    let what = scores.target.classes == nil ? "the root of the mean square error grows" : "the part of right answers falls"
    let rows = importances.prefix(40).map { own in
      let width = max(0, own.loss / most * 300)
      return "<tr><td>\(escaped(TableDescription.shownName(own.column)))</td><td class=\"n\">\(short(own.loss))</td><td><svg width=\"300\" height=\"12\"><rect width=\"\(round2(width))\" height=\"12\" fill=\"#3366cc\"/></svg></td></tr>"
    }
    return "<p class=\"note\">How much \(what) when a column's values change places among the rows.</p><table>" + rows.joined() + "</table>"
  }

  private var columns: String {
    table(
      ["column", "kind", "missing", "values in training", ""],
      data.summaries.map { own in
        [
          TableDescription.shownName(own.name), own.kind.rawValue, own.missing == 0 ? "" : grouped(own.missing), own.values,
          (own.leftOut.map { "left out: \($0)" } ?? "") + own.remarks.map { " \($0)" }.joined(),
        ]
      })
  }

  private func table(_ header: [String], _ rows: [[String]]) -> String {
    "<table><tr>" + header.map { "<th>\(escaped($0))</th>" }.joined() + "</tr>"
      + rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }.joined() + "</table>"
  }

  private func short(_ value: Double) -> String { TableScoresDescription.short(value) }
  private func percent(_ value: Double) -> String { "\((value * 1_000).rounded() / 10) %" }
}

/// A text within a page.
private func escaped(_ text: String) -> String {
  text.printable.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: ">", with: "&gt;")
    .replacingOccurrences(of: "\"", with: "&quot;")
}

private func round2(_ value: Double) -> Double { (value * 100).rounded() / 100 }

/// A frame with two axes.
private struct Plot {
  static let width = 420.0, height = 260.0, left = 62.0, right = 12.0, top = 28.0, bottom = 26.0

  let xRange: ClosedRange<Double>, yRange: ClosedRange<Double>

  init(x: [Double], y: [Double]) {
    func range(_ values: [Double]) -> ClosedRange<Double> {
      let finite = values.filter(\.isFinite)
      let low = finite.min() ?? 0, high = finite.max() ?? 1
      return low < high ? low...high : (low - 0.5)...(high + 0.5)
    }
    xRange = range(x)
    yRange = range(y)
  }

  private func place(_ x: Double, _ y: Double) -> (Double, Double) {
    let across = (x - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound), up = (y - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
    return (
      round2(Plot.left + across * (Plot.width - Plot.left - Plot.right)), round2(Plot.height - Plot.bottom - up * (Plot.height - Plot.top - Plot.bottom)))
  }

  func dot(_ x: Double, _ y: Double) -> String {
    guard x.isFinite, y.isFinite, case let (a, b) = place(x, y) else { return "" }
    return "<circle cx=\"\(a)\" cy=\"\(b)\" r=\"2.5\" fill=\"#3366cc\" fill-opacity=\".5\"/>"
  }

  func line(from: (Double, Double), to: (Double, Double)) -> String {
    let (a, b) = place(from.0, from.1), (c, d) = place(to.0, to.1)
    return "<line x1=\"\(a)\" y1=\"\(b)\" x2=\"\(c)\" y2=\"\(d)\" stroke=\"#999\"/>"
  }

  /// Values by number, from 1 on.
  func curve(_ values: [Double], color: String) -> String {
    let points = values.enumerated().filter(\.element.isFinite).map { number, value in
      let (x, y) = place(Double(number + 1), value)
      return "\(x),\(y)"
    }
    return "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.8\" points=\"\(points.joined(separator: " "))\"/>"
  }

  /// - Parameter title: of what may stand in a text element.
  func svg(title: String, _ content: String) -> String {
    func text(_ x: Double, _ y: Double, _ text: String, _ anchor: String = "start") -> String {
      "<text x=\"\(x)\" y=\"\(y)\" font-size=\"12\" text-anchor=\"\(anchor)\" fill=\"#444\">\(text)</text>"
    }
    func short(_ value: Double) -> String { TableScoresDescription.short(value) }
    let (x0, y0) = (Plot.left, Plot.height - Plot.bottom), (x1, y1) = (Plot.width - Plot.right, Plot.top)
    return "<svg width=\"\(Plot.width)\" height=\"\(Plot.height)\" role=\"img\"><path d=\"M\(x0) \(y1)V\(y0)H\(x1)\" fill=\"none\" stroke=\"#444\"/>"
      + text(x0, 16, title) + text(x0 - 6, y0, short(yRange.lowerBound), "end") + text(x0 - 6, y1 + 10, short(yRange.upperBound), "end")
      + text(x0, y0 + 18, short(xRange.lowerBound)) + text(x1, y0 + 18, short(xRange.upperBound), "end") + content + "</svg>"
  }
}

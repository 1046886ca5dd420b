import Descent
import Foundation

/// What is told of a table before training.
struct TableDescription {
  let file: TableFile
  let data: TableData

  /// More columns than that are not listed one by one.
  private static let greatestListedCount = 60

  var text: String {
    let target = data.preprocessing.target
    var lines = ["\(file.name): \(file.columnNames.count) columns, \(dialect)\(data.sizes)"]
    lines.append("Target \(target.name): \(data.targetDescription)")
    if let counts = classCounts { lines.append(counts) }
    if !data.summaries.isEmpty { lines += ["", columns] }
    let remarks = data.remarks + data.summaries.flatMap { summary in summary.remarks.map { "\(TableDescription.shownName(summary.name)): \($0)" } }
    if !remarks.isEmpty {
      lines.append("")
      lines += remarks.map { "  * " + wrapped($0, to: TextTable.width - 4).joined(separator: "\n    ") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var dialect: String {
    let names: [Character: String] = ["\t": "separated by tabs, ", ";": "separated by semicolons, ", "|": "separated by '|', ", " ": "separated by spaces, "]
    let separator = file.dialect.separator == "," ? "" : names[file.dialect.separator] ?? "separated by '\(file.dialect.separator)', "
    return separator + (file.dialect.decimalMark == "," ? "decimal commas, " : "")
  }

  private var classCounts: String? {
    guard let counts = data.classCounts, let names = data.preprocessing.target.classes, let most = counts.max(), let least = counts.min() else { return nil }
    let shown = zip(names, counts).prefix(10).map { "\($0) \(grouped($1))" }.joined(separator: ", ") + (names.count > 10 ? ", …" : "")
    let uneven = most > 3 * least && names.count < 100 ? "\nThe classes are uneven; with --class-weight balanced the rare ones count as much as the frequent ones." : ""
    return "Training rows of each: \(shown)\(uneven)"
  }

  private var columns: String {
    let summaries = data.summaries.prefix(TableDescription.greatestListedCount)
    let encodings = Dictionary(uniqueKeysWithValues: data.preprocessing.columns.map { ($0.name, $0) })
    var rows = [["column", "kind", "missing", "values in training", "becomes"]]
    for summary in summaries {
      rows.append([
        TableDescription.shownName(summary.name), summary.kind.rawValue, summary.missing == 0 ? "" : grouped(summary.missing), TableDescription.shortened(summary.values, 44),
        summary.leftOut.map { "left out: \($0)" } ?? encodings[summary.name].map(becomes) ?? "",
      ])
    }
    let rest = data.summaries.count - summaries.count
    return TextTable(rows: rows, rightAligned: [2]).text + (rest > 0 ? "\n  … and \(rest) more columns" : "")
  }

  private func becomes(_ column: TableColumn) -> String {
    switch column.encoding {
    case .number(let typical, _, _, let marksMissing):
      return marksMissing ? "scaled; \(short(typical)) and a mark where missing" : "scaled"
    case .category(let values, let marksMissing, let hasOthers):
      return "\(values.count) places" + (hasOthers ? " and one for others" : "") + (marksMissing ? " and one for missing" : "")
    case .date(let parts, _, _, _, _, _, let marksMissing):
      let names: [DatePart: String] = [.elapsed: "days", .yearSine: "time of the year", .daySine: "time of the day", .weekday: "weekday"]
      return parts.compactMap { names[$0] }.joined(separator: ", ") + (marksMissing ? "; a mark where missing" : "")
    case .leftOut(let reason): return "left out: \(reason)"
    }
  }

  static func shownName(_ name: String) -> String { name.isEmpty ? "(no name)" : TableDescription.shortened(name, 28) }
}

private func short(_ value: Double) -> String { value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(Float(value))" }

extension TableData {
  /// How many rows there are for what.
  var sizes: String {
    var parts = ["\(grouped(training.count)) rows to train on"]
    if let validation { parts.append("\(grouped(validation.count)) to validate on") }
    if let test { parts.append("\(grouped(test.count)) to test on") }
    return parts.joined(separator: ", ")
  }
}

extension TableDescription {
  static func shortened(_ text: String, _ length: Int) -> String { text.count > length ? text.prefix(length - 1) + "…" : text }
}

/// How good a model is on rows of a table, in words.
struct TableScoresDescription {
  let scores: TableScores
  /// What was judged.
  var things = "rows"

  /// More classes than that are not listed against each other.
  private static let greatestConfusionCount = 12

  var text: String {
    scores.target.classes == nil ? numbers : classes
  }

  private var numbers: String {
    let table = TextTable(
      rows: [
        ["", "MAE", "RMSE", "R²"], ["the model", short(scores.mae), short(scores.rmse), rounded(scores.r2)],
        ["always the mean, \(short(scores.target.mean))", short(scores.naiveMAE), short(scores.naiveRMSE), "0"],
      ], rightAligned: [1, 2])
    return "\(scores.target.name) of \(grouped(scores.count)) rows:\n\(table.text)" + verdict
  }

  private var classes: String {
    var text = "\(scores.target.name) of \(grouped(scores.count)) \(things): \(percent(scores.accuracy)) right; always the most frequent class: \(percent(scores.naiveAccuracy))\n"
    let listed = scores.classes.prefix(40)
    text += TextTable(
      rows: [["class", things, "precision", "recall"]]
        + listed.map { [TableDescription.shortened($0.name, 28), grouped($0.count), $0.precision.isNaN ? "-" : rounded($0.precision), $0.recall.isNaN ? "-" : rounded($0.recall)] },
      rightAligned: [1, 2]
    ).text
    if scores.classes.count > listed.count { text += "\n  … and \(scores.classes.count - listed.count) more classes" }
    if scores.classes.count <= TableScoresDescription.greatestConfusionCount {
      let names = scores.classes.map { TableDescription.shortened($0.name, 12) }
      let rows = [["true class"] + names.map { "as \($0)" }] + zip(names, scores.confusion).map { [$0] + $1.map { $0 == 0 ? "." : grouped($0) } }
      text += "\n\n" + TextTable(rows: rows, rightAligned: Set(1...names.count)).text
    }
    return text + verdict
  }

  /// What a model that has learned nothing is told.
  private var verdict: String {
    guard scores.isNoBetterThanNaive else { return "" }
    return "\nThe model is no better than " + (scores.target.classes == nil ? "the mean" : "the most frequent class")
      + (things == "rows" ? ": the columns say little of '\(scores.target.name)', or training was too short." : ": there are too few \(things), or training was too short.")
  }

  private func short(_ value: Double) -> String { TableScoresDescription.short(value) }

  /// About five digits.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let magnitude = abs(value)
    if magnitude >= 10_000 && magnitude < 1e15 { return grouped(Int(value.rounded())) }
    if value == value.rounded() && magnitude < 1e15 { return "\(Int(value))" }
    if magnitude >= 1e15 || magnitude < 1e-3 { return String(format: "%.3g", value) }
    let scale = magnitude >= 100 ? 10.0 : magnitude >= 1 ? 1_000 : 100_000
    return "\((value * scale).rounded() / scale)"
  }

  private func rounded(_ value: Double) -> String { value.isFinite ? "\((value * 1_000).rounded() / 1_000)" : "\(value)" }
  static func percent(_ value: Double) -> String { "\((value * 1_000).rounded() / 10) %" }
  private func percent(_ value: Double) -> String { TableScoresDescription.percent(value) }
}

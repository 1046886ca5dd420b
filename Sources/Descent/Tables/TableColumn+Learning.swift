/// What is asked of ``TableData`` beyond the defaults.
public struct TableOptions: Sendable {
  /// The columns to predict from; nil for all that are of use.
  public var features: [String]?
  /// Columns that are left out.
  public var dropped: [String] = []
  /// What the values of columns are, where that is not to be found out. Those that are no numbers, categories or dates are left out.
  public var kinds: [String: ColumnKind] = [:]
  /// Whether a number or a class is predicted; nil to tell it by the target's values.
  public var task: TableTask?
  /// The part of the rows that is trained on, greater than 0 and at most 1.
  public var trainingPart = 0.8
  /// The part that is kept to judge the network on while it is trained; nil for all the rest. What remains then is to test it.
  public var validationPart: Double?
  /// Decides which rows are in which part.
  public var seed: UInt64 = 0
  /// A category has places for at most so many values, the most frequent ones.
  public var greatestCategoryCount = 50

  /// The defaults.
  public init() {}

  /// - Throws: ``DescentError`` of kind `invalidArgument` for parts that are none, or of `file` for columns that there are none of.
  func check(_ file: TableFile, target: String) throws {
    let validation = validationPart ?? 0
    guard trainingPart > 0, trainingPart <= 1, validation >= 0, trainingPart + validation <= 1 + 1e-9 else {
      throw DescentError(
        .invalidArgument, "the parts of the rows to train on and to validate on are \(trainingPart) and \(validation); the first must be greater than 0, and both at most 1 together")
    }
    if let problem = NumberRange.count.problem("greatestCategoryCount", greatestCategoryCount) { throw DescentError(.invalidArgument, problem) }
    for name in (features ?? []) + dropped + kinds.keys.sorted() { _ = try file.place(of: name, role: "") }
    if features?.contains(target) == true || dropped.contains(target) {
      throw DescentError(.invalidArgument, "'\(target)' is the target; it can be neither a feature nor left out")
    }
    if kinds[target] != nil {
      throw DescentError(.invalidArgument, "'\(target)' is the target; a task, regression or classification, says what its values are")
    }
    if let both = features?.first(where: dropped.contains) {
      throw DescentError(.invalidArgument, "'\(both)' is a feature and is left out; it can be one of them")
    }
  }
}

extension TableColumn {
  /// What becomes of a column by what the training rows hold, and what is to be said of it.
  static func learned(_ name: String, _ scan: ColumnScan, _ options: TableOptions) throws -> (TableColumn, remarks: [String], values: String) {
    var remarks: [String] = []
    let asked = options.kinds[name]
    let kind = asked ?? foundKind(name, scan)
    let reason: String? =
      options.dropped.contains(name) ? "dropped as asked"
      : options.features.map { !$0.contains(name) } == true ? "not among the features"
      : leftOutReason(kind, scan, wasAsked: asked != nil)
    let values = shownValues(kind, scan)
    if let reason {
      return (TableColumn(name: name, kind: kind, encoding: .leftOut(reason)), remarks, values)
    }
    if scan.present > 0 && Double(scan.missing) > 0.8 * Double(scan.rows) {
      remarks.append("\(scan.missing) of \(scan.rows) values are missing")
    }
    switch kind {
    case .number:
      if scan.oddCount > 0, let odd = scan.firstOdd {
        remarks.append("'\(shown(odd))'\(scan.oddCount > 1 ? " and \(scan.oddCount - 1) more" : "") are no numbers; they count as missing")
      }
      guard scan.numberCount > 0 else { throw DescentError(.data, "column '\(name)' is to hold numbers, and has none") }
      return (
        TableColumn(
          name: name, kind: kind,
          encoding: .number(
            typical: scan.median, mean: scan.mean, deviation: scan.deviation, marksMissing: scan.missing + scan.oddCount > 0)), remarks, values)
    case .date:
      guard let dates = scan.dateScan else { throw DescentError(.data, "column '\(name)' is to hold dates, and hardly any of its values is one that is understood") }
      if dates.count < scan.present { remarks.append("\(scan.present - dates.count) values are no dates; they count as missing") }
      if dates.areAllAmbiguous && dates.count > 0 {
        remarks.append("day and month cannot be told apart; \(dates.dayFirst ? "the day" : "the month") is taken to come first")
      }
      return (
        TableColumn(
          name: name, kind: kind,
          encoding: .date(
            parts: dates.parts, dayFirst: dates.dayFirst, origin: dates.minimum, typical: dates.median, mean: dates.meanDays,
            deviation: dates.deviation, marksMissing: scan.missing > 0 || dates.count < scan.present)), remarks, values)
    case .category, .identifier, .text, .constant:
      let frequent = frequentValues(scan, options)
      let rest = scan.different - frequent.count
      if rest > 0 && scan.different > options.greatestCategoryCount {
        remarks.append("the \(frequent.count) most frequent of \(scan.different)\(scan.hasAllTexts ? "" : " or more") values have a place of their own; the rest share one")
      }
      return (
        TableColumn(name: name, kind: .category, encoding: .category(values: frequent, marksMissing: scan.missing > 0, hasOthers: rest > 0)), remarks, values)
    }
  }

  /// The kind that the values tell.
  private static func foundKind(_ name: String, _ scan: ColumnScan) -> ColumnKind {
    if scan.present == 0 || (scan.different == 1 && scan.missing == 0) { return .constant }
    if scan.different == 1 { return .category }
    let isNumeric = Double(scan.numberCount) >= 0.9 * Double(scan.present)
    if isNumeric {
      if scan.countsRows { return .identifier }
      let isUnique = scan.isWhole && scan.missing == 0 && (scan.areAllDifferent || !scan.hasAllTexts)
      return isUnique && (name.isEmpty || namesRows(name)) ? .identifier : .number
    }
    if scan.dateScan != nil { return .date }
    if name.isEmpty && scan.areAllDifferent { return .identifier }
    if 2 * scan.different > scan.present || (!scan.hasAllTexts && scan.numberCount > scan.present / 2) {
      return scan.areAllDifferent && scan.meanWordCount < 5 && scan.present > 2 ? .identifier : .text
    }
    return .category
  }

  /// Whether a column is called as columns are that number things.
  private static func namesRows(_ name: String) -> Bool {
    let small = name.lowercased()
    if ["id", "index", "idx", "no", "nr", "number", "row", "rownames", "row.names", "key", "uuid", "번호"].contains(small) { return true }
    if ["_id", "-id", ".id", " id", "_no", "_nr", "_key", "아이디"].contains(where: { small.hasSuffix($0) }) { return true }
    return name.hasSuffix("Id") || (name.hasSuffix("ID") && name.dropLast(2).last?.isLowercase == true)
  }

  private static func leftOutReason(_ kind: ColumnKind, _ scan: ColumnScan, wasAsked: Bool) -> String? {
    switch kind {
    case .number, .category, .date: nil
    case _ where wasAsked: "said to be no number, category or date"
    case .constant: scan.present == 0 ? "is empty" : "is the same in every row"
    case .identifier: scan.countsRows ? "counts the rows" : "is different in every row"
    case .text: scan.meanWordCount >= 5 ? "holds text" : "has hardly any value twice"
    }
  }

  /// The values with places of their own, the most frequent first.
  private static func frequentValues(_ scan: ColumnScan, _ options: TableOptions) -> [String] {
    let least = scan.different <= 2 ? 1 : max(2, min(scan.present / 1_000, 20))
    return ranked(scan).filter { $0.count >= least }.prefix(options.greatestCategoryCount).map(\.text)
  }

  private static func ranked(_ scan: ColumnScan) -> [(text: String, count: Int)] {
    zip(scan.texts.texts, scan.counts).sorted { a, b in a.1 != b.1 ? a.1 > b.1 : a.0.lexicographicallyPrecedes(b.0) }
      .map { (String(decoding: $0.0, as: UTF8.self), $0.1) }
  }

  static func shown(_ text: String) -> String { text.count > 24 ? text.prefix(23) + "…" : text }

  private static func shownValues(_ kind: ColumnKind, _ scan: ColumnScan) -> String {
    switch kind {
    case .number where scan.numberCount > 0: return "\(shortNumber(scan.minimum)) to \(shortNumber(scan.maximum))"
    case .date:
      guard let dates = scan.dateScan else { return "" }
      return "\(TableDate.text(days: dates.minimum)) to \(TableDate.text(days: dates.maximum))"
    case .category, .constant:
      let ranked = ranked(scan)
      let names = ranked.prefix(4).map { kind == .constant ? shown($0.text) : "\(shown($0.text)) (\($0.count))" }
      return names.joined(separator: ", ") + (ranked.count > 4 ? ", … \(scan.different) in all" : "")
    default:
      let first = scan.texts.texts.prefix(2).map { shown(String(decoding: $0, as: UTF8.self)) }
      if first.isEmpty { return scan.numberCount > 0 ? "\(shortNumber(scan.minimum)) to \(shortNumber(scan.maximum))" : "" }
      return first.joined(separator: ", ") + ", …"
    }
  }

  /// The shortest text that is the number again when it is read.
  static func exactNumber(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }

  /// A number in at most about six digits, to be looked at.
  static func shortNumber(_ value: Double) -> String {
    if value == value.rounded() && abs(value) < 1e15 { return String(Int(value)) }
    let magnitude = abs(value)
    if magnitude >= 1e6 || magnitude < 1e-4 { return "\(Float(value))" }
    let decimals = magnitude >= 1_000 ? 1 : magnitude >= 100 ? 2 : magnitude >= 1 ? 3 : 5
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}

/// A column of a table and what becomes of it on its way into a network.
public struct TableColumn: Sendable, Equatable {
  /// What is made of the values.
  public enum Encoding: Sendable, Equatable {
    /// The number itself, the typical one where it is missing, with the mean and the deviation by which the network scales it; and where some were
    /// missing in training, 1 for those that are and 0 for others.
    case number(typical: Double, mean: Double, deviation: Double, marksMissing: Bool)
    /// A place for each of the values, one before them for all others, and where some were missing in training one for those. `hasOthers`
    /// tells whether training rows had others.
    case category(values: [String], marksMissing: Bool, hasOthers: Bool)
    /// Numbers of parts of the date; `origin` and `typical` in days since 1970-01-01.
    case date(parts: [DatePart], dayFirst: Bool, origin: Double, typical: Double, mean: Double, deviation: Double, marksMissing: Bool)
    /// Not used, and why.
    case leftOut(String)
  }

  /// The name in the file's first line.
  public let name: String
  /// What the values are.
  public let kind: ColumnKind
  /// What is made of them.
  public let encoding: Encoding

  /// Whether the network sees it.
  public var isUsed: Bool { if case .leftOut = encoding { false } else { true } }
}

extension TableColumn {
  /// What an input of the network means: the column, and which part of it.
  struct NumberInput: Equatable {
    let column: String
    /// `value`, `missing`, or the part of a date.
    let part: String
    let mean: Double
    let deviation: Double
  }

  /// The inputs that are numbers, in order.
  var numberInputs: [NumberInput] {
    func plain(_ part: String) -> NumberInput { NumberInput(column: name, part: part, mean: 0, deviation: 1) }
    switch encoding {
    case .number(_, let mean, let deviation, let marksMissing):
      return [NumberInput(column: name, part: "value", mean: mean, deviation: deviation)] + (marksMissing ? [plain("missing")] : [])
    case .date(let parts, _, let origin, _, let mean, let deviation, let marksMissing):
      let values = parts.filter { $0 != .weekday }.map { part in
        part == .elapsed ? NumberInput(column: name, part: part.rawValue, mean: mean - origin, deviation: deviation) : plain(part.rawValue)
      }
      return values + (marksMissing ? [plain("missing")] : [])
    case .category, .leftOut: return []
    }
  }

  /// The tokens of the input that is a category, if there is one: the first stands for all values that are not named.
  var tokens: [String]? {
    switch encoding {
    case .category(let values, let marksMissing, _): return [TableColumn.other] + (marksMissing ? [TableColumn.missing] : []) + values
    case .date(let parts, _, _, _, _, _, _): return parts.contains(.weekday) ? [TableColumn.other] + DatePart.weekdays : nil
    case .number, .leftOut: return nil
    }
  }

  static let other = "[other]", missing = "[missing]"
}

/// What a table is asked to predict.
public enum TableTask: String, Sendable, CaseIterable {
  /// A number.
  case regression
  /// One of several classes.
  case classification
}

/// The column that is predicted.
public struct TableTarget: Sendable, Equatable {
  /// The column.
  public let name: String
  /// The names of the classes in the order of their numbers; nil for a number.
  public let classes: [String]?
  /// Of the training rows' numbers; 0 and 1 for classes.
  public let mean: Double, deviation: Double

  /// What is predicted.
  public var task: TableTask { classes == nil ? .regression : .classification }
}

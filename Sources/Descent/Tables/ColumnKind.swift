/// What the values of a table's column are.
public enum ColumnKind: String, Sendable, CaseIterable {
  /// Amounts: scaled by the mean and the deviation of the training rows.
  case number
  /// One of several names: each has a place of its own, where it is frequent enough.
  case category
  /// Dates, times of the day, or both.
  case date
  /// Names or numbers of rows: left out, and written beside predictions.
  case identifier
  /// Words in sentences, or names that hardly ever come twice: left out.
  case text
  /// One value in all rows, or none: left out.
  case constant
}

/// What the training rows hold in a column, and what is made of it.
public struct ColumnSummary: Sendable {
  /// The column.
  public let name: String
  /// What its values were taken for.
  public let kind: ColumnKind
  /// How many fields hold no value.
  public let missing: Int
  /// How many fields of a column of numbers or dates hold something else; they count as missing.
  public let odd: Int
  /// The values in short: `4 to 12`, `cat (20), dog (18)`.
  public let values: String
  /// Why it is left out; nil if it is used.
  public let leftOut: String?
  /// What is strange about it.
  public let remarks: [String]
}

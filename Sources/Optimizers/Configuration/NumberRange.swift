/// Numbers between two limits.
public struct NumberRange: Sendable, CustomStringConvertible {
  let isIncluded: @Sendable (Double) -> Bool
  public let description: String

  init(_ description: String, _ isIncluded: @escaping @Sendable (Double) -> Bool) {
    self.description = description
    self.isIncluded = isIncluded
  }

  /// What stands after "a number" or "numbers" in errors.
  var suffix: String { description.hasPrefix("any") ? "" : " \(description)" }

  /// Every number.
  public static let any = NumberRange("any number") { _ in true }
  /// x ≥ 0.
  public static let nonNegative = NumberRange("at least 0") { $0 >= 0 }
  /// x > 0.
  public static let positive = NumberRange("greater than 0") { $0 > 0 }
  /// x ≤ 0.
  public static let nonPositive = NumberRange("at most 0") { $0 <= 0 }
  /// 0 ≤ x < 1.
  public static let decay = NumberRange("at least 0 and less than 1") { $0 >= 0 && $0 < 1 }
  /// 0 < x ≤ 1.
  public static let interpolation = NumberRange("greater than 0 and at most 1") { $0 > 0 && $0 <= 1 }
  /// 0 ≤ x ≤ 1.
  public static let fraction = NumberRange("between 0 and 1") { $0 >= 0 && $0 <= 1 }
  /// 0 < x < 1.
  public static let openFraction = NumberRange("greater than 0 and less than 1") { $0 > 0 && $0 < 1 }
  /// 1, 2, 3 …: how many there are of something.
  public static let count = NumberRange.atLeast(1)
  /// x ≥ `low`.
  public static func atLeast(_ low: Double) -> NumberRange {
    NumberRange("at least \(Int(exactly: low).map { "\($0)" } ?? "\(low)")") { $0 >= low }
  }
  /// `low` ≤ x ≤ `high`.
  public static func from(_ low: Int, to high: Int) -> NumberRange {
    NumberRange("from \(low) to \(high)") { $0 >= Double(low) && $0 <= Double(high) }
  }
}

extension NumberRange {
  /// What is wrong with a setting: "rate is 1.5; it must be at least 0 and less than 1". Nil for a finite number of the range.
  package func problem(_ setting: String, _ value: Double) -> String? {
    if value.isFinite && isIncluded(value) { return nil }
    return "\(setting) is \(value); it must be \(value.isFinite ? description : "a finite number\(suffix)")"
  }

  /// The same of a whole number, and nil where none is given.
  package func problem(_ setting: String, _ value: Int?) -> String? {
    guard let value, !isIncluded(Double(value)) else { return nil }
    return "\(setting) is \(value); it must be \(description)"
  }

  /// What is wrong with the first of several values that is out of range.
  package func problem(_ each: String, in values: [Double]?) -> String? { values?.lazy.compactMap { problem(each, $0) }.first }

  /// The same of whole numbers.
  package func problem(_ each: String, in values: [Int]?) -> String? { values?.lazy.compactMap { problem(each, $0) }.first }

  /// - Throws: ``DescentError`` of kind `invalidArgument`, with what is wrong with the setting behind the name of the place.
  package func check(_ setting: String, _ value: Double, _ place: String) throws {
    if let problem = problem(setting, value) { throw DescentError(.invalidArgument, "\(place): \(problem)") }
  }

  /// The same of a whole number, if one is given.
  package func check(_ setting: String, _ value: Int?, _ place: String) throws {
    if let problem = problem(setting, value) { throw DescentError(.invalidArgument, "\(place): \(problem)") }
  }
}

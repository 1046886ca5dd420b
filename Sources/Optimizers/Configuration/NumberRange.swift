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
  /// x ≥ `low`.
  public static func atLeast(_ low: Double) -> NumberRange { NumberRange("at least \(low)") { $0 >= low } }
}

import Descent
import TensorCore

/// The value of a hyperparameter: a whole number, a number, a text or a truth.
public enum HyperParameterValue: Sendable, Hashable {
  /// A whole number.
  case int(Int)
  /// A number.
  case float(Double)
  /// A text.
  case string(String)
  /// A truth.
  case bool(Bool)

  /// The whole number, if it is one.
  public var int: Int? { if case .int(let value) = self { value } else { nil } }

  /// The number, if it is one; a whole one counts.
  public var double: Double? {
    switch self {
    case .float(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }

  /// The text, if it is one.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The truth, if it is one.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// What the kind is called in messages.
  var kindName: String {
    switch self {
    case .int: "a whole number"
    case .float: "a number"
    case .string: "a text"
    case .bool: "a truth"
    }
  }

  var json: JSONValue {
    switch self {
    case .int(let value): JSONValue(value)
    case .float(let value): JSONValue(value)
    case .string(let value): .string(value)
    case .bool(let value): .bool(value)
    }
  }

  /// Nil for what no hyperparameter has: null, lists, objects.
  init?(_ json: JSONValue) {
    switch json {
    case .bool(let value): self = .bool(value)
    case .string(let value): self = .string(value)
    case .number(let spelling):
      // A number that is written with a point or an exponent is not a whole one, even where its value is.
      if let value = Int(spelling) {
        self = .int(value)
      } else if let value = json.double {
        self = .float(value)
      } else {
        return nil
      }
    default: return nil
    }
  }
}

extension HyperParameterValue: CustomStringConvertible {
  public var description: String {
    switch self {
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): value
    case .bool(let value): "\(value)"
    }
  }
}

extension HyperParameterValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .float(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// What a choice may be among: `Int`, `Double`, `String` and `Bool`.
public protocol TunableValue: Hashable, Sendable {
  /// The same as the value of a hyperparameter.
  var hyperParameterValue: HyperParameterValue { get }
  /// - Parameter value: nil comes of one of another kind. A whole number may stand for a number.
  init?(_ value: HyperParameterValue)
}

extension Int: TunableValue {
  public var hyperParameterValue: HyperParameterValue { .int(self) }
  public init?(_ value: HyperParameterValue) {
    guard let value = value.int else { return nil }
    self = value
  }
}

extension Double: TunableValue {
  public var hyperParameterValue: HyperParameterValue { .float(self) }
  public init?(_ value: HyperParameterValue) {
    guard let value = value.double else { return nil }
    self = value
  }
}

extension String: TunableValue {
  public var hyperParameterValue: HyperParameterValue { .string(self) }
  public init?(_ value: HyperParameterValue) {
    guard let value = value.string else { return nil }
    self = value
  }
}

extension Bool: TunableValue {
  public var hyperParameterValue: HyperParameterValue { .bool(self) }
  public init?(_ value: HyperParameterValue) {
    guard let value = value.bool else { return nil }
    self = value
  }
}

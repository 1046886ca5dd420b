import TensorCore

/// One kind of setting: what a value in Keras's JSON must be, and how it is read. A ``Hyperparameter`` of an optimizer or schedule, the
/// ``Settings`` of a loss or metric and the options of a layer are each of such a kind, so that a value is checked and refused in the same
/// way wherever it stands.
///
///     let weekday = SettingKind<Int>.integer(atLeast: 1).map("an integer from 1 to 7") { $0 <= 7 ? $0 : nil }
public struct SettingKind<Value>: Sendable {
  /// What a value must be, in errors and tables: `a number at least 0`.
  public let expected: String
  /// The value, or nil if it is not of the kind.
  package let read: @Sendable (JSONValue) throws -> Value?

  /// - Parameters:
  ///   - expected: what a value must be, for errors and tables.
  ///   - read: the value, or nil if it is not of the kind.
  public init(_ expected: String, _ read: @escaping @Sendable (JSONValue) throws -> Value?) {
    self.expected = expected
    self.read = read
  }

  /// Reads a value.
  /// - Parameters:
  ///   - json: the value as a file has it.
  ///   - key: what the setting is called.
  /// - Throws: ``DescentError`` naming the setting, the value and what it must be.
  public func value(of json: JSONValue, named key: String) throws -> Value {
    let value: Value?
    do { value = try read(json) } catch let error as DescentError { throw error.within(key) }
    guard let value else { throw DescentError(.invalidArgument, "'\(key)' is \(json.shortText); expected \(expected)") }
    return value
  }

  /// The same, or null for nil.
  public var orNull: SettingKind<Value?> {
    SettingKind<Value?>(expected + ", or null") { json in
      // A value of another kind is none at all, not null.
      json == .null ? .some(nil) : try read(json).map(Optional.some)
    }
  }

  /// The same also of what Keras writes an array or a number of NumPy as: an object whose `config` has the `value`.
  package var unwrapped: SettingKind { SettingKind(expected) { try read($0["config"]?["value"] ?? $0) } }

  /// The same with a further condition or another type.
  /// - Parameters:
  ///   - expected: what a value must be; the same as before if nil.
  ///   - transform: the value, or nil if it does not meet the condition.
  public func map<Result>(
    _ expected: String? = nil, _ transform: @escaping @Sendable (Value) throws -> Result?
  ) -> SettingKind<Result> {
    SettingKind<Result>(expected ?? self.expected) { try read($0).flatMap(transform) }
  }

  /// A list of such values.
  /// - Parameter plural: what errors call them: `numbers`.
  public func list(of plural: String) -> SettingKind<[Value]> {
    SettingKind<[Value]>("a list of \(plural)") { json in try list(json) }
  }

  /// A list of such values, or one that stands for a list of itself.
  public func oneOrList(of plural: String) -> SettingKind<[Value]> {
    SettingKind<[Value]>("\(expected) or a list of \(plural)") { json in
      if let one = try read(json) { return [one] }
      return try list(json)
    }
  }

  private func list(_ json: JSONValue) throws -> [Value]? {
    guard let elements = try json.array?.map(read) else { return nil }
    let values = elements.compactMap { $0 }
    return values.count == elements.count ? values : nil
  }
}

extension SettingKind<Double> {
  /// Any number, `NaN` and the infinite ones as well.
  public static var anyNumber: SettingKind { SettingKind("a number", \.double) }

  /// A finite number in `range`.
  public static func number(in range: NumberRange) -> SettingKind {
    SettingKind("a number\(range.suffix)") { json in json.double.flatMap { $0.isFinite && range.isIncluded($0) ? $0 : nil } }
  }
}

extension SettingKind<Int> {
  /// An integer.
  public static var integer: SettingKind { SettingKind("an integer", \.int) }

  /// An integer that is `low` or greater.
  public static func integer(atLeast low: Int) -> SettingKind {
    SettingKind("an integer at least \(low)") { json in json.int.flatMap { $0 >= low ? $0 : nil } }
  }
}

extension SettingKind<Bool> {
  /// True or false.
  public static var flag: SettingKind { SettingKind("true or false", \.bool) }
}

extension SettingKind<String> {
  /// A text.
  public static var text: SettingKind { SettingKind("a text", \.string) }
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable & Sendable {
  /// One of the names of an enumeration.
  /// - Parameters:
  ///   - type: the enumeration, whose raw values are the names.
  ///   - ignoresCase: whether the name may be written in any case; the enumeration's own names are in small letters then.
  public static func choice(_ type: Value.Type = Value.self, ignoresCase: Bool = false) -> SettingKind {
    SettingKind("one of " + Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")) { json in
      json.string.flatMap { Value(rawValue: ignoresCase ? $0.lowercased() : $0) }
    }
  }
}

extension DescentError {
  /// The same error with what stands before it: whose setting, or which.
  package func within(_ place: String) -> DescentError { DescentError(kind, "\(place): \(message)") }
}

import TensorCore

/// Settings read from Keras's JSON by name and ``SettingKind``, with what holds where one is missing: of losses, metrics, layers and whatever
/// else is not described by a table of ``Hyperparameter``s.
public struct Settings: Sendable {
  /// Whose settings they are, for messages.
  public let owner: String
  private let given: [String: JSONValue]
  private let defaults: [String: JSONValue]

  /// - Parameters:
  ///   - owner: whose settings they are, for messages.
  ///   - given: what the JSON says.
  ///   - defaults: what holds for a setting that is missing.
  package init(owner: String, given: [String: JSONValue], defaults: [String: JSONValue] = [:]) {
    self.owner = owner
    self.given = given
    self.defaults = defaults
  }

  /// The value of a setting, its default if it is missing; nil if there is none either.
  public subscript(key: String) -> JSONValue? { given[key] ?? defaults[key] }

  /// The same where null stands for the default.
  package func orDefault(_ key: String) -> JSONValue {
    let value = given[key] ?? .null
    return value == .null ? defaults[key] ?? .null : value
  }

  /// The value of a setting that must be there or have a default.
  /// - Throws: ``DescentError`` naming owner and setting if it is missing or not of the kind.
  public func value<Value>(_ key: String, _ kind: SettingKind<Value>) throws -> Value {
    guard let json = self[key] else { throw missing([(key, kind.expected)], of: owner) }
    return try value(of: json, key, kind)
  }

  /// The value of a setting, or nil where it is null or missing.
  /// - Throws: ``DescentError`` naming owner and setting if it is of another kind.
  public func optional<Value>(_ key: String, _ kind: SettingKind<Value>) throws -> Value? {
    try value(of: self[key] ?? .null, key, kind.orNull)
  }

  /// A value as if it were that of a setting.
  package func value<Value>(of json: JSONValue, _ key: String, _ kind: SettingKind<Value>) throws -> Value {
    do { return try kind.value(of: json, named: key) } catch let error as DescentError { throw error.within(owner) }
  }

  /// Refuses a setting that is not among those known.
  /// - Throws: ``DescentError`` naming owner, setting and the nearest that is known.
  package func refuseOthers(than known: [String]) throws {
    for key in given.keys.sorted() where !known.contains(key) { throw unknown(key, of: owner, known: known) }
  }

  /// A number.
  /// - Throws: ``DescentError`` as all that follow, naming owner and setting, if the value is of another kind, or missing without a default.
  public func double(_ key: String) throws -> Double { try value(key, .anyNumber) }

  /// A number, or nil where the setting is null or missing.
  public func optionalDouble(_ key: String) throws -> Double? { try optional(key, .anyNumber) }

  /// An integer.
  public func int(_ key: String) throws -> Int { try value(key, .integer) }

  /// An integer, or nil where the setting is null or missing.
  public func optionalInt(_ key: String) throws -> Int? { try optional(key, .integer) }

  /// True or false.
  public func bool(_ key: String) throws -> Bool { try value(key, .flag) }

  /// True or false, or nil where the setting is null or missing.
  public func optionalBool(_ key: String) throws -> Bool? { try optional(key, .flag) }

  /// A text.
  public func string(_ key: String) throws -> String { try value(key, .text) }

  /// One integer or a list of integers.
  public func ints(_ key: String) throws -> [Int] { try value(key, .integers) }

  /// One integer or a list of integers, or nil where the setting is null or missing.
  public func optionalInts(_ key: String) throws -> [Int]? { try optional(key, .integers) }

  /// One number or a list of numbers, or nil where the setting is null or missing.
  public func optionalDoubles(_ key: String) throws -> [Double]? { try optional(key, .numbers) }

  /// One of the names of an enumeration.
  public func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_ key: String, _ type: Choice.Type) throws -> Choice {
    try value(key, .choice(type))
  }

  /// One of the names of an enumeration, or nil where the setting is null or missing.
  public func optionalChoice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_ key: String, _ type: Choice.Type) throws -> Choice? {
    try optional(key, .choice(type))
  }
}

extension SettingKind<[Int]> {
  /// One integer or a list of integers.
  public static var integers: SettingKind { SettingKind<Int>.integer.oneOrList(of: "integers") }
}

extension SettingKind<[Double]> {
  /// One number or a list of numbers.
  public static var numbers: SettingKind { SettingKind<Double>.anyNumber.oneOrList(of: "numbers") }
}

/// The error for settings that must be given and are not.
/// - Parameter settings: their names, and what they must be.
func missing(_ settings: [(key: String, expected: String)], of owner: String) -> DescentError {
  DescentError(.invalidArgument, "\(owner): " + settings.map { "'\($0.key)' is missing; expected \($0.expected)" }.joined(separator: ", "))
}

/// The error for a setting that nobody knows.
func unknown(_ key: String, of owner: String, known: [String]) -> DescentError {
  unknownName(key, what: "setting", known: known).within(owner)
}

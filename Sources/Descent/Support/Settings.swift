/// Settings read from JSON by name and type, with what holds where one is missing: of layers, losses and whatever else has Keras settings. Those
/// of optimizers have tables of their own, of ``Hyperparameter``s.
package struct Settings: Sendable {
  /// Whose settings they are, for messages.
  let owner: String
  private let given: [String: JSONValue]
  private let defaults: [String: JSONValue]

  init(owner: String, given: [String: JSONValue], defaults: [String: JSONValue] = [:]) {
    self.owner = owner
    self.given = given
    self.defaults = defaults
  }

  /// The value of a setting, its default if it is missing; nil if there is none either.
  subscript(key: String) -> JSONValue? { given[key] ?? defaults[key] }

  /// The same where null stands for the default.
  func orDefault(_ key: String) -> JSONValue {
    let value = given[key] ?? .null
    return value == .null ? defaults[key] ?? .null : value
  }

  /// - Parameter expected: what the value must be, for the error: `an integer`.
  func read<Result>(_ key: String, _ expected: String, _ convert: (JSONValue) -> Result?) throws -> Result {
    guard let result = self[key].flatMap(convert) else {
      throw DescentError(
        .invalidArgument, "\(owner): '\(key)' \(self[key].map { "is \($0.shortText)" } ?? "is missing"); expected \(expected)")
    }
    return result
  }

  /// Nil for null and what is missing.
  private func readOptional<Result>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Result?
  ) throws -> Result? {
    if self[key] ?? .null == .null { return nil }
    return try read(key, expected + " or null", convert)
  }

  func double(_ key: String) throws -> Double { try read(key, "a number", \.double) }
  func optionalDouble(_ key: String) throws -> Double? { try readOptional(key, "a number", \.double) }
  func int(_ key: String) throws -> Int { try read(key, "an integer", \.int) }
  func optionalBool(_ key: String) throws -> Bool? { try readOptional(key, "true or false", \.bool) }
  func optionalInt(_ key: String) throws -> Int? { try readOptional(key, "an integer", \.int) }
  func bool(_ key: String) throws -> Bool { try read(key, "true or false", \.bool) }
  func string(_ key: String) throws -> String { try read(key, "text", \.string) }

  /// One integer or a list of integers.
  func ints(_ key: String) throws -> [Int] { try read(key, "a list of integers", Settings.ints) }
  func optionalInts(_ key: String) throws -> [Int]? { try readOptional(key, "a list of integers", Settings.ints) }

  /// Null, one number or a list of numbers.
  func optionalDoubles(_ key: String) throws -> [Double]? {
    try readOptional(key, "a number or a list of numbers", Settings.doubles)
  }

  /// One of the names of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) throws -> Choice
  where Choice.RawValue == String {
    let names = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return try read(key, "one of \(names)") { $0.string.flatMap(Choice.init(rawValue:)) }
  }

  /// Null or one of the names of an enumeration.
  func optionalChoice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) throws -> Choice?
  where Choice.RawValue == String {
    self[key] ?? .null == .null ? nil : try choice(key, type)
  }

  private static func ints(_ value: JSONValue) -> [Int]? {
    if let one = value.int { return [one] }
    let elements = value.array?.map(\.int)
    return elements.flatMap { $0.contains(nil) ? nil : $0.compactMap { $0 } }
  }

  private static func doubles(_ value: JSONValue) -> [Double]? {
    if let one = value.double { return [one] }
    let elements = value.array?.map(\.double)
    return elements.flatMap { $0.contains(nil) ? nil : $0.compactMap { $0 } }
  }
}

/// Settings read from JSON, complete with defaults, by name and type.
package struct Settings: Sendable {
  /// Whose settings they are, for messages.
  let owner: String
  let values: [String: JSONValue]

  private func read<Result>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Result?
  ) throws -> Result {
    guard let value = values[key] else {
      throw DescentError(.invalidArgument, "\(owner): '\(key)' is missing; expected \(expected)")
    }
    guard let result = convert(value) else {
      throw DescentError(.invalidArgument, "\(owner): '\(key)' is \(value) but must be \(expected)")
    }
    return result
  }

  private func readOptional<Result>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Result?
  ) throws -> Result? {
    if values[key] ?? .null == .null { return nil }
    return try read(key, expected + " or null", convert)
  }

  func double(_ key: String) throws -> Double { try read(key, "a number", \.double) }
  func optionalDouble(_ key: String) throws -> Double? { try readOptional(key, "a number", \.double) }
  func int(_ key: String) throws -> Int { try read(key, "an integer", \.int) }
  func optionalInt(_ key: String) throws -> Int? { try readOptional(key, "an integer", \.int) }
  func bool(_ key: String) throws -> Bool { try read(key, "true or false", \.bool) }
  func string(_ key: String) throws -> String { try read(key, "a string", \.string) }

  /// Null, one integer or a list of integers.
  func optionalInts(_ key: String) throws -> [Int]? {
    try readOptional(key, "a list of integers", Settings.ints)
  }

  func ints(_ key: String) throws -> [Int] { try read(key, "a list of integers", Settings.ints) }

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
    values[key] ?? .null == .null ? nil : try choice(key, type)
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

import Foundation

/// A value of a configuration: what JSON can express.
public enum ConfigurationValue: Sendable, Equatable {
  case null
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([ConfigurationValue])
  /// Keys in order, none twice.
  case object([Entry])

  public struct Entry: Sendable, Equatable {
    public let key: String
    public let value: ConfigurationValue

    public init(_ key: String, _ value: ConfigurationValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a key of an object; nil if this is no object or has no such key.
  public subscript(key: String) -> ConfigurationValue? {
    guard case .object(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// What kind of value this is, for error messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .flag(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): "\"\(value)\""
    case .list: "a list"
    case .object: "an object"
    }
  }
}

extension ConfigurationValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByStringLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral
{
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(arrayLiteral elements: ConfigurationValue...) { self = .list(elements) }
}

// MARK: - JSON

extension ConfigurationValue: Decodable {
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      self = .object(
        try container.allKeys.map { Entry($0.stringValue, try container.decode(ConfigurationValue.self, forKey: $0)) }
          .sorted { $0.key < $1.key })
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var values: [ConfigurationValue] = []
      while !container.isAtEnd { values.append(try container.decode(ConfigurationValue.self)) }
      self = .list(values)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension ConfigurationValue {
  /// More than any configuration needs; past it a text is refused before it is parsed.
  static let greatestTextSize = 16 << 20

  /// Reads JSON.
  /// - Throws: ``DescentError`` if the text is not JSON or is larger than 16 MiB.
  public init(json text: String) throws {
    guard text.utf8.count <= ConfigurationValue.greatestTextSize else {
      throw DescentError(.invalidArgument, "JSON of \(text.utf8.count) bytes is larger than the 16 MiB that are read")
    }
    do {
      self = try JSONDecoder().decode(ConfigurationValue.self, from: Data(text.utf8))
    } catch {
      throw DescentError(.invalidArgument, "not JSON: \(ConfigurationValue.reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context) = error else { return "\(error)" }
    return (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String ?? context.debugDescription
  }

  /// The value as JSON on one line, as Python's `json.dumps` prints it.
  public var json: String {
    switch self {
    case .null: "null"
    case .flag(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): ConfigurationValue.quoted(value)
    case .list(let values): "[" + values.map(\.json).joined(separator: ", ") + "]"
    case .object(let entries):
      "{" + entries.map { "\(ConfigurationValue.quoted($0.key)): \($0.value.json)" }.joined(separator: ", ") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20: result += "\\u" + String(format: "%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

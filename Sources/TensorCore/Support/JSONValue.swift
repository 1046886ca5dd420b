/// A JSON document: what Keras's configuration files are made of.
///
/// Members keep their order and numbers their spelling, so that a file that is read and written again says the same.
///
///     let config = try JSONValue(parsing: #"{"class_name": "Adam", "config": {"learning_rate": 1e-3}}"#)
///     config["config"]?["learning_rate"]?.double    // 0.001
public enum JSONValue: Sendable, Equatable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number as it is spelled: JSON's grammar, and Python's `NaN`, `Infinity` and `-Infinity`.
  case number(String)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Members by name.
  case object(JSONObject)
}

/// The members of a JSON object in the order of the file. Keys are unique.
public struct JSONObject: Sendable, Equatable {
  /// In the order of the file.
  public private(set) var members: [(key: String, value: JSONValue)] = []

  /// An object without members.
  public init() {}

  /// An object with the given `members`; a key that comes twice keeps its first place and takes its last value.
  public init(_ members: [(key: String, value: JSONValue)]) {
    for member in members { self[member.key] = member.value }
  }

  /// For a parser that has checked that keys are unique.
  init(uniqueMembers members: [(key: String, value: JSONValue)]) { self.members = members }

  /// In the order of the file.
  public var keys: [String] { members.map(\.key) }
  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }
  /// The number of members.
  public var count: Int { members.count }

  /// The member of that name. Setting one that is new puts it at the end; setting `nil` removes it.
  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// True if both have the same members, in whatever order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    if zip(left.members, right.members).allSatisfy({ $0.key == $1.key }) {
      return zip(left.members, right.members).allSatisfy { $0.value == $1.value }
    }
    let others = Dictionary(uniqueKeysWithValues: right.members.map { ($0.key, $0.value) })
    return left.members.allSatisfy { others[$0.key] == $0.value }
  }
}

// MARK: - Making and reading values

extension JSONValue {
  /// `value` in its shortest spelling that reads back as the same `Double`; what is not finite as Python spells it.
  public init(_ value: Double) {
    if value.isNaN {
      self = .number("NaN")
    } else if value.isInfinite {
      self = .number(value < 0 ? "-Infinity" : "Infinity")
    } else {
      self = .number("\(value)")
    }
  }

  /// The whole number `value`.
  public init(_ value: Int) { self = .number(String(value)) }

  /// Whether it is `null`.
  public var isNull: Bool { self == .null }

  /// The truth, if it is one.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The text, if it is one.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements, if it is a list.
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  /// The members, if it is an object.
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The value of a number, rounded to the nearest `Double`; an integer of any size counts.
  public var double: Double? {
    guard case .number(let spelling) = self else { return nil }
    switch spelling {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default: return Double(spelling)
    }
  }

  /// The value of a number that is a whole one, however it is spelled (`3`, `3.0`, `3e0`).
  public var int: Int? {
    guard case .number(let spelling) = self else { return nil }
    return Int(spelling) ?? double.flatMap(Int.init(exactly:))
  }

  /// The member of that name, if this is an object that has it.
  public subscript(key: String) -> JSONValue? { object?[key] }

  /// The element at that place, if this is an array that long.
  public subscript(index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self.init(value) }
  public init(floatLiteral value: Double) { self.init(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { (key: $0.0, value: $0.1) }))
  }
}

extension JSONValue {
  /// A number where there may be none.
  static func optional(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
  static func optional(_ value: Int?) -> JSONValue { value.map { JSONValue($0) } ?? .null }

}

extension JSONObject {
  /// The members in alphabetical order.
  init(byName members: [String: JSONValue]) { self.init(members.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }) }

  var dictionary: [String: JSONValue] { Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) }) }
}

import TensorCore

extension JSONValue {
  /// A number where there may be none.
  package static func optional(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
  /// An integer where there may be none.
  package static func optional(_ value: Int?) -> JSONValue { value.map { JSONValue($0) } ?? .null }

  /// The value in an error message.
  package var shortText: String {
    let text = description
    return text.count <= 100 ? text : String(text.prefix(99)) + "…"
  }
}

extension JSONObject {
  /// The members in alphabetical order.
  package init(byName members: [String: JSONValue]) {
    self.init(members.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) })
  }

  package var dictionary: [String: JSONValue] { Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) }) }
}

extension JSONValue: CustomStringConvertible {
  /// The document on one line, spaced as Python's `json.dumps` does.
  public var description: String { text() }

  /// The document as text.
  /// - Parameter indent: spaces per level, each member on a line of its own; `nil` for everything on one line.
  public func text(indent: Int? = nil) -> String {
    var text = ""
    // As in Python, less than none is none.
    write(to: &text, indent: indent.map { max(0, $0) }, level: 0)
    return text
  }

  private func write(to text: inout String, indent: Int?, level: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let spelling): text += spelling
    case .string(let value): JSONValue.writeQuoted(value, to: &text)
    case .array(let elements):
      JSONValue.writeList("[", elements, "]", to: &text, indent: indent, level: level) { element, text in
        element.write(to: &text, indent: indent, level: level + 1)
      }
    case .object(let object):
      JSONValue.writeList("{", object.members, "}", to: &text, indent: indent, level: level) { member, text in
        JSONValue.writeQuoted(member.key, to: &text)
        text += ": "
        member.value.write(to: &text, indent: indent, level: level + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ open: String, _ elements: [Element], _ close: String, to text: inout String, indent: Int?, level: Int,
    _ write: (Element, inout String) -> Void
  ) {
    text += open
    for (index, element) in elements.enumerated() {
      if index > 0 { text += indent == nil ? ", " : "," }
      if let indent { text += "\n" + String(repeating: " ", count: indent * (level + 1)) }
      write(element, &text)
    }
    if let indent, !elements.isEmpty { text += "\n" + String(repeating: " ", count: indent * level) }
    text += close
  }

  private static func writeQuoted(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.steersTerminals:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

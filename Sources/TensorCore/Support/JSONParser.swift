extension JSONValue {
  /// How deeply arrays and objects may be nested in a document that is read.
  public static let greatestDepth = 200

  /// Reads a JSON document.
  ///
  /// Time and memory are proportional to the text. Nesting deeper than ``greatestDepth``, a key that comes twice in one object (in two
  /// Unicode forms of the same text also, which are one key to a `String`) and text after the document are refused. `NaN`, `Infinity` and `-Infinity` are read as Python writes them.
  /// - Parameters:
  ///   - text: the whole document.
  ///   - name: what to call the document in errors: a file's name.
  /// - Throws: ``DescentError`` of kind `file` with the line and column of the fault.
  public init(parsing text: String, name: String = "JSON") throws {
    var text = text
    self = try text.withUTF8 { try JSONValue(parsing: UnsafeRawBufferPointer($0), name: name) }
  }

  /// Reads a JSON document from UTF-8 bytes, as from a text.
  /// - Parameters:
  ///   - bytes: the whole document; a byte-order mark in front is passed over.
  ///   - name: what to call the document in errors: a file's name.
  /// - Throws: ``DescentError`` of kind `file` with the line and column of the fault.
  public init(parsing bytes: [UInt8], name: String = "JSON") throws {
    self = try bytes.withUnsafeBytes { try JSONValue(parsing: $0, name: name) }
  }

  /// Reads a JSON document from UTF-8 bytes, as from a text.
  /// - Parameters:
  ///   - bytes: the whole document; a byte-order mark in front is passed over.
  ///   - name: what to call the document in errors: a file's name.
  /// - Throws: ``DescentError`` of kind `file` with the line and column of the fault.
  public init(parsing bytes: UnsafeRawBufferPointer, name: String = "JSON") throws {
    var parser = JSONParser(bytes: bytes, name: name)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let name: String
  var position = 0

  init(bytes: UnsafeRawBufferPointer, name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func document() throws -> JSONValue {
    // A byte-order mark, as some Windows editors leave it.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try self.value(depth: 0)
    skipSpace()
    if position < bytes.count { throw fault("expected the end of the document, found \(found)") }
    return value
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where take("true"): return .bool(true)
    case UInt8(ascii: "f") where take("false"): return .bool(false)
    case UInt8(ascii: "n") where take("null"): return .null
    case UInt8(ascii: "N") where take("NaN"): return .number("NaN")
    case UInt8(ascii: "I") where take("Infinity"): return .number("Infinity")
    case UInt8(ascii: "-") where take("-Infinity"): return .number("-Infinity")
    case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return .number(try number())
    default: throw fault("expected a value, found \(found)")
    }
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    try enter(depth)
    var members: [(key: String, value: JSONValue)] = []
    var keys: Set<String> = []
    skipSpace()
    if takeIf(UInt8(ascii: "}")) { return .object(JSONObject()) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fault("expected a key in quotes, found \(found)") }
      let start = position
      let key = try string()
      guard keys.insert(key).inserted else {
        position = start
        let isSpelledTheSame = members.contains { $0.key.utf8.elementsEqual(key.utf8) }
        throw fault("the key \"\(key)\" comes twice in one object\(isSpelledTheSame ? "" : ", in two Unicode forms (NFC and NFD)")")
      }
      skipSpace()
      guard takeIf(UInt8(ascii: ":")) else { throw fault("expected ':' after the key \"\(key)\", found \(found)") }
      members.append((key, try value(depth: depth + 1)))
      skipSpace()
      if takeIf(UInt8(ascii: "}")) { return .object(JSONObject(uniqueMembers: members)) }
      guard takeIf(UInt8(ascii: ",")) else { throw fault("expected ',' or '}', found \(found)") }
    }
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    try enter(depth)
    var elements: [JSONValue] = []
    skipSpace()
    if takeIf(UInt8(ascii: "]")) { return .array([]) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if takeIf(UInt8(ascii: "]")) { return .array(elements) }
      guard takeIf(UInt8(ascii: ",")) else { throw fault("expected ',' or ']', found \(found)") }
    }
  }

  /// Steps past an opening bracket.
  private mutating func enter(_ depth: Int) throws {
    if depth >= JSONValue.greatestDepth {
      throw fault("nested deeper than \(JSONValue.greatestDepth) levels")
    }
    position += 1
  }

  private mutating func number() throws -> String {
    let start = position
    _ = takeIf(UInt8(ascii: "-"))
    if !takeIf(UInt8(ascii: "0")) { try digits() }
    if takeIf(UInt8(ascii: ".")) { try digits() }
    if takeIf(UInt8(ascii: "e")) || takeIf(UInt8(ascii: "E")) {
      if !takeIf(UInt8(ascii: "+")) { _ = takeIf(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws {
    let start = position
    while let byte = peek, isDigit(byte) { position += 1 }
    if position == start { throw fault("expected a digit, found \(found)") }
  }

  private mutating func string() throws -> String {
    position += 1
    let start = position
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    guard peek == UInt8(ascii: "\"") else { return try escapedString(from: start) }
    defer { position += 1 }
    return try decoded(bytes[start..<position])
  }

  /// The rest of a string that has an escape in it, or is broken.
  private mutating func escapedString(from start: Int) throws -> String {
    var text = Array(bytes[start..<position])
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return try decoded(text[...])
      case UInt8(ascii: "\\"):
        text.append(contentsOf: String(try escape()).utf8)
      case ..<0x20:
        throw fault("a control character must be escaped in a string, found \(found)")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw fault("a string does not end")
  }

  private func decoded(_ text: some Collection<UInt8>) throws -> String {
    guard let string = String(validating: text, as: UTF8.self) else { throw fault("a string is not UTF-8") }
    return string
  }

  private mutating func escape() throws -> Unicode.Scalar {
    position += 1
    let kind = peek
    position += 1
    switch kind {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default:
      position -= 1
      throw fault("'\\' must be followed by one of \" \\ / b f n r t u, found \(found)")
    }
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let first = try fourHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // The first half of a surrogate pair.
    guard first < 0xDC00, takeIf(UInt8(ascii: "\\")), takeIf(UInt8(ascii: "u")) else {
      throw fault("half of a surrogate pair stands alone in a string")
    }
    let second = try fourHexDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw fault("half of a surrogate pair stands alone in a string") }
    return scalar
  }

  private mutating func fourHexDigits() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("expected four hexadecimal digits after \\u, found \(found)")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func takeIf(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    position += 1
    return true
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    for index in position..<end where bytes[index] != word.utf8Start[index - position] { return false }
    position = end
    return true
  }

  private var found: String {
    guard let byte = peek else { return "the end of the text" }
    return byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  private func fault(_ message: String) -> DescentError {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return DescentError(.file, "\(name): line \(line), column \(before.count - lineStart + 1): \(message)")
  }
}

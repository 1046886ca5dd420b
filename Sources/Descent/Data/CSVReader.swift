/// Steps through the fields of a CSV file, or of one with another separator. What it reads nobody changes, so that copies may step on several threads.
struct CSVReader: @unchecked Sendable {
  /// Where a field lies in the file, quotes and all.
  struct Field {
    let start: Int
    let end: Int
  }

  let bytes: UnsafeRawBufferPointer
  let name: String
  var position = 0
  private var line = 1
  private let firstLine: Int
  /// What stands between fields; a space stands for any number of spaces and tabs.
  let separator: UInt8
  /// What a line begins with that is passed over.
  private let comment: UInt8?

  static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")

  /// - Parameters:
  ///   - line: the number of the first line, for errors: the bytes may be a part of a file.
  ///   - separator: what stands between fields; a space stands for any number of spaces and tabs.
  ///   - comment: what a line begins with that is passed over; nil if all lines count.
  init(bytes: UnsafeRawBufferPointer, name: String, line: Int = 1, separator: UInt8 = CSVReader.comma, comment: UInt8? = nil) {
    self.bytes = bytes
    self.name = name
    self.line = line
    firstLine = line
    self.separator = separator
    self.comment = comment
    // A byte-order mark, as Excel writes it.
    if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// A reader of a part of the file that begins and ends with lines. Its errors do not tell the line.
  func reader(of part: Range<Int>) -> CSVReader {
    var reader = CSVReader(
      bytes: UnsafeRawBufferPointer(rebasing: bytes[..<part.upperBound]), name: name, line: firstLine, separator: separator, comment: comment)
    reader.position = part.lowerBound
    return reader
  }

  /// Where the next line begins.
  var place: (offset: Int, line: Int) { (position, line) }

  /// The names of the columns.
  mutating func header() throws -> [String] {
    skipEmptyLines()
    if position == bytes.count { throw DescentError(.file, "\(name): is empty; expected a line with the names of the columns") }
    var names: [String] = []
    repeat { names.append(String(decoding: text(try field()), as: UTF8.self)) } while takeSeparator()
    try endLine(fields: names.count, of: names.count)
    return names
  }

  /// The numbers of all rows but their targets, row by row, and where the targets are.
  /// - Parameters:
  ///   - target: nil where all columns hold numbers.
  ///   - skipped: a column that is not looked at.
  mutating func rows(names: [String], target: Int?, skipping skipped: Int? = nil) throws -> ([Float], [Field]) {
    var values: [Float] = []
    var targets: [Field] = []
    skipEmptyLines()
    while position < bytes.count {
      let start = position
      for column in names.indices {
        if column == target {
          let field = try field()
          if isMissing(field) { throw missing(column, names) }
          targets.append(field)
        } else if column == skipped {
          _ = try field()
        } else {
          values.append(Float(try takeNumber(column, names)))
        }
        if column + 1 < names.count && !takeSeparator() { throw wrongCount(column + 1, names.count) }
      }
      if targets.count == 1 {
        // Rows are of about one length.
        let rows = (bytes.count - start) / (position - start + 1) + 1
        values.reserveCapacity(rows * (names.count - 1))
        targets.reserveCapacity(rows)
      }
      try endLine(fields: names.count, of: names.count)
      skipEmptyLines()
    }
    return (values, targets)
  }

  /// The number in a field, if it holds one within the range of `Float` and nothing else.
  func number(_ field: Field) -> Double? {
    var place = field.start
    if let value = decimal(&place), place == field.end { return value }
    let text = text(field)
    // Only decimal spellings: no "inf", "nan" or hexadecimal.
    let isDecimal = text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || Self.marks.contains($0) }
    guard isDecimal, let value = Double(String(decoding: text, as: UTF8.self)), Float(value).isFinite else {
      return nil
    }
    return value
  }

  /// The number in a field that is written in digits and at most a point and an exponent, without quotes; nil for all that may need a closer
  /// look.
  @inline(__always)
  func plainNumber(_ field: Field) -> Double? {
    var place = field.start
    guard let value = decimal(&place), place == field.end, Float(value).isFinite else { return nil }
    return value
  }

  private static let marks = Array("+-.eE".utf8)

  /// The contents of a field without quotes, and without spaces around it unless they are quoted.
  func text(_ field: Field) -> [UInt8] {
    var (start, end) = (field.start, field.end)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while start < end, isSpace(bytes[end - 1]) { end -= 1 }
    guard end - start >= 2, bytes[start] == Self.quote else { return Array(bytes[start..<end]) }
    var text: [UInt8] = []
    var place = start + 1
    while place < end - 1 {
      text.append(bytes[place])
      // A quote within quotes is written twice.
      place += bytes[place] == Self.quote ? 2 : 1
    }
    return text
  }

  private mutating func takeNumber(_ column: Int, _ names: [String]) throws -> Double {
    if let value = decimal(&position), isFieldEnd { return value }
    // Something that the fast way does not understand: back to the start of the field.
    while position > 0, !isSeparator(bytes[position - 1]) { position -= 1 }
    let firstLine = line
    let field = try field()
    if let value = number(field) { return value }
    line = firstLine
    if isMissing(field) { throw missing(column, names) }
    throw fault("column '\(names[column])' has '\(shown(field))', which is not a finite number")
  }

  /// Reads an unquoted decimal number that a product or quotient of two exact doubles gives exactly; most numbers are such.
  func decimal(_ place: inout Int) -> Double? {
    let end = bytes.count
    while place < end, isSpace(bytes[place]) { place += 1 }
    var isNegative = false
    if place < end, bytes[place] == UInt8(ascii: "-") || bytes[place] == UInt8(ascii: "+") {
      isNegative = bytes[place] == UInt8(ascii: "-")
      place += 1
    }
    var digits: UInt64 = 0
    var exponent = 0
    let first = place
    while place < end, let digit = digit(bytes[place]) {
      digits = digits &* 10 &+ digit
      place += 1
    }
    var count = place - first
    if place < end, bytes[place] == UInt8(ascii: ".") {
      place += 1
      let point = place
      while place < end, let digit = digit(bytes[place]) {
        digits = digits &* 10 &+ digit
        place += 1
      }
      exponent = point - place
      count += place - point
    }
    guard count > 0, count <= 19 else { return nil }
    if place < end, bytes[place] | 0x20 == UInt8(ascii: "e") {
      place += 1
      var isSmall = false
      if place < end, bytes[place] == UInt8(ascii: "-") || bytes[place] == UInt8(ascii: "+") {
        isSmall = bytes[place] == UInt8(ascii: "-")
        place += 1
      }
      let start = place
      var power = 0
      while place < end, let digit = digit(bytes[place]), place - start < 4 {
        power = power * 10 + Int(digit)
        place += 1
      }
      guard place > start, place - start < 4 else { return nil }
      exponent += isSmall ? -power : power
    }
    while place < end, isSpace(bytes[place]) { place += 1 }
    guard digits <= 1 << 53, abs(exponent) < Self.powers.count else { return nil }
    let magnitude = exponent < 0 ? Double(digits) / Self.powers[-exponent] : Double(digits) * Self.powers[exponent]
    return isNegative ? -magnitude : magnitude
  }

  /// The powers of ten that a double holds exactly.
  static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  @inline(__always)
  private func digit(_ byte: UInt8) -> UInt64? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? UInt64(value) : nil
  }

  @inline(__always)
  private func isSpace(_ byte: UInt8) -> Bool { (byte == 0x20 || byte == 0x09) && !isSeparator(byte) }

  @inline(__always)
  private func isSeparator(_ byte: UInt8) -> Bool {
    byte == separator || byte == Self.lineFeed || byte == Self.carriageReturn || (byte == 0x09 && isCollapsing)
  }

  var isFieldEnd: Bool { position == bytes.count || isSeparator(bytes[position]) }

  /// Steps over a field, quoted or not.
  mutating func field() throws -> Field {
    let start = position
    while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    if position < bytes.count, bytes[position] == Self.quote {
      try skipQuoted()
      while position < bytes.count, isSpace(bytes[position]) { position += 1 }
      if !isFieldEnd { throw fault("expected \(separator == Self.comma ? "a comma" : "the separator") after the closing quote") }
    } else {
      while !isFieldEnd { position += 1 }
    }
    return Field(start: start, end: position)
  }

  private mutating func skipQuoted() throws {
    let firstLine = line
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == Self.lineFeed { line += 1 }
      if byte == Self.quote {
        guard position < bytes.count, bytes[position] == Self.quote else { return }
        position += 1
      }
    }
    line = firstLine
    throw fault("a quote is opened and never closed")
  }

  mutating func takeSeparator() -> Bool {
    guard position < bytes.count, isSeparator(bytes[position]), !isLineEnd(bytes[position]) else { return false }
    position += 1
    guard isCollapsing else { return true }
    skipSpaces()
    return position < bytes.count && !isLineEnd(bytes[position])
  }

  private var isCollapsing: Bool { separator == 0x20 }

  private mutating func skipSpaces() {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
  }

  @inline(__always)
  func isLineEnd(_ byte: UInt8) -> Bool { byte == Self.lineFeed || byte == Self.carriageReturn }

  private mutating func endLine(fields: Int, of expected: Int) throws {
    if position == bytes.count { return }
    if !isLineEnd(bytes[position]) {
      var count = fields
      while takeSeparator() {
        _ = try field()
        count += 1
      }
      throw wrongCount(count, expected)
    }
    if bytes[position] == Self.carriageReturn { position += 1 }
    if position < bytes.count, bytes[position] == Self.lineFeed { position += 1 }
    line += 1
  }

  mutating func skipEmptyLines() {
    while position < bytes.count {
      if bytes[position] == comment {
        while position < bytes.count, !isLineEnd(bytes[position]) { position += 1 }
      } else if isCollapsing, bytes[position] == 0x20 || bytes[position] == 0x09 {
        skipSpaces()
      } else if isLineEnd(bytes[position]) {
        if bytes[position] == Self.lineFeed { line += 1 }
        position += 1
      } else {
        return
      }
    }
  }

  /// The fields of the next row.
  /// - Parameters:
  ///   - fields: replaced by them; their number before is what is expected, 0 for any.
  /// - Returns: false if there is none.
  mutating func nextRow(_ fields: inout [Field]) throws -> Bool {
    skipEmptyLines()
    if position == bytes.count { return false }
    let expected = fields.count
    fields.removeAll(keepingCapacity: true)
    repeat { fields.append(try field()) } while takeSeparator()
    if expected > 0 && fields.count != expected { throw wrongCount(fields.count, expected) }
    try endLine(fields: fields.count, of: fields.count)
    return true
  }

  /// The contents of a field as they stand in the file, if no quote has to be taken out; spaces around it are left out.
  func plainText(_ field: Field) -> UnsafeRawBufferPointer? {
    var (start, end) = (field.start, field.end)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while start < end, isSpace(bytes[end - 1]) { end -= 1 }
    if end - start >= 2, bytes[start] == Self.quote {
      start += 1
      end -= 1
      for place in start..<end where bytes[place] == Self.quote { return nil }
    }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
  }

  private func isMissing(_ field: Field) -> Bool {
    if field.end - field.start > 16 { return false }
    var place = field.start
    if decimal(&place) != nil { return false }
    let text = text(field)
    return text.isEmpty || Self.missingMarks.contains(String(decoding: text, as: UTF8.self).lowercased())
  }

  private static let missingMarks: Set = ["na", "n/a", "nan", "null"]

  private func missing(_ column: Int, _ names: [String]) -> DescentError {
    fault("the value of column '\(names[column])' is missing")
  }

  private func wrongCount(_ count: Int, _ expected: Int) -> DescentError {
    fault("has \(count) fields; the first line names \(expected) columns")
  }

  /// The start of a field's contents, for messages.
  func shown(_ field: Field) -> String { String(String(decoding: text(field), as: UTF8.self).prefix(40)) }

  /// The error for a field that was read before.
  func fault(at field: Field, _ message: String) -> DescentError {
    DescentError(.file, "\(name): line \(firstLine + bytes[..<field.start].count { $0 == Self.lineFeed }): \(message)")
  }

  private func fault(_ message: String) -> DescentError { DescentError(.file, "\(name): line \(line): \(message)") }
}

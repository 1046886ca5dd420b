/// Numbers as people write them in tables: `1234.5`, `1,234.5`, `1.234,5`, `$12`, `12 %`.
struct TableNumber: Sendable {
  /// Whether a comma stands before decimals, and points between thousands.
  let usesDecimalComma: Bool

  /// The number that a text is, and is nothing else; nil for any other text.
  func value(_ text: [UInt8]) -> Double? { text.withUnsafeBytes { value($0) } }

  /// The same. Marks of currencies and of percent are passed over; thousands are in groups of three.
  func value(_ text: UnsafeRawBufferPointer) -> Double? {
    var text = TableNumber.trimmed(text)
    guard let first = text.first, text.count <= 64 else { return nil }
    var isNegative = false
    if first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      isNegative = first == UInt8(ascii: "-")
      text = TableNumber.trimmed(UnsafeRawBufferPointer(rebasing: text.dropFirst()))
    }
    text = TableNumber.withoutUnits(text)
    let (mark, group) = usesDecimalComma ? (UInt8(ascii: ","), UInt8(ascii: ".")) : (UInt8(ascii: "."), UInt8(ascii: ","))
    var plain: [UInt8] = []
    plain.reserveCapacity(text.count)
    // Digits since the last mark of thousands; nil if there was none yet.
    var sinceGroup: Int?
    var digits = 0, isPastPoint = false, isPastExponent = false
    for byte in text {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits += 1
        if !isPastPoint && !isPastExponent { sinceGroup = sinceGroup.map { $0 + 1 } }
        plain.append(byte)
      case mark where !isPastPoint && !isPastExponent:
        if sinceGroup ?? 3 != 3 { return nil }
        isPastPoint = true
        plain.append(UInt8(ascii: "."))
      case group where !isPastPoint && !isPastExponent:
        guard digits > 0, sinceGroup == nil ? digits <= 3 : sinceGroup == 3 else { return nil }
        sinceGroup = 0
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        if digits == 0 || isPastExponent { return nil }
        isPastExponent = true
        plain.append(byte)
      case UInt8(ascii: "-"), UInt8(ascii: "+"):
        guard plain.last.map({ $0 | 0x20 == UInt8(ascii: "e") }) == true else { return nil }
        plain.append(byte)
      default: return nil
      }
    }
    if digits == 0 || (!isPastPoint && sinceGroup ?? 3 != 3) { return nil }
    guard let value = Double(String(decoding: plain, as: UTF8.self)), Float(value).isFinite else { return nil }
    return isNegative ? -value : value
  }

  private static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var (start, end) = (0, text.count)
    while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
    while start < end, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: text[start..<end])
  }

  private static let units: [[UInt8]] = ["$", "€", "£", "¥", "₩", "%"].map { Array($0.utf8) }

  private static func withoutUnits(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let first = text.first, let last = text.last else { return text }
    // Most begin and end with a digit.
    if first < 0x3A && first > 0x25 && last < 0x3A && last > 0x25 { return text }
    for unit in units {
      if text.starts(with: unit) { return trimmed(UnsafeRawBufferPointer(rebasing: text.dropFirst(unit.count))) }
      if text.count > unit.count, text.suffix(unit.count).elementsEqual(unit) {
        return trimmed(UnsafeRawBufferPointer(rebasing: text.dropLast(unit.count)))
      }
    }
    return text
  }

  /// What a number's comma or point says of what stands before decimals.
  enum Mark { case comma, point, either, none }

  static func decimalMark(of text: [UInt8]) -> Mark {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let rest = text.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    guard rest.allSatisfy({ digits.contains($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ".") }), rest.contains(where: digits.contains),
      let last = rest.lastIndex(where: { !digits.contains($0) })
    else { return .none }
    let isComma = rest[last] == UInt8(ascii: ",")
    let own: Mark = isComma ? .comma : .point, other: Mark = isComma ? .point : .comma
    let marks = rest.filter { !digits.contains($0) }
    if marks.count > 1 { return Set(marks).count > 1 ? own : other }
    let before = last - rest.startIndex, after = rest.endIndex - last - 1
    // 1,234 may be either; 0,234 and 12345,678 are not.
    if after == 3, (1...3).contains(before), rest.first != UInt8(ascii: "0") { return isComma ? .either : .none }
    return own
  }

  /// Whether a field says that there is no value.
  static func isMissing(_ text: [UInt8]) -> Bool { text.withUnsafeBytes { isMissing($0) } }

  static func isMissing(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let first = text.first else { return true }
    if text.count > 4 { return false }
    switch first {
    case UInt8(ascii: "?"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "#"), UInt8(ascii: "<"): break
    default: return false
    }
    return missingMarks.contains(String(decoding: text, as: UTF8.self).lowercased())
  }

  /// In small letters.
  private static let missingMarks: Set = ["?", "na", "n/a", "#n/a", "<na>", "nan", "null", "-", "--", "."]
}

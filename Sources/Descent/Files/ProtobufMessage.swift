/// A message of Google's protocol buffers, field by field.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  init(_ build: (inout ProtobufMessage) -> Void = { _ in }) { build(&self) }

  private mutating func raw(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func key(_ field: Int, _ wireType: UInt64) { raw(UInt64(field) << 3 | wireType) }

  private mutating func fixed(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A whole number.
  mutating func add(_ field: Int, _ number: Int) {
    key(field, 0)
    raw(UInt64(bitPattern: Int64(number)))
  }

  /// A `double`.
  mutating func add(_ field: Int, _ number: Double) {
    key(field, 1)
    fixed(number.bitPattern)
  }

  /// Bytes.
  mutating func add(_ field: Int, _ content: [UInt8]) {
    key(field, 2)
    raw(UInt64(content.count))
    bytes += content
  }

  /// A text.
  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  /// A message.
  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }
}

import Descent

/// Little-endian numbers out of some bytes of an HDF5 file, one after another; reading past the end is an error.
struct HDF5Bytes {
  private let bytes: ArraySlice<UInt8>
  /// What the bytes are, for errors: `model.h5: the object header at byte 96`.
  let label: String
  private(set) var position = 0

  init(_ bytes: ArraySlice<UInt8>, label: String) {
    self.bytes = bytes
    self.label = label
  }

  var count: Int { bytes.count }
  var remaining: Int { count - position }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw DescentError(.file, "\(label) ends after \(self.count) bytes; \(count) more were expected at byte \(position)")
    }
    defer { position += count }
    return bytes[(bytes.startIndex + position)..<(bytes.startIndex + position + count)]
  }

  mutating func skip(_ count: Int) throws { _ = try take(count) }

  /// Goes on at the next multiple of 8.
  mutating func align() throws { try skip(min(remaining, (8 - position % 8) % 8)) }

  mutating func uint8() throws -> Int { Int(try take(1).first!) }
  mutating func uint16() throws -> Int { try number(2) }
  mutating func uint32() throws -> Int { try number(4) }

  /// An unsigned number of so many bytes, at most 8.
  mutating func number(_ byteCount: Int) throws -> Int {
    let value = try take(byteCount).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let value = Int(exactly: value) else { throw DescentError(.file, "\(label) holds the number \(value), which is out of range") }
    return value
  }

  /// An address or a length; nil where the format says "undefined".
  mutating func address() throws -> Int? {
    let bytes = try take(8)
    if bytes.allSatisfy({ $0 == 0xFF }) { return nil }
    let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value < 1 << 56 else { throw DescentError(.file, "\(label) points to byte \(value), which no file has") }
    return Int(value)
  }

  mutating func length() throws -> Int {
    guard let length = try address() else { throw DescentError(.file, "\(label) holds a length that is undefined") }
    return length
  }

  mutating func expect(_ signature: StaticString) throws {
    let found = try take(signature.utf8CodeUnitCount)
    let isRight = signature.withUTF8Buffer { found.elementsEqual($0) }
    if !isRight { throw DescentError(.file, "\(label) does not begin with '\(signature)'") }
  }

  /// Text up to its final zero, or to the end of so many bytes.
  mutating func text(_ byteCount: Int) throws -> String {
    let bytes = try take(byteCount)
    guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
      throw DescentError(.file, "\(label) holds text that is not UTF-8")
    }
    return text
  }
}

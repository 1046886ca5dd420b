/// A stream as bits, the lowest of each byte first.
final class BitInput {
  private let stream: any ByteStream
  private let buffer: UnsafeMutableRawBufferPointer
  /// The bytes that were read from the stream and are not in ``bits`` yet.
  var next: UnsafeRawPointer
  private(set) var end: UnsafeRawPointer
  /// The next bits, the first of them lowest. Those above ``bitCount`` are zero.
  var bits: UInt64 = 0
  var bitCount = 0

  private static let bufferByteCount = 1 << 18

  var name: String { stream.name }

  init(_ stream: any ByteStream) {
    self.stream = stream
    buffer = .allocate(byteCount: BitInput.bufferByteCount, alignment: 16)
    next = UnsafeRawPointer(buffer.baseAddress!)
    end = next
  }

  deinit { buffer.deallocate() }

  /// Reads on from the stream when all has been taken from the buffer.
  private func refill() throws -> Bool {
    if next < end { return true }
    let got = try stream.read(into: buffer)
    next = UnsafeRawPointer(buffer.baseAddress!)
    end = next + got
    return got > 0
  }

  /// Makes at least so many bits ready, or all there are. At most 56.
  private func ready(_ count: Int) throws {
    while bitCount < count, try refill() {
      bits |= UInt64(next.load(as: UInt8.self)) << UInt64(bitCount)
      bitCount += 8
      next += 1
    }
  }

  private func take(_ count: Int) throws {
    guard count <= bitCount else { throw truncated }
    bits >>= UInt64(count)
    bitCount -= count
  }

  /// The next bits as a number. At most 32.
  func bits(_ count: Int) throws -> UInt64 {
    try ready(count)
    let value = bits & (1 << UInt64(count) - 1)
    try take(count)
    return value
  }

  /// The next symbol of a code, with the value of its extra bits added to its own.
  func symbol(_ table: HuffmanTable) throws -> (entry: UInt32, value: Int) {
    // No code with its extra bits is longer.
    try ready(48)
    var entry = table.entries[Int(bits & (1 << UInt64(table.rootBitCount) - 1))]
    if entry & HuffmanTable.subtable != 0 {
      try take(table.rootBitCount)
      entry = table.entries[Int(entry >> 16 & 0x7FFF) + Int(bits & (1 << UInt64(entry >> 8 & 15) - 1))]
    }
    let total = Int(entry & 63)
    let extra = (bits & (1 << UInt64(total) - 1)) >> UInt64(entry >> 8 & 15)
    try take(total)
    return (entry, Int(entry >> 16 & 0x7FFF) + Int(extra))
  }

  /// Drops what is left of a byte.
  func skipToByte() {
    let count = bitCount & 7
    bits >>= UInt64(count)
    bitCount -= count
  }

  /// Fills `space` with the next bytes; the next bit begins one.
  func copyBytes(to space: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < space.count && bitCount > 0 {
      space[done] = UInt8(truncatingIfNeeded: bits)
      try take(8)
      done += 1
    }
    while done < space.count {
      guard try refill() else { throw truncated }
      let count = min(space.count - done, end - next)
      (space.baseAddress! + done).copyMemory(from: next, byteCount: count)
      next += count
      done += count
    }
  }

  func isAtEnd() throws -> Bool {
    try ready(8)
    return bitCount == 0
  }

  func nextByteIs(_ byte: UInt8) throws -> Bool {
    try ready(8)
    return UInt8(truncatingIfNeeded: bits) == byte
  }

  private var truncated: DescentError { DescentError(.file, "\(name): is truncated: its compressed data end early") }
}

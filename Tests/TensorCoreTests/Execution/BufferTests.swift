import TensorCore
import Testing

@Suite struct BufferTests {
  /// Small, large, and large enough for huge pages.
  static let sizes = [
    0, 1, 100, (1 << 15) - 1, 1 << 15, 100_001, (1 << 20) - 5000, 1 << 20, (1 << 21) - 200,
    (1 << 21) - 1, 1 << 21, (1 << 21) + 5, (3 << 20) - 5000, 3 << 20, 5 << 20,
  ]

  @Test(arguments: sizes)
  func `Zeroed, aligned, and readable past the end`(size: Int) {
    for _ in 0..<9 {
      let buffer = Buffer(byteCount: size)
      #expect(Int(bitPattern: buffer.pointer) % Buffer.alignment == 0)
      let bytes = UnsafeRawBufferPointer(start: buffer.pointer, count: size + Buffer.alignment)
      #expect(bytes.allSatisfy { $0 == 0 })
      buffer.pointer.initializeMemory(as: UInt8.self, repeating: 7, count: size)
      let copy = buffer.copy()
      #expect(UnsafeRawBufferPointer(start: copy.pointer, count: size).allSatisfy { $0 == 7 })
    }
  }

  /// Shares of threads then meet where a page ends.
  @Test(arguments: sizes.filter { $0 >= 1 << 15 }) func `Large ones begin with a page`(size: Int) {
    #expect(Int(bitPattern: Buffer(byteCount: size).pointer) % 4096 == 0)
  }
}

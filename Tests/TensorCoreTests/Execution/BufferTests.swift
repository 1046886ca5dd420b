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

  /// Arrays that a kernel goes through together would be in each other's way if they all began at the same place of a page.
  @Test func `Large ones begin at different places of a page`() {
    // Other tests take beginnings in between. Memory that nobody touches costs nothing.
    let buffers = (0..<40).map { _ in Buffer(byteCount: 3 << 20) }
    let places = buffers.map { Int(bitPattern: $0.pointer) % 4096 / 512 }
    #expect(Set(places).count >= 4, "\(places)")
  }
}

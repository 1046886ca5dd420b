import CKernels

/// Memory for elements: 64-byte aligned, zeroed, and readable 64 bytes past its end, as the kernels require.
package final class Buffer: @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What owns the memory, when this buffer is a part of something larger.
  private let owner: AnyObject?

  static let alignment = 64

  package init(byteCount: Int) {
    self.byteCount = byteCount
    let capacity = (byteCount + 2 * Buffer.alignment - 1) / Buffer.alignment * Buffer.alignment
    pointer = .allocate(byteCount: capacity, alignment: Buffer.alignment)
    // Fresh pages are zero already, but reused ones are not; small buffers are cheap to clear.
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    owner = nil
  }

  /// A part of another buffer, kept alive by this one.
  package init(_ whole: Buffer, offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= whole.byteCount)
    self.byteCount = byteCount
    pointer = whole.pointer + offset
    owner = whole
  }

  deinit {
    if owner == nil { pointer.deallocate() }
  }

  package func copy() -> Buffer {
    let result = Buffer(byteCount: byteCount)
    result.pointer.copyMemory(from: pointer, byteCount: byteCount)
    return result
  }

  package subscript<Scalar>(as type: Scalar.Type, index: Int) -> Scalar {
    get { pointer.load(fromByteOffset: index * MemoryLayout<Scalar>.stride, as: type) }
    set { pointer.storeBytes(of: newValue, toByteOffset: index * MemoryLayout<Scalar>.stride, as: type) }
  }
}

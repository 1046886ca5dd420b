import Foundation

/// Memory for elements: 64-byte aligned, zeroed, and readable 64 bytes past its end, as the kernels require.
package final class Buffer: EqualByIdentity, @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What was allocated for it; nil for a part of another buffer, which `owner` is then.
  private let allocation: UnsafeMutableRawPointer?
  private let owner: AnyObject?

  package static let alignment = 64

  package init(byteCount: Int) {
    self.byteCount = byteCount
    // calloc knows fresh pages to be zero already, and does not touch what may never be used.
    guard let memory = calloc(1, byteCount + 2 * Buffer.alignment) else {
      programmingError("out of memory: \(byteCount) bytes for a tensor")
    }
    allocation = memory
    let misalignment = Int(bitPattern: memory) % Buffer.alignment
    pointer = memory + (misalignment == 0 ? 0 : Buffer.alignment - misalignment)
    owner = nil
  }

  /// A part of another buffer, kept alive by this one.
  package init(_ whole: Buffer, offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= whole.byteCount)
    self.byteCount = byteCount
    pointer = whole.pointer + offset
    allocation = nil
    owner = whole
  }

  deinit {
    free(allocation)
  }

  package func copy() -> Buffer {
    let result = Buffer(byteCount: byteCount)
    result.pointer.copyMemory(from: pointer, byteCount: byteCount)
    return result
  }
}

import Foundation

/// Memory for elements: 64-byte aligned, zeroed, and readable 64 bytes past its end, as the kernels require.
///
/// Large ones begin with a page. Blocks of a group, and with them the shares of threads, then end with a page, and a processor that reads on
/// ahead of a loop stops there, before it takes away what another thread has just written.
package final class Buffer: EqualByIdentity, @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What was allocated for it; nil for a part of another buffer, which `owner` is then.
  private let memory: ZeroedMemory?
  private let owner: AnyObject?

  package static let alignment = 64
  static let page = 4096

  private static let largeSize = 1 << 15

  package init(byteCount: Int) {
    self.byteCount = byteCount
    let alignment = byteCount < Buffer.largeSize ? Buffer.alignment : Buffer.page
    guard let memory = ZeroedMemory(byteCount: byteCount + alignment + Buffer.alignment) else {
      programmingError("out of memory: \(byteCount) bytes for a tensor")
    }
    self.memory = memory
    pointer = memory.start + (-Int(bitPattern: memory.start) & (alignment - 1))
    owner = nil
  }

  /// A part of another buffer, kept alive by this one.
  package init(_ whole: Buffer, offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= whole.byteCount)
    self.byteCount = byteCount
    pointer = whole.pointer + offset
    memory = nil
    owner = whole
  }

  deinit {
    memory?.giveBack()
  }

  package func copy() -> Buffer {
    let result = Buffer(byteCount: byteCount)
    result.pointer.copyMemory(from: pointer, byteCount: byteCount)
    return result
  }
}

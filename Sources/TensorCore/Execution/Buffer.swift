import Foundation
import Synchronization

/// Memory for elements: 64-byte aligned, zeroed, and readable 64 bytes past its end, as the kernels require.
///
/// Large ones begin at different places of a page, one after another: where a kernel goes through several arrays that all begin at the
/// same place, the processor takes what it reads of one for what it has just written to another.
package final class Buffer: EqualByIdentity, @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What was allocated for it; nil for a part of another buffer, which `owner` is then.
  private let memory: ZeroedMemory?
  private let owner: AnyObject?

  package static let alignment = 64

  /// What is large, how far beginnings are apart, and how many of them there are before the first comes again.
  private static let largeSize = 1 << 15, distance = 512, beginnings = 8
  private static let largeCount = Atomic<Int>(0)

  package init(byteCount: Int) {
    self.byteCount = byteCount
    let number = byteCount < Buffer.largeSize ? 0 : Buffer.largeCount.add(1, ordering: .relaxed).oldValue
    let beginning = number % Buffer.beginnings * Buffer.distance
    guard let memory = ZeroedMemory(byteCount: byteCount + 2 * Buffer.alignment + beginning) else {
      programmingError("out of memory: \(byteCount) bytes for a tensor")
    }
    self.memory = memory
    let misalignment = Int(bitPattern: memory.start) % Buffer.alignment
    pointer = memory.start + (misalignment == 0 ? 0 : Buffer.alignment - misalignment) + beginning
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

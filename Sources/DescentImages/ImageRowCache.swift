import Foundation

/// Rows that were read before, as bytes: a quarter of the memory of numbers. Any number of threads may ask.
final class ImageRowCache: @unchecked Sendable {
  private let lock = NSLock()
  private var rows: [[UInt8]?]

  init(count: Int) { rows = Array(repeating: nil, count: count) }

  /// A row as `float32`, in whole numbers from 0 to 255, whether it was read before or not.
  /// - Parameters:
  ///   - memory: for the numbers, with zeros in it.
  ///   - read: writes them there.
  func fill(_ memory: UnsafeMutableRawBufferPointer, with number: Int, _ read: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let numbers = memory.bindMemory(to: Float.self)
    if let known = lock.withLock({ rows[number] }) {
      for (place, byte) in known.enumerated() { numbers[place] = Float(byte) }
      return
    }
    try read(memory)
    let bytes = numbers.map { UInt8(max(0, min(255, $0.rounded()))) }
    for (place, byte) in bytes.enumerated() { numbers[place] = Float(byte) }
    lock.withLock { rows[number] = bytes }
  }
}

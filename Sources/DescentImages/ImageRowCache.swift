import Foundation

/// Rows that were read before, as bytes: a quarter of the memory of numbers. Any number of threads may ask.
final class ImageRowCache: @unchecked Sendable {
  private let lock = NSLock()
  private var rows: [Tensor?]

  init(count: Int) { rows = Array(repeating: nil, count: count) }

  /// A row as `float32`, in whole numbers from 0 to 255, whether it was read before or not.
  /// - Parameter read: `float32` numbers.
  func row(_ number: Int, _ read: () throws -> Tensor) rethrows -> Tensor {
    if let known = lock.withLock({ rows[number] }) { return ImageRowCache.numbers(known) }
    let bytes = ImageRowCache.bytes(try read())
    lock.withLock { rows[number] = bytes }
    return ImageRowCache.numbers(bytes)
  }

  private static func bytes(_ row: Tensor) -> Tensor {
    let numbers = row.scalars(as: Float.self)
    return Tensor(shape: row.shape, dtype: .uint8) { memory in
      for (place, number) in numbers.enumerated() { memory[place] = UInt8(max(0, min(255, number.rounded()))) }
    }
  }

  private static func numbers(_ row: Tensor) -> Tensor {
    let bytes = row.scalars(as: UInt8.self)
    return Tensor(shape: row.shape, dtype: .float32) { memory in
      let numbers = memory.bindMemory(to: Float.self)
      for (place, byte) in bytes.enumerated() { numbers[place] = Float(byte) }
    }
  }
}

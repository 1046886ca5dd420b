import TensorCore
import Testing

/// Parts of rows that groups read where they lie: for all lengths about that of a vector, from all of its elements on, over blocks that end
/// within a row.
struct RowViewTests {
  private static let lengths = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100]

  @Test(arguments: lengths, [DType.float32, .float64, .int32, .uint8])
  func `A part of each row is read where it lies`(length: Int, dtype: DType) {
    let rows = 3 + 5000 / length, start = length % 3, width = start + length + 2
    let elements = (0..<(rows * width)).map { Double(($0 * 7) % 251) }
    let x = Tensor(shape: [rows, width], scalars: elements).cast(to: dtype).evaluated()
    for type in [DType.float32, .float64] {
      let part = x.sliced(starts: [0, start], sizes: [rows, length]).cast(to: type)
      let result = (part + Tensor(repeating: 0.5, dtype: type)).evaluated()
      let expected = (0..<rows).flatMap { row in (0..<length).map { elements[row * width + start + $0] + 0.5 } }
      #expect(result.doubles == expected, "\(dtype) as \(type), \(rows) rows of \(length)")
    }
  }
}

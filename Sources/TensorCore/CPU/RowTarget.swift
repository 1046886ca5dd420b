/// A tensor that plans write batch by batch: see ``Plan/run(into:on:)``.
package final class RowTarget {
  /// The whole; not to be read before the last batch is written.
  package let tensor: Tensor
  private let buffer: Buffer
  private let rowBytes: Int
  private var nextRow = 0

  init(shape: [Int], dtype: DType) {
    rowBytes = shape.dropFirst().reduce(1, *) * dtype.byteCount
    buffer = Buffer(byteCount: shape[0] * rowBytes)
    tensor = Tensor(.constant(buffer), shape: shape, dtype: dtype)
  }

  /// The place of the next batch.
  func takeRows(of batch: Schedule.Form) -> UnsafeMutableRawPointer {
    precondition(batch.dtype == tensor.dtype && batch.shape.dropFirst() == tensor.shape.dropFirst())
    precondition(nextRow + batch.shape[0] <= tensor.shape[0])
    defer { nextRow += batch.shape[0] }
    return buffer.pointer + nextRow * rowBytes
  }
}

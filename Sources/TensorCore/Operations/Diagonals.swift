/// Diagonals and triangles of matrices.
extension Tensor {
  /// The diagonal of the matrices in two axes, which disappear; the diagonal is the last axis of the result. Element i is at row i,
  /// column i + `offset`.
  ///
  /// `axis1` is the axis of the rows, `axis2` that of the columns. Source: https://keras.io/api/ops/numpy/#diagonal-function
  public func diagonal(offset: Int = 0, axis1: Int = 0, axis2: Int = 1) -> Tensor {
    let row = normalized(axis: axis1, "diagonal"), column = normalized(axis: axis2, "diagonal")
    if row == column { programmingError("diagonal: axis1 and axis2 are both \(row) in shape \(shape)") }
    let rest = (0..<rank).filter { $0 != row && $0 != column }
    let moved = transposed(rest + [row, column])
    let rows = shape[row], columns = shape[column]
    let firstRow = Swift.max(0, -offset), firstColumn = Swift.max(0, offset)
    let size = Swift.max(0, Swift.min(rows - firstRow, columns - firstColumn))
    let leading = rest.map { shape[$0] }
    if size == 0 { return Tensor.zeros(leading + [0], dtype: dtype) }
    // Every (columns + 1)-th element of the rows laid end to end.
    let flat = moved.reshaped(leading + [rows * columns])
    return flat.sliced(
      starts: leading.map { _ in 0 } + [firstRow * columns + firstColumn], sizes: leading + [size],
      strides: leading.map { _ in 1 } + [columns + 1])
  }
}

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

/// A matrix with a vector on its `offset`-th diagonal and zeros elsewhere, or the diagonal of a matrix.
/// Source: https://keras.io/api/ops/numpy/#diag-function
public func diag(_ x: Tensor, offset: Int = 0) -> Tensor {
  if x.rank == 2 { return x.diagonal(offset: offset) }
  if x.rank != 1 { programmingError("diag: shape \(x.shape) is neither a vector nor a matrix") }
  let size = x.count + Swift.abs(offset)
  // Each element is the first of `size + 1` in the matrix laid end to end.
  let flat = x.reshaped([x.count, 1]).padded(low: [0, 0], high: [0, size]).reshaped([x.count * (size + 1)])
  let start = offset > 0 ? offset : -offset * size
  let length = size * size
  let kept = Swift.min(flat.count, length - start)
  return flat.sliced(starts: [0], sizes: [kept]).padded(low: [start], high: [length - start - kept]).reshaped([size, size])
}

/// The sum of the diagonal of the matrices in two axes; see ``Tensor/diagonal(offset:axis1:axis2:)``.
public func trace(_ x: Tensor, offset: Int = 0, axis1: Int = 0, axis2: Int = 1) -> Tensor {
  x.diagonal(offset: offset, axis1: axis1, axis2: axis2).sum(axis: -1)
}

/// The matrices in the last two axes with zeros above the `k`-th diagonal.
/// Source: https://keras.io/api/ops/numpy/#tril-function
public func tril(_ x: Tensor, k: Int = 0) -> Tensor { triangle(x, k, "tril", isLower: true) }

/// The matrices in the last two axes with zeros below the `k`-th diagonal.
/// Source: https://keras.io/api/ops/numpy/#triu-function
public func triu(_ x: Tensor, k: Int = 0) -> Tensor { triangle(x, k, "triu", isLower: false) }

private func triangle(_ x: Tensor, _ k: Int, _ name: String, isLower: Bool) -> Tensor {
  if x.rank < 2 { programmingError("\(name): shape \(x.shape) has no matrices") }
  let rows = Tensor.range(x.shape[x.rank - 2]).reshaped([x.shape[x.rank - 2], 1]), columns = Tensor.range(x.shape[x.rank - 1])
  let distance = columns - rows
  let limit = Tensor(number: Double(k))
  return select(isLower ? distance .<= limit : distance .>= limit, x, Tensor.zeros([], dtype: x.dtype))
}

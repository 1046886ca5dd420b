/// All products of an element of one with an element of the other, both flattened: a matrix.
/// Source: https://keras.io/api/ops/numpy/#outer-function
public func outer(_ a: Tensor, _ b: Tensor) -> Tensor { a.reshaped([a.count, 1]) * b.reshaped([1, b.count]) }

/// Products of the elements of the last axes, summed.
/// Source: https://keras.io/api/ops/numpy/#inner-function
public func inner(_ a: Tensor, _ b: Tensor) -> Tensor {
  a.rank == 0 || b.rank == 0 ? a * b : tensordot(a, b, axes: ([-1], [-1]))
}

/// Summed products over the last axis of the first and the last but one of the second (the only one of a vector).
/// Source: https://keras.io/api/ops/numpy/#dot-function
public func dot(_ a: Tensor, _ b: Tensor) -> Tensor {
  a.rank == 0 || b.rank == 0 ? a * b : tensordot(a, b, axes: ([-1], [b.rank == 1 ? 0 : -2]))
}

/// The sum of the products of all elements, both flattened.
public func vdot(_ a: Tensor, _ b: Tensor) -> Tensor { dot(a.reshaped([a.count]), b.reshaped([b.count])) }

/// Summed products over the last `axes` axes of the first and the first ones of the second.
/// Source: https://keras.io/api/ops/numpy/#tensordot-function
public func tensordot(_ a: Tensor, _ b: Tensor, axes: Int = 2) -> Tensor {
  guard axes >= 0, axes <= a.rank, axes <= b.rank else { programmingError("tensordot: \(axes) axes of shapes \(a.shape) and \(b.shape)") }
  return tensordot(a, b, axes: (Array((a.rank - axes)..<a.rank), Array(0..<axes)))
}

/// Summed products over pairs of axes, the first tensor's and the second's; the axes that remain follow one another.
public func tensordot(_ a: Tensor, _ b: Tensor, axes: ([Int], [Int])) -> Tensor {
  let left = axes.0.map { a.normalized(axis: $0, "tensordot") }, right = axes.1.map { b.normalized(axis: $0, "tensordot") }
  guard left.map({ a.shape[$0] }) == right.map({ b.shape[$0] }), Set(left).count == left.count, Set(right).count == right.count else {
    programmingError("tensordot: axes \(axes.0) of shape \(a.shape) and \(axes.1) of shape \(b.shape) do not fit")
  }
  let (a, b) = Tensor.sameDType(a, b, "tensordot")
  let restA = (0..<a.rank).filter { !left.contains($0) }, restB = (0..<b.rank).filter { !right.contains($0) }
  let size = left.reduce(1) { $0 * a.shape[$1] }
  let rows = a.transposed(restA + left).reshaped([restA.reduce(1) { $0 * a.shape[$1] }, size])
  let columns = b.transposed(right + restB).reshaped([size, restB.reduce(1) { $0 * b.shape[$1] }])
  let shape = restA.map { a.shape[$0] } + restB.map { b.shape[$0] }
  let product = a.dtype.isFloatingPoint
    ? matmul(rows, columns) : (rows.expandingShape(at: 2) * columns.expandingShape(at: 0)).sum(axis: 1)
  return product.reshaped(shape)
}

/// The cross product of the vectors of three elements in the last axes.
/// Source: https://keras.io/api/ops/numpy/#cross-function
public func cross(_ a: Tensor, _ b: Tensor) -> Tensor {
  guard a.shape.last == 3, b.shape.last == 3 else { programmingError("cross: shapes \(a.shape) and \(b.shape); 3 elements in the last axis were expected") }
  let x = unstack(a, axis: -1), y = unstack(b, axis: -1)
  return stack([x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]], axis: -1)
}

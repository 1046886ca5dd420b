extension Tensor {
  /// Rows (elements along axis 0) chosen by `indices` (`int32`): the result's shape is `indices.shape` + `shape[1…]`.
  /// An index that is out of range reads NaN (0 in integer dtypes). The derivative adds each row back where it came from.
  public func gathering(_ indices: Tensor) -> Tensor {
    if rank == 0 { programmingError("gather: a tensor without axes has no rows") }
    if indices.dtype != .int32 { programmingError("gather: the indices are \(indices.dtype), not int32") }
    let rows = Tensor(
      .gather, [self, indices.reshaped([indices.count])], shape: [indices.count] + shape.dropFirst(), dtype: dtype)
    return rows.reshaped(indices.shape + shape.dropFirst())
  }

  /// A tensor of `rows` rows of zeros, with each row of this one added at its index. Rows that share an index add up in order;
  /// an index that is out of range is left out.
  public func scatterAdding(at indices: Tensor, rows: Int) -> Tensor {
    if indices.dtype != .int32 { programmingError("scatterAdd: the indices are \(indices.dtype), not int32") }
    if !dtype.isFloatingPoint { return cast(to: .float64).scatterAdding(at: indices, rows: rows).cast(to: dtype) }
    guard shape.starts(with: indices.shape) else {
      programmingError("scatterAdd: values \(shape) do not begin with the shape of the indices \(indices.shape)")
    }
    let rest = Array(shape.dropFirst(indices.rank))
    let values = reshaped([indices.count] + rest)
    return Tensor(.scatterAdd, [values, indices.reshaped([indices.count])], shape: [rows] + rest, dtype: dtype)
  }

  /// 1 where the last axis's position is the element's value, 0 elsewhere; a new last axis of `depth` positions.
  /// A value outside 0 ..< depth gives only zeros.
  public func oneHot(depth: Int, dtype result: DType = .float32) -> Tensor {
    if dtype == .bool { programmingError("oneHot: bool \(shape) must be cast to int32 first") }
    // Class numbers are exact in float32 up to 2²⁴, and comparing there keeps the whole expression in one pass.
    let type: DType = result == .float64 ? .float64 : .float32
    if depth > 1 << 24 { programmingError("oneHot: a depth of \(depth) is more than 16,777,216") }
    return (cast(to: type).expandingShape(at: -1) .== Tensor.range(depth, dtype: type)).cast(to: result)
  }
}

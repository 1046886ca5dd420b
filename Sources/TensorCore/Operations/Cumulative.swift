extension Tensor {
  /// The sums of the first elements along an axis: element i is the sum of 0 … i; with `reverse`, of i and all that follow. Over the
  /// flattened elements if `axis` is nil. `float32` is added up in double precision.
  /// Source: https://keras.io/api/ops/numpy/#cumsum-function
  public func cumsum(axis: Int? = nil, reverse: Bool = false) -> Tensor {
    if dtype == .bool || dtype == .uint8 { return cast(to: .int32).cumsum(axis: axis, reverse: reverse) }
    guard let axis = axis.map({ normalized(axis: $0, "cumsum") }) else { return reshaped([count]).cumsum(axis: 0, reverse: reverse) }
    let length = shape[axis], inner = shape[(axis + 1)...].reduce(1, *)
    return hostComputation("cumsum", [self], shape: shape, dtype: dtype) { _, _, g, _ in
      [g.cumsum(axis: axis, reverse: !reverse)]
    } body: { inputs in
      var result = inputs[0]
      for start in stride(from: 0, to: result.count, by: Swift.max(length * inner, 1)) {
        for step in stride(from: 1, to: length, by: 1) {
          let row = start + (reverse ? length - 1 - step : step) * inner
          let before = reverse ? row + inner : row - inner
          for column in 0..<inner { result[row + column] += result[before + column] }
        }
      }
      return result
    }
  }

  /// The products of the first elements along an axis: element i is the product of 0 … i. Over the flattened elements if `axis` is
  /// nil. The derivative is exact where there are zeros, too. `float32` is multiplied in double precision, where parts of the product have more
  /// room.
  /// Source: https://keras.io/api/ops/numpy/#cumprod-function
  public func cumprod(axis: Int? = nil) -> Tensor {
    if dtype == .bool || dtype == .uint8 { return cast(to: .int32).cumprod(axis: axis) }
    if dtype == .float32 { return cast(to: .float64).cumprod(axis: axis).cast(to: .float32) }
    guard let axis = axis.map({ normalized(axis: $0, "cumprod") }) else { return reshaped([count]).cumprod(axis: 0) }
    // Element i covers 1, 2, 4, … elements before it: as many passes as the length has digits, and no division.
    var result = self
    var covered = 1
    while covered < shape[axis] {
      var sizes = shape
      sizes[axis] = covered
      let ones = Tensor(repeating: 1, shape: sizes, dtype: dtype)
      sizes[axis] = shape[axis] - covered
      result = result * concatenate([ones, result.sliced(starts: shape.map { _ in 0 }, sizes: sizes)], axis: axis)
      covered *= 2
    }
    return result
  }
}

/// Differences of neighbours along an axis, `n` times: element i is x[i + 1] − x[i].
public func diff(_ x: Tensor, n: Int = 1, axis: Int = -1) -> Tensor {
  let axis = x.normalized(axis: axis, "diff")
  return (0..<n).reduce(x) { x, _ in
    var sizes = x.shape
    sizes[axis] = Swift.max(0, sizes[axis] - 1)
    var starts = sizes.map { _ in 0 }
    let first = x.sliced(starts: starts, sizes: sizes)
    starts[axis] = Swift.min(1, x.shape[axis])
    return x.sliced(starts: starts, sizes: sizes) - first
  }
}

extension Tensor {
  /// An axis counted from the end if negative, checked.
  func normalized(axis: Int, _ name: String) -> Int {
    let result = axis < 0 ? axis + rank : axis
    guard result >= 0 && result < rank else {
      programmingError("\(name): axis \(axis) does not exist in shape \(shape)")
    }
    return result
  }

  func normalized(axes: [Int]?, _ name: String) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    let result = Set(axes.map { normalized(axis: $0, name) })
    if result.count != axes.count { programmingError("\(name): an axis stands twice in \(axes)") }
    return result.sorted()
  }

  private func reduced(_ reduction: Reduction, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    let name = reduction.rawValue
    let axes = normalized(axes: axes, name)
    if dtype == .bool || dtype == .uint8 {
      let counted = cast(to: .int32).reduced(reduction, axes, keepDims)
      return reduction == .max ? counted.cast(to: dtype) : counted
    }
    if reduction == .max && axes.contains(where: { shape[$0] == 0 }) {
      programmingError("max: shape \(shape) has no elements along axes \(axes)")
    }
    let kept = keepDims ? shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element } : nil
    if axes.isEmpty { return self }
    let result = Tensor(
      .reduce(reduction, axes: axes), [self],
      shape: shape.enumerated().filter { !axes.contains($0.offset) }.map(\.element), dtype: dtype)
    return kept.map { result.reshaped($0) } ?? result
  }

  /// The sum over `axes` (all of them if nil; negative ones count from the end). With `keepDims` they stay as size 1. Of `bool` and `uint8`
  /// it is `int32`.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor { reduced(.sum, axes, keepDims) }
  /// The sum along an axis; with `keepDims` the axis stays, with size 1.
  public func sum(axis: Int, keepDims: Bool = false) -> Tensor { reduced(.sum, [axis], keepDims) }

  /// The mean over `axes`; see ``sum(axes:keepDims:)``. NaN where there is nothing to average. Of whole numbers it is `float32`.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    let count = normalized(axes: axes, "mean").reduce(1) { $0 * shape[$1] }
    return floatingPoint.sum(axes: axes, keepDims: keepDims) / Double(count)
  }
  /// The mean along an axis; with `keepDims` the axis stays, with size 1.
  public func mean(axis: Int, keepDims: Bool = false) -> Tensor { mean(axes: [axis], keepDims: keepDims) }

  /// The greatest over `axes`, NaN if one is; see ``sum(axes:keepDims:)``. Elements that tie share the derivative equally.
  public func max(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor { reduced(.max, axes, keepDims) }
  /// The greatest element along an axis; with `keepDims` the axis stays, with size 1.
  public func max(axis: Int, keepDims: Bool = false) -> Tensor { reduced(.max, [axis], keepDims) }

  /// The smallest over `axes`; see ``max(axes:keepDims:)``.
  public func min(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    if dtype == .bool || dtype == .uint8 { return cast(to: .int32).min(axes: axes, keepDims: keepDims).cast(to: dtype) }
    // The least whole number has no opposite.
    if dtype == .int32 { return -1 - (-1 - self).max(axes: axes, keepDims: keepDims) }
    return -((-self).max(axes: axes, keepDims: keepDims))
  }
  /// The least element along an axis; with `keepDims` the axis stays, with size 1.
  public func min(axis: Int, keepDims: Bool = false) -> Tensor { min(axes: [axis], keepDims: keepDims) }

  /// The index (`int32`) of the first greatest element along an axis, which disappears. Has no derivative.
  public func argmax(axis: Int = -1) -> Tensor {
    let axis = normalized(axis: axis, "argmax")
    if shape[axis] == 0 { programmingError("argmax: shape \(shape) has no elements along axis \(axis)") }
    let source = dtype == .bool || dtype == .uint8 ? cast(to: .int32) : self
    var result = shape
    result.remove(at: axis)
    return Tensor(.argmax(axis: axis), [source], shape: result, dtype: .int32)
  }

  /// log Σ eˣ over an axis, without overflow.
  public func logSumExp(axis: Int = -1, keepDims: Bool = false) -> Tensor {
    let x = floatingPoint
    // An infinite maximum must not be subtracted from itself.
    let greatest = x.max(axis: axis, keepDims: true)
    let shift = stopGradient(select(isFinite(greatest), greatest, Tensor.zeros([], dtype: x.dtype)))
    let result = log(exp(x - shift).sum(axis: axis, keepDims: true)) + shift
    if keepDims { return result }
    var kept = shape
    kept.remove(at: normalized(axis: axis, "logSumExp"))
    return result.reshaped(kept)
  }

  /// eˣ / Σ eˣ over an axis.
  public func softmax(axis: Int = -1) -> Tensor {
    customGradient([floatingPoint]) { inputs in
      let shifted = exp(inputs[0] - stopGradient(inputs[0].max(axis: axis, keepDims: true)))
      return shifted / shifted.sum(axis: axis, keepDims: true)
    } gradient: { _, y, upstream in
      // From the result alone, which is in memory.
      [y * (upstream - (upstream * y).sum(axis: axis, keepDims: true))]
    }
  }

  /// log(eˣ / Σ eˣ) over an axis.
  public func logSoftmax(axis: Int = -1) -> Tensor {
    let x = floatingPoint
    let shifted = x - stopGradient(x.max(axis: axis, keepDims: true))
    return shifted - log(exp(shifted).sum(axis: axis, keepDims: true))
  }
}

extension Tensor {
  /// The index (`int32`) of the first smallest element along an axis, which disappears. Has no derivative.
  public func argmin(axis: Int = -1) -> Tensor {
    // The least whole number has no opposite.
    dtype.isFloatingPoint ? (-self).argmax(axis: axis) : (-1 - cast(to: .int32)).argmax(axis: axis)
  }

  /// The product over `axes`; see ``sum(axes:keepDims:)``. The derivative is exact where there are zeros, too. `float32` is multiplied in double
  /// precision, where parts of the product have more room.
  public func prod(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    if dtype == .float32 { return cast(to: .float64).prod(axes: axes, keepDims: keepDims).cast(to: .float32) }
    if dtype == .bool || dtype == .uint8 { return cast(to: .int32).prod(axes: axes, keepDims: keepDims) }
    let axes = normalized(axes: axes, "prod")
    let rest = (0..<rank).filter { !axes.contains($0) }
    let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    var length = axes.reduce(1) { $0 * shape[$1] }
    var result = transposed(rest + axes).reshaped(rest.map { shape[$0] } + [length])
    // Halves are multiplied until one is left.
    let zeros = rest.map { _ in 0 }
    while length > 1 {
      let half = length / 2
      func part(_ start: Int, _ size: Int) -> Tensor { result.sliced(starts: zeros + [start], sizes: rest.map { shape[$0] } + [size]) }
      let halves = part(0, half) * part(half, half)
      result = length % 2 == 0 ? halves : concatenate([halves, part(length - 1, 1)], axis: rest.count)
      length = length % 2 == 0 ? half : half + 1
    }
    let whole = length == 0 ? Tensor.ones(rest.map { shape[$0] }, dtype: dtype) : result.reshaped(rest.map { shape[$0] })
    return keepDims ? whole.reshaped(kept) : whole
  }
  /// The product along an axis; with `keepDims` the axis stays, with size 1.
  public func prod(axis: Int, keepDims: Bool = false) -> Tensor { prod(axes: [axis], keepDims: keepDims) }

  /// The mean of the squared distances from the mean over `axes`; see ``mean(axes:keepDims:)``.
  public func variance(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    square(floatingPoint - mean(axes: axes, keepDims: true)).mean(axes: axes, keepDims: keepDims)
  }
  /// The variance along an axis; with `keepDims` the axis stays, with size 1.
  public func variance(axis: Int, keepDims: Bool = false) -> Tensor { variance(axes: [axis], keepDims: keepDims) }

  /// The square root of ``variance(axes:keepDims:)``.
  public func std(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor { sqrt(variance(axes: axes, keepDims: keepDims)) }
  /// The standard deviation along an axis; with `keepDims` the axis stays, with size 1.
  public func std(axis: Int, keepDims: Bool = false) -> Tensor { std(axes: [axis], keepDims: keepDims) }

  /// Whether all elements over `axes` are true (not zero); see ``sum(axes:keepDims:)``.
  public func all(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    (!cast(to: .bool)).countNonzero(axes: axes, keepDims: keepDims) .== 0
  }
  /// Whether all are true along an axis; with `keepDims` the axis stays, with size 1.
  public func all(axis: Int, keepDims: Bool = false) -> Tensor { all(axes: [axis], keepDims: keepDims) }

  /// Whether any element over `axes` is true (not zero); see ``sum(axes:keepDims:)``.
  public func any(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor { countNonzero(axes: axes, keepDims: keepDims) .> 0 }
  /// Whether any is true along an axis; with `keepDims` the axis stays, with size 1.
  public func any(axis: Int, keepDims: Bool = false) -> Tensor { any(axes: [axis], keepDims: keepDims) }

  /// How many elements over `axes` are not zero (`int32`); see ``sum(axes:keepDims:)``.
  public func countNonzero(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    cast(to: .bool).cast(to: .int32).sum(axes: axes, keepDims: keepDims)
  }

  /// The norm of the vectors along `axes` (of all elements if nil): (Σ |x|ᵖ)^(1/p) for `order` p, 2 unless said; the greatest or
  /// smallest magnitude for ∞ or −∞, the number of elements that are not zero for 0.
  /// Source: https://keras.io/api/ops/linalg/#norm-function
  public func norm(order: Double = 2, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    let x = floatingPoint
    return switch order {
    case 2: sqrt(square(x).sum(axes: axes, keepDims: keepDims))
    case 1: abs(x).sum(axes: axes, keepDims: keepDims)
    case 0: (x .!= 0).cast(to: x.dtype).sum(axes: axes, keepDims: keepDims)
    case .infinity: abs(x).max(axes: axes, keepDims: keepDims)
    case -.infinity: abs(x).min(axes: axes, keepDims: keepDims)
    default: pow(pow(abs(x), order).sum(axes: axes, keepDims: keepDims), 1 / order)
    }
  }
}

/// The mean over `axes`, each element counted with its weight: Σ w x / Σ w. Weights have the shape of `x`, or are a vector along the one
/// axis.
/// Source: https://keras.io/api/ops/numpy/#average-function
public func average(_ x: Tensor, axis: Int? = nil, weights: Tensor? = nil) -> Tensor {
  let axes = axis.map { [x.normalized(axis: $0, "average")] }
  guard var weights else { return x.mean(axes: axes) }
  if let axis = axes?[0], weights.rank == 1, x.rank > 1 {
    weights = weights.reshaped(x.shape.indices.map { $0 == axis ? weights.count : 1 }).broadcast(to: x.shape)
  }
  return (x * weights).sum(axes: axes) / weights.sum(axes: axes)
}

/// Mean and variance over `axes`.
/// Source: https://keras.io/api/ops/nn/#moments-function
public func moments(_ x: Tensor, axes: [Int], keepDims: Bool = false) -> (mean: Tensor, variance: Tensor) {
  (x.mean(axes: axes, keepDims: keepDims), x.variance(axes: axes, keepDims: keepDims))
}

/// x divided by the norm of the vectors along an axis, or by `epsilon` where that is greater: Keras's 10⁻⁷ if nil.
/// Source: https://keras.io/api/ops/nn/#normalize-function
public func normalize(_ x: Tensor, axis: Int = -1, order: Double = 2, epsilon: Double? = nil) -> Tensor {
  normalize(x, axes: [axis], order: order, epsilon: epsilon)
}

/// The same of the vectors along several axes together, all if nil.
package func normalize(_ x: Tensor, axes: [Int]?, order: Double = 2, epsilon: Double? = nil) -> Tensor {
  let epsilon = epsilon ?? fuzz
  if order == 2 {
    // The square root's derivative is infinite at zero, so the square is bounded instead.
    return x / sqrt(maximum(square(x).sum(axes: axes, keepDims: true), Tensor(number: epsilon * epsilon)))
  }
  return x / maximum(x.norm(order: order, axes: axes, keepDims: true), Tensor(number: epsilon))
}

/// The middle element along an axis (all if nil), the mean of the two middle ones where their number is even.
public func median(_ x: Tensor, axis: Int? = nil, keepDims: Bool = false) -> Tensor {
  quantile(x, 0.5, axis: axis, keepDims: keepDims)
}

/// The value below which the part `q` (0 … 1) of the elements along an axis (all if nil) lies, linearly between two of them; NaN if one is.
/// Of whole numbers it is `float32`.
/// Source: https://keras.io/api/ops/numpy/#quantile-function
public func quantile(_ x: Tensor, _ q: Double, axis: Int? = nil, keepDims: Bool = false) -> Tensor {
  let flat = (axis == nil ? x.reshaped([x.count]) : x).floatingPoint
  let along = flat.normalized(axis: axis ?? 0, "quantile")
  guard q >= 0, q <= 1, flat.shape[along] > 0 else { programmingError("quantile: \(q) of shape \(x.shape)") }
  let sorted = sort(flat, axis: along)
  let place = q * Double(flat.shape[along] - 1)
  let below = Int(place)
  func element(_ index: Int) -> Tensor {
    var starts = flat.shape.map { _ in 0 }, sizes = flat.shape
    (starts[along], sizes[along]) = (Swift.min(index, flat.shape[along] - 1), 1)
    return sorted.sliced(starts: starts, sizes: sizes)
  }
  // What is infinite takes no part where nothing of it is asked for.
  let between = place == Double(below) ? element(below) : lerp(element(below), element(below + 1), place - Double(below))
  // NaN stands last.
  let last = element(flat.shape[along] - 1)
  let result = select(isNaN(last), last, between)
  if axis == nil { return result.reshaped(keepDims ? x.shape.map { _ in 1 } : []) }
  return keepDims ? result : result.squeezed(axis: along)
}

/// How often each of 0, 1, … `length` − 1 occurs in `x` (`int32`), along its last axis; with `weights`, the sums of the weights instead.
///
/// Keras's result is as long as the greatest value demands, which a compiled function cannot know: here the length is given, and values
/// outside of it are not counted.
/// Source: https://keras.io/api/ops/numpy/#bincount-function
public func bincount(_ x: Tensor, weights: Tensor? = nil, length: Int) -> Tensor {
  if x.dtype.isFloatingPoint { programmingError("bincount: the values are \(x.dtype), not whole numbers") }
  let x = x.cast(to: .int32)
  let type = weights?.dtype ?? .int32
  let isValue = (x.expandingShape(at: -1) .== Tensor.range(length)).cast(to: type)
  return (weights.map { isValue * $0.expandingShape(at: -1) } ?? isValue).sum(axis: -2)
}

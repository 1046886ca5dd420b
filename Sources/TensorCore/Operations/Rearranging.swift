/// The tensor in `sections` equal parts along an axis.
/// Source: https://keras.io/api/ops/numpy/#split-function
public func split(_ x: Tensor, _ sections: Int, axis: Int = 0) -> [Tensor] {
  let along = x.normalized(axis: axis, "split")
  guard sections > 0, x.shape[along] % sections == 0 else {
    programmingError("split: axis \(axis) of shape \(x.shape) has no \(sections) equal parts")
  }
  let size = x.shape[along] / sections
  return split(x, at: (1..<sections).map { $0 * size }, axis: axis)
}

/// The tensor cut before each of the given indices along an axis.
public func split(_ x: Tensor, at indices: [Int], axis: Int = 0) -> [Tensor] {
  let along = x.normalized(axis: axis, "split")
  let bounds = [0] + indices + [x.shape[along]]
  guard zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }) else {
    programmingError("split: \(indices) are not ascending indices into axis \(axis) of shape \(x.shape)")
  }
  return zip(bounds, bounds.dropFirst()).map { low, high in
    var starts = x.shape.map { _ in 0 }, sizes = x.shape
    (starts[along], sizes[along]) = (low, high - low)
    return x.sliced(starts: starts, sizes: sizes)
  }
}

/// The slices along an axis, which disappears.
public func unstack(_ x: Tensor, axis: Int = 0) -> [Tensor] {
  let along = x.normalized(axis: axis, "unstack")
  var shape = x.shape
  shape.remove(at: along)
  return x.shape[along] == 0 ? [] : split(x, x.shape[along], axis: along).map { $0.reshaped(shape) }
}

/// Side by side: along axis 1, vectors along axis 0.
public func hstack(_ tensors: [Tensor]) -> Tensor {
  let parts = tensors.map { $0.rank == 0 ? $0.reshaped([1]) : $0 }
  return concatenate(parts, axis: parts.first?.rank == 1 ? 0 : 1)
}

/// One below another: along axis 0, vectors as rows.
public func vstack(_ tensors: [Tensor]) -> Tensor {
  concatenate(tensors.map { $0.rank < 2 ? $0.reshaped([1, $0.count]) : $0 }, axis: 0)
}

/// The whole tensor `repeats[k]` times along axis k. Missing axes are added in front on either side.
/// Source: https://keras.io/api/ops/numpy/#tile-function
public func tile(_ x: Tensor, _ repeats: [Int]) -> Tensor {
  let rank = Swift.max(x.rank, repeats.count)
  let shape = Array(repeating: 1, count: rank - x.rank) + x.shape
  let counts = Array(repeating: 1, count: rank - repeats.count) + repeats
  if counts.contains(where: { $0 < 0 }) { programmingError("tile: \(repeats) of shape \(x.shape)") }
  let wide = x.reshaped(shape.flatMap { [1, $0] }).broadcast(to: zip(counts, shape).flatMap { [$0, $1] })
  return wide.reshaped(zip(counts, shape).map(*))
}

/// Each element `repeats` times in a row along an axis; of the flattened elements if `axis` is nil. (Keras's `repeat`, a reserved word
/// in Swift.)
/// Source: https://keras.io/api/ops/numpy/#repeat-function
public func repeatElements(_ x: Tensor, _ repeats: Int, axis: Int? = nil) -> Tensor {
  guard let axis = axis.map({ x.normalized(axis: $0, "repeatElements") }) else { return repeatElements(x.reshaped([x.count]), repeats, axis: 0) }
  if repeats < 0 { programmingError("repeatElements: \(repeats) times") }
  var wide = x.shape, result = x.shape
  wide.insert(repeats, at: axis + 1)
  result[axis] *= repeats
  return x.expandingShape(at: axis + 1).broadcast(to: wide).reshaped(result)
}

/// The elements in reverse order along `axes` (all of them if nil).
/// Source: https://keras.io/api/ops/numpy/#flip-function
public func flip(_ x: Tensor, axes: [Int]? = nil) -> Tensor {
  let axes = x.normalized(axes: axes, "flip").filter { x.shape[$0] > 1 }
  if axes.isEmpty || x.count == 0 { return x }
  if case .fill = x.node.operation { return x }
  return Tensor(
    .slice(starts: x.shape.indices.map { axes.contains($0) ? x.shape[$0] - 1 : 0 }, strides: x.shape.indices.map { axes.contains($0) ? -1 : 1 }),
    [x], shape: x.shape, dtype: x.dtype)
}
/// The elements in the opposite order along an axis. (Keras: `keras.ops.flip`.)
public func flip(_ x: Tensor, axis: Int) -> Tensor { flip(x, axes: [axis]) }

/// The elements moved `shift` places toward higher indices along an axis; those that fall off come in at the other end. Of the
/// flattened elements if `axis` is nil.
/// Source: https://keras.io/api/ops/numpy/#roll-function
public func roll(_ x: Tensor, shift: Int, axis: Int? = nil) -> Tensor {
  guard let axis = axis.map({ x.normalized(axis: $0, "roll") }) else {
    return roll(x.reshaped([x.count]), shift: shift, axis: 0).reshaped(x.shape)
  }
  let size = x.shape[axis]
  if size == 0 { return x }
  let cut = ((-shift) % size + size) % size
  return cut == 0 ? x : concatenate(split(x, at: [cut], axis: axis).reversed(), axis: axis)
}

/// Turned by 90° `k` times in the plane of two axes, from the first toward the second.
/// Source: https://keras.io/api/ops/numpy/#rot90-function
public func rot90(_ x: Tensor, k: Int = 1, axes: (Int, Int) = (0, 1)) -> Tensor {
  let first = x.normalized(axis: axes.0, "rot90"), second = x.normalized(axis: axes.1, "rot90")
  if first == second { programmingError("rot90: both axes are \(first) in shape \(x.shape)") }
  var swapped = Array(0..<x.rank)
  swapped.swapAt(first, second)
  return switch (k % 4 + 4) % 4 {
  case 1: flip(x.transposed(swapped), axis: first)
  case 2: flip(x, axes: [first, second])
  case 3: flip(x, axis: first).transposed(swapped)
  default: x
  }
}

/// Each vector spread over a grid of all of them: result k has the elements of vector k along axis k. With `indexing` xy the first two
/// axes change places.
/// Source: https://keras.io/api/ops/numpy/#meshgrid-function
public func meshgrid(_ vectors: [Tensor], indexing: GridIndexing = .xy) -> [Tensor] {
  var order = Array(vectors.indices)
  if indexing == .xy && order.count > 1 { order.swapAt(0, 1) }
  let shape = order.map { vectors[$0].count }
  return vectors.enumerated().map { index, vector in
    vector.reshaped(order.map { $0 == index ? vector.count : 1 }).broadcast(to: shape)
  }
}

/// Which axis of a grid is the first: of points (x, y) as they are drawn, y; of indices (i, j), i.
public enum GridIndexing: String, Sendable { case xy, ij }

/// Arrays of evenly spaced numbers.
extension Tensor {
  /// `start`, `start` + `step`, … as long as it is below `stop` (above, for a negative step).
  /// - Parameters:
  ///   - start: the first number.
  ///   - stop: where the numbers end; it is not among them.
  ///   - step: from each number to the next; 0 stops the program.
  ///   - dtype: of the result.
  public static func arange(_ start: Double, _ stop: Double, step: Double = 1, dtype: DType = .float32) -> Tensor {
    if step == 0 { programmingError("arange: a step of 0") }
    let count = Swift.max(0, Int(((stop - start) / step).rounded(.up)))
    return Tensor((0..<count).map { start + Double($0) * step }).cast(to: dtype)
  }

  /// `count` numbers from `start` to `stop` with equal distances; without `stop` itself if `endpoint` is false.
  /// Source: https://keras.io/api/ops/numpy/#linspace-function
  /// - Parameters:
  ///   - start: the first number.
  ///   - stop: the last one, or that after the last.
  ///   - count: how many there are; fewer than 0 stop the program.
  ///   - endpoint: whether `stop` is among them.
  ///   - dtype: of the result.
  public static func linspace(_ start: Double, _ stop: Double, count: Int = 50, endpoint: Bool = true, dtype: DType = .float32) -> Tensor {
    if count < 0 { programmingError("linspace: \(count) numbers") }
    let steps = Double(Swift.max(1, endpoint ? count - 1 : count))
    return Tensor((0..<count).map { (index: Int) -> Double in
      let number = endpoint && index == count - 1 && count > 1 ? stop : start + (stop - start) * (Double(index) / steps)
      // Whole numbers are those below, as in NumPy.
      return dtype.isFloatingPoint ? number : number.rounded(.down)
    }).cast(to: dtype)
  }

  /// `base` to the power of `count` numbers from `start` to `stop`.
  /// Source: https://keras.io/api/ops/numpy/#logspace-function
  /// - Parameters:
  ///   - start: the first exponent.
  ///   - stop: the last one, or that after the last.
  ///   - count: how many there are; fewer than 0 stop the program.
  ///   - endpoint: whether `stop` is among the exponents.
  ///   - base: what is raised to them.
  ///   - dtype: of the result; it is computed in `float64`.
  public static func logspace(
    _ start: Double, _ stop: Double, count: Int = 50, endpoint: Bool = true, base: Double = 10, dtype: DType = .float32
  ) -> Tensor {
    pow(base, linspace(start, stop, count: count, endpoint: endpoint, dtype: .float64)).cast(to: dtype)
  }
}

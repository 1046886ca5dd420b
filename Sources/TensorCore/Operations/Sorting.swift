/// The order (`int32`) that sorts the elements along an axis: ascending, equal ones as they stand, NaN last. Has no derivative.
/// Source: https://keras.io/api/ops/numpy/#argsort-function
public func argsort(_ x: Tensor, axis: Int = -1) -> Tensor { order(x, axis, "argsort", descending: false) }

/// The elements along an axis in ascending order, NaN last. The derivative goes to where an element came from.
/// Source: https://keras.io/api/ops/numpy/#sort-function
public func sort(_ x: Tensor, axis: Int = -1) -> Tensor { takeAlongAxis(x, order(x, axis, "sort", descending: false), axis: axis) }

/// The `k` greatest elements of the last axis in descending order and their indices (`int32`); of equal ones the first comes first.
/// Source: https://keras.io/api/ops/core/#topk-function
public func topK(_ x: Tensor, k: Int) -> (values: Tensor, indices: Tensor) {
  guard x.rank > 0, k >= 0, k <= x.shape[x.rank - 1] else { programmingError("topK: shape \(x.shape) has no \(k) elements in its last axis") }
  let all = order(x, -1, "topK", descending: true)
  let indices = all.sliced(starts: x.shape.map { _ in 0 }, sizes: x.shape.dropLast() + [k])
  return (takeAlongAxis(x, indices, axis: -1), indices)
}

/// True where the target (`int32`, a vector of class numbers) is among the `k` greatest of its row of predictions. A class that ties
/// with the last of them counts as among them; one that does not exist, or a row that is not finite there, does not.
/// Source: https://keras.io/api/ops/nn/#intopk-function
public func inTopK(_ targets: Tensor, _ predictions: Tensor, k: Int) -> Tensor {
  let own = takeAlongAxis(predictions, targets.expandingShape(at: -1), axis: -1)
  let greater = (predictions .> own).cast(to: .int32).sum(axis: -1)
  return (greater .< Tensor(number: Double(k))) .&& isFinite(own.reshaped(targets.shape))
}

private func order(_ x: Tensor, _ axis: Int, _ name: String, descending: Bool) -> Tensor {
  let axis = x.normalized(axis: axis, name)
  let last = (0..<x.rank).filter { $0 != axis } + [axis]
  let moved = x.transposed(last)
  let length = x.shape[axis]
  let result = hostComputation(name, [moved], shape: moved.shape, dtype: .int32) { inputs in
    let values = inputs[0]
    var result: [Double] = []
    result.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: Swift.max(length, 1)) {
      // Swift's sort keeps equal elements in order.
      let order = (0..<length).sorted { left, right in
        let (a, b) = (values[start + left], values[start + right])
        return descending ? a > b || (a.isNaN && !b.isNaN) : a < b || (b.isNaN && !a.isNaN)
      }
      result += order.map(Double.init)
    }
    return result
  }
  return result.transposed(inversePermutation(of: last))
}

/// Where each of `values` would be put into the ascending vector `sortedSequence` (`int32`): before equal elements, or behind them if
/// `side` is right; NaN behind all.
/// Source: https://keras.io/api/ops/numpy/#searchsorted-function
public func searchsorted(_ sortedSequence: Tensor, _ values: Tensor, side: SearchSide = .left) -> Tensor {
  if sortedSequence.rank != 1 { programmingError("searchsorted: the sequence has shape \(sortedSequence.shape), not one axis") }
  let each = values.expandingShape(at: -1)
  // NaN, which nothing compares with, equals itself and comes behind.
  let isBefore = side == .left
    ? (sortedSequence .< each) .|| (isNaN(each) .&& !isNaN(sortedSequence)) : (sortedSequence .<= each) .|| isNaN(each)
  return isBefore.cast(to: .int32).sum(axis: -1)
}

/// Whether an element goes before those it equals (``left``) or behind them.
public enum SearchSide: String, Sendable, CaseIterable { case left, right }

/// In which of the intervals between `bins` each element lies (`int32`): i where bins[i − 1] ≤ x < bins[i], or, of descending bins, where
/// bins[i − 1] > x ≥ bins[i].
/// Source: https://keras.io/api/ops/numpy/#digitize-function
public func digitize(_ x: Tensor, bins: [Double]) -> Tensor {
  if bins.isEmpty { return Tensor.zeros(x.shape, dtype: .int32) }
  if bins != bins.sorted() {
    let ascending = Array(bins.reversed())
    if ascending != ascending.sorted() { programmingError("digitize: the bins \(bins) neither ascend nor descend") }
    return Tensor(number: Double(bins.count)) - digitize(x, bins: ascending)
  }
  let type: DType = x.dtype.isFloatingPoint ? x.dtype : .float64
  return searchsorted(Tensor(bins).cast(to: type), x.cast(to: type), side: .right)
}

/// The values that occur, each once, ascending, NaN last. Their number depends on the values, so it can only be asked for outside of compiled
/// functions.
public func unique(_ x: Tensor) -> Tensor {
  let all = x.doubles
  let values = Set(all.filter { !$0.isNaN }).sorted()
  return Tensor(values + (all.contains(where: \.isNaN) ? [.nan] : [])).cast(to: x.dtype)
}

/// The places of the elements that are not zero: a vector (`int32`) for each axis. Their number depends on the values, so it can only
/// be asked for outside of compiled functions.
public func nonzero(_ x: Tensor) -> [Tensor] {
  let places = x.doubles.enumerated().filter { $0.element != 0 }.map(\.offset)
  return x.shape.indices.map { axis in
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    return Tensor(places.map { Int32($0 / inner % x.shape[axis]) })
  }
}

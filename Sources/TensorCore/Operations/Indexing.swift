/// Slices along an axis chosen by `indices` (`int32`), whose axes stand in its place; of the flattened elements if `axis` is nil. A
/// negative index counts from the end; one that is out of range reads NaN (0 in integer dtypes).
/// Source: https://keras.io/api/ops/numpy/#take-function
public func take(_ x: Tensor, _ indices: Tensor, axis: Int? = nil) -> Tensor {
  guard let axis = axis.map({ x.normalized(axis: $0, "take") }) else { return take(x.reshaped([x.count]), indices, axis: 0) }
  let chosen = counted(indices, x.shape[axis], "take")
  if axis == 0 { return x.gathering(chosen) }
  let rest = (0..<x.rank).filter { $0 != axis }
  let rows = x.transposed([axis] + rest).gathering(chosen)
  let back = (0..<axis).map { $0 + indices.rank } + Array(0..<indices.rank) + ((axis + 1)..<Swift.max(x.rank, axis + 1)).map { $0 - 1 + indices.rank }
  return rows.transposed(back)
}

/// Elements chosen along an axis, elsewhere where they stand: result[i, j] is x[i, indices[i, j]] for the last of two axes. Shapes agree
/// but for that axis; a negative index counts from the end, one that is out of range reads NaN (0 in integer dtypes).
/// Source: https://keras.io/api/ops/numpy/#takealongaxis-function
public func takeAlongAxis(_ x: Tensor, _ indices: Tensor, axis: Int? = -1) -> Tensor {
  guard let axis = axis.map({ x.normalized(axis: $0, "takeAlongAxis") }) else {
    return takeAlongAxis(x.reshaped([x.count]), indices.reshaped([indices.count]), axis: 0)
  }
  var expected = x.shape
  if indices.rank == x.rank { expected[axis] = indices.shape[axis] }
  guard let shape = broadcastShape(expected, indices.shape), shape == expected else {
    programmingError("takeAlongAxis: indices \(indices.shape) do not fit shape \(x.shape) along axis \(axis)")
  }
  let chosen = counted(indices, x.shape[axis], "takeAlongAxis").broadcast(to: shape)
  // The place in memory, or −1 for what is outside.
  let inner = x.shape[(axis + 1)...].reduce(1, *)
  let size = x.shape[axis]
  let isInside = (chosen .>= 0) .&& (chosen .< Tensor(number: Double(size)))
  var place = chosen * Tensor(number: Double(inner))
  for other in x.shape.indices where other != axis && x.shape[other] > 1 {
    let stride = x.shape[(other + 1)...].reduce(1, *)
    let step = Tensor.range(x.shape[other]) * Tensor(number: Double(stride))
    place = place + step.reshaped(x.shape.indices.map { $0 == other ? x.shape[other] : 1 })
  }
  return x.reshaped([x.count]).gathering(select(isInside, place, -1))
}

/// Zeros of the given shape with each of `values` added at its place: the last axis of `indices` (`int32`) holds a place's indices along
/// the leading axes, negative from their ends.
/// Source: https://keras.io/api/ops/core/#scatter-function
public func scatter(_ indices: Tensor, _ values: Tensor, shape: [Int]) -> Tensor {
  let (rows, inner) = places(indices, values, shape, "scatter")
  let width = inner.reduce(1, *)
  return values.reshaped([rows.count] + inner).scatterAdding(at: rows, rows: shape.reduce(1, *) / Swift.max(width, 1)).reshaped(shape)
}

/// The tensor with other values in some places; places as of ``scatter(_:_:shape:)``.
/// - Precondition: the places differ; where they do not, either value may stay.
/// Source: https://keras.io/api/ops/core/#scatterupdate-function
public func scatterUpdate(_ x: Tensor, _ indices: Tensor, _ updates: Tensor) -> Tensor {
  let (rows, inner) = places(indices, updates, x.shape, "scatterUpdate")
  let width = inner.reduce(1, *)
  return x.reshaped([x.count / Swift.max(width, 1)] + inner).replacingRows(at: rows, with: updates.reshaped([rows.count] + inner))
    .reshaped(x.shape)
}

/// The tensor with a part of it, which begins at `starts`, replaced.
/// Source: https://keras.io/api/ops/core/#sliceupdate-function
public func sliceUpdate(_ x: Tensor, at starts: [Int], _ updates: Tensor) -> Tensor {
  guard starts.count == x.rank, updates.rank == x.rank, updates.dtype == x.dtype,
    x.shape.indices.allSatisfy({ starts[$0] >= 0 && starts[$0] + updates.shape[$0] <= x.shape[$0] })
  else { programmingError("sliceUpdate: \(updates.dtype) \(updates.shape) at \(starts) does not lie in \(x.dtype) \(x.shape)") }
  let high = x.shape.indices.map { x.shape[$0] - starts[$0] - updates.shape[$0] }
  let isPart = Tensor(repeating: 1, shape: updates.shape, dtype: .int32).padded(low: starts, high: high) .!= 0
  return select(isPart, updates.padded(low: starts, high: high), x)
}

/// Row numbers of the places among the rows that the rest of the shape forms, −1 for what is outside, and that rest.
private func places(_ indices: Tensor, _ values: Tensor, _ shape: [Int], _ name: String) -> (rows: Tensor, inner: [Int]) {
  guard indices.dtype == .int32, let depth = indices.shape.last, depth > 0, depth <= shape.count,
    values.shape == indices.shape.dropLast() + shape[depth...]
  else { programmingError("\(name): indices \(indices.dtype) \(indices.shape) and values \(values.shape) do not fit shape \(shape)") }
  var rows = Tensor(repeating: 0, shape: [indices.count / depth], dtype: .int32)
  var isInside = Tensor(repeating: 1, shape: rows.shape, dtype: .bool)
  for (axis, given) in unstack(indices.reshaped([indices.count / depth, depth]), axis: 1).enumerated() {
    let part = counted(given, shape[axis], name)
    rows = rows * Tensor(number: Double(shape[axis])) + part
    isInside = isInside .&& (part .>= 0) .&& (part .< Tensor(number: Double(shape[axis])))
  }
  return (select(isInside, rows, -1), Array(shape[depth...]))
}

/// Negative indices count from the end.
private func counted(_ indices: Tensor, _ size: Int, _ name: String) -> Tensor {
  if indices.dtype != .int32 { programmingError("\(name): the indices are \(indices.dtype), not int32") }
  return select(indices .< 0, indices + Tensor(number: Double(size)), indices)
}

/// Sums of the rows of each segment: row i of `data` goes to row `segmentIds[i]` (`int32`) of the result, which has `segments` rows.
/// Source: https://keras.io/api/ops/core/#segmentsum-function
public func segmentSum(_ data: Tensor, _ segmentIds: Tensor, segments: Int) -> Tensor {
  data.scatterAdding(at: segmentIds, rows: segments)
}

/// The greatest of the rows of each segment, element by element, −∞ where a segment has none; see ``segmentSum(_:_:segments:)``.
/// Elements that tie share the derivative equally.
/// Source: https://keras.io/api/ops/core/#segmentmax-function
public func segmentMax(_ data: Tensor, _ segmentIds: Tensor, segments: Int) -> Tensor {
  guard segmentIds.dtype == .int32, segmentIds.rank == 1, data.shape.first == segmentIds.count, data.dtype.isFloatingPoint else {
    programmingError("segmentMax: \(data.dtype) \(data.shape) and segments \(segmentIds.dtype) \(segmentIds.shape)")
  }
  let shape = [segments] + data.shape.dropFirst()
  let width = data.shape.dropFirst().reduce(1, *)
  return hostComputation("segmentMax", [data, segmentIds], shape: shape, dtype: data.dtype) { inputs, result, g, _ in
    let isGreatest = (inputs[0] .== result.gathering(inputs[1])).cast(to: g.dtype)
    let ties = isGreatest.scatterAdding(at: inputs[1], rows: segments)
    let share = select(ties .> 0, g / maximum(ties, 1), Tensor.zeros([], dtype: g.dtype))
    // A row of no segment reads NaN, which equals nothing, and gets nothing.
    return [select(isGreatest .> 0, share.gathering(inputs[1]), Tensor.zeros([], dtype: g.dtype)), nil]
  } body: { inputs in
    var result = [Double](repeating: -.infinity, count: shape.reduce(1, *))
    for (row, id) in inputs[1].enumerated() where id >= 0 && id < Double(segments) {
      for column in 0..<width {
        let (value, place) = (inputs[0][row * width + column], Int(id) * width + column)
        if value > result[place] || value.isNaN { result[place] = value }
      }
    }
    return result
  }
}

/// 1 at each class that occurs in the last axis of `x` (`int32`), 0 elsewhere: that axis becomes one of `classes` positions.
/// Source: https://keras.io/api/ops/nn/#multihot-function
public func multiHot(_ x: Tensor, classes: Int, dtype: DType = .float32) -> Tensor {
  x.oneHot(depth: classes, dtype: dtype).max(axis: x.rank == 0 ? 0 : x.rank - 1)
}

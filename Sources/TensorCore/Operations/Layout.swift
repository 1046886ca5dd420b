extension Tensor {
  /// The same elements in another shape; one size may be −1 and is worked out.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    var target = newShape
    if let open = target.firstIndex(of: -1) {
      let known = target.enumerated().filter { $0.offset != open }.reduce(1) { $0 * $1.element }
      guard known > 0 && count % known == 0 else {
        programmingError("reshape: shape \(shape) does not fill \(newShape)")
      }
      target[open] = count / known
    }
    guard Tensor.elementCount(target) == count else {
      programmingError("reshape: shape \(shape) has \(count) elements, \(newShape) another number")
    }
    if target == shape { return self }
    if case .fill = node.operation { return Tensor(node.operation, shape: target, dtype: dtype) }
    return Tensor(.reshape, [self], shape: target, dtype: dtype)
  }

  /// With an axis of size 1 before `axis` (the last if −1).
  public func expandingShape(at axis: Int) -> Tensor {
    var target = shape
    target.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
    return reshaped(target)
  }

  /// Without an axis of size 1.
  public func squeezed(axis: Int) -> Tensor {
    let own = normalized(axis: axis, "squeeze")
    guard shape[own] == 1 else { programmingError("squeeze: axis \(axis) of shape \(shape) has not size 1") }
    var target = shape
    target.remove(at: own)
    return reshaped(target)
  }

  /// Axis k of the result is axis `permutation[k]`; without an argument the order of the axes is reversed.
  public func transposed(_ permutation: [Int]? = nil) -> Tensor {
    let order = permutation?.map { normalized(axis: $0, "transpose") } ?? Array((0..<rank).reversed())
    guard order.sorted() == Array(0..<rank) else {
      programmingError("transpose: \(order) is not an order of the axes of shape \(shape)")
    }
    if order == Array(0..<rank) { return self }
    return Tensor(.transpose(order), [self], shape: order.map { shape[$0] }, dtype: dtype)
  }

  /// The part `ranges[k]` of each leading axis k; axes not named are kept whole. Negative indices are not understood.
  public subscript(_ ranges: Range<Int>...) -> Tensor {
    if ranges.count > rank { programmingError("slice: \(ranges.count) ranges for the \(rank) axes of shape \(shape)") }
    for (axis, range) in ranges.enumerated() where range.lowerBound < 0 || range.upperBound > shape[axis] {
      programmingError("slice: \(range) reaches out of axis \(axis), which has \(shape[axis]) elements, of shape \(shape)")
    }
    return sliced(starts: ranges.map(\.lowerBound), sizes: ranges.map(\.count))
  }

  /// `sizes[k]` elements of each leading axis k from `starts[k]`, every `strides[k]`-th.
  public func sliced(starts: [Int], sizes: [Int], strides: [Int]? = nil) -> Tensor {
    let strides = (strides ?? starts.map { _ in 1 }) + Array(repeating: 1, count: Swift.max(0, rank - starts.count))
    let allStarts = starts + Array(repeating: 0, count: Swift.max(0, rank - starts.count))
    let allSizes = sizes + Array(shape.dropFirst(sizes.count))
    guard starts.count == sizes.count, allStarts.count == rank, strides.count == rank,
      (0..<rank).allSatisfy({ (axis: Int) -> Bool in
        let (start, size, stride) = (allStarts[axis], allSizes[axis], strides[axis])
        return start >= 0 && size >= 0 && stride >= 1 && (size == 0 || start + (size - 1) * stride < shape[axis])
      })
    else {
      programmingError("slice: \(sizes) elements from \(starts), in steps of \(strides), do not lie in shape \(shape)")
    }
    if allSizes == shape && strides.allSatisfy({ $0 == 1 }) { return self }
    return Tensor(.slice(starts: allStarts, strides: strides), [self], shape: allSizes, dtype: dtype)
  }

  /// Zeros added before and after each axis.
  public func padded(low: [Int], high: [Int]) -> Tensor {
    guard low.count == rank, high.count == rank, (low + high).allSatisfy({ $0 >= 0 }) else {
      programmingError("pad: low \(low) and high \(high) do not fit shape \(shape)")
    }
    if (low + high).allSatisfy({ $0 == 0 }) { return self }
    return Tensor(
      .pad(low: low, high: high), [self], shape: (0..<rank).map { low[$0] + shape[$0] + high[$0] }, dtype: dtype)
  }
}

/// Two axes in each other's place.
/// Source: https://keras.io/api/ops/numpy/#swapaxes-function
public func swapaxes(_ x: Tensor, _ axis1: Int, _ axis2: Int) -> Tensor {
  var order = Array(0..<x.rank)
  order.swapAt(x.normalized(axis: axis1, "swapaxes"), x.normalized(axis: axis2, "swapaxes"))
  return x.transposed(order)
}

/// Tensors one after another along an axis; all other sizes are equal.
///
/// The axis is always said: `keras.ops.concatenate` takes the first one where none is, and `keras.layers.concatenate` the last.
public func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor {
  guard let first = tensors.first else { programmingError("concatenate: no tensors") }
  if tensors.count == 1 { return first }
  let axis = first.normalized(axis: axis, "concatenate")
  var shape = first.shape
  for other in tensors.dropFirst() {
    var expected = first.shape
    if other.rank == first.rank { expected[axis] = other.shape[axis] }
    guard other.shape == expected, other.dtype == first.dtype else {
      programmingError(
        "concatenate along axis \(axis): \(first.dtype) \(first.shape) and \(other.dtype) \(other.shape) do not fit")
    }
    shape[axis] += other.shape[axis]
  }
  return Tensor(.concatenate(axis: axis), tensors, shape: shape, dtype: first.dtype)
}

/// Tensors of one shape side by side along a new axis.
public func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  concatenate(tensors.map { $0.expandingShape(at: axis) }, axis: axis)
}

/// The order of axes that undoes another one.
func inversePermutation(of order: [Int]) -> [Int] {
  var inverse = order
  for (axis, source) in order.enumerated() { inverse[source] = axis }
  return inverse
}

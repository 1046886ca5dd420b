extension Tensor {
  /// The same elements with `axis` moved to the end.
  func movingLast(_ axis: Int) -> Tensor {
    let axis = axis < 0 ? axis + rank : axis
    guard shape.indices.contains(axis) else { programmingError("axis \(axis) does not exist in shape \(shape)") }
    return transposed(shape.indices.filter { $0 != axis } + [axis])
  }

  /// The reverse of ``movingLast(_:)``.
  func movingFromLast(to axis: Int) -> Tensor {
    let axis = axis < 0 ? axis + rank : axis
    var order = Array(0..<(rank - 1))
    order.insert(rank - 1, at: axis)
    return transposed(order)
  }
}

extension Tensor {
  /// The Euclidean norm along axes, which stay as size 1.
  func norm(alongAxes axes: [Int]) -> Tensor { sqrt(square(self).sum(axes: axes, keepDims: true)) }
}

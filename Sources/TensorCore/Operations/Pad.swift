/// What stands around a tensor that is made larger.
public enum PaddingMode: String, Sendable, CaseIterable {
  /// One number.
  case constant
  /// The elements mirrored at the outermost one, which is not repeated: c b | a b c | b a.
  case reflect
  /// The elements mirrored at the edge, so that the outermost one is repeated: b a | a b c | c b.
  case symmetric
}

/// The tensor with more elements before and after each axis.
/// - Parameters:
///   - x: of any shape.
///   - width: how many before and after each axis, none of them negative; a single pair stands for all axes.
///   - mode: what they are. Mirrored elements begin anew where more are asked for than there are.
///   - constantValue: the number for ``PaddingMode/constant``.
/// - Precondition: an axis that is mirrored has an element.
/// Source: https://keras.io/api/ops/numpy/#pad-function
public func pad(_ x: Tensor, _ width: [(Int, Int)], mode: PaddingMode = .constant, constantValue: Double = 0) -> Tensor {
  let width = width.count == 1 ? Array(repeating: width[0], count: x.rank) : width
  guard width.count == x.rank, width.allSatisfy({ $0.0 >= 0 && $0.1 >= 0 }) else {
    programmingError("pad: \(width.map { [$0.0, $0.1] }) does not fit shape \(x.shape)")
  }
  if constantValue != 0 && mode != .constant { programmingError("pad: a constant is only possible with the mode constant, not \(mode.rawValue)") }
  guard mode != .constant else {
    let padded = x.padded(low: width.map(\.0), high: width.map(\.1))
    if constantValue == 0 { return padded }
    let inside = Tensor.ones(x.shape, dtype: .float32).padded(low: width.map(\.0), high: width.map(\.1)) .!= 0
    return select(inside, padded, Tensor(.fill(constantValue), shape: [], dtype: x.dtype))
  }
  var result = x
  for (axis, (low, high)) in width.enumerated() where low + high > 0 {
    if x.shape[axis] == 0 { programmingError("pad: axis \(axis) of shape \(x.shape) has no element to mirror") }
    // An element alone has no other side.
    let skipped = mode == .reflect && x.shape[axis] > 1 ? 1 : 0
    result = mirrored(mirrored(result, low, axis, atEnd: false, skipped), high, axis, atEnd: true, skipped)
  }
  return result
}

/// `count` elements more at an end of an axis, mirrored there; `skipped` of them at the edge are left out.
private func mirrored(_ x: Tensor, _ count: Int, _ axis: Int, atEnd: Bool, _ skipped: Int) -> Tensor {
  var (result, left) = (x, count)
  while left > 0 {
    let size = result.shape[axis], added = Swift.min(left, size - skipped)
    var starts = [Int](repeating: 0, count: x.rank), sizes = result.shape
    starts[axis] = atEnd ? size - skipped - added : skipped
    sizes[axis] = added
    let part = flip(result.sliced(starts: starts, sizes: sizes), axis: axis)
    result = concatenate(atEnd ? [result, part] : [part, result], axis: axis)
    left -= added
  }
  return result
}

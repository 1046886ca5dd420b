/// The shape two shapes broadcast to, or nil.
package func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int]? {
  if a == b { return a }
  let rank = max(a.count, b.count)
  var result = [Int](repeating: 1, count: rank)
  for axis in 0..<rank {
    let sizeA = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
    let sizeB = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
    guard sizeA == sizeB || sizeA == 1 || sizeB == 1 else { return nil }
    result[axis] = sizeA == 1 ? sizeB : sizeA
  }
  return result
}

extension Tensor {
  /// Repeated along new leading axes and along axes of size 1, without a copy.
  public func broadcast(to target: [Int]) -> Tensor {
    if shape == target { return self }
    guard broadcastShape(shape, target) == target else {
      programmingError("broadcast: shape \(shape) does not stretch to \(target)")
    }
    if case .fill(let value) = node.operation {
      return Tensor(.fill(value), shape: target, dtype: dtype)
    }
    return Tensor(.broadcast, [self], shape: target, dtype: dtype, isNumber: false)
  }

  /// Summed over the axes that broadcasting `target` to this shape stretched: the derivative of ``broadcast(to:)``.
  package func summed(to target: [Int]) -> Tensor {
    if shape == target { return self }
    let added = rank - target.count
    let axes = (0..<rank).filter { $0 < added || (target[$0 - added] == 1 && shape[$0] != 1) }
    return sum(axes: axes).reshaped(target)
  }

  /// Both sides in one dtype and one shape, ready for an elementwise operation.
  static func aligned(_ a: Tensor, _ b: Tensor, _ name: String) -> (Tensor, Tensor) {
    let (a, b) = sameDType(a, b, name)
    guard let shape = broadcastShape(a.shape, b.shape) else {
      programmingError("\(name): shapes \(a.shape) and \(b.shape) do not broadcast")
    }
    return (a.broadcast(to: shape), b.broadcast(to: shape))
  }

  static func sameDType(_ a: Tensor, _ b: Tensor, _ name: String) -> (Tensor, Tensor) {
    if a.dtype == b.dtype && a.node.isNumber == b.node.isNumber { return (a, b) }
    if a.node.isNumber && !b.node.isNumber { return (a.taking(b.dtype, name), b) }
    if b.node.isNumber && !a.node.isNumber { return (a, b.taking(a.dtype, name)) }
    programmingError("\(name): dtypes \(a.dtype) \(a.shape) and \(b.dtype) \(b.shape) differ; cast one of them")
  }

  /// A number in the dtype of the data it meets.
  private func taking(_ dtype: DType, _ name: String) -> Tensor {
    if case .fill(let value) = node.operation {
      if !dtype.isFloatingPoint && value != value.rounded() {
        programmingError("\(name): the number \(value) cannot be combined with \(dtype) data; cast the data to float32 first")
      }
      return Tensor(.fill(value), shape: shape, dtype: dtype)
    }
    return Tensor(.cast, [self], shape: shape, dtype: dtype, isNumber: false)
  }
}

extension Tensor: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(floatLiteral value: Double) { self.init(number: value) }
  public init(integerLiteral value: Int) { self.init(number: Double(value)) }
}

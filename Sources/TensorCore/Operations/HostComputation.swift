/// A computation over whole arrays by a Swift function, for what is not made of primitives: orders, decompositions of matrices.
///
/// The function gets the elements of the inputs in `Double`, whatever their dtype, and returns those of the result. It is called
/// by one thread, as part of the plan. What reaches the result is handed to `derivative`, which says what reaches each input; without
/// one there is no derivative.
/// - Precondition: the function returns as many elements as the shape has.
package func hostComputation(
  _ name: String, _ inputs: [Tensor], shape: [Int], dtype: DType, derivative: HostFunction.Derivative? = nil,
  body: @escaping @Sendable ([[Double]]) -> [Double]
) -> Tensor {
  let dtypes = inputs.map(\.dtype)
  let function = HostFunction(name: name, derivative: derivative) { sources, target in
    let result = body(zip(sources, dtypes).map { doubles($0, $1) })
    let count = target.count / dtype.byteCount
    if result.count != count { programmingError("\(name): \(result.count) elements instead of \(count)") }
    switch dtype {
    case .float64: store(result, as: Double.self, in: target) { $0 }
    case .float32: store(result, as: Float.self, in: target) { Float($0) }
    case .int32: store(result, as: Int32.self, in: target) { Int32(truncatingIfNeeded: Int($0)) }
    case .uint8, .bool: store(result, as: UInt8.self, in: target) { UInt8(truncatingIfNeeded: Int($0)) }
    }
  }
  return Tensor(.host(function), inputs, shape: shape, dtype: dtype)
}

/// A function of single numbers, element by element. `derivative` gets the argument, the result and what reaches the result.
func hostFunction(
  _ name: String, _ x: Tensor, _ function: @escaping @Sendable (Double) -> Double,
  derivative: @escaping @Sendable (_ x: Tensor, _ result: Tensor, _ adjoint: Tensor) -> Tensor
) -> Tensor {
  let x = x.floatingPoint
  return hostComputation(name, [x], shape: x.shape, dtype: x.dtype) { inputs, result, g, _ in
    [derivative(inputs[0], result, g)]
  } body: { $0[0].map(function) }
}

private func doubles(_ source: UnsafeRawBufferPointer, _ dtype: DType) -> [Double] {
  switch dtype {
  case .float64: Array(source.bindMemory(to: Double.self))
  case .float32: source.bindMemory(to: Float.self).map(Double.init)
  case .int32: source.bindMemory(to: Int32.self).map(Double.init)
  case .uint8, .bool: source.map(Double.init)
  }
}

private func store<Element>(
  _ values: [Double], as type: Element.Type, in target: UnsafeMutableRawBufferPointer, _ converted: (Double) -> Element
) {
  let elements = target.bindMemory(to: Element.self)
  for (index, value) in values.enumerated() { elements[index] = converted(value) }
}

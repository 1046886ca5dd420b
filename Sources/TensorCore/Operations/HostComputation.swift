/// A computation over whole arrays by a Swift function, for what is not made of primitives: decompositions of matrices.
///
/// The function gets the elements of the inputs in `Double`, whatever their dtype, and returns those of the result. It runs on
/// one thread, as part of the plan, and has no derivative.
/// - Precondition: the inputs and `dtype` are of floating-point dtypes, and the function returns as many elements as the shape has.
package func hostComputation(
  _ name: String, _ inputs: [Tensor], shape: [Int], dtype: DType, _ body: @escaping ([[Double]]) -> [Double]
) -> Tensor {
  for input in inputs where !input.dtype.isFloatingPoint {
    programmingError("\(name): \(input.dtype) \(input.shape) is not floating-point")
  }
  let dtypes = inputs.map(\.dtype)
  let function = HostFunction(name: name) { sources, target in
    let values = zip(sources, dtypes).map { source, dtype in
      dtype == .float64 ? Array(source.bindMemory(to: Double.self)) : source.bindMemory(to: Float.self).map(Double.init)
    }
    let result = body(values)
    let count = target.count / dtype.byteCount
    if result.count != count { programmingError("\(name): \(result.count) elements instead of \(count)") }
    if dtype == .float64 {
      let elements = target.bindMemory(to: Double.self)
      for index in 0..<count { elements[index] = result[index] }
    } else {
      let elements = target.bindMemory(to: Float.self)
      for index in 0..<count { elements[index] = Float(result[index]) }
    }
  }
  return Tensor(.host(function), inputs, shape: shape, dtype: dtype)
}

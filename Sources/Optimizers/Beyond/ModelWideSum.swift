/// The sum of one-element tensors of all parameters, as a number: `float64`, whatever the parameters' dtypes.
func modelWideSum(_ terms: [Tensor]) -> Tensor {
  // One addition after another is one kernel, where a stack would copy each term on its own.
  let doubles = terms.map { $0.cast(to: .float64) }
  let sum = doubles.dropFirst().reduce(doubles.first ?? Tensor.zeros([], dtype: .float64), +)
  return Tensor(.reshape, [sum], shape: [], dtype: .float64, isNumber: true)
}

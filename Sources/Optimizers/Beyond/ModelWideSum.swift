/// The sum of one-element tensors of all parameters, as a number: `float64`, whatever the parameters' dtypes.
func modelWideSum(_ terms: [Tensor]) -> Tensor {
  let sum = stack(terms.map { $0.cast(to: .float64) }).sum()
  return Tensor(.reshape, [sum], shape: [], dtype: .float64, isNumber: true)
}

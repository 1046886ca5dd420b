/// True where the element is NaN.
public func isNaN(_ a: Tensor) -> Tensor { a .!= a }

/// True where the element is ∞ or −∞.
public func isInf(_ a: Tensor) -> Tensor {
  a.dtype.isFloatingPoint ? abs(a) .== Tensor(repeating: .infinity, dtype: a.dtype) : Tensor(repeating: 0, shape: a.shape, dtype: .bool)
}

/// With numbers in place of what is not finite: `nan`, and `positiveInfinity` and `negativeInfinity` (the greatest and the least
/// number of the dtype if nil). The derivative is zero where something was replaced.
/// Source: https://keras.io/api/ops/numpy/#nantonum-function
public func nanToNum(_ a: Tensor, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil) -> Tensor {
  if !a.dtype.isFloatingPoint { return a }
  func number(_ value: Double) -> Tensor { Tensor(repeating: value, dtype: a.dtype) }
  let high = select(a .== number(.infinity), number(positiveInfinity ?? a.dtype.greatestFinite), a)
  let low = select(a .== number(-.infinity), number(negativeInfinity ?? -a.dtype.greatestFinite), high)
  return select(isNaN(a), number(nan), low)
}

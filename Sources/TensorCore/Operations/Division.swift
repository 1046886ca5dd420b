/// The greatest whole number that is not above a / b, element by element; of `int32` too, where a division by zero gives 0.
public func floorDivide(_ a: Tensor, _ b: Tensor) -> Tensor {
  let (a, b) = Tensor.aligned(a, b, "floorDivide")
  if a.dtype.isFloatingPoint {
    let usual = round((a - mod(a, b)) / b)
    // By what is infinite nothing is left of the quotient but its sign.
    let isNegative = (a .!= 0) .&& ((a .< 0) .!= (b .< 0))
    let nothing = select(isNegative, Tensor(number: -1), Tensor(number: 0)).cast(to: a.dtype)
    return select(b .== 0, stopGradient(a / b), select(isInf(b) .&& isFinite(a), nothing, usual))
  }
  let quotient = wholeQuotient(a, b, "floorDivide")
  let isUneven = (quotient * b .!= a) .&& ((a .< 0) .!= (b .< 0)) .&& (b .!= 0)
  return select(isUneven, quotient - 1, quotient)
}

/// The remainder of ``floorDivide(_:_:)``: a − b ⌊a / b⌋, with the sign of b.
public func mod(_ a: Tensor, _ b: Tensor) -> Tensor {
  let (a, b) = Tensor.aligned(a, b, "mod")
  if a.dtype.isFloatingPoint {
    return hostComputation("mod", [a, b], shape: a.shape, dtype: a.dtype) { inputs, _, g, needed in
      [needed[0] ? g : nil, needed[1] ? -(g * floor(inputs[0] / inputs[1])) : nil]
    } body: { inputs in
      zip(inputs[0], inputs[1]).map { a, b in
        // The remainder of a division toward zero is exact.
        let remainder = a.truncatingRemainder(dividingBy: b)
        return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
      }
    }
  }
  let remainder = a - b * wholeQuotient(a, b, "mod")
  return select((remainder .!= 0) .&& ((remainder .< 0) .!= (b .< 0)), remainder + b, remainder)
}

/// Toward zero, of `int32`.
private func wholeQuotient(_ a: Tensor, _ b: Tensor, _ name: String) -> Tensor {
  if a.dtype != .int32 { programmingError("\(name): \(a.dtype) \(a.shape) must be cast to int32 or a floating-point dtype first") }
  return Tensor(.binary(.divide), [a, b], shape: a.shape, dtype: .int32)
}

/// Without what lies behind the point.
public func trunc(_ a: Tensor) -> Tensor { a.dtype.isFloatingPoint ? sign(a) * floor(abs(a)) : a }

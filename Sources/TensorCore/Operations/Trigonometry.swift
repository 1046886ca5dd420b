import Foundation

/// sin x / cos x.
public func tan(_ a: Tensor) -> Tensor { sin(a) / cos(a) }

/// The angle in [−π/2, π/2] whose sine is x; NaN outside of [−1, 1].
public func arcsin(_ a: Tensor) -> Tensor { arctan(a / sqrt((1 - a) * (1 + a))) }

/// The angle in [0, π] whose cosine is x; NaN outside of [−1, 1].
public func arccos(_ a: Tensor) -> Tensor { 2 * arctan(sqrt((1 - a) / (1 + a))) }

/// The angle in [−π/2, π/2] whose tangent is x.
public func arctan(_ a: Tensor) -> Tensor {
  hostFunction("arctan", a, Foundation.atan) { x, _, g in g / (1 + x * x) }
}

/// The angle in [−π, π] of the point (x, y) = (`x`, `y`), seen from the origin: arctan(y / x) in the right quadrant.
public func arctan2(_ y: Tensor, _ x: Tensor) -> Tensor {
  let (y, x) = Tensor.aligned(y, x, "arctan2")
  let dtype = y.dtype
  return hostComputation("arctan2", [y, x], shape: y.shape, dtype: dtype) { inputs, _, g, needed in
    let (y, x) = (inputs[0], inputs[1])
    let square = x * x + y * y
    return [needed[0] ? g * x / square : nil, needed[1] ? -(g * y / square) : nil]
  } body: { inputs in zip(inputs[0], inputs[1]).map { Foundation.atan2($0, $1) } }
}

/// (eˣ − e⁻ˣ) / 2.
public func sinh(_ a: Tensor) -> Tensor {
  let a = a.floatingPoint
  let (x, isLarge, size) = halfExponential(a)
  return select(isLarge, sign(a) * size, 0.5 * (expm1(x) - expm1(-x)))
}

/// (eˣ + e⁻ˣ) / 2.
public func cosh(_ a: Tensor) -> Tensor {
  let a = a.floatingPoint
  let (x, isLarge, size) = halfExponential(a)
  return select(isLarge, size, 0.5 * (exp(x) + exp(-x)))
}

/// Where an argument is so large that one of its two exponentials is nothing beside the other, half of which may be a number though the whole
/// is not: the argument with 0 there, where that is, and the half.
private func halfExponential(_ a: Tensor) -> (rest: Tensor, isLarge: Tensor, size: Tensor) {
  let isLarge = abs(a) .> 80
  return (select(isLarge, Tensor.zeros([], dtype: a.dtype), a), isLarge, exp(abs(a) - M_LN2))
}

/// The number whose hyperbolic sine is x.
public func arcsinh(_ a: Tensor) -> Tensor {
  hostFunction("arcsinh", a, Foundation.asinh) { x, _, g in g / sqrt(x * x + 1) }
}

/// The number, at least 0, whose hyperbolic cosine is x; NaN below 1.
public func arccosh(_ a: Tensor) -> Tensor {
  hostFunction("arccosh", a, Foundation.acosh) { x, _, g in g / sqrt(x * x - 1) }
}

/// The number whose hyperbolic tangent is x: half of log(1 + x) − log(1 − x).
public func arctanh(_ a: Tensor) -> Tensor { 0.5 * (log1p(a) - log1p(-a)) }

/// √(x² + y²), without overflow; ∞ if either is infinite.
public func hypot(_ a: Tensor, _ b: Tensor) -> Tensor {
  let (a, b) = Tensor.aligned(a.floatingPoint, b.floatingPoint, "hypot")
  let (x, y) = (abs(a), abs(b)), zero = Tensor.zeros([], dtype: a.dtype)
  let isInfinite = isInf(a) .|| isInf(b)
  // Of two that are equal one is the longer and the other the shorter, so that each has its part of the derivative.
  let isFirst = x .> y
  let longer = select(isInfinite, zero + 1, select(isFirst, x, y))
  let ratio = select(isFirst, y, x) / select(longer .== 0, zero + 1, longer)
  return select(isInfinite, zero + .infinity, longer * sqrt(1 + square(select(isInfinite, zero, ratio))))
}

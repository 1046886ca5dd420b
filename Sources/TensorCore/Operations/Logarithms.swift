import Foundation

/// The logarithm to base 2.
public func log2(_ a: Tensor) -> Tensor { log(a) / M_LN2 }

/// The logarithm to base 10.
public func log10(_ a: Tensor) -> Tensor { log(a) / M_LN10 }

/// 2ˣ.
public func exp2(_ a: Tensor) -> Tensor { exp(a * M_LN2) }

/// log(eᵃ + eᵇ), without overflow.
public func logaddexp(_ a: Tensor, _ b: Tensor) -> Tensor {
  // Where both are the same infinity their difference is not a number, and the greater is the result.
  let (a, b) = Tensor.aligned(a, b, "logaddexp")
  let zero = Tensor.zeros([], dtype: a.dtype)
  let isSame = (a .== b) .&& isInf(a)
  let distance = select(isSame, zero, a - b)
  return select(isSame, a, select(distance .> zero, a + softplus(-distance), b + softplus(distance)))
}

/// 1 − erf(x), exact where erf is near 1.
public func erfc(_ a: Tensor) -> Tensor {
  hostFunction("erfc", a, Foundation.erfc) { x, _, g in -(g * (2 / Double.pi.squareRoot()) * exp(-(x * x))) }
}

/// The number whose error function is x; ±∞ at ±1 and NaN beyond.
///
/// Two Newton steps from Giles's approximation (Approximating the erfinv function, 2012), on the complementary error function where x is near 1.
public func erfinv(_ a: Tensor) -> Tensor {
  hostFunction("erfinv", a, inverseErrorFunction) { _, y, g in g * (0.5 * Double.pi.squareRoot()) * exp(y * y) }
}

private func inverseErrorFunction(_ x: Double) -> Double {
  if x.magnitude == 1 { return x * .infinity }
  guard x.magnitude < 1 else { return .nan }
  func polynomial(_ t: Double, _ coefficients: [Double]) -> Double { coefficients.reduce(0) { $0 * t + $1 } }
  let w = -Foundation.log((1 - x) * (1 + x))
  var y = w < 5
    ? x * polynomial(w - 2.5, [
      2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727,
      1.50140941,
    ])
    : x * polynomial(w.squareRoot() - 3, [
      -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406,
      2.83297682,
    ])
  for _ in 0..<2 {
    let error = x.magnitude < 0.5 ? Foundation.erf(y) - x : x > 0 ? (1 - x) - Foundation.erfc(y) : Foundation.erfc(-y) - (1 + x)
    y -= error / (2 / Double.pi.squareRoot() * Foundation.exp(-y * y))
  }
  return y
}

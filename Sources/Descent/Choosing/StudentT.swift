import Foundation

/// Student's distribution: of a mean of few normal numbers, divided by its estimated error.
enum StudentT {
  /// The chance that |t| is at least as great.
  static func twoSidedP(_ t: Double, degreesOfFreedom: Int) -> Double {
    if t.isNaN { return .nan }
    if t.isInfinite { return 0 }
    let n = Double(degreesOfFreedom)
    return incompleteBeta(n / (n + t * t), n / 2, 0.5)
  }

  /// The t that |t| stays below with a chance of `confidence`.
  static func critical(confidence: Double, degreesOfFreedom: Int) -> Double {
    var low = 0.0, high = 1.0
    while twoSidedP(high, degreesOfFreedom: degreesOfFreedom) > 1 - confidence { high *= 2 }
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if twoSidedP(middle, degreesOfFreedom: degreesOfFreedom) > 1 - confidence { low = middle } else { high = middle }
    }
    return high
  }

  /// The regularized incomplete beta function I_x(a, b), by its continued fraction (Abramowitz & Stegun, 26.5.8).
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction is quick below the mean; above it the other end is counted.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let normalizer: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
    let powers: Double = a * Foundation.log(x) + b * log1p(-x)
    let front: Double = Foundation.exp(normalizer + powers) / a
    let tiny = 1e-300
    var c = 1.0, d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var result = d
    for step in 1...500 {
      let m = Double(step)
      var change = 1.0
      let even = a + 2 * m
      let first: Double = m * (b - m) * x / ((even - 1) * even)
      let second: Double = -(a + m) * (a + b + m) * x / (even * (even + 1))
      for term in [first, second] {
        d = 1 + term * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + term / c
        if abs(c) < tiny { c = tiny }
        change = c * d
        result *= change
      }
      if abs(change - 1) < 1e-15 { break }
    }
    return front * result
  }
}

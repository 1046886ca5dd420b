import Foundation
import TensorCore

/// Regression by a Gaussian process over points of some coordinates, with the kernel of Matérn of order 5/2,
///
///     k(d) = (1 + √5 d/l + 5 d²/(3 l²)) exp(−√5 d/l)
///
/// for points at distance d, and `alpha` on the diagonal. Values are standardized. The length l is the most likely one from 1e-5 to 1e5. (As
/// scikit-learn's `GaussianProcessRegressor(kernel=Matern(nu=2.5), normalize_y=True, alpha=alpha)`; Rasmussen & Williams, "Gaussian Processes for Machine
/// Learning", 2006, algorithm 2.1.)
struct GaussianProcess {
  private let points: [[Double]]
  private let factor: [Double]
  /// K⁻¹ y.
  private let weights: [Double]
  private let mean: Double
  private let deviation: Double
  /// The kernel's l.
  let length: Double
  /// Of the values, with that length.
  let logLikelihood: Double

  private static let lengths = 1e-5...1e5

  /// - Parameter length: nil for the most likely.
  init(_ points: [[Double]], _ values: [Double], alpha: Double, length: Double? = nil) {
    self.points = points
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    // Values that are all the same have no deviation to divide by.
    if !(deviation > 10 * .ulpOfOne) { deviation = 1 }
    let targets = values.map { ($0 - mean) / deviation }
    let distances = points.flatMap { a in points.map { GaussianProcess.distance(a, $0) } }
    func fitted(_ length: Double) -> (factor: [Double], weights: [Double], logLikelihood: Double) {
      GaussianProcess.fit(distances, targets, alpha: alpha, length: length)
    }
    let best = length ?? GaussianProcess.mostLikely { fitted($0).logLikelihood }
    (factor, weights, logLikelihood) = fitted(best)
    (self.mean, self.deviation, self.length) = (mean, deviation, best)
  }

  /// Mean and standard deviation at a point.
  func prediction(at point: [Double]) -> (mean: Double, deviation: Double) {
    let kernels = points.map { GaussianProcess.kernel(GaussianProcess.distance($0, point), length) }
    let product = zip(kernels, weights).reduce(0) { $0 + $1.0 * $1.1 }
    let halfway = GaussianProcess.solveLower(factor, kernels)
    let variance = 1 - halfway.reduce(0) { $0 + $1 * $1 }
    return (mean + deviation * product, deviation * max(0, variance).squareRoot())
  }

  private static func distance(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  private static func kernel(_ distance: Double, _ length: Double) -> Double {
    let scaled = 5.0.squareRoot() * distance / length
    return (1 + scaled + scaled * scaled / 3) * exp(-scaled)
  }

  private static func fit(
    _ distances: [Double], _ targets: [Double], alpha: Double, length: Double
  ) -> (factor: [Double], weights: [Double], logLikelihood: Double) {
    let n = targets.count
    var kernels = distances.map { kernel($0, length) }
    for place in 0..<n { kernels[place * n + place] += alpha }
    let factor = choleskyFactor(kernels, n)
    let halfway = solveLower(factor, targets)
    // L Lᵀ w = y.
    var weights = halfway
    for row in stride(from: n - 1, through: 0, by: -1) {
      for below in row + 1..<max(n, row + 1) { weights[row] -= factor[below * n + row] * weights[below] }
      weights[row] /= factor[row * n + row]
    }
    var likelihood = -0.5 * zip(targets, weights).reduce(0) { $0 + $1.0 * $1.1 } - 0.5 * Double(n) * log(2 * Double.pi)
    for place in 0..<n { likelihood -= log(factor[place * n + place]) }
    return (factor, weights, likelihood)
  }

  /// The x with L x = b.
  private static func solveLower(_ factor: [Double], _ b: [Double]) -> [Double] {
    let n = b.count
    var x = b
    for row in 0..<n {
      for column in 0..<row { x[row] -= factor[row * n + column] * x[column] }
      x[row] /= factor[row * n + row]
    }
    return x
  }

  /// The length at which a function is greatest: the best of lengths over the whole range, then between its neighbours by golden section.
  private static func mostLikely(_ logLikelihood: (Double) -> Double) -> Double {
    let (low, high) = (log(lengths.lowerBound), log(lengths.upperBound)), parts = 92
    func value(_ theta: Double) -> Double {
      let value = logLikelihood(exp(theta))
      return value.isNaN ? -.infinity : value
    }
    let grid = (0...parts).map { low + (high - low) * Double($0) / Double(parts) }
    let values = grid.map(value)
    let best = values.indices.max { values[$0] < values[$1] }!
    var (left, right) = (grid[max(best - 1, 0)], grid[min(best + 1, parts)])
    let share = (5.0.squareRoot() - 1) / 2
    var inner = (right - share * (right - left), left + share * (right - left))
    var found = (value(inner.0), value(inner.1))
    while right - left > 1e-7 {
      if found.0 >= found.1 {
        right = inner.1
        inner = (right - share * (right - left), inner.0)
        found = (value(inner.0), found.0)
      } else {
        left = inner.0
        inner = (inner.1, left + share * (right - left))
        found = (found.1, value(inner.1))
      }
    }
    let middle = (left + right) / 2
    return exp(value(middle) >= values[best] ? middle : grid[best])
  }
}

import Descent
import TensorCore

/// Values at random at first; then those for which a Gaussian process of the trials so far promises most: where its mean less `beta` of its standard deviations is
/// least.
final class BayesianStrategy: SearchStrategy {
  private let initialPoints: Int?
  private let alpha: Double
  private let beta: Double

  private static let starts = 50

  init(numInitialPoints: Int?, alpha: Double, beta: Double) throws {
    try NumberRange.count.check("numInitialPoints", numInitialPoints, "BayesianOptimization")
    try NumberRange.positive.check("alpha", alpha, "BayesianOptimization")
    try NumberRange.nonNegative.check("beta", beta, "BayesianOptimization")
    (initialPoints, self.alpha, self.beta) = (numInitialPoints, alpha, beta)
  }

  var conditions: [(key: String, value: JSONValue)] {
    [("num_initial_points", initialPoints.map { JSONValue($0) } ?? .null), ("alpha", JSONValue(alpha)), ("beta", JSONValue(beta))]
  }

  func nextValues(for id: String, in oracle: Oracle) -> [String: HyperParameterValue]? {
    let space = oracle.hyperparameters
    let completed = oracle.trials.values.filter { $0.status == .completed }.count
    if completed < initialPoints ?? max(3 * space.space.count, 3) { return oracle.randomValues() }
    let (points, values) = BayesianStrategy.vectors(oracle)
    let process = GaussianProcess(points, values, alpha: alpha)
    var generator = MersenneTwister(pythonSeed: mixed(oracle.seed, UInt64(oracle.trials.count)))
    let best = lowest(process, points[0].count) { generator.nextDouble() }
    return BayesianStrategy.values(at: best, in: space)
  }

  /// The point at which mean − beta · deviation is least, as far as it can be found from so many starts.
  func lowest(_ process: GaussianProcess, _ dimensions: Int, _ draw: () -> Double) -> [Double] {
    func promise(_ point: [Double]) -> Double {
      let (mean, deviation) = process.prediction(at: point)
      return mean - beta * deviation
    }
    var best = (point: [Double](), value: Double.infinity)
    for _ in 0..<BayesianStrategy.starts {
      var point = (0..<dimensions).map { _ in draw() }
      var value = promise(point)
      // To the sides, as long as that is lower, then half as far.
      var step = 0.25
      while step > 1e-4 {
        var isLower = false
        for axis in 0..<dimensions {
          for side in [-step, step] {
            var other = point
            other[axis] = min(max(other[axis] + side, 0), 1)
            let found = promise(other)
            if found < value { (point, value, isLower) = (other, found, true) }
          }
        }
        if !isLower { step /= 2 }
      }
      if value < best.value || best.point.isEmpty { best = (point, value) }
    }
    return best.point
  }

  /// The completed trials as points, a coordinate from 0 to 1 for each hyperparameter that is tuned, with their scores, the less the better. One that did not count
  /// in a trial, or was not known yet, is at its default.
  static func vectors(_ oracle: Oracle) -> (points: [[Double]], values: [Double]) {
    let tuned = oracle.hyperparameters.space.filter { !$0.isFixed }
    let sign = oracle.objective.direction == .max ? -1.0 : 1.0
    var points: [[Double]] = [], values: [Double] = []
    for trial in oracle.orderedTrials where trial.status == .completed {
      points.append(
        tuned.map { hyperparameter in
          let value = trial.hyperparameters.isActive(hyperparameter) ? trial.hyperparameters.values[hyperparameter.name] : nil
          return finite(hyperparameter.probability(of: value ?? hyperparameter.default))
        })
      values.append(finite(sign * (trial.score ?? 0)))
    }
    return (points, values)
  }

  private static func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }

  /// The values at a point, of those that count.
  static func values(at point: [Double], in space: HyperParameters) -> [String: HyperParameterValue] {
    let found = HyperParameters()
    var coordinates = point[...]
    for hyperparameter in space.space {
      found.merge([hyperparameter])
      let value = hyperparameter.isFixed ? hyperparameter.default : hyperparameter.value(at: coordinates.removeFirst())
      if found.isActive(hyperparameter) { found.values[hyperparameter.name] = value }
    }
    return found.values
  }
}

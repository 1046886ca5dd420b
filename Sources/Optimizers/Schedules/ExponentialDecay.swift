import Foundation

/// initial · decayRate^(s / decaySteps), where s is the number of updates done; the exponent is rounded down if `staircase`.
///
/// Source: Keras, `ExponentialDecay`.
public struct ExponentialDecay: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// The number of updates that the decay takes.
  public var decaySteps: Int
  /// How much of the rate is left after each `decaySteps`.
  public var decayRate: Double
  /// `false` by default.
  public var staircase = false

  /// - Parameters:
  ///   - initialLearningRate: the rate of the first update.
  ///   - decaySteps: the number of updates of one decay.
  ///   - decayRate: the factor of one decay.
  ///   - staircase: whether the rate falls at whole multiples of `decaySteps` only.
  public init(initialLearningRate: Double, decaySteps: Int, decayRate: Double, staircase: Bool = false) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    self.decayRate = decayRate
    self.staircase = staircase
  }

  public func callAsFunction(step: Int) -> Double {
    let exponent = Double(step) / Double(decaySteps)
    return initialLearningRate * pow(decayRate, staircase ? exponent.rounded(.down) : exponent)
  }

  public static let template = ExponentialDecay(initialLearningRate: 0, decaySteps: 1, decayRate: 1)
  public static let hyperparameters: [Hyperparameter<ExponentialDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("decay_steps", \.decaySteps, atLeast: 1, "updates for one factor of decay_rate", isRequired: true),
    .number("decay_rate", \.decayRate, in: .nonNegative, "factor in decay_steps updates", isRequired: true),
    .flag("staircase", \.staircase, "whether the rate falls in steps"),
  ]
}

/// initial / (1 + decayRate · s / decaySteps), where s is the number of updates done; s / decaySteps is rounded down if
/// `staircase`. Keras 2's `decay=d` is this with 1 step and the rate d.
///
/// Source: Keras, `InverseTimeDecay`.
public struct InverseTimeDecay: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// The number of updates that count as one.
  public var decaySteps: Int
  /// How fast the rate falls.
  public var decayRate: Double
  /// `false` by default.
  public var staircase = false

  /// - Parameters:
  ///   - initialLearningRate: the rate of the first update.
  ///   - decaySteps: the number of updates that count as one.
  ///   - decayRate: how fast the rate falls.
  ///   - staircase: whether the rate falls at whole multiples of `decaySteps` only.
  public init(initialLearningRate: Double, decaySteps: Int, decayRate: Double, staircase: Bool = false) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    self.decayRate = decayRate
    self.staircase = staircase
  }

  public func callAsFunction(step: Int) -> Double {
    let time = Double(step) / Double(decaySteps)
    return initialLearningRate / (1 + decayRate * (staircase ? time.rounded(.down) : time))
  }

  public static let template = InverseTimeDecay(initialLearningRate: 0, decaySteps: 1, decayRate: 0)
  public static let hyperparameters: [Hyperparameter<InverseTimeDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("decay_steps", \.decaySteps, atLeast: 1, "updates counted as one", isRequired: true),
    .number("decay_rate", \.decayRate, in: .nonNegative, "strength of the decay", isRequired: true),
    .flag("staircase", \.staircase, "whether the rate falls in steps"),
  ]
}

import Foundation

/// (initial − end) · (1 − s / decaySteps)^power + end, where s is the number of updates done, at most `decaySteps`. If it is to
/// `cycle`, `decaySteps` is instead taken as often as s needs.
///
/// Defaults: `endLearningRate` 0.0001, `power` 1 (a straight line), `cycle` false. Source: Keras, `PolynomialDecay`.
public struct PolynomialDecay: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// The number of updates that the decay takes.
  public var decaySteps: Int
  /// The rate at the end.
  public var endLearningRate = 0.0001
  /// Of the polynomial; 1 is a straight line.
  public var power = 1.0
  /// Whether the decay begins anew, longer each time, instead of staying at its end.
  public var cycle = false

  /// - Parameters:
  ///   - initialLearningRate: the rate of the first update.
  ///   - decaySteps: the number of updates that the decay takes.
  ///   - endLearningRate: the rate at the end; 0.0001 by default.
  ///   - power: of the polynomial; 1 by default.
  ///   - cycle: whether the decay begins anew instead of staying at its end; false by default.
  public init(
    initialLearningRate: Double, decaySteps: Int, endLearningRate: Double? = nil, power: Double? = nil, cycle: Bool? = nil
  ) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    if let endLearningRate { self.endLearningRate = endLearningRate }
    if let power { self.power = power }
    if let cycle { self.cycle = cycle }
  }

  public func callAsFunction(step: Int) -> Double {
    let length = Double(decaySteps)
    let cycles = cycle ? max(1, (Double(step) / length).rounded(.up)) : 1
    let done = cycle ? Double(step) : min(Double(step), length)
    return (initialLearningRate - endLearningRate) * pow(1 - done / (length * cycles), power) + endLearningRate
  }

  public static let template = PolynomialDecay(initialLearningRate: 0, decaySteps: 1)
  public static let hyperparameters: [Hyperparameter<PolynomialDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("decay_steps", \.decaySteps, atLeast: 1, "updates until the end is reached", isRequired: true),
    .number("end_learning_rate", \.endLearningRate, in: .nonNegative, "rate at the end"),
    .number("power", \.power, in: .nonNegative, "1 for a straight line"),
    .flag("cycle", \.cycle, "whether to begin again after the end, more slowly each time"),
  ]
}

import Foundation

/// Half a cosine from the initial rate down to `alpha` times it, after a straight warm-up if asked.
///
///     no warm-up:   initial · ((1 − alpha) · ½ · (1 + cos(π · s / decaySteps)) + alpha),  s at most decaySteps
///     s < warmupSteps:  initial + (warmupTarget − initial) · s / warmupSteps
///     afterwards:   the cosine from warmupTarget, over decaySteps more
///
/// where s is the number of updates done. Defaults: `alpha` 0, no `warmupTarget`, `warmupSteps` 0.
///
/// Source: Loshchilov & Hutter, 2017, "SGDR" (arXiv 1608.03983); Keras, `CosineDecay`.
public struct CosineDecay: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// The number of updates that the decay takes.
  public var decaySteps: Int
  /// The rate at the end, as a fraction of the greatest.
  public var alpha = 0.0
  /// The rate at the end of the warm-up; nil for none.
  public var warmupTarget: Double?
  /// The number of updates in which the rate rises.
  public var warmupSteps = 0

  /// - Parameters:
  ///   - initialLearningRate: the rate at first.
  ///   - decaySteps: the number of updates of the fall.
  ///   - alpha: the share of the rate that is left at the end; 0 by default.
  ///   - warmupTarget: the rate after the warm-up; none by default.
  ///   - warmupSteps: the number of updates of the warm-up; 0 by default.
  public init(
    initialLearningRate: Double, decaySteps: Int, alpha: Double? = nil, warmupTarget: Double? = nil, warmupSteps: Int? = nil
  ) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    if let alpha { self.alpha = alpha }
    self.warmupTarget = warmupTarget
    if let warmupSteps { self.warmupSteps = warmupSteps }
  }

  public func callAsFunction(step: Int) -> Double {
    guard let warmupTarget else { return cosine(step, from: initialLearningRate) }
    if step < warmupSteps {
      return initialLearningRate + (warmupTarget - initialLearningRate) * Double(step) / Double(warmupSteps)
    }
    return cosine(step - warmupSteps, from: warmupTarget)
  }

  private func cosine(_ step: Int, from rate: Double) -> Double {
    let done = Double(min(step, decaySteps)) / Double(decaySteps)
    return rate * ((1 - alpha) * 0.5 * (1 + cos(.pi * done)) + alpha)
  }

  public static let template = CosineDecay(initialLearningRate: 0, decaySteps: 1)
  public static let hyperparameters: [Hyperparameter<CosineDecay>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("decay_steps", \.decaySteps, atLeast: 1, "updates of the cosine", isRequired: true),
    .number("alpha", \.alpha, in: .nonNegative, "rate at the end, as a fraction of the greatest"),
    .optionalNumber("warmup_target", \.warmupTarget, in: .nonNegative, "rate at the end of the warm-up"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates of the warm-up"),
  ]
}

import Foundation

/// A ``CosineDecay`` that begins again and again, each time `tMul` as long and `mMul` as high.
///
///     initial · ((1 − alpha) · ½ · mMulⁱ · (1 + cos(π · f)) + alpha)
///
/// where i counts the restarts and f is the part of the present period that is over. Defaults: `tMul` 2, `mMul` 1, `alpha` 0.
///
/// Source: Loshchilov & Hutter, 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts" (arXiv 1608.03983); Keras,
/// `CosineDecayRestarts`.
public struct CosineDecayRestarts: ConfigurableSchedule {
  /// The rate of the first update.
  public var initialLearningRate: Double
  /// The number of updates of the first fall.
  public var firstDecaySteps: Int
  /// How much longer each period is than the one before.
  public var tMul = 2.0
  /// How much higher each period starts than the one before.
  public var mMul = 1.0
  /// The least rate, as a fraction of the initial one.
  public var alpha = 0.0

  /// - Parameters:
  ///   - initialLearningRate: the rate at first.
  ///   - firstDecaySteps: the number of updates of the first fall.
  ///   - tMul: how much longer each fall is than the one before; 2 by default.
  ///   - mMul: how much of the rate each restart has of the one before; 1 by default.
  ///   - alpha: the share of the rate that is left at the end of a fall; 0 by default.
  public init(
    initialLearningRate: Double, firstDecaySteps: Int, tMul: Double? = nil, mMul: Double? = nil, alpha: Double? = nil
  ) {
    self.initialLearningRate = initialLearningRate
    self.firstDecaySteps = firstDecaySteps
    if let tMul { self.tMul = tMul }
    if let mMul { self.mMul = mMul }
    if let alpha { self.alpha = alpha }
  }

  public func callAsFunction(step: Int) -> Double {
    var part = Double(step) / Double(firstDecaySteps)
    var restart = 0.0
    if tMul == 1 {
      restart = part.rounded(.down)
      part -= restart
    } else {
      // The quotient of logarithms may fall a little short of the whole number that it is.
      let exact = log1p(part * (tMul - 1)) / log(tMul)
      restart = (exact + 1e-9).rounded(.down)
      let before = (pow(tMul, restart) - 1) / (tMul - 1)
      part = max(0, part - before) / pow(tMul, restart)
    }
    return initialLearningRate * ((1 - alpha) * 0.5 * pow(mMul, restart) * (1 + cos(.pi * part)) + alpha)
  }

  public static let template = CosineDecayRestarts(initialLearningRate: 0, firstDecaySteps: 1)
  public static let hyperparameters: [Hyperparameter<CosineDecayRestarts>] = [
    .number("initial_learning_rate", \.initialLearningRate, in: .nonNegative, "rate of the first update", isRequired: true),
    .integer("first_decay_steps", \.firstDecaySteps, atLeast: 1, "updates of the first period", isRequired: true),
    .number("t_mul", \.tMul, in: .atLeast(1), "how much longer each period is"),
    .number("m_mul", \.mMul, in: .nonNegative, "how much higher each period starts"),
    .number("alpha", \.alpha, in: .nonNegative, "least rate, as a fraction of the initial one"),
  ]
}

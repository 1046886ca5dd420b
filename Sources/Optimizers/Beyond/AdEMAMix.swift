import Foundation

/// ``Adam`` with a second, very slow average of the gradient beside the usual one.
///
///     m ← m + (1 − beta1) · (g − m)
///     s ← s + (1 − b) · (g − s)
///     v ← v + (1 − beta2) · (g² − v)
///     w ← w − rate · (m / (1 − beta1ᵗ) + a · s) / (√(v / (1 − beta2ᵗ)) + epsilon)
///
/// a is `alpha` and b `beta3`, or with `warmupSteps` = T, r = min(t / T, 1)
///
///     a = r · alpha,   b = min(beta3, exp(ln beta1 · ln beta3 / ((1 − r) · ln beta3 + r · ln beta1)))
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `beta3` 0.9999, `alpha` 5, `epsilon` 1e-8, `warmupSteps` 0
/// (none).
///
/// Weight decay is decoupled, as in the paper. s is not corrected for its start at zero.
///
/// Source: Pagliardini et al., 2024, "The AdEMAMix Optimizer: Better, Faster, Older" (arXiv 2409.03137).
public struct AdEMAMix: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the fast average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Share of the slow average gradient that is kept, at least 0 and less than 1.
  public var beta3 = 0.9999
  /// Weight of the slow average.
  public var alpha = 5.0
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Updates until `alpha` and `beta3` are reached.
  public var warmupSteps = 0

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "slowMomentum", "velocity"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let (weight, kept) = slowAverage(at: step.number)
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.slowMomentum = lerp(slots.slowMomentum, g, 1 - kept)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)

    let correction = sqrt(1 - pow(beta2, step.number))
    let rate = step.learningRate * correction
    let change = rate / (1 - pow(beta1, step.number)) * slots.momentum + rate * weight * slots.slowMomentum
    w -= change / (sqrt(slots.velocity) + epsilon * correction)
  }

  /// The slow average's weight and the share of it that is kept.
  private func slowAverage(at number: Tensor) -> (weight: Tensor, kept: Tensor) {
    // With beta1 = 0 or beta3 = 0 the half-life has no logarithm to go by.
    guard warmupSteps > 0, beta1 > 0, beta3 > 0 else { return (Tensor(number: alpha), Tensor(number: beta3)) }
    let share = minimum(number / Double(warmupSteps), 1)
    let (fast, slow) = (Foundation.log(beta1), Foundation.log(beta3))
    let kept = exp(fast * slow / ((1 - share) * slow + share * fast))
    return (share * alpha, minimum(kept, Tensor(number: beta3)))
  }

  public static let hyperparameters: [Hyperparameter<AdEMAMix>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the fast average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("beta_3", \.beta3, in: .decay, "share of the slow average gradient that is kept"),
    .number("alpha", \.alpha, in: .nonNegative, "weight of the slow average"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates until alpha and beta_3 are reached"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "Adam with a second, very slow average of the gradient",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      s ← s + (1 − b) · (g − s)
      v ← v + (1 − beta_2) · (g² − v)
      w ← w − rate · (m / (1 − beta_1ᵗ) + a · s) / (√(v / (1 − beta_2ᵗ)) + epsilon)
      """,
    source: "Pagliardini et al., 2024, The AdEMAMix Optimizer: Better, Faster, Older (arXiv 2409.03137)",
    advice: "For long trainings, where old gradients still help; set warmup_steps to the number of all updates.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension AdEMAMix {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the fast average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - beta3: share of the slow average gradient that is kept, at least 0 and less than 1; 0.9999 by default.
  ///   - alpha: weight of the slow average; 5 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - warmupSteps: updates until `alpha` and `beta3` are reached; 0 by default.
  ///   - clipnorm: greatest L2 norm of each gradient; no limit by default.
  ///   - clipvalue: greatest absolute value of a gradient's element; no limit by default.
  ///   - globalClipnorm: greatest L2 norm of all gradients together; no limit by default.
  ///   - useEMA: whether averages of the weights over time are kept; false by default.
  ///   - emaMomentum: share of the old average in the new; 0.99 by default.
  ///   - emaOverwriteFrequency: updates after which the averages replace the weights; never by default.
  ///   - lossScaleFactor: multiplies the loss and divides the gradients; 1 by default.
  ///   - gradientAccumulationSteps: micro-steps whose mean gradient makes an update; 1 by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  ///   - decay: Keras 2's time decay: the rate is divided by 1 + decay · (updates done); 0 by default.
  ///   - convention: whose defaults and formula are meant; Keras 3's by default.
  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    beta3: Double? = nil, alpha: Double? = nil, epsilon: Double? = nil, warmupSteps: Int? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let beta3 { self.beta3 = beta3 }
    if let alpha { self.alpha = alpha }
    if let epsilon { self.epsilon = epsilon }
    if let warmupSteps { self.warmupSteps = warmupSteps }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == AdEMAMix {
  /// ``AdEMAMix`` with its defaults.
  public static var adEMAMix: AdEMAMix { AdEMAMix() }

  /// ``AdEMAMix`` with the given settings; see its initializer.
  public static func adEMAMix(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    beta3: Double? = nil, alpha: Double? = nil, epsilon: Double? = nil, warmupSteps: Int? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> AdEMAMix {
    AdEMAMix(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, beta3: beta3, alpha: alpha,
      epsilon: epsilon, warmupSteps: warmupSteps, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm,
      useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

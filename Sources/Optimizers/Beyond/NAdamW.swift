/// ``AdamW`` with Nesterov's look ahead, and no schedule of the momentum.
///
///     m ← m + (1 − beta1) · (g − m)
///     v ← v + (1 − beta2) · (g² − v)
///     m̂ = (m + (1 − beta1) · (g − m)) / (1 − beta1ᵗ)
///     w ← w − rate · m̂ / (√(v / (1 − beta2ᵗ)) + epsilon)
///
/// Defaults: `learningRate` 0.001, `weightDecay` 0.01 (decoupled), `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8.
///
/// This is the baseline of the AlgoPerf benchmark, and timm's. optax's `nadamw` corrects the two parts of m̂ for themselves,
/// beta1 · m / (1 − beta1ᵗ⁺¹) + (1 − beta1) · g / (1 − beta1ᵗ): `correction: .each`. PyTorch's
/// `NAdam(decoupled_weight_decay=True)` has Dozat's schedule of the momentum as well: that is ``Nadam`` with a weight decay.
///
/// Source: Dahl et al., 2023, "Benchmarking Neural Network Training Algorithms" (arXiv 2306.07179); Dozat, 2016.
public struct NAdamW: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, weightDecay: 0.01)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// How the look ahead is corrected for the momentum's start at zero.
  public var correction = NesterovCorrection.whole

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "velocity"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)

    let now = 1 / (1 - pow(beta1, step.number))
    let next = correction == .whole ? now : 1 / (1 - pow(beta1, step.number + 1))
    let ahead = beta1 * next * slots.momentum + (1 - beta1) * now * g
    // √(v / root²) = √v / root, which leaves the division to the numbers.
    let root = sqrt(1 - pow(beta2, step.number))
    w -= step.learningRate * root * ahead / (sqrt(slots.velocity) + epsilon * root)
  }

  public static let hyperparameters: [Hyperparameter<NAdamW>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .choice("correction", \.correction, "how the look ahead is corrected for the momentum's start at zero"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "AdamW with Nesterov's look ahead",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      v ← v + (1 − beta_2) · (g² − v)
      m̂ = (m + (1 − beta_1) · (g − m)) / (1 − beta_1ᵗ)
      w ← w − rate · m̂ / (√(v / (1 − beta_2ᵗ)) + epsilon)
      """,
    source: "Dahl et al., 2023, Benchmarking Neural Network Training Algorithms (arXiv 2306.07179)",
    advice: "A strong baseline wherever AdamW is used, with the same settings.")
}

/// How Nesterov's look ahead is corrected for the momentum's start at zero.
public enum NesterovCorrection: String, Sendable, CaseIterable {
  /// The sum of both parts by 1 − beta1ᵗ (AlgoPerf, timm).
  case whole
  /// The momentum by 1 − beta1ᵗ⁺¹, the gradient by 1 − beta1ᵗ (optax).
  case each
}

// MARK: - Initializers (written by scripts/initializers.py)

extension NAdamW {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; 0.01 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - correction: how the look ahead is corrected for the momentum's start at zero; `.whole` by default.
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
    epsilon: Double? = nil, correction: NesterovCorrection? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let correction { self.correction = correction }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == NAdamW {
  /// ``NAdamW`` with its defaults.
  public static var nAdamW: NAdamW { NAdamW() }

  /// ``NAdamW`` with the given settings; see its initializer.
  public static func nAdamW(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, correction: NesterovCorrection? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> NAdamW {
    NAdamW(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, correction: correction,
      clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

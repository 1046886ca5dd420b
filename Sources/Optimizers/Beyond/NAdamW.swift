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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, correction: NesterovCorrection? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let weightDecay { options.weightDecay = weightDecay }
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let correction { self.correction = correction }
  }

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

  public static let about = OptimizerDescription(
    summary: "AdamW with Nesterov's look ahead",
    formula: """
      m ← m + (1 − beta_1) · (g − m);  v ← v + (1 − beta_2) · (g² − v)
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

extension Optimizer where Self == NAdamW {
  /// ``NAdamW`` with its defaults.
  public static var nAdamW: NAdamW { NAdamW() }
}

/// ``Adam`` whose step has the length of the parameter itself, times the rate.
///
///     m ← m + (1 − beta1) · (g − m),  v ← v + (1 − beta2) · (g² − v)
///     u = m / (1 − beta1ᵗ) / (√(v / (1 − beta2ᵗ)) + epsilon)
///     w ← w − rate · ‖w‖ / ‖u‖ · u      (the ratio is 1 where either norm is 0)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7.
///
/// In the paper (`convention: .paper`: epsilon 1e-6, decay 0.01) weight decay belongs to u, so that the ratio sees it:
/// `decayInsideRatio`. In Keras it is applied before, as for all optimizers.
///
/// Source: You et al., 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes" (arXiv 1904.00962);
/// Keras, `Lamb`.
public struct Lamb: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, numberPrecision: .parameter)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// Whether weight decay is part of the step whose length is set.
  public var decayInsideRatio = false

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    decayInsideRatio: Bool? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let decayInsideRatio { self.decayInsideRatio = decayInsideRatio }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "velocity"] }

  public var decaysWeightsItself: Bool { decayInsideRatio }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)

    // √(v / correction²) = √v / correction, which leaves the division to the numbers.
    let correction = sqrt(1 - pow(beta2, step.number))
    var change = correction / (1 - pow(beta1, step.number)) * slots.momentum / (sqrt(slots.velocity) + epsilon * correction)
    if decayInsideRatio && step.weightDecay > 0 { change += step.weightDecay * w }

    let length = sqrt((w * w).sum())
    let changeLength = sqrt((change * change).sum())
    let ratio = select(length .> 0 .&& changeLength .> 0, length / changeLength, 1)
    w -= step.learningRate * ratio * change
  }

  public static let hyperparameters: [Hyperparameter<Lamb>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag(
      "decay_inside_ratio", \.decayInsideRatio, "whether weight decay is part of the step whose length is set", isInKeras: false),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .paper: ["epsilon": 1e-6, "weight_decay": 0.01, "decay_inside_ratio": true]
  ]

  public static let about = OptimizerDescription(
    summary: "Adam whose step has the length of the parameter, times the rate",
    formula: """
      m ← m + (1 − beta_1) · (g − m);  v ← v + (1 − beta_2) · (g² − v)
      u = m / (1 − beta_1ᵗ) / (√(v / (1 − beta_2ᵗ)) + epsilon)
      w ← w − rate · ‖w‖ / ‖u‖ · u
      """,
    source: "You et al., 2020, Large Batch Optimization for Deep Learning: Training BERT in 76 minutes (arXiv 1904.00962)",
    advice: "For very large batches. A parameter that starts at zero moves by the plain Adam step at first.")
}

extension Optimizer where Self == Lamb {
  /// ``Lamb`` with Keras 3's defaults.
  public static var lamb: Lamb { Lamb() }

  /// ``Lamb`` with the given hyperparameters.
  public static func lamb(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    decayInsideRatio: Bool? = nil, convention: Convention = .keras3
  ) -> Lamb {
    Lamb(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, decayInsideRatio: decayInsideRatio,
      convention: convention)
  }
}

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

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Adam whose step has the length of the parameter, times the rate",
    formula: """
      m ← m + (1 − beta_1) · (g − m),  v ← v + (1 − beta_2) · (g² − v)
      u = m / (1 − beta_1ᵗ) / (√(v / (1 − beta_2ᵗ)) + epsilon)
      w ← w − rate · ‖w‖ / ‖u‖ · u      (the ratio is 1 where either norm is 0)
      """,
    source: "You et al., 2020, Large Batch Optimization for Deep Learning: Training BERT in 76 minutes (arXiv 1904.00962)",
    advice: "For very large batches. A parameter that starts at zero moves by the plain Adam step at first.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Lamb {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - decayInsideRatio: whether weight decay is part of the step whose length is set; false by default.
  ///   - weightDecay: strength of the weight decay; none by default.
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
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    decayInsideRatio: Bool? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let decayInsideRatio { self.decayInsideRatio = decayInsideRatio }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Lamb {
  /// ``Lamb`` with its defaults.
  public static var lamb: Lamb { Lamb() }

  /// ``Lamb`` with the given settings; see its initializer.
  public static func lamb(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    decayInsideRatio: Bool? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Lamb {
    Lamb(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, decayInsideRatio: decayInsideRatio,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

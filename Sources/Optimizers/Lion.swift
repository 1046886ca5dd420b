/// Steps of one size in the direction of the sign of a momentum.
///
///     w ← w − rate · sign(beta1 · m + (1 − beta1) · g)
///     m ← m + (1 − beta2) · (g − m)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.99. The paper (`convention: .paper`) takes the rate 0.0001, as a third to
/// a tenth of AdamW's, and a weight decay three to ten times as great. Weight decay is decoupled.
///
/// Source: Chen et al., 2023, "Symbolic Discovery of Optimization Algorithms" (arXiv 2302.06675); Keras, `Lion`.
public struct Lion: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the momentum in the step, at least 0 and less than 1. Keras allows 1 and then never looks at the gradient.
  public var beta1 = 0.9
  /// Share of the momentum that is kept, at least 0 and less than 1.
  public var beta2 = 0.99

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    w -= step.learningRate * sign(lerp(slots.momentum, g, 1 - beta1))
    slots.momentum = lerp(slots.momentum, g, 1 - beta2)
  }

  public static let hyperparameters: [Hyperparameter<Lion>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the momentum in the step"),
    .number("beta_2", \.beta2, in: .decay, "share of the momentum that is kept"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .paper: ["learning_rate": 0.0001]
  ]

  public static let tunings = [TuningRange("weight_decay", 1e-3...1, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "steps of one size by the sign of a momentum",
    formula: """
      w ← w − rate · sign(beta_1 · m + (1 − beta_1) · g)
      m ← m + (1 − beta_2) · (g − m)
      """,
    source: "Chen et al., 2023, Symbolic Discovery of Optimization Algorithms (arXiv 2302.06675)",
    advice: "Half of Adam's memory. Take a third to a tenth of AdamW's rate, more weight decay and large batches.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Lion {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: share of the momentum in the step, at least 0 and less than 1. Keras allows 1 and then never looks at the
  ///     gradient; 0.9 by default.
  ///   - beta2: share of the momentum that is kept, at least 0 and less than 1; 0.99 by default.
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
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Lion {
  /// ``Lion`` with its defaults.
  public static var lion: Lion { Lion() }

  /// ``Lion`` with the given settings; see its initializer.
  public static func lion(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> Lion {
    Lion(
      learningRate: learningRate, beta1: beta1, beta2: beta2, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

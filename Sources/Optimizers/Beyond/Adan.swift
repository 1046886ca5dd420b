/// Nesterov's momentum for adaptive methods, made of the gradients' differences so that no gradient ahead is needed.
///
///     d = g − g'      (g' is the gradient before; at the first step d is 0)
///     m ← m + (1 − beta1) · (g − m)
///     u ← u + (1 − beta2) · (d − u)
///     n ← n + (1 − beta3) · ((g + beta2 · d)² − n)
///     w ← w − rate · (m / (1 − beta1ᵗ) + beta2 · u / (1 − beta2ᵗ)) / (√(n / (1 − beta3ᵗ)) + epsilon)
///     w ← w / (1 + rate · weightDecay)      (without `proximalDecay`: w ← w − rate · weightDecay · w, before the step)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.98, `beta2` 0.92, `beta3` 0.99, `epsilon` 1e-8, `proximalDecay` true, no weight
/// decay.
///
/// The betas are shares that are kept, as in the authors' code; the paper's are 1 minus these. optax multiplies the differences
/// by 1 − beta2 where the authors have beta2. The authors clip the gradients' common norm: ``OptimizerOptions/globalClipnorm``.
///
/// Source: Xie et al., 2022, "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models" (arXiv 2208.06677).
public struct Adan: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.98
  /// Share of the average difference that is kept, at least 0 and less than 1.
  public var beta2 = 0.92
  /// Share of the average square that is kept, at least 0 and less than 1.
  public var beta3 = 0.99
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Whether weights decay after the step by a division, or before it.
  public var proximalDecay = true

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "difference", "velocity", "previousGradient"] }

  public var decaysWeightsItself: Bool { proximalDecay }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let difference = select(step.number .== 1, 0, g - slots.previousGradient)
    slots.previousGradient = g
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.difference = lerp(slots.difference, difference, 1 - beta2)
    slots.velocity = lerp(slots.velocity, square(g + beta2 * difference), 1 - beta3)

    let correction = sqrt(1 - pow(beta3, step.number))
    let rate = step.learningRate * correction
    let change =
      rate / (1 - pow(beta1, step.number)) * slots.momentum
      + rate * (beta2 / (1 - pow(beta2, step.number))) * slots.difference
    w -= change / (sqrt(slots.velocity) + epsilon * correction)
    if proximalDecay && step.weightDecay > 0 { w *= 1 / (1 + step.learningRate * step.weightDecay) }
  }

  public static let hyperparameters: [Hyperparameter<Adan>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average difference that is kept"),
    .number("beta_3", \.beta3, in: .decay, "share of the average square that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("proximal_decay", \.proximalDecay, "whether weights decay after the step by a division, or before it"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Nesterov's momentum for adaptive methods, from the gradients' differences",
    formula: """
      d = g − g'      (g' is the gradient before; at the first step d is 0)
      m ← m + (1 − beta_1) · (g − m)
      u ← u + (1 − beta_2) · (d − u)
      n ← n + (1 − beta_3) · ((g + beta_2 · d)² − n)
      w ← w − rate · (m / (1 − beta_1ᵗ) + beta_2 · u / (1 − beta_2ᵗ)) / (√(n / (1 − beta_3ᵗ)) + epsilon)
      w ← w / (1 + rate · weight_decay)      (without proximal_decay: w ← w − rate · weight_decay · w, before the step)
      """,
    source: "Xie et al., 2022, Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models (arXiv 2208.06677)",
    advice: "Bears rates five to ten times Adam's. Four numbers are kept for each weight.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Adan {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.98 by default.
  ///   - beta2: share of the average difference that is kept, at least 0 and less than 1; 0.92 by default.
  ///   - beta3: share of the average square that is kept, at least 0 and less than 1; 0.99 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - proximalDecay: whether weights decay after the step by a division, or before it; true by default.
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
    beta3: Double? = nil, epsilon: Double? = nil, proximalDecay: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let beta3 { self.beta3 = beta3 }
    if let epsilon { self.epsilon = epsilon }
    if let proximalDecay { self.proximalDecay = proximalDecay }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Adan {
  /// ``Adan`` with its defaults.
  public static var adan: Adan { Adan() }

  /// ``Adan`` with the given settings; see its initializer.
  public static func adan(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    beta3: Double? = nil, epsilon: Double? = nil, proximalDecay: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Adan {
    Adan(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, beta3: beta3, epsilon: epsilon,
      proximalDecay: proximalDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

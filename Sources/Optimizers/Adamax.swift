/// ``Adam`` with the greatest recent gradient in the place of the root of the average square.
///
///     m ← m + (1 − beta1) · (g − m)
///     u ← max(beta2 · u, |g|)
///     w ← w − rate / (1 − beta1ᵗ) · m / (u + epsilon)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7.
///
/// Keras 2, PyTorch and the paper have the rate 0.002. PyTorch (`convention: .torch`, 1e-8) adds epsilon to |g| inside the
/// maximum and its `weightDecay` is the derivative of an L2 penalty; the paper has no epsilon (`.paper` keeps 1e-30, so that a
/// gradient that has always been zero does not divide zero by zero). MLX leaves the correction out.
///
/// Source: Kingma & Ba, 2015, "Adam", algorithm 2 (arXiv 1412.6980); Keras, `Adamax`.
public struct Adamax: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, numberPrecision: .parameter)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// What the greatest gradient shrinks by each step, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// Where epsilon stands.
  public var epsilonPlace = AdamaxEpsilonPlace.divisor

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "norm"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    let size = epsilonPlace == .maximum ? abs(g) + epsilon : abs(g)
    slots.norm = maximum(beta2 * slots.norm, size)
    let divisor = epsilonPlace == .divisor ? slots.norm + epsilon : slots.norm
    let rate = step.learningRate / (1 - pow(beta1, step.number))
    w -= rate * slots.momentum / divisor
  }

  public static let hyperparameters: [Hyperparameter<Adamax>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "what the greatest gradient shrinks by each step"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .choice("epsilon_place", \.epsilonPlace, "whether epsilon is added to the divisor or inside the maximum"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: ["learning_rate": 0.002],
    .torch: ["learning_rate": 0.002, "epsilon": 1e-8, "epsilon_place": "maximum", "weight_decay_mode": "l2"],
    .paper: ["learning_rate": 0.002, "epsilon": 1e-30],
  ]

  public static let tunings = [TuningRange("beta_2", 0.9...0.9997, .complement)]

  public static let about = OptimizerDescription(
    summary: "Adam with the greatest recent gradient as the divisor",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      u ← max(beta_2 · u, |g|)
      w ← w − rate / (1 − beta_1ᵗ) · m / (u + epsilon)
      """,
    source: "Kingma & Ba, 2015, Adam: A Method for Stochastic Optimization, algorithm 2 (arXiv 1412.6980)",
    advice: "Less disturbed than Adam by rare great gradients; sometimes better for embeddings.")
}

/// Where ``Adamax`` adds epsilon.
public enum AdamaxEpsilonPlace: String, Sendable, CaseIterable {
  /// To the greatest gradient when it divides (Keras).
  case divisor
  /// To |g| inside the maximum (PyTorch).
  case maximum
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Adamax {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: what the greatest gradient shrinks by each step, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - epsilonPlace: where epsilon stands; `.divisor` by default.
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
    epsilonPlace: AdamaxEpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let epsilonPlace { self.epsilonPlace = epsilonPlace }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adamax(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: AdamaxEpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adamax(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, beta_1: Double? = nil, beta_2: Double? = nil, epsilon: Double? = nil, decay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adamax(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: AdamaxEpsilonPlace? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == Adamax {
  /// ``Adamax`` with its defaults.
  public static var adamax: Adamax { Adamax() }

  /// ``Adamax`` with the given settings; see its initializer.
  public static func adamax(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: AdamaxEpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Adamax {
    Adamax(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, epsilonPlace: epsilonPlace,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

/// Adam: averages of the gradient and of its square, both corrected for their start at zero; and AMSGrad.
///
///     m ← m + (1 − beta1) · (g − m)
///     v ← v + (1 − beta2) · (g² − v)
///     w ← w − rate · √(1 − beta2ᵗ) / (1 − beta1ᵗ) · m / (√v + epsilon)
///     amsgrad: v̂ ← max(v̂, v) takes the place of v
///
/// With `amsgrad` the greatest v so far takes the place of v. t is the number of the update, from 1.
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7, `amsgrad` false.
///
/// Keras (2 and 3) adds epsilon to the root of the uncorrected v, the "epsilon hat" of the paper's section 2. PyTorch and the
/// paper's algorithm 1 (`convention: .torch`, `.paper`; 1e-8) add it to the corrected root, which is the same as epsilon ·
/// √(1 − beta2ᵗ) here. PyTorch's `weightDecay` is the derivative of an L2 penalty. MLX leaves the correction out by default.
/// PyTorch's `SparseAdam` is `Adam(epsilon: 1e-8)`, in Keras's place for epsilon, with ``ParameterSetting/isLazy``.
///
/// Source: Kingma & Ba, 2015, "Adam: A Method for Stochastic Optimization" (arXiv 1412.6980); Reddi et al., 2018, "On the
/// Convergence of Adam and Beyond" (AMSGrad; without the correction there).
public struct Adam: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, numberPrecision: .parameter)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// Whether the greatest average square so far divides.
  public var amsgrad = false
  /// Whether epsilon is added to the root before or after it is corrected for its start at zero.
  public var epsilonPlace = AdamEpsilonPlace.uncorrected

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    ["momentum", "velocity"] + (amsgrad ? [Slot("velocityHat", fileGroup: 1)] : [])
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)
    if amsgrad { slots.velocityHat = maximum(slots.velocityHat, slots.velocity) }
    let square = amsgrad ? slots.velocityHat : slots.velocity

    let correction = sqrt(1 - pow(beta2, step.number))
    let rate = step.learningRate * correction / (1 - pow(beta1, step.number))
    let offset = epsilonPlace == .corrected ? epsilon * correction : Tensor(number: epsilon)
    w -= rate * slots.momentum / (sqrt(square) + offset)
  }

  public static let hyperparameters: [Hyperparameter<Adam>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("amsgrad", \.amsgrad, "whether the greatest average square so far divides"),
    .choice("epsilon_place", \.epsilonPlace, "whether epsilon is added to the uncorrected or the corrected root"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: [:],
    .torch: ["epsilon": 1e-8, "epsilon_place": "corrected", "weight_decay_mode": "l2"],
    .paper: ["epsilon": 1e-8, "epsilon_place": "corrected"],
    .textbook: [:],
  ]

  public static let tunings = [TuningRange("beta_2", 0.9...0.9997, .complement)]

  public static let about = OptimizerDescription(
    summary: "averages of the gradient and its square, corrected for their start at zero",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      v ← v + (1 − beta_2) · (g² − v)
      w ← w − rate · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√v + epsilon)
      amsgrad: v̂ ← max(v̂, v) takes the place of v
      """,
    source: "Kingma & Ba, 2015, Adam: A Method for Stochastic Optimization (arXiv 1412.6980)",
    advice: "The usual first choice: the default rate works for most networks. With weight decay take AdamW.")
}

/// Where Adam adds epsilon.
public enum AdamEpsilonPlace: String, Sendable, CaseIterable {
  /// To √v (Keras).
  case uncorrected
  /// To √(v / (1 − beta2ᵗ)) (PyTorch, the paper's algorithm 1).
  case corrected
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Adam {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - amsgrad: whether the greatest average square so far divides; false by default.
  ///   - epsilonPlace: whether epsilon is added to the root before or after it is corrected for its start at zero;
  ///     `.uncorrected` by default.
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
    amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let amsgrad { self.amsgrad = amsgrad }
    if let epsilonPlace { self.epsilonPlace = epsilonPlace }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adam(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil, amsgrad: Bool? = nil,
    epsilonPlace: AdamEpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adam(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, beta_1: Double? = nil, beta_2: Double? = nil, epsilon: Double? = nil, decay: Double? = nil,
    amsgrad: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adam(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == Adam {
  /// ``Adam`` with its defaults.
  public static var adam: Adam { Adam() }

  /// ``Adam`` with the given settings; see its initializer.
  public static func adam(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> Adam {
    Adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, epsilonPlace: epsilonPlace,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

/// ``Adam`` that does not divide by its average of squares before that can be trusted, and makes up for its variance after.
///
///     m ← m + (1 − beta1) · (g − m)
///     v ← v + (1 − beta2) · (g² − v)
///     ρ∞ = 2 / (1 − beta2) − 1,  ρ = ρ∞ − 2 · t · beta2ᵗ / (1 − beta2ᵗ)
///     ρ > threshold:  w ← w − rate · r · √(1 − beta2ᵗ) / (1 − beta1ᵗ) · m / (√v + epsilon)
///                     r = √((ρ − 4) · (ρ − 2) · ρ∞ / ((ρ∞ − 4) · (ρ∞ − 2) · ρ))
///     otherwise:      w ← w − rate / (1 − beta1ᵗ) · m
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `threshold` 5.
///
/// The paper's threshold is 4 (`convention: .paper`); its authors' code and PyTorch take 5. PyTorch's `weight_decay` is the
/// derivative of an L2 penalty (`convention: .torch`). optax adds epsilon to the corrected root (`epsilonPlace`).
/// pytorch_optimizer makes no step at all before the threshold (`unrectifiedStep: .none`).
///
/// Source: Liu et al., 2020, "On the Variance of the Adaptive Learning Rate and Beyond" (arXiv 1908.03265).
public struct RAdam: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// The length of the average of squares past which it divides, at least 4.
  public var threshold = 5.0
  /// Whether epsilon is added to the root before or after it is corrected for its start at zero.
  public var epsilonPlace = AdamEpsilonPlace.uncorrected
  /// What is done before the threshold.
  public var unrectifiedStep = UnrectifiedStep.momentum

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "velocity"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)

    let rectification = Rectification(beta2: beta2, number: step.number)
    let isRectified = rectification.length .> Tensor(number: threshold)
    let correction = sqrt(1 - pow(beta2, step.number))
    let early: Tensor = unrectifiedStep == .momentum ? 1 : 0
    let size = select(isRectified, rectification.factor * correction, early) / (1 - pow(beta1, step.number))
    let offset = epsilonPlace == .corrected ? epsilon * correction : Tensor(number: epsilon)
    let divisor = select(isRectified, sqrt(slots.velocity) + offset, 1)
    w -= step.learningRate * size * slots.momentum / divisor
  }

  public static let hyperparameters: [Hyperparameter<RAdam>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .number("threshold", \.threshold, in: .atLeast(4), "length of the average of squares past which it divides"),
    .choice("epsilon_place", \.epsilonPlace, "whether epsilon is added to the uncorrected or the corrected root"),
    .choice("unrectified_step", \.unrectifiedStep, "what is done before the threshold"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["weight_decay_mode": "l2"],
    .paper: ["threshold": 4.0],
  ]

  public static let tunings = [TuningRange("beta_2", 0.9...0.9997, .complement)]

  public static let about = OptimizerDescription(
    summary: "Adam that warms itself up: divides by its average of squares only when that can be trusted",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      v ← v + (1 − beta_2) · (g² − v)
      ρ∞ = 2 / (1 − beta_2) − 1,  ρ = ρ∞ − 2 · t · beta_2ᵗ / (1 − beta_2ᵗ)
      ρ > threshold:  w ← w − rate · r · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√v + epsilon)
                      r = √((ρ − 4) · (ρ − 2) · ρ∞ / ((ρ∞ − 4) · (ρ∞ − 2) · ρ))
      otherwise:      w ← w − rate / (1 − beta_1ᵗ) · m
      """,
    source: "Liu et al., 2020, On the Variance of the Adaptive Learning Rate and Beyond (arXiv 1908.03265)",
    advice: "Where Adam needs a warm-up and one does not want to tune it.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension RAdam {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - threshold: the length of the average of squares past which it divides, at least 4; 5 by default.
  ///   - epsilonPlace: whether epsilon is added to the root before or after it is corrected for its start at zero;
  ///     `.uncorrected` by default.
  ///   - unrectifiedStep: what is done before the threshold; `.momentum` by default.
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
    threshold: Double? = nil, epsilonPlace: AdamEpsilonPlace? = nil, unrectifiedStep: UnrectifiedStep? = nil,
    weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let threshold { self.threshold = threshold }
    if let epsilonPlace { self.epsilonPlace = epsilonPlace }
    if let unrectifiedStep { self.unrectifiedStep = unrectifiedStep }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == RAdam {
  /// ``RAdam`` with its defaults.
  public static var rAdam: RAdam { RAdam() }

  /// ``RAdam`` with the given settings; see its initializer.
  public static func rAdam(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    threshold: Double? = nil, epsilonPlace: AdamEpsilonPlace? = nil, unrectifiedStep: UnrectifiedStep? = nil,
    weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> RAdam {
    RAdam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, threshold: threshold, epsilonPlace: epsilonPlace,
      unrectifiedStep: unrectifiedStep, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

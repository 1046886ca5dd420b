/// ``Adam`` that divides by how far the gradient was from what its average led to expect, not by how large it was.
///
///     m ← m + (1 − beta1) · (g − m)
///     s ← s + (1 − beta2) · ((g − m)² − s) + epsilonRoot
///     w ← w − rate · √(1 − beta2ᵗ) / (1 − beta1ᵗ) · m / (√s + epsilon · √(1 − beta2ᵗ))
///
/// With `amsgrad` the greatest s so far takes the place of s. With `rectify` the step is ``RAdam``'s, with s for v and the
/// threshold 5: undivided at first.
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-16, `epsilonRoot` nil (as `epsilon`), `amsgrad`
/// false, `rectify` false.
///
/// The paper has one epsilon in both places. optax has two. The authors' package turns `rectify` on; the paper does not have
/// it. Its `fixed_decay` is ``WeightDecayMode/independent``.
///
/// Source: Zhuang et al., 2020, "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients" (arXiv
/// 2010.07468).
public struct AdaBelief: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared surprise that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-16
  /// Added to the average of squares in each step; `nil` for ``epsilon``.
  public var epsilonRoot: Double?
  /// Whether the greatest average square so far divides.
  public var amsgrad = false
  /// Whether the step is undivided while the average of squares is young, and made up for its variance later.
  public var rectify = false
  /// With ``rectify``: what is done before.
  public var unrectifiedStep = UnrectifiedStep.momentum

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    ["momentum", "velocity"] + (amsgrad ? ["velocityHat"] : [])
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity = lerp(slots.velocity, square(g - slots.momentum), 1 - beta2) + (epsilonRoot ?? epsilon)
    if amsgrad { slots.velocityHat = maximum(slots.velocityHat, slots.velocity) }
    let root = sqrt(amsgrad ? slots.velocityHat : slots.velocity)

    let correction = sqrt(1 - pow(beta2, step.number))
    let rate = step.learningRate / (1 - pow(beta1, step.number))
    if rectify {
      let rectification = Rectification(beta2: beta2, number: step.number)
      let isRectified = rectification.length .> 5
      let early: Tensor = unrectifiedStep == .momentum ? 1 : 0
      let size = rate * select(isRectified, rectification.factor * correction, early)
      w -= size * slots.momentum / select(isRectified, root + epsilon, 1)
    } else {
      w -= rate * correction * slots.momentum / (root + epsilon * correction)
    }
  }

  public static let hyperparameters: [Hyperparameter<AdaBelief>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared surprise that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .optionalNumber("epsilon_root", \.epsilonRoot, in: .nonNegative, "added to the average of squares in each step"),
    .flag("amsgrad", \.amsgrad, "whether the greatest average square so far divides"),
    .flag("rectify", \.rectify, "whether the step is undivided while the average of squares is young"),
    .choice("unrectified_step", \.unrectifiedStep, "with rectify: what is done before"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("beta_2", 0.9...0.9997, .complement)]

  public static let about = OptimizerDescription(
    summary: "Adam that divides by the gradient's distance from its average",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      s ← s + (1 − beta_2) · ((g − m)² − s) + epsilon_root
      w ← w − rate · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√s + epsilon · √(1 − beta_2ᵗ))
      """,
    source: "Zhuang et al., 2020, AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients (arXiv 2010.07468)",
    advice: """
      Takes large steps where the gradient is steady. epsilon matters: 1e-8 for image networks with SGD-like behaviour, 1e-16 for \
      transformers and GANs.
      """)
}

// MARK: - Initializers (written by scripts/initializers.py)

extension AdaBelief {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared surprise that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-16 by default.
  ///   - epsilonRoot: added to the average of squares in each step; `nil` for ``epsilon``.
  ///   - amsgrad: whether the greatest average square so far divides; false by default.
  ///   - rectify: whether the step is undivided while the average of squares is young, and made up for its variance later;
  ///     false by default.
  ///   - unrectifiedStep: with ``rectify``: what is done before; `.momentum` by default.
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
    epsilonRoot: Double? = nil, amsgrad: Bool? = nil, rectify: Bool? = nil, unrectifiedStep: UnrectifiedStep? = nil,
    weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let epsilonRoot { self.epsilonRoot = epsilonRoot }
    if let amsgrad { self.amsgrad = amsgrad }
    if let rectify { self.rectify = rectify }
    if let unrectifiedStep { self.unrectifiedStep = unrectifiedStep }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == AdaBelief {
  /// ``AdaBelief`` with its defaults.
  public static var adaBelief: AdaBelief { AdaBelief() }

  /// ``AdaBelief`` with the given settings; see its initializer.
  public static func adaBelief(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    epsilonRoot: Double? = nil, amsgrad: Bool? = nil, rectify: Bool? = nil, unrectifiedStep: UnrectifiedStep? = nil,
    weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> AdaBelief {
    AdaBelief(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, epsilonRoot: epsilonRoot, amsgrad: amsgrad,
      rectify: rectify, unrectifiedStep: unrectifiedStep, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

/// ``Adam`` with its two halves the other way round: the gradient is divided by the squares before it, then averaged; it
/// converges for every beta2.
///
///     t = 1:      v ← g²
///     t = 2, …:   u = clip(g / max(√v, epsilon), ± (t − 1)^clipExponent)
///                 m ← m + (1 − beta1) · (u − m)
///                 w ← w − rate · m
///                 v ← v + (1 − beta2) · (g² − v)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.9999, `epsilon` 1e-6, `clipExponent` 0.25 (nil: no limit).
///
/// As in the authors' code and optax. pytorch_optimizer's limit is one step ahead; timm's exponent is 0.333. Weight decay is
/// decoupled unless ``OptimizerOptions/weightDecayMode`` says otherwise; the first update, which makes no step, decays the
/// weights as well.
///
/// Source: Taniguchi et al., 2024, "ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate" (arXiv 2411.02853).
public struct ADOPT: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the average step that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.9999
  /// The least divisor.
  public var epsilon = 1e-6
  /// How fast the limit of the divided gradient grows; nil for no limit.
  public var clipExponent: Double? = 0.25

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "velocity"] }

  // The first update has a formula of its own.
  public var variantCount: Int { 2 }
  public func variant(at number: Int) -> Int { number == 1 ? 0 : 1 }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    if step.variant == 0 {
      slots.velocity = g * g
      return
    }
    let before = slots.velocity
    slots.velocity = lerp(before, g * g, 1 - beta2)
    var u = g / maximum(sqrt(before), Tensor(number: epsilon))
    if let clipExponent {
      let limit = pow(step.number - 1, clipExponent)
      u = clip(u, -limit, limit)
    }
    slots.momentum = lerp(slots.momentum, u, 1 - beta1)
    w -= step.learningRate * slots.momentum
  }

  public static let hyperparameters: [Hyperparameter<ADOPT>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average step that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .positive, "the least divisor"),
    .optionalNumber("clip_exponent", \.clipExponent, in: .nonNegative, "how fast the divided gradient's limit grows"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("beta_2", 0.9...0.9999, .complement)]

  public static let about = OptimizerDescription(
    summary: "Adam that divides by the squares before the gradient and then averages",
    formula: """
      t = 1:      v ← g²
      t = 2, …:   u = clip(g / max(√v, epsilon), ± (t − 1)^clip_exponent)
                  m ← m + (1 − beta_1) · (u − m)
                  w ← w − rate · m
                  v ← v + (1 − beta_2) · (g² − v)
      """,
    source: "Taniguchi et al., 2024, ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate (arXiv 2411.02853)",
    advice: "Where Adam is unstable or its beta_2 has to be tuned. The first update makes no step.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension ADOPT {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the average step that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.9999 by default.
  ///   - epsilon: the least divisor; 1e-6 by default.
  ///   - clipExponent: how fast the limit of the divided gradient grows; nil for no limit; 0.25 by default.
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
    epsilon: Double? = nil, clipExponent: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let clipExponent { self.clipExponent = clipExponent }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == ADOPT {
  /// ``ADOPT`` with its defaults.
  public static var adopt: ADOPT { ADOPT() }

  /// ``ADOPT`` with the given settings; see its initializer.
  public static func adopt(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, clipExponent: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> ADOPT {
    ADOPT(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon,
      clipExponent: clipExponent, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

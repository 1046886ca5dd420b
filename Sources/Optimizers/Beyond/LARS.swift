/// ``SGD`` with momentum whose step in each parameter is proportional to the parameter's length.
///
///     u = g + weightDecay · w
///     λ = trustCoefficient · ‖w‖ / (‖g‖ + weightDecay · ‖w‖ + epsilon)       (1 where a norm is 0)
///     v ← momentum · v − rate · λ · u
///     w ← w + v,  or with Nesterov  w ← w + momentum · v − rate · λ · u
///
/// Vectors and scalars (biases, scales of normalizations) get λ = 1 and no decay unless `adaptsVectors`.
///
/// Defaults: `learningRate` 0.1, `momentum` 0.9, `trustCoefficient` 0.001, `epsilon` 0, `nesterov` false, `adaptsVectors`
/// false, no weight decay.
///
/// The paper and optax have the rate inside the velocity; timm, pytorch_optimizer and the MLPerf rules take it out
/// (`momentumForm: .rateOutside`), which differs when the rate changes. optax measures ‖g + weightDecay · w‖, and it and timm
/// adapt vectors too. timm's `trust_clip` (`clipsTrust`) limits λ to the rate, so that no step is greater than SGD's.
///
/// Source: You et al., 2017, "Large Batch Training of Convolutional Networks" (arXiv 1708.03888).
public struct LARS: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.1)
  /// Share of the velocity that is kept, 0 to 1.
  public var momentum = 0.9
  /// The step's length as a share of the parameter's, at rate 1.
  public var trustCoefficient = 0.001
  /// Keeps the divisor from 0.
  public var epsilon = 0.0
  /// Whether the step looks ahead by the momentum.
  public var nesterov = false
  /// Whether vectors and scalars are adapted and decayed, too.
  public var adaptsVectors = false
  /// Whether λ · rate is at most the rate.
  public var clipsTrust = false
  /// Whether the velocity contains the learning rate.
  public var momentumForm = MomentumForm.rateInside

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { momentum == 0 ? [] : ["momentum"] }

  public var decaysWeightsItself: Bool { true }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    var u = g
    if adaptsVectors || w.rank > 1 {
      let decay = step.weightDecay
      let length = sqrt((w * w).sum())
      let divisor = sqrt((g * g).sum()) + decay * length + epsilon
      var trust = trustCoefficient * length / divisor
      if clipsTrust { trust = minimum(trust / step.learningRate, 1) }
      u = select(length .> 0 .&& divisor .> 0, trust, 1) * (decay > 0 ? g + decay * w : g)
    }
    let (inner, outer) = momentumForm.split(step.learningRate)
    if momentum == 0 {
      w -= step.learningRate * u
      return
    }
    slots.momentum = momentum * slots.momentum - inner * u
    w += outer * (nesterov ? momentum * slots.momentum - inner * u : slots.momentum)
  }

  public static let hyperparameters: [Hyperparameter<LARS>] = [
    .number("momentum", \.momentum, in: .fraction, "share of the velocity that is kept"),
    .number("trust_coefficient", \.trustCoefficient, in: .positive, "the step's length as a share of the parameter's, at rate 1"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("nesterov", \.nesterov, "whether the step looks ahead by the momentum"),
    .flag("adapts_vectors", \.adaptsVectors, "whether vectors and scalars are adapted and decayed, too"),
    .flag("clips_trust", \.clipsTrust, "whether no step is greater than SGD's"),
    .choice("momentum_form", \.momentumForm, "whether the velocity contains the learning rate"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: ["adapts_vectors": true]]

  public static let about = OptimizerDescription(
    summary: "SGD with momentum whose step is proportional to the parameter's length",
    formula: """
      u = g + weight_decay · w
      λ = trust_coefficient · ‖w‖ / (‖g‖ + weight_decay · ‖w‖ + epsilon)       (1 where a norm is 0)
      v ← momentum · v − rate · λ · u
      w ← w + v,  or with Nesterov  w ← w + momentum · v − rate · λ · u
      """,
    source: "You et al., 2017, Large Batch Training of Convolutional Networks (arXiv 1708.03888)",
    advice: "For image networks with batches of thousands, at large rates with a warm-up.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension LARS {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.1 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - momentum: share of the velocity that is kept, 0 to 1; 0.9 by default.
  ///   - trustCoefficient: the step's length as a share of the parameter's, at rate 1; 0.001 by default.
  ///   - epsilon: keeps the divisor from 0; 0 by default.
  ///   - nesterov: whether the step looks ahead by the momentum; false by default.
  ///   - adaptsVectors: whether vectors and scalars are adapted and decayed, too; false by default.
  ///   - clipsTrust: whether λ · rate is at most the rate; false by default.
  ///   - momentumForm: whether the velocity contains the learning rate; `.rateInside` by default.
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
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    trustCoefficient: Double? = nil, epsilon: Double? = nil, nesterov: Bool? = nil, adaptsVectors: Bool? = nil,
    clipsTrust: Bool? = nil, momentumForm: MomentumForm? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let momentum { self.momentum = momentum }
    if let trustCoefficient { self.trustCoefficient = trustCoefficient }
    if let epsilon { self.epsilon = epsilon }
    if let nesterov { self.nesterov = nesterov }
    if let adaptsVectors { self.adaptsVectors = adaptsVectors }
    if let clipsTrust { self.clipsTrust = clipsTrust }
    if let momentumForm { self.momentumForm = momentumForm }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == LARS {
  /// ``LARS`` with its defaults.
  public static var lars: LARS { LARS() }

  /// ``LARS`` with the given settings; see its initializer.
  public static func lars(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    trustCoefficient: Double? = nil, epsilon: Double? = nil, nesterov: Bool? = nil, adaptsVectors: Bool? = nil,
    clipsTrust: Bool? = nil, momentumForm: MomentumForm? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> LARS {
    LARS(
      learningRate: learningRate, weightDecay: weightDecay, momentum: momentum, trustCoefficient: trustCoefficient,
      epsilon: epsilon, nesterov: nesterov, adaptsVectors: adaptsVectors, clipsTrust: clipsTrust, momentumForm: momentumForm,
      clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    trustCoefficient: Double? = nil, epsilon: Double? = nil, nesterov: Bool? = nil, adaptsVectors: Bool? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    options.weightDecay = weightDecay
    if let momentum { self.momentum = momentum }
    if let trustCoefficient { self.trustCoefficient = trustCoefficient }
    if let epsilon { self.epsilon = epsilon }
    if let nesterov { self.nesterov = nesterov }
    if let adaptsVectors { self.adaptsVectors = adaptsVectors }
  }

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
      u = g + weight_decay · w;  λ = trust_coefficient · ‖w‖ / (‖g‖ + weight_decay · ‖w‖ + epsilon)
      v ← momentum · v − rate · λ · u
      w ← w + v
      """,
    source: "You et al., 2017, Large Batch Training of Convolutional Networks (arXiv 1708.03888)",
    advice: "For image networks with batches of thousands, at large rates with a warm-up.")
}

extension Optimizer where Self == LARS {
  /// ``LARS`` with its defaults.
  public static var lars: LARS { LARS() }
}

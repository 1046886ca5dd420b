/// Stochastic gradient descent, with momentum and Nesterov's momentum if asked.
///
///     momentum = 0:  w ← w − rate · g
///     otherwise:     v ← momentum · v − rate · g
///                    w ← w + v,  or with Nesterov  w ← w + momentum · v − rate · g
///
/// Defaults: `learningRate` 0.01, `momentum` 0, `nesterov` false.
///
/// PyTorch (`convention: .torch`, rate 0.001) takes the rate out of the velocity, v ← momentum · v − g and w ← w + rate · v, which
/// differs when the rate changes; knows `dampening` of the gradient after the first step; and its `weightDecay` is the
/// derivative of an L2 penalty. Keras 2 is as Keras 3, with a global `clipnorm`.
///
/// Source: Keras, `SGD`; Sutskever et al., 2013, "On the importance of initialization and momentum in deep learning".
public struct SGD: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.01)
  /// Share of the velocity that is kept, 0 to 1.
  public var momentum = 0.0
  /// Whether the step looks ahead by the momentum.
  public var nesterov = false
  /// Share of the gradient that the velocity leaves out after the first step (PyTorch), 0 to 1.
  public var dampening = 0.0
  /// Whether the velocity contains the learning rate.
  public var momentumForm = MomentumForm.rateInside

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    momentum == 0 ? [] : ["momentum"]
  }

  /// Rows without a gradient stay as they are, unless a momentum carries them on.
  public var sparseUpdates: SparseUpdates { momentum == 0 ? .exact : .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    if momentum == 0 {
      w -= step.learningRate * g
      return
    }
    let (inner, outer) = momentumForm.split(step.learningRate)
    let share = dampening == 0 ? 1 : select(step.number .== 1, 1, Tensor(number: 1 - dampening))
    let force = inner * g
    slots.momentum = momentum * slots.momentum - force * share
    w += outer * (nesterov ? momentum * slots.momentum - force : slots.momentum)
  }

  public static let hyperparameters: [Hyperparameter<SGD>] = [
    .number("momentum", \.momentum, in: .fraction, "share of the velocity that is kept"),
    .flag("nesterov", \.nesterov, "whether the step looks ahead by the momentum"),
    .number("dampening", \.dampening, in: .fraction, "share of later gradients that the velocity leaves out", isInKeras: false),
    .choice("momentum_form", \.momentumForm, "whether the velocity contains the learning rate"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: [:],
    .torch: ["learning_rate": 0.001, "momentum_form": "rate_outside", "weight_decay_mode": "l2"],
    .paper: [:],
    .textbook: [:],
  ]

  public static let tunings = [TuningRange("momentum", 0.5...0.99, .complement)]

  public static let about = OptimizerDescription(
    summary: "stochastic gradient descent, with momentum if asked",
    formula: """
      momentum = 0:  w ← w − rate · g
      otherwise:     v ← momentum · v − rate · g
                     w ← w + v,  or with Nesterov  w ← w + momentum · v − rate · g
      """,
    source: "Sutskever et al., 2013, On the importance of initialization and momentum in deep learning",
    advice: """
      The plainest and, with momentum 0.9 and a schedule, still among the best for image networks. It zigzags across ravines: \
      momentum is the cure. The rate has to be found for each problem.
      """)
}

/// Where the learning rate stands in a momentum.
public enum MomentumForm: String, Sendable, CaseIterable {
  /// The velocity is a sum of steps, each with the rate of its time (Keras).
  case rateInside = "rate_inside"
  /// The velocity is a sum of gradients; the present rate multiplies it (PyTorch).
  case rateOutside = "rate_outside"

  /// The factors of the gradient and of the velocity.
  func split(_ rate: Tensor) -> (inner: Tensor, outer: Tensor) {
    self == .rateInside ? (rate, 1) : (1, rate)
  }
}

// MARK: - Initializers (written by scripts/initializers.py)

extension SGD {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.01 by default.
  ///   - momentum: share of the velocity that is kept, 0 to 1; 0 by default.
  ///   - nesterov: whether the step looks ahead by the momentum; false by default.
  ///   - dampening: share of the gradient that the velocity leaves out after the first step (PyTorch), 0 to 1; 0 by default.
  ///   - momentumForm: whether the velocity contains the learning rate; `.rateInside` by default.
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
    learningRate: (any LearningRateConvertible)? = nil, momentum: Double? = nil, nesterov: Bool? = nil, dampening: Double? = nil,
    momentumForm: MomentumForm? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let momentum { self.momentum = momentum }
    if let nesterov { self.nesterov = nesterov }
    if let dampening { self.dampening = dampening }
    if let momentumForm { self.momentumForm = momentumForm }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: SGD(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, momentum: Double? = nil, nesterov: Bool? = nil, dampening: Double? = nil,
    momentumForm: MomentumForm? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: SGD(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, momentum: Double? = nil, decay: Double? = nil, nesterov: Bool? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: SGD(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, momentum: Double? = nil, nesterov: Bool? = nil,
    dampening: Double? = nil, momentumForm: MomentumForm? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == SGD {
  /// ``SGD`` with its defaults.
  public static var sgd: SGD { SGD() }

  /// ``SGD`` with the given settings; see its initializer.
  public static func sgd(
    learningRate: (any LearningRateConvertible)? = nil, momentum: Double? = nil, nesterov: Bool? = nil, dampening: Double? = nil,
    momentumForm: MomentumForm? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> SGD {
    SGD(
      learningRate: learningRate, momentum: momentum, nesterov: nesterov, dampening: dampening, momentumForm: momentumForm,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

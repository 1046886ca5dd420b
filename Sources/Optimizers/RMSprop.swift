/// Divides the gradient by the root of its average square; with momentum and centring if asked.
///
///     v ← v + (1 − rho) · (g² − v)
///     centered:      a ← a + (1 − rho) · (g − a),  d = v − a²
///     not centered:  d = v
///     momentum = 0:  w ← w − rate · g / √(d + epsilon)
///     otherwise:     m ← momentum · m + rate · g / √(d + epsilon),  w ← w − m
///
/// Defaults: `learningRate` 0.001, `rho` 0.9, `momentum` 0, `epsilon` 1e-7, `centered` false.
///
/// Epsilon stands inside the root in Keras 3 only. Keras 2 (`convention: .keras2`) and PyTorch (`.torch`: rate 0.01, rho 0.99,
/// 1e-8) add it to the root, which matters where v is not much greater than epsilon². PyTorch's momentum sums gradients
/// without the rate, and its `weightDecay` is the derivative of an L2 penalty. Textbooks (`.textbook`) take the rate 0.01 and
/// `decay_rate` 0.99.
///
/// Source: Hinton, 2012, "Neural Networks for Machine Learning", lecture 6e; Keras, `RMSprop`; centring: Graves, 2013
/// (arXiv 1308.0850).
public struct RMSprop: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the average square that is kept, at least 0 and less than 1.
  public var rho = 0.9
  /// Share of the velocity that is kept, 0 to 1.
  public var momentum = 0.0
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// Whether to divide by the standard deviation instead of the root of the mean square.
  public var centered = false
  /// Where epsilon stands.
  public var epsilonPlace = EpsilonPlace.inside
  /// Whether the velocity contains the learning rate.
  public var momentumForm = MomentumForm.rateInside

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    ["velocity"] + (momentum > 0 ? [Slot("momentum", fileGroup: 1)] : [])
      + (centered ? [Slot("averageGradient", fileGroup: 2)] : [])
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.velocity = lerp(slots.velocity, g * g, 1 - rho)
    var square = slots.velocity
    if centered {
      slots.averageGradient = lerp(slots.averageGradient, g, 1 - rho)
      square -= slots.averageGradient * slots.averageGradient
    }
    let root = epsilonPlace.root(square, epsilon)
    if momentum > 0 {
      let (inner, outer) = momentumForm.split(step.learningRate)
      slots.momentum = momentum * slots.momentum + inner * g / root
      w -= outer * slots.momentum
    } else {
      w -= step.learningRate * g / root
    }
  }

  public static let hyperparameters: [Hyperparameter<RMSprop>] = [
    .number("rho", \.rho, in: .decay, "share of the average square that is kept"),
    .number("momentum", \.momentum, in: .fraction, "share of the velocity that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("centered", \.centered, "whether to divide by the standard deviation"),
    .choice("epsilon_place", \.epsilonPlace, "whether epsilon stands inside or outside the root"),
    .choice("momentum_form", \.momentumForm, "whether the velocity contains the learning rate"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: ["epsilon_place": "outside"],
    .torch: [
      "learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8, "epsilon_place": "outside", "momentum_form": "rate_outside",
      "weight_decay_mode": "l2",
    ],
    .paper: ["epsilon_place": "outside"],
    .textbook: ["learning_rate": 0.01, "rho": 0.99, "epsilon_place": "outside"],
  ]

  public static let tunings = [TuningRange("rho", 0.7...0.997, .complement)]

  public static let about = OptimizerDescription(
    summary: "divides the gradient by the root of its average square",
    formula: """
      v ← v + (1 − rho) · (g² − v)
      centered:      a ← a + (1 − rho) · (g − a),  d = v − a²
      not centered:  d = v
      momentum = 0:  w ← w − rate · g / √(d + epsilon)
      otherwise:     m ← momentum · m + rate · g / √(d + epsilon),  w ← w − m
      """,
    source: "Hinton, 2012, Neural Networks for Machine Learning, lecture 6e",
    advice: """
      Good for recurrent networks and reinforcement learning. Steps have about the size of the rate whatever the gradient's. \
      Keras 3 has epsilon inside the root; Keras 2 and PyTorch outside.
      """)
}

// MARK: - Initializers (written by scripts/initializers.py)

extension RMSprop {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - rho: share of the average square that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - momentum: share of the velocity that is kept, 0 to 1; 0 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - centered: whether to divide by the standard deviation instead of the root of the mean square; false by default.
  ///   - epsilonPlace: where epsilon stands; `.inside` by default.
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
    learningRate: (any LearningRateConvertible)? = nil, rho: Double? = nil, momentum: Double? = nil, epsilon: Double? = nil,
    centered: Bool? = nil, epsilonPlace: EpsilonPlace? = nil, momentumForm: MomentumForm? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let rho { self.rho = rho }
    if let momentum { self.momentum = momentum }
    if let epsilon { self.epsilon = epsilon }
    if let centered { self.centered = centered }
    if let epsilonPlace { self.epsilonPlace = epsilonPlace }
    if let momentumForm { self.momentumForm = momentumForm }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: RMSprop(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, rho: Double? = nil, momentum: Double? = nil, epsilon: Double? = nil, centered: Bool? = nil,
    epsilonPlace: EpsilonPlace? = nil, momentumForm: MomentumForm? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: RMSprop(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, rho: Double? = nil, epsilon: Double? = nil, decay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: RMSprop(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, rho: Double? = nil, momentum: Double? = nil, epsilon: Double? = nil,
    centered: Bool? = nil, epsilonPlace: EpsilonPlace? = nil, momentumForm: MomentumForm? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == RMSprop {
  /// ``RMSprop`` with its defaults.
  public static var rmsprop: RMSprop { RMSprop() }

  /// ``RMSprop`` with the given settings; see its initializer.
  public static func rmsprop(
    learningRate: (any LearningRateConvertible)? = nil, rho: Double? = nil, momentum: Double? = nil, epsilon: Double? = nil,
    centered: Bool? = nil, epsilonPlace: EpsilonPlace? = nil, momentumForm: MomentumForm? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> RMSprop {
    RMSprop(
      learningRate: learningRate, rho: rho, momentum: momentum, epsilon: epsilon, centered: centered, epsilonPlace: epsilonPlace,
      momentumForm: momentumForm, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

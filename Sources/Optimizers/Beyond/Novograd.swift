/// Momentum of gradients that are divided by the average norm of the whole parameter's gradient.
///
///     v ← v + (1 − beta2) · (‖g‖² − v)              (v = ‖g‖² at the first step)
///     u = g / (√v + epsilon) + weightDecay · w
///     m ← beta1 · m + u                              (gradAveraging: m ← m + (1 − beta1) · (u − m), and m = u at the first step)
///     w ← w − rate · m
///
/// Defaults: `learningRate` 0.001, `beta1` 0.95, `beta2` 0.98, `epsilon` 1e-8, `gradAveraging` false, `decayInside` true.
///
/// v is one number for each parameter (the paper's layers). Weight decay is inside the momentum, as in the paper; with
/// `decayInside` false it is decoupled like everywhere else. optax's defaults are beta1 0.9, beta2 0.25 and epsilon 1e-6.
///
/// Source: Ginsburg et al., 2019, "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep Networks"
/// (arXiv 1905.11286).
public struct Novograd: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the momentum that is kept, at least 0 and less than 1.
  public var beta1 = 0.95
  /// Share of the average squared norm that is kept, at least 0 and less than 1.
  public var beta2 = 0.98
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Whether the momentum is an average rather than a sum.
  public var gradAveraging = false
  /// Whether weight decay is part of the momentum.
  public var decayInside = true

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", Slot("velocity", shape: .scalar)] }

  public var decaysWeightsItself: Bool { decayInside }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let isFirst = step.number .== 1
    slots.velocity = lerp(slots.velocity, (g * g).sum(), select(isFirst, 1, Tensor(number: 1 - beta2)))
    var u = g / (sqrt(slots.velocity) + epsilon)
    if decayInside && step.weightDecay > 0 { u += step.weightDecay * w }
    if gradAveraging {
      slots.momentum = lerp(slots.momentum, u, select(isFirst, 1, Tensor(number: 1 - beta1)))
    } else {
      slots.momentum = beta1 * slots.momentum + u
    }
    w -= step.learningRate * slots.momentum
  }

  public static let hyperparameters: [Hyperparameter<Novograd>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the momentum that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared norm that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("grad_averaging", \.gradAveraging, "whether the momentum is an average rather than a sum"),
    .flag("decay_inside", \.decayInside, "whether weight decay is part of the momentum"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "momentum of gradients divided by the average norm of the parameter's gradient",
    formula: """
      v ← v + (1 − beta_2) · (‖g‖² − v)              (v = ‖g‖² at the first step)
      u = g / (√v + epsilon) + weight_decay · w
      m ← beta_1 · m + u                              (grad_averaging: m ← m + (1 − beta_1) · (u − m), and m = u at the first step)
      w ← w − rate · m
      """,
    source: """
      Ginsburg et al., 2019, Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep Networks \
      (arXiv 1905.11286)
      """,
    advice: "One number beside the momentum; robust to the rate and to large batches, in speech and vision.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Novograd {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the momentum that is kept, at least 0 and less than 1; 0.95 by default.
  ///   - beta2: share of the average squared norm that is kept, at least 0 and less than 1; 0.98 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - gradAveraging: whether the momentum is an average rather than a sum; false by default.
  ///   - decayInside: whether weight decay is part of the momentum; true by default.
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
    epsilon: Double? = nil, gradAveraging: Bool? = nil, decayInside: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let gradAveraging { self.gradAveraging = gradAveraging }
    if let decayInside { self.decayInside = decayInside }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Novograd {
  /// ``Novograd`` with its defaults.
  public static var novograd: Novograd { Novograd() }

  /// ``Novograd`` with the given settings; see its initializer.
  public static func novograd(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, gradAveraging: Bool? = nil, decayInside: Bool? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Novograd {
    Novograd(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon,
      gradAveraging: gradAveraging, decayInside: decayInside, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

/// Divides the gradient by the root of its average square and multiplies it by that of its past steps, so that the units fit.
///
///     a ← a + (1 − rho) · (g² − a)
///     u = g · √(d + epsilon) / √(a + epsilon)
///     d ← d + (1 − rho) · (u² − d)
///     w ← w − rate · u
///
/// Defaults: `learningRate` 0.001, `rho` 0.95, `epsilon` 1e-7.
///
/// The rate stands outside d everywhere. Only Keras 3's default rate is so small that hardly anything moves; the paper has no
/// rate at all, that is 1 (`convention: .paper` and `.torch`: 1, epsilon 1e-6, PyTorch with rho 0.9; `.keras2`: 1).
///
/// Source: Zeiler, 2012, "ADADELTA: An Adaptive Learning Rate Method" (arXiv 1212.5701); Keras, `Adadelta`.
public struct Adadelta: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the averages that is kept, at least 0 and less than 1.
  public var rho = 0.95
  /// Keeps the divisor from 0 and the first step from being 0.
  public var epsilon = 1e-7

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["accumulatedGrad", "accumulatedDeltaVar"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.accumulatedGrad = lerp(slots.accumulatedGrad, g * g, 1 - rho)
    let change = g * sqrt(slots.accumulatedDeltaVar + epsilon) / sqrt(slots.accumulatedGrad + epsilon)
    slots.accumulatedDeltaVar = lerp(slots.accumulatedDeltaVar, change * change, 1 - rho)
    w -= step.learningRate * change
  }

  public static let hyperparameters: [Hyperparameter<Adadelta>] = [
    .number("rho", \.rho, in: .decay, "share of the averages that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor, and the first step, from 0"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: ["learning_rate": 1.0],
    .torch: ["learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6, "weight_decay_mode": "l2"],
    .paper: ["learning_rate": 1.0, "epsilon": 1e-6],
  ]

  public static let about = OptimizerDescription(
    summary: "adapts the step to the sizes of past gradients and past steps",
    formula: """
      a ← a + (1 − rho) · (g² − a)
      u = g · √(d + epsilon) / √(a + epsilon)
      d ← d + (1 − rho) · (u² − d)
      w ← w − rate · u
      """,
    source: "Zeiler, 2012, ADADELTA: An Adaptive Learning Rate Method (arXiv 1212.5701)",
    advice: "Take the rate 1, as the paper does: Keras 3's default of 0.001 is a thousand times less.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Adadelta {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - rho: share of the averages that is kept, at least 0 and less than 1; 0.95 by default.
  ///   - epsilon: keeps the divisor from 0 and the first step from being 0; 1e-7 by default.
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
    learningRate: (any LearningRateConvertible)? = nil, rho: Double? = nil, epsilon: Double? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let rho { self.rho = rho }
    if let epsilon { self.epsilon = epsilon }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adadelta(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, rho: Double? = nil, epsilon: Double? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adadelta(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, rho: Double? = nil, epsilon: Double? = nil, decay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adadelta(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, rho: Double? = nil, epsilon: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == Adadelta {
  /// ``Adadelta`` with its defaults.
  public static var adadelta: Adadelta { Adadelta() }

  /// ``Adadelta`` with the given settings; see its initializer.
  public static func adadelta(
    learningRate: (any LearningRateConvertible)? = nil, rho: Double? = nil, epsilon: Double? = nil, weightDecay: Double? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> Adadelta {
    Adadelta(
      learningRate: learningRate, rho: rho, epsilon: epsilon, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

/// ``Adam`` with Nesterov's momentum, whose strength follows a schedule of its own.
///
///     µₖ = beta1 · (1 − 0.5 · 0.96^(k · scheduleDecay)),   U ← U · µₜ   (U starts at 1)
///     m ← m + (1 − beta1) · (g − m)
///     v ← v + (1 − beta2) · (g² − v)
///     m̂ = µₜ₊₁ · m / (1 − U · µₜ₊₁) + (1 − µₜ) · g / (1 − U)
///     w ← w − rate · m̂ / (√(v / (1 − beta2ᵗ)) + epsilon)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7, `scheduleDecay` 1.
///
/// Keras 3 lost the factor 0.004 of the paper, of Keras 2 and of PyTorch (`convention: .paper`, `.keras2`, `.torch`; all with the
/// rate 0.002, PyTorch and the paper with epsilon 1e-8): its µ reaches beta1 within a hundred steps and not in ten thousand.
/// PyTorch calls the factor `momentum_decay`. Optax's `nadam` and TensorFlow's `use_nesterov` have no schedule of µ at all.
///
/// Source: Dozat, 2016, "Incorporating Nesterov Momentum into Adam"; Keras, `Nadam`.
public struct Nadam: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, numberPrecision: .parameter)
  /// What the momentum's strength tends to, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// How fast the momentum's strength grows from beta1 / 2 to beta1.
  public var scheduleDecay = 1.0

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "velocity"] }

  public var sharedSlots: [Slot] { [Slot("uProduct", shape: .scalar, start: .number(1))] }

  public func prepare(shared: inout Slots, step: Step) {
    shared.uProduct *= strength(at: step.number)
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - step.number.dtype.rounded(beta1))
    slots.velocity = lerp(slots.velocity, g * g, 1 - step.number.dtype.rounded(beta2))

    let now = strength(at: step.number)
    let next = strength(at: step.number + 1)
    let product = step.shared.uProduct
    let mean = next / (1 - product * next) * slots.momentum + (1 - now) / (1 - product) * g
    // √(v / correction²) = √v / correction, which leaves the division to the numbers.
    let correction = sqrt(1 - pow(beta2, step.number))
    w -= step.learningRate * correction * mean / (sqrt(slots.velocity) + epsilon * correction)
  }

  private func strength(at number: Tensor) -> Tensor {
    beta1 * (1 - 0.5 * pow(0.96, number * scheduleDecay))
  }

  public static let hyperparameters: [Hyperparameter<Nadam>] = [
    .number("beta_1", \.beta1, in: .decay, "what the momentum's strength tends to"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .number(
      "schedule_decay", \.scheduleDecay, in: .nonNegative, "how fast the momentum's strength grows to beta_1",
      aliases: ["momentum_decay"], isInKeras: false),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: ["learning_rate": 0.002, "schedule_decay": 0.004],
    .torch: ["learning_rate": 0.002, "schedule_decay": 0.004, "epsilon": 1e-8, "weight_decay_mode": "l2"],
    .paper: ["learning_rate": 0.002, "schedule_decay": 0.004, "epsilon": 1e-8],
  ]

  public static let tunings = [TuningRange("beta_2", 0.9...0.9997, .complement)]

  public static let about = OptimizerDescription(
    summary: "Adam with Nesterov's momentum",
    formula: """
      µₖ = beta_1 · (1 − 0.5 · 0.96^(k · schedule_decay)),   U ← U · µₜ   (U starts at 1)
      m ← m + (1 − beta_1) · (g − m)
      v ← v + (1 − beta_2) · (g² − v)
      m̂ = µₜ₊₁ · m / (1 − U · µₜ₊₁) + (1 − µₜ) · g / (1 − U)
      w ← w − rate · m̂ / (√(v / (1 − beta_2ᵗ)) + epsilon)
      """,
    source: "Dozat, 2016, Incorporating Nesterov Momentum into Adam",
    advice: """
      Often a little faster than Adam. Keras 3 lost the paper's factor of 0.004 (schedule_decay): the other conventions have it.
      """)
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Nadam {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta1: what the momentum's strength tends to, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - scheduleDecay: how fast the momentum's strength grows from beta1 / 2 to beta1; 1 by default.
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
    scheduleDecay: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let scheduleDecay { self.scheduleDecay = scheduleDecay }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Nadam(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    scheduleDecay: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Nadam(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, beta_1: Double? = nil, beta_2: Double? = nil, epsilon: Double? = nil,
    schedule_decay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Nadam(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    scheduleDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == Nadam {
  /// ``Nadam`` with its defaults.
  public static var nadam: Nadam { Nadam() }

  /// ``Nadam`` with the given settings; see its initializer.
  public static func nadam(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    scheduleDecay: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Nadam {
    Nadam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, scheduleDecay: scheduleDecay,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

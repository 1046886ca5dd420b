/// Adam without momentum on z, an average x of it over all time, and gradients taken between the two: needs no schedule.
///
///     rate' = rate · min(t / warmupSteps, 1)
///     v ← v + (1 − beta2) · (g² − v)
///     x = (w − (1 − beta1) · z) / beta1
///     z ← z − rate' · g / (√(v / (1 − beta2ᵗ)) + epsilon)       (z starts at w)
///     x ← (1 − 1/t) · x + z / t
///     w ← (1 − beta1) · z + beta1 · x
///
/// Defaults: `learningRate` 0.0025, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `warmupSteps` 0.
///
/// These are Keras's formulas. Their authors average by the squares of the rates, decay the weights at w, and evaluate at x, not at w; with
/// `evaluatesAverage` (false by default) evaluation takes x here too. `beta1` must be greater than 0, or x could not be told.
///
/// Source: Defazio et al., 2024, "The Road Less Scheduled" (arXiv 2405.15682); Keras, `ScheduleFreeAdamW`.
public struct ScheduleFreeAdamW: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.0025, numberPrecision: .parameter)
  /// Where gradients are taken: between z (0) and the average (1).
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Updates until the rate is reached.
  public var warmupSteps = 0
  /// Whether evaluation takes the average x.
  public var evaluatesAverage = false

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    // Keras's names; "momentum" is z.
    [Slot("momentum", start: .parameter), "velocity"]
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let warmup = warmupSteps > 0 ? minimum(step.number / Double(warmupSteps), 1) : 1
    let correction = sqrt(1 - pow(beta2, step.number))
    let average = average(w, slots)

    slots.velocity = lerp(slots.velocity, g * g, 1 - step.number.dtype.rounded(beta2))
    slots.momentum -= step.learningRate * warmup * correction * g / (sqrt(slots.velocity) + epsilon * correction)
    w = lerp(slots.momentum, lerp(average, slots.momentum, 1 / step.number), beta1)
  }

  public func evaluationValue(of w: Tensor, slots: Slots) -> Tensor? { evaluatesAverage ? average(w, slots) : nil }

  /// Undoes the interpolation of the last step. What it misses by adds up from step to step, so its shares are made of beta1 as
  /// the weights' dtype has it.
  private func average(_ w: Tensor, _ slots: Slots) -> Tensor {
    let share = w.dtype.rounded(beta1)
    return (w - (1 - share) * slots.momentum) * (1 / share)
  }

  public static let hyperparameters: [Hyperparameter<ScheduleFreeAdamW>] = [
    .number("beta_1", \.beta1, in: .interpolation, "where gradients are taken, between z and the average"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates until the rate is reached"),
    .flag("evaluates_average", \.evaluatesAverage, "whether evaluation takes the average", isInKeras: false),
  ]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Adam on z, its average x, gradients between the two: no schedule",
    formula: """
      rate' = rate · min(t / warmup_steps, 1)
      v ← v + (1 − beta_2) · (g² − v)
      x = (w − (1 − beta_1) · z) / beta_1
      z ← z − rate' · g / (√(v / (1 − beta_2ᵗ)) + epsilon)       (z starts at w)
      x ← (1 − 1/t) · x + z / t
      w ← (1 − beta_1) · z + beta_1 · x
      """,
    source: "Defazio et al., 2024, The Road Less Scheduled (arXiv 2405.15682)",
    advice: "Where the length of the training is not known beforehand. Keras evaluates at w; evaluates_average=true takes x.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension ScheduleFreeAdamW {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.0025 by default.
  ///   - beta1: where gradients are taken: between z (0) and the average (1); 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - warmupSteps: updates until the rate is reached; 0 by default.
  ///   - evaluatesAverage: whether evaluation takes the average x; false by default.
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
    warmupSteps: Int? = nil, evaluatesAverage: Bool? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let warmupSteps { self.warmupSteps = warmupSteps }
    if let evaluatesAverage { self.evaluatesAverage = evaluatesAverage }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == ScheduleFreeAdamW {
  /// ``ScheduleFreeAdamW`` with its defaults.
  public static var scheduleFreeAdamW: ScheduleFreeAdamW { ScheduleFreeAdamW() }

  /// ``ScheduleFreeAdamW`` with the given settings; see its initializer.
  public static func scheduleFreeAdamW(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    warmupSteps: Int? = nil, evaluatesAverage: Bool? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> ScheduleFreeAdamW {
    ScheduleFreeAdamW(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, warmupSteps: warmupSteps,
      evaluatesAverage: evaluatesAverage, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

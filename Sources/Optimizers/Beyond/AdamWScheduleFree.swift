/// ``AdamW`` that needs no schedule, as its authors define it: steps at z, an average x of all z for evaluation, gradients at
/// the weights w between the two.
///
///     rate' = rate · min(t / warmupSteps, 1)
///     v ← v + (1 − beta2) · (g² − v)
///     u = g / (√(v / (1 − beta2ᵗ)) + epsilon) + weightDecay · w
///     greatest ← max(greatest, rate'),  sum ← sum + t^r · greatest^weightRatePower
///     c = t^r · greatest^weightRatePower / sum
///     w ← w + c · (z − w) + rate' · (beta1 · (1 − c) − 1) · u
///     z ← z − rate' · u                                   (z starts at the weights)
///     evaluation:  x = w + (1 − 1 / beta1) · (z − w)
///
/// Defaults: `learningRate` 0.0025, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `warmupSteps` 0, `r` 0, `weightRatePower` 2, no
/// weight decay.
///
/// ``ScheduleFreeAdamW`` is Keras's: it averages all z alike, decays the weights before the step, and evaluates w.
///
/// Source: Defazio et al., 2024, "The Road Less Scheduled" (arXiv 2405.15682); the authors' package.
public struct AdamWScheduleFree: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.0025)
  /// Where gradients are taken: between z (0) and the average (1); greater than 0.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Updates until the rate is reached.
  public var warmupSteps = 0
  /// The power of the update's number in the average's weights.
  public var r = 0.0
  /// The power of the greatest rate in the average's weights.
  public var weightRatePower = 2.0

  public init() {}

  private var average: ScheduleFreeAverage { ScheduleFreeAverage(beta: beta1, exponent: r, ratePower: weightRatePower) }

  public func slots(for parameter: ParameterDescription) -> [Slot] { [ScheduleFreeAverage.slot, "velocity"] }

  public var sharedSlots: [Slot] { ScheduleFreeAverage.sharedSlots }

  public var decaysWeightsItself: Bool { true }

  public func prepare(shared: inout Slots, step: Step) {
    let rate = step.learningRate * ScheduleFreeAverage.warmup(step, warmupSteps)
    average.prepare(shared: &shared, rate: rate, number: step.number)
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)
    let correction = sqrt(1 - pow(beta2, step.number))
    var change = correction * g / (sqrt(slots.velocity) + epsilon * correction)
    if step.weightDecay > 0 { change += step.weightDecay * w }
    let rate = step.learningRate * ScheduleFreeAverage.warmup(step, warmupSteps)
    average.move(&w, by: change, slots: &slots, rate: rate, step: step)
  }

  public func evaluationValue(of w: Tensor, slots: Slots) -> Tensor? { average.average(w, slots) }

  public static let hyperparameters: [Hyperparameter<AdamWScheduleFree>] = [
    .number("beta_1", \.beta1, in: .interpolation, "where gradients are taken, between z and the average"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates until the rate is reached"),
    .number("r", \.r, in: .nonNegative, "power of the update's number in the average's weights"),
    .number("weight_lr_power", \.weightRatePower, in: .nonNegative, "power of the greatest rate in the average's weights"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "AdamW without a schedule, as its authors define it: evaluation at the average",
    formula: """
      rate' = rate · min(t / warmup_steps, 1)
      v ← v + (1 − beta_2) · (g² − v)
      u = g / (√(v / (1 − beta_2ᵗ)) + epsilon) + weight_decay · w
      greatest ← max(greatest, rate'),  sum ← sum + t^r · greatest^weight_lr_power
      c = t^r · greatest^weight_lr_power / sum
      w ← w + c · (z − w) + rate' · (beta_1 · (1 − c) − 1) · u
      z ← z − rate' · u                                   (z starts at the weights)
      evaluation:  x = w + (1 − 1 / beta_1) · (z − w)
      """,
    source: "Defazio et al., 2024, The Road Less Scheduled (arXiv 2405.15682)",
    advice: "Where the length of the training is not known beforehand. Keras's ScheduleFreeAdamW averages and decays otherwise.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension AdamWScheduleFree {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.0025 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: where gradients are taken: between z (0) and the average (1); greater than 0; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - warmupSteps: updates until the rate is reached; 0 by default.
  ///   - r: the power of the update's number in the average's weights; 0 by default.
  ///   - weightRatePower: the power of the greatest rate in the average's weights; 2 by default.
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
    epsilon: Double? = nil, warmupSteps: Int? = nil, r: Double? = nil, weightRatePower: Double? = nil, clipnorm: Double? = nil,
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
    if let r { self.r = r }
    if let weightRatePower { self.weightRatePower = weightRatePower }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == AdamWScheduleFree {
  /// ``AdamWScheduleFree`` with its defaults.
  public static var adamWScheduleFree: AdamWScheduleFree { AdamWScheduleFree() }

  /// ``AdamWScheduleFree`` with the given settings; see its initializer.
  public static func adamWScheduleFree(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, warmupSteps: Int? = nil, r: Double? = nil, weightRatePower: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> AdamWScheduleFree {
    AdamWScheduleFree(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, warmupSteps: warmupSteps,
      r: r, weightRatePower: weightRatePower, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm,
      useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

/// ``SGD`` that needs no schedule: steps at z, an average x of all z for evaluation, gradients at the weights w between the
/// two.
///
///     rate' = rate · min(t / warmupSteps, 1)
///     u = g + weightDecay · w
///     greatest ← max(greatest, rate'),  sum ← sum + t^r · greatest^weightRatePower
///     c = t^r · greatest^weightRatePower / sum
///     w ← w + c · (z − w) + rate' · (momentum · (1 − c) − 1) · u
///     z ← z − rate' · u                                   (z starts at the weights)
///     evaluation:  x = w + (1 − 1 / momentum) · (z − w)
///
/// Defaults: `learningRate` 1, `momentum` 0.9 (where gradients are taken between z, 0, and x, 1), `warmupSteps` 0, `r` 0,
/// `weightRatePower` 2, no weight decay.
///
/// As in the authors' package. The model evaluates and saves x, trains w. Source: Defazio et al., 2024, "The Road Less
/// Scheduled" (arXiv 2405.15682).
public struct SGDScheduleFree: Optimizer {
  public var options = OptimizerOptions(learningRate: 1)
  /// Where gradients are taken: between z (0) and the average (1); greater than 0.
  public var momentum = 0.9
  /// Updates until the rate is reached.
  public var warmupSteps = 0
  /// The power of the update's number in the average's weights.
  public var r = 0.0
  /// The power of the greatest rate in the average's weights.
  public var weightRatePower = 2.0

  public init() {}

  private var average: ScheduleFreeAverage {
    ScheduleFreeAverage(beta: momentum, exponent: r, ratePower: weightRatePower)
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] { [ScheduleFreeAverage.slot] }

  public var sharedSlots: [Slot] { ScheduleFreeAverage.sharedSlots }

  public var decaysWeightsItself: Bool { true }

  public func prepare(shared: inout Slots, step: Step) {
    let rate = step.learningRate * ScheduleFreeAverage.warmup(step, warmupSteps)
    average.prepare(shared: &shared, rate: rate, number: step.number)
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let change = step.weightDecay > 0 ? g + step.weightDecay * w : g
    let rate = step.learningRate * ScheduleFreeAverage.warmup(step, warmupSteps)
    average.move(&w, by: change, slots: &slots, rate: rate, step: step)
  }

  public func evaluationValue(of w: Tensor, slots: Slots) -> Tensor? { average.average(w, slots) }

  public static let hyperparameters: [Hyperparameter<SGDScheduleFree>] = [
    .number("momentum", \.momentum, in: .interpolation, "where gradients are taken, between z and the average"),
    .integer("warmup_steps", \.warmupSteps, atLeast: 0, "updates until the rate is reached"),
    .number("r", \.r, in: .nonNegative, "power of the update's number in the average's weights"),
    .number("weight_lr_power", \.weightRatePower, in: .nonNegative, "power of the greatest rate in the average's weights"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "SGD on z, its average x for evaluation, gradients between the two: no schedule",
    formula: """
      rate' = rate · min(t / warmup_steps, 1)
      u = g + weight_decay · w
      greatest ← max(greatest, rate'),  sum ← sum + t^r · greatest^weight_lr_power
      c = t^r · greatest^weight_lr_power / sum
      w ← w + c · (z − w) + rate' · (momentum · (1 − c) − 1) · u
      z ← z − rate' · u                                   (z starts at the weights)
      evaluation:  x = w + (1 − 1 / momentum) · (z − w)
      """,
    source: "Defazio et al., 2024, The Road Less Scheduled (arXiv 2405.15682)",
    advice: "Where the length of the training is not known beforehand. Rates ten to fifty times SGD's; a warm-up helps.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension SGDScheduleFree {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 1 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - momentum: where gradients are taken: between z (0) and the average (1); greater than 0; 0.9 by default.
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
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    warmupSteps: Int? = nil, r: Double? = nil, weightRatePower: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let momentum { self.momentum = momentum }
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

extension Optimizer where Self == SGDScheduleFree {
  /// ``SGDScheduleFree`` with its defaults.
  public static var sgdScheduleFree: SGDScheduleFree { SGDScheduleFree() }

  /// ``SGDScheduleFree`` with the given settings; see its initializer.
  public static func sgdScheduleFree(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    warmupSteps: Int? = nil, r: Double? = nil, weightRatePower: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> SGDScheduleFree {
    SGDScheduleFree(
      learningRate: learningRate, weightDecay: weightDecay, momentum: momentum, warmupSteps: warmupSteps, r: r,
      weightRatePower: weightRatePower, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

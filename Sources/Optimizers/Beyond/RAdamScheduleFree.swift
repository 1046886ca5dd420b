/// ``RAdam`` that needs neither schedule nor warm-up, as the authors of schedule-free learning define it.
///
///     ρ∞ = 2 / (1 − beta2) − 1,  ρ = ρ∞ − 2 · t · beta2ᵗ / (1 − beta2ᵗ)
///     f = √((ρ − 4) · (ρ − 2) · ρ∞ / ((ρ∞ − 4) · (ρ∞ − 2) · ρ))
///     rate' = rate · f where ρ > 4, else 0                (else rate if silentSGDPhase is false)
///     v ← v + (1 − beta2) · (g² − v)
///     direction = g / (√(v / (1 − beta2ᵗ)) + epsilon) where ρ > 4, else g
///     u = direction + weightDecay · w
///     greatest ← max(greatest, rate'),  sum ← sum + t^r · greatest^weightRatePower
///     c = t^r · greatest^weightRatePower / sum where sum > 0, else 0
///     w ← w + c · (z − w) + rate' · (beta1 · (1 − c) − 1) · u
///     z ← z − rate' · u                                   (z starts at the weights)
///     evaluation:  x = w + (1 − 1 / beta1) · (z − w)
///
/// Defaults: `learningRate` 0.0025, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `r` 0, `weightRatePower` 2, `silentSGDPhase`
/// true, no weight decay.
///
/// Source: Defazio et al., 2024, "The Road Less Scheduled" (arXiv 2405.15682); the authors' package.
public struct RAdamScheduleFree: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.0025)
  /// Where gradients are taken: between z (0) and the average (1); greater than 0.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// The power of the update's number in the average's weights.
  public var r = 0.0
  /// The power of the greatest rate in the average's weights.
  public var weightRatePower = 2.0
  /// Whether no step is made before the average of squares can be trusted.
  public var silentSGDPhase = true

  public init() {}

  private var average: ScheduleFreeAverage { ScheduleFreeAverage(beta: beta1, exponent: r, ratePower: weightRatePower) }

  public func slots(for parameter: ParameterDescription) -> [Slot] { [ScheduleFreeAverage.slot, "velocity"] }

  public var sharedSlots: [Slot] { ScheduleFreeAverage.sharedSlots }

  public var decaysWeightsItself: Bool { true }

  /// What the rate is multiplied by, and whether the step is divided.
  private func rectification(_ step: Step) -> (factor: Tensor, isRectified: Tensor) {
    let rectification = Rectification(beta2: beta2, number: step.number)
    let isRectified = rectification.length .> 4
    return (select(isRectified, rectification.factor, silentSGDPhase ? 0 : 1), isRectified)
  }

  public func prepare(shared: inout Slots, step: Step) {
    average.prepare(shared: &shared, rate: step.learningRate * rectification(step).factor, number: step.number)
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let (factor, isRectified) = rectification(step)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)
    let correction = sqrt(1 - pow(beta2, step.number))
    let divisor = select(isRectified, sqrt(slots.velocity) + epsilon * correction, 1)
    var change = select(isRectified, correction, 1) * g / divisor
    if step.weightDecay > 0 { change += step.weightDecay * w }
    average.move(&w, by: change, slots: &slots, rate: step.learningRate * factor, step: step)
  }

  public func evaluationValue(of w: Tensor, slots: Slots) -> Tensor? { average.average(w, slots) }

  public static let hyperparameters: [Hyperparameter<RAdamScheduleFree>] = [
    .number("beta_1", \.beta1, in: .interpolation, "where gradients are taken, between z and the average"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .number("r", \.r, in: .nonNegative, "power of the update's number in the average's weights"),
    .number("weight_lr_power", \.weightRatePower, in: .nonNegative, "power of the greatest rate in the average's weights"),
    .flag("silent_sgd_phase", \.silentSGDPhase, "whether no step is made before the squares can be trusted"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "RAdam without schedule or warm-up: evaluation at the average",
    formula: """
      ρ∞ = 2 / (1 − beta_2) − 1,  ρ = ρ∞ − 2 · t · beta_2ᵗ / (1 − beta_2ᵗ)
      f = √((ρ − 4) · (ρ − 2) · ρ∞ / ((ρ∞ − 4) · (ρ∞ − 2) · ρ))
      rate' = rate · f where ρ > 4, else 0                (else rate if silent_sgd_phase is false)
      v ← v + (1 − beta_2) · (g² − v)
      direction = g / (√(v / (1 − beta_2ᵗ)) + epsilon) where ρ > 4, else g
      u = direction + weight_decay · w
      greatest ← max(greatest, rate'),  sum ← sum + t^r · greatest^weight_lr_power
      c = t^r · greatest^weight_lr_power / sum where sum > 0, else 0
      w ← w + c · (z − w) + rate' · (beta_1 · (1 − c) − 1) · u
      z ← z − rate' · u                                   (z starts at the weights)
      evaluation:  x = w + (1 − 1 / beta_1) · (z − w)
      """,
    source: "Defazio et al., 2024, The Road Less Scheduled (arXiv 2405.15682)",
    advice: "AdamWScheduleFree without the warm-up to tune.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension RAdamScheduleFree {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.0025 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: where gradients are taken: between z (0) and the average (1); greater than 0; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - r: the power of the update's number in the average's weights; 0 by default.
  ///   - weightRatePower: the power of the greatest rate in the average's weights; 2 by default.
  ///   - silentSGDPhase: whether no step is made before the average of squares can be trusted; true by default.
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
    epsilon: Double? = nil, r: Double? = nil, weightRatePower: Double? = nil, silentSGDPhase: Bool? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let r { self.r = r }
    if let weightRatePower { self.weightRatePower = weightRatePower }
    if let silentSGDPhase { self.silentSGDPhase = silentSGDPhase }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == RAdamScheduleFree {
  /// ``RAdamScheduleFree`` with its defaults.
  public static var rAdamScheduleFree: RAdamScheduleFree { RAdamScheduleFree() }

  /// ``RAdamScheduleFree`` with the given settings; see its initializer.
  public static func rAdamScheduleFree(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, r: Double? = nil, weightRatePower: Double? = nil, silentSGDPhase: Bool? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> RAdamScheduleFree {
    RAdamScheduleFree(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, r: r,
      weightRatePower: weightRatePower, silentSGDPhase: silentSGDPhase, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

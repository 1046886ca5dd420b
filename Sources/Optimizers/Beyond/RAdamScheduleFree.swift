/// ``RAdam`` that needs neither schedule nor warm-up, as the authors of schedule-free learning define it.
///
///     ρ, f: length and factor of the rectification, as for RAdam, with the threshold 4
///     rate' = rate · f where ρ > 4, else 0      (`silentSGDPhase` false: rate)
///     v ← v + (1 − beta2) · (g² − v)
///     u = g / (√(v / (1 − beta2ᵗ)) + epsilon) where ρ > 4, else g;  u ← u + weightDecay · y
///     then as ``AdamWScheduleFree``
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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, silentSGDPhase: Bool? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    options.weightDecay = weightDecay
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let silentSGDPhase { self.silentSGDPhase = silentSGDPhase }
  }

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
      rate' = rate · (factor of RAdam where ρ > 4, else 0)
      u = g / (√(v / (1 − beta_2ᵗ)) + epsilon) + weight_decay · y
      then as AdamWScheduleFree
      """,
    source: "Defazio et al., 2024, The Road Less Scheduled (arXiv 2405.15682)",
    advice: "AdamWScheduleFree without the warm-up to tune.")
}

extension Optimizer where Self == RAdamScheduleFree {
  /// ``RAdamScheduleFree`` with its defaults.
  public static var rAdamScheduleFree: RAdamScheduleFree { RAdamScheduleFree() }
}

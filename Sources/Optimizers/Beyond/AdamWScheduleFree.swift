/// ``AdamW`` that needs no schedule, as its authors define it: steps at z, an average x of all z for evaluation, gradients at
/// the weights y between the two.
///
///     rate' = rate · min(t / warmupSteps, 1)
///     v ← v + (1 − beta2) · (g² − v)
///     c = t^r · (greatest rate')^weightRatePower / (sum of these so far)
///     u = g / (√(v / (1 − beta2ᵗ)) + epsilon) + weightDecay · y
///     y ← y + c · (z − y) + rate' · (beta1 · (1 − c) − 1) · u
///     z ← z − rate' · u                                   (z starts at the weights)
///     evaluation: x = y + (1 − 1 / beta1) · (z − y)
///
/// Defaults: `learningRate` 0.0025, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `warmupSteps` 0, `r` 0, `weightRatePower` 2, no
/// weight decay.
///
/// ``ScheduleFreeAdamW`` is Keras's: it averages all z alike, decays the weights before the step, and evaluates y.
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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, warmupSteps: Int? = nil, r: Double? = nil, weightRatePower: Double? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    options.weightDecay = weightDecay
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let warmupSteps { self.warmupSteps = warmupSteps }
    if let r { self.r = r }
    if let weightRatePower { self.weightRatePower = weightRatePower }
  }

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

  public static let about = OptimizerDescription(
    summary: "AdamW without a schedule, as its authors define it: evaluation at the average",
    formula: """
      v ← v + (1 − beta_2) · (g² − v);  c = t^r · (greatest rate)^weight_lr_power / (sum of these so far)
      u = g / (√(v / (1 − beta_2ᵗ)) + epsilon) + weight_decay · y
      y ← y + c · (z − y) + rate · (beta_1 · (1 − c) − 1) · u;  z ← z − rate · u
      evaluation: x = y + (1 − 1 / beta_1) · (z − y)
      """,
    source: "Defazio et al., 2024, The Road Less Scheduled (arXiv 2405.15682)",
    advice: "Where the length of the training is not known beforehand. Keras's ScheduleFreeAdamW averages and decays otherwise.")
}

extension Optimizer where Self == AdamWScheduleFree {
  /// ``AdamWScheduleFree`` with its defaults.
  public static var adamWScheduleFree: AdamWScheduleFree { AdamWScheduleFree() }
}

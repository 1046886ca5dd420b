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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    scheduleDecay: Double? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let scheduleDecay { self.scheduleDecay = scheduleDecay }
  }

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

  public static let about = OptimizerDescription(
    summary: "Adam with Nesterov's momentum",
    formula: """
      µₖ = beta_1 · (1 − 0.5 · 0.96^(k · schedule_decay));  U ← U · µₜ
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

extension Optimizer where Self == Nadam {
  /// ``Nadam`` with Keras 3's defaults.
  public static var nadam: Nadam { Nadam() }

  /// ``Nadam`` with the given hyperparameters.
  public static func nadam(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    scheduleDecay: Double? = nil, convention: Convention = .keras3
  ) -> Nadam {
    Nadam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, scheduleDecay: scheduleDecay,
      convention: convention)
  }
}

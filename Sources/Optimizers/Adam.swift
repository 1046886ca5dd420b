/// Adam: averages of the gradient and of its square, both corrected for their start at zero; and AMSGrad.
///
///     m ← m + (1 − beta1) · (g − m)
///     v ← v + (1 − beta2) · (g² − v)
///     w ← w − rate · √(1 − beta2ᵗ) / (1 − beta1ᵗ) · m / (√v + epsilon)
///
/// With `amsgrad` the greatest v so far takes the place of v. t is the number of the update, from 1.
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7, `amsgrad` false.
///
/// Keras (2 and 3) adds epsilon to the root of the uncorrected v, the "epsilon hat" of the paper's section 2. PyTorch and the
/// paper's algorithm 1 (`convention: .torch`, `.paper`; 1e-8) add it to the corrected root, which is the same as epsilon ·
/// √(1 − beta2ᵗ) here. PyTorch's `weightDecay` is the derivative of an L2 penalty. MLX leaves the correction out by default.
/// PyTorch's `SparseAdam` is `Adam(epsilon: 1e-8)`, in Keras's place for epsilon, with ``ParameterSetting/isLazy``.
///
/// Source: Kingma & Ba, 2015, "Adam: A Method for Stochastic Optimization" (arXiv 1412.6980); Reddi et al., 2018, "On the
/// Convergence of Adam and Beyond" (AMSGrad; without the correction there).
public struct Adam: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, numberPrecision: .parameter)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// Whether the greatest average square so far divides.
  public var amsgrad = false
  /// Whether epsilon is added to the root before or after it is corrected for its start at zero.
  public var epsilonPlace = AdamEpsilonPlace.uncorrected

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    amsgrad: Bool? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let amsgrad { self.amsgrad = amsgrad }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    ["momentum", "velocity"] + (amsgrad ? [Slot("velocityHat", fileGroup: 1)] : [])
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)
    if amsgrad { slots.velocityHat = maximum(slots.velocityHat, slots.velocity) }
    let square = amsgrad ? slots.velocityHat : slots.velocity

    let correction = sqrt(1 - pow(beta2, step.number))
    let rate = step.learningRate * correction / (1 - pow(beta1, step.number))
    let offset = epsilonPlace == .corrected ? epsilon * correction : Tensor(number: epsilon)
    w -= rate * slots.momentum / (sqrt(square) + offset)
  }

  public static let hyperparameters: [Hyperparameter<Adam>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("amsgrad", \.amsgrad, "whether the greatest average square so far divides"),
    .choice("epsilon_place", \.epsilonPlace, "whether epsilon is added to the uncorrected or the corrected root"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: [:],
    .torch: ["epsilon": 1e-8, "epsilon_place": "corrected", "weight_decay_mode": "l2"],
    .paper: ["epsilon": 1e-8, "epsilon_place": "corrected"],
    .textbook: [:],
  ]

  public static let about = OptimizerDescription(
    summary: "averages of the gradient and its square, corrected for their start at zero",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      v ← v + (1 − beta_2) · (g² − v)
      w ← w − rate · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√v + epsilon)
      amsgrad: v̂ ← max(v̂, v) takes the place of v
      """,
    source: "Kingma & Ba, 2015, Adam: A Method for Stochastic Optimization (arXiv 1412.6980)",
    advice: "The usual first choice: the default rate works for most networks. With weight decay take AdamW.")
}

/// Where Adam adds epsilon.
public enum AdamEpsilonPlace: String, Sendable, CaseIterable {
  /// To √v (Keras).
  case uncorrected
  /// To √(v / (1 − beta2ᵗ)) (PyTorch, the paper's algorithm 1).
  case corrected
}

extension Optimizer where Self == Adam {
  /// ``Adam`` with Keras 3's defaults.
  public static var adam: Adam { Adam() }

  /// ``Adam`` with the given hyperparameters.
  public static func adam(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    amsgrad: Bool? = nil, convention: Convention = .keras3
  ) -> Adam {
    Adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, convention: convention)
  }
}

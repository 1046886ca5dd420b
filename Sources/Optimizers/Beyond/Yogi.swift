/// ``Adam`` whose average of squares moves by the sign of what it is off, so that it never falls or rises fast.
///
///     m ← m + (1 − beta1) · (g − m)
///     v ← v − (1 − beta2) · sign(v − g²) · g²
///     w ← w − rate · √(1 − beta2ᵗ) / (1 − beta1ᵗ) · m / (√v + epsilon · √(1 − beta2ᵗ))
///
/// Defaults: `learningRate` 0.01, `beta1` 0.9, `beta2` 0.999, `epsilon` 0.001, `initialAccumulatorValue` 1e-6 (where m and v
/// start).
///
/// As in optax, pytorch_optimizer and TensorFlow Addons. The paper starts v at the square of a first gradient.
///
/// Source: Zaheer et al., 2018, "Adaptive Methods for Nonconvex Optimization" (NeurIPS 31).
public struct Yogi: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.01)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// 1 minus the share of the squared gradient by which v moves, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-3
  /// Where both averages start.
  public var initialAccumulatorValue = 1e-6

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    initialAccumulatorValue: Double? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let initialAccumulatorValue { self.initialAccumulatorValue = initialAccumulatorValue }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    [Slot("momentum", start: .number(initialAccumulatorValue)), Slot("velocity", start: .number(initialAccumulatorValue))]
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let square = g * g
    slots.momentum = lerp(slots.momentum, g, 1 - beta1)
    slots.velocity -= (1 - beta2) * sign(slots.velocity - square) * square

    let correction = sqrt(1 - pow(beta2, step.number))
    let rate = step.learningRate * correction / (1 - pow(beta1, step.number))
    w -= rate * slots.momentum / (sqrt(slots.velocity) + epsilon * correction)
  }

  public static let hyperparameters: [Hyperparameter<Yogi>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "1 minus the share of the squared gradient by which v moves"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .number("initial_accumulator_value", \.initialAccumulatorValue, in: .nonNegative, "where both averages start"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "Adam whose average of squares moves by the sign of what it is off",
    formula: """
      m ← m + (1 − beta_1) · (g − m)
      v ← v − (1 − beta_2) · sign(v − g²) · g²
      w ← w − rate · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√v + epsilon · √(1 − beta_2ᵗ))
      """,
    source: "Zaheer et al., 2018, Adaptive Methods for Nonconvex Optimization (NeurIPS 31)",
    advice: "For sparse gradients, where Adam forgets large ones too fast; note the greater rate and epsilon.")
}

extension Optimizer where Self == Yogi {
  /// ``Yogi`` with its defaults.
  public static var yogi: Yogi { Yogi() }
}

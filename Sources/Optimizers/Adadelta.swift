/// Divides the gradient by the root of its average square and multiplies it by that of its past steps, so that the units fit.
///
///     a ← a + (1 − rho) · (g² − a)
///     u = g · √(d + epsilon) / √(a + epsilon)
///     d ← d + (1 − rho) · (u² − d)
///     w ← w − rate · u
///
/// Defaults: `learningRate` 0.001, `rho` 0.95, `epsilon` 1e-7.
///
/// The rate stands outside d everywhere. Only Keras 3's default rate is so small that hardly anything moves; the paper has no
/// rate at all, that is 1 (`convention: .paper` and `.torch`: 1, epsilon 1e-6, PyTorch with rho 0.9; `.keras2`: 1).
///
/// Source: Zeiler, 2012, "ADADELTA: An Adaptive Learning Rate Method" (arXiv 1212.5701); Keras, `Adadelta`.
public struct Adadelta: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the averages that is kept, at least 0 and less than 1.
  public var rho = 0.95
  /// Keeps the divisor from 0 and the first step from being 0.
  public var epsilon = 1e-7

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, rho: Double? = nil, epsilon: Double? = nil,
    convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let rho { self.rho = rho }
    if let epsilon { self.epsilon = epsilon }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["accumulatedGrad", "accumulatedDeltaVar"] }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.accumulatedGrad = lerp(slots.accumulatedGrad, g * g, 1 - rho)
    let change = g * sqrt(slots.accumulatedDeltaVar + epsilon) / sqrt(slots.accumulatedGrad + epsilon)
    slots.accumulatedDeltaVar = lerp(slots.accumulatedDeltaVar, change * change, 1 - rho)
    w -= step.learningRate * change
  }

  public static let hyperparameters: [Hyperparameter<Adadelta>] = [
    .number("rho", \.rho, in: .decay, "share of the averages that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor, and the first step, from 0"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: ["learning_rate": 1.0],
    .torch: ["learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6, "weight_decay_mode": "l2"],
    .paper: ["learning_rate": 1.0, "epsilon": 1e-6],
  ]

  public static let about = OptimizerDescription(
    summary: "adapts the step to the sizes of past gradients and past steps",
    formula: """
      a ← a + (1 − rho) · (g² − a)
      u = g · √(d + epsilon) / √(a + epsilon)
      d ← d + (1 − rho) · (u² − d)
      w ← w − rate · u
      """,
    source: "Zeiler, 2012, ADADELTA: An Adaptive Learning Rate Method (arXiv 1212.5701)",
    advice: "Take the rate 1, as the paper does: Keras 3's default of 0.001 is a thousand times less.")
}

extension Optimizer where Self == Adadelta {
  /// ``Adadelta`` with Keras 3's defaults.
  public static var adadelta: Adadelta { Adadelta() }

  /// ``Adadelta`` with the given hyperparameters.
  public static func adadelta(
    learningRate: (any LearningRateConvertible)? = nil, rho: Double? = nil, epsilon: Double? = nil,
    convention: Convention = .keras3
  ) -> Adadelta {
    Adadelta(learningRate: learningRate, rho: rho, epsilon: epsilon, convention: convention)
  }
}

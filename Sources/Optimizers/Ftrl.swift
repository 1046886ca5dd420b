/// Follow the regularized leader: weights are a function of sums of gradients, exactly zero where L1 wins.
///
///     n' = n + g²
///     z ← z + g + 2 · l2Shrinkage · w − (n'^−p − n^−p) / rate · w
///     w ← (clip(z, −l1, l1) − z) / (n'^−p / rate + 2 · l2 + beta / rate),  n ← n'
///
/// with p = `learningRatePower`.
///
/// Defaults: `learningRate` 0.001, `learningRatePower` −0.5, `initialAccumulatorValue` 0.1 (where n starts), `l1…`, `l2…` and
/// `l2ShrinkageRegularizationStrength` 0, `beta` 0. The paper (`convention: .paper`) has n start at 0 and `beta` 1; its λ₂ is
/// 2 · `l2RegularizationStrength`. A rate of 0 divides by zero.
///
/// Source: McMahan et al., 2013, "Ad Click Prediction: a View from the Trenches", algorithm 1; Keras, `Ftrl`.
public struct Ftrl: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// How the step shrinks with the sum of squares; at most 0, and 0 for a fixed step.
  public var learningRatePower = -0.5
  /// Where the sum of squares starts.
  public var initialAccumulatorValue = 0.1
  /// Weights whose sum of gradients is within this of 0 are 0.
  public var l1RegularizationStrength = 0.0
  /// Pulls weights towards 0.
  public var l2RegularizationStrength = 0.0
  /// Pulls weights towards 0 through the gradient, without changing the sum of squares.
  public var l2ShrinkageRegularizationStrength = 0.0
  /// Smooths the first steps.
  public var beta = 0.0

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, learningRatePower: Double? = nil, initialAccumulatorValue: Double? = nil,
    l1RegularizationStrength: Double? = nil, l2RegularizationStrength: Double? = nil,
    l2ShrinkageRegularizationStrength: Double? = nil, beta: Double? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let learningRatePower { self.learningRatePower = learningRatePower }
    if let initialAccumulatorValue { self.initialAccumulatorValue = initialAccumulatorValue }
    if let l1RegularizationStrength { self.l1RegularizationStrength = l1RegularizationStrength }
    if let l2RegularizationStrength { self.l2RegularizationStrength = l2RegularizationStrength }
    if let l2ShrinkageRegularizationStrength { self.l2ShrinkageRegularizationStrength = l2ShrinkageRegularizationStrength }
    if let beta { self.beta = beta }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    [Slot("accumulator", start: .number(initialAccumulatorValue)), "linear"]
  }

  public var sparseUpdates: SparseUpdates { .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let inverseRate = 1 / step.learningRate
    let old = slots.accumulator
    let new = old + g * g
    let force = g + 2 * l2ShrinkageRegularizationStrength * w
    slots.linear += force - (power(new) - power(old)) * inverseRate * w

    let quadratic = power(new) * inverseRate + (2 * l2RegularizationStrength + beta * inverseRate)
    let limit = Tensor(number: l1RegularizationStrength)
    w = (clip(slots.linear, -limit, limit) - slots.linear) / quadratic
    slots.accumulator = new
  }

  private func power(_ sum: Tensor) -> Tensor {
    learningRatePower == -0.5 ? sqrt(sum) : pow(sum, -learningRatePower)
  }

  public static let hyperparameters: [Hyperparameter<Ftrl>] = [
    .number("learning_rate_power", \.learningRatePower, in: .nonPositive, "how the step shrinks with the sum of squares"),
    .number("initial_accumulator_value", \.initialAccumulatorValue, in: .nonNegative, "where the sum of squares starts"),
    .number("l1_regularization_strength", \.l1RegularizationStrength, in: .nonNegative, "makes small weights zero"),
    .number("l2_regularization_strength", \.l2RegularizationStrength, in: .nonNegative, "pulls weights towards 0"),
    .number(
      "l2_shrinkage_regularization_strength", \.l2ShrinkageRegularizationStrength, in: .nonNegative,
      "pulls weights towards 0 through the gradient"),
    .number("beta", \.beta, in: .nonNegative, "smooths the first steps"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .paper: ["initial_accumulator_value": 0.0, "beta": 1.0]
  ]

  public static let about = OptimizerDescription(
    summary: "follow the regularized leader: online learning with exactly sparse weights",
    formula: """
      n' = n + g²;  p = learning_rate_power
      z ← z + g + 2 · l2_shrinkage · w − (n'^−p − n^−p) / rate · w
      w ← (clip(z, −l1, l1) − z) / (n'^−p / rate + 2 · l2 + beta / rate);  n ← n'
      """,
    source: "McMahan et al., 2013, Ad Click Prediction: a View from the Trenches",
    advice: "For linear models on sparse features. The starting weights are forgotten at the first step.")
}

extension Optimizer where Self == Ftrl {
  /// ``Ftrl`` with Keras 3's defaults.
  public static var ftrl: Ftrl { Ftrl() }
}

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
      n' = n + g²
      z ← z + g + 2 · l2Shrinkage · w − (n'^−p − n^−p) / rate · w
      w ← (clip(z, −l1, l1) − z) / (n'^−p / rate + 2 · l2 + beta / rate),  n ← n'
      """,
    source: "McMahan et al., 2013, Ad Click Prediction: a View from the Trenches",
    advice: "For linear models on sparse features. The starting weights are forgotten at the first step.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Ftrl {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - learningRatePower: how the step shrinks with the sum of squares; at most 0, and 0 for a fixed step; -0.5 by default.
  ///   - initialAccumulatorValue: where the sum of squares starts; 0.1 by default.
  ///   - l1RegularizationStrength: weights whose sum of gradients is within this of 0 are 0; 0 by default.
  ///   - l2RegularizationStrength: pulls weights towards 0; 0 by default.
  ///   - l2ShrinkageRegularizationStrength: pulls weights towards 0 through the gradient, without changing the sum of
  ///     squares; 0 by default.
  ///   - beta: smooths the first steps; 0 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
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
    learningRate: (any LearningRateConvertible)? = nil, learningRatePower: Double? = nil, initialAccumulatorValue: Double? = nil,
    l1RegularizationStrength: Double? = nil, l2RegularizationStrength: Double? = nil,
    l2ShrinkageRegularizationStrength: Double? = nil, beta: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let learningRatePower { self.learningRatePower = learningRatePower }
    if let initialAccumulatorValue { self.initialAccumulatorValue = initialAccumulatorValue }
    if let l1RegularizationStrength { self.l1RegularizationStrength = l1RegularizationStrength }
    if let l2RegularizationStrength { self.l2RegularizationStrength = l2RegularizationStrength }
    if let l2ShrinkageRegularizationStrength { self.l2ShrinkageRegularizationStrength = l2ShrinkageRegularizationStrength }
    if let beta { self.beta = beta }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Ftrl {
  /// ``Ftrl`` with its defaults.
  public static var ftrl: Ftrl { Ftrl() }

  /// ``Ftrl`` with the given settings; see its initializer.
  public static func ftrl(
    learningRate: (any LearningRateConvertible)? = nil, learningRatePower: Double? = nil, initialAccumulatorValue: Double? = nil,
    l1RegularizationStrength: Double? = nil, l2RegularizationStrength: Double? = nil,
    l2ShrinkageRegularizationStrength: Double? = nil, beta: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> Ftrl {
    Ftrl(
      learningRate: learningRate, learningRatePower: learningRatePower, initialAccumulatorValue: initialAccumulatorValue,
      l1RegularizationStrength: l1RegularizationStrength, l2RegularizationStrength: l2RegularizationStrength,
      l2ShrinkageRegularizationStrength: l2ShrinkageRegularizationStrength, beta: beta, weightDecay: weightDecay,
      clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

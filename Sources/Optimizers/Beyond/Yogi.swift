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

  public static let tunings = [TuningRange("beta_2", 0.9...0.9997, .complement)]

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

// MARK: - Initializers (written by scripts/initializers.py)

extension Yogi {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.01 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: 1 minus the share of the squared gradient by which v moves, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-3 by default.
  ///   - initialAccumulatorValue: where both averages start; 1e-6 by default.
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
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    initialAccumulatorValue: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let initialAccumulatorValue { self.initialAccumulatorValue = initialAccumulatorValue }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Yogi {
  /// ``Yogi`` with its defaults.
  public static var yogi: Yogi { Yogi() }

  /// ``Yogi`` with the given settings; see its initializer.
  public static func yogi(
    learningRate: (any LearningRateConvertible)? = nil, beta1: Double? = nil, beta2: Double? = nil, epsilon: Double? = nil,
    initialAccumulatorValue: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Yogi {
    Yogi(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, initialAccumulatorValue: initialAccumulatorValue,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

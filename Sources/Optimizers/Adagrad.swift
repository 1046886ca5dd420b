/// Divides the gradient by the root of the sum of its squares so far: steps get smaller where much has happened.
///
///     a ← a + g²    (a starts at initialAccumulatorValue)
///     w ← w − rate · g / √(a + epsilon)
///
/// Defaults: `learningRate` 0.001, `initialAccumulatorValue` 0.1 (where a starts), `epsilon` 1e-7.
///
/// Keras 2 (`convention: .keras2`: rate 0.01, a starts at 0), PyTorch (`.torch`: 0.01, 0, 1e-10) and the paper add epsilon to
/// the root. PyTorch's `lr_decay` is ``OptimizerOptions/decay`` here; its `weightDecay` is the derivative of an L2 penalty.
///
/// Source: Duchi, Hazan & Singer, 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization"; Keras,
/// `Adagrad`.
public struct Adagrad: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Where the sum of squares starts.
  public var initialAccumulatorValue = 0.1
  /// Keeps the divisor from 0.
  public var epsilon = 1e-7
  /// Where epsilon stands.
  public var epsilonPlace = EpsilonPlace.inside

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    [Slot("accumulator", start: .number(initialAccumulatorValue))]
  }

  /// Rows without a gradient stay as they are: a + 0² = a, w − rate · 0 / √(a + epsilon) = w, if that divisor is not 0.
  public var sparseUpdates: SparseUpdates { Float(epsilon) > 0 || Float(initialAccumulatorValue) > 0 ? .exact : .lazy }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    slots.accumulator += g * g
    w -= step.learningRate * g / epsilonPlace.root(slots.accumulator, epsilon)
  }

  public static let hyperparameters: [Hyperparameter<Adagrad>] = [
    .number("initial_accumulator_value", \.initialAccumulatorValue, in: .nonNegative, "where the sum of squares starts"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .choice("epsilon_place", \.epsilonPlace, "whether epsilon stands inside or outside the root"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .keras2: ["learning_rate": 0.01, "initial_accumulator_value": 0.0, "epsilon_place": "outside"],
    .torch: [
      "learning_rate": 0.01, "initial_accumulator_value": 0.0, "epsilon": 1e-10, "epsilon_place": "outside",
      "weight_decay_mode": "l2",
    ],
    .paper: ["learning_rate": 0.01, "initial_accumulator_value": 0.0, "epsilon_place": "outside"],
    .textbook: ["learning_rate": 0.01, "initial_accumulator_value": 0.0, "epsilon_place": "outside"],
  ]

  public static let about = OptimizerDescription(
    summary: "divides the gradient by the root of the sum of its squares so far",
    formula: """
      a ← a + g²    (a starts at initial_accumulator_value)
      w ← w − rate · g / √(a + epsilon)
      """,
    source: "Duchi, Hazan & Singer, 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    advice: "For sparse features. Its steps fade as the sum grows, so long trainings come to a halt.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Adagrad {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - initialAccumulatorValue: where the sum of squares starts; 0.1 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - epsilonPlace: where epsilon stands; `.inside` by default.
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
    learningRate: (any LearningRateConvertible)? = nil, initialAccumulatorValue: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: EpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let initialAccumulatorValue { self.initialAccumulatorValue = initialAccumulatorValue }
    if let epsilon { self.epsilon = epsilon }
    if let epsilonPlace { self.epsilonPlace = epsilonPlace }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adagrad(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, initialAccumulatorValue: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: EpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adagrad(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, epsilon: Double? = nil, decay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil
  ) { self.init() }

  @available(*, unavailable, message: "Keras 2's lr is learningRate: Adagrad(learningRate: …)")
  public init(
    lr: (any LearningRateConvertible)?, decay: Double?, initialAccumulatorValue: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: EpsilonPlace? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil
  ) { self.init() }
}

extension Optimizer where Self == Adagrad {
  /// ``Adagrad`` with its defaults.
  public static var adagrad: Adagrad { Adagrad() }

  /// ``Adagrad`` with the given settings; see its initializer.
  public static func adagrad(
    learningRate: (any LearningRateConvertible)? = nil, initialAccumulatorValue: Double? = nil, epsilon: Double? = nil,
    epsilonPlace: EpsilonPlace? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Adagrad {
    Adagrad(
      learningRate: learningRate, initialAccumulatorValue: initialAccumulatorValue, epsilon: epsilon, epsilonPlace: epsilonPlace,
      weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

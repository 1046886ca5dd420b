/// ``Adam`` with decoupled weight decay.
///
///     w ← w − rate · weightDecay · w, then Adam's update
///
/// Defaults: `learningRate` 0.001, `weightDecay` 0.004, `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7, `amsgrad` false.
///
/// PyTorch (`convention: .torch`) decays by 0.01 and adds an epsilon of 1e-8 to the corrected root. All parameters decay unless
/// ``OptimizerOptions/weightDecayExclusions`` says otherwise; `[.vectors]` spares biases and the scales of normalizations. The
/// paper's decay does not scale with the rate but with the schedule's multiplier; ``WeightDecayMode/independent`` with a decay that
/// much smaller is that without a schedule.
///
/// Source: Loshchilov & Hutter, 2019, "Decoupled Weight Decay Regularization" (arXiv 1711.05101); Keras, `AdamW`.
@dynamicMemberLookup
public struct AdamW: Optimizer {
  /// The update itself.
  public var adam = Adam()

  public var options: OptimizerOptions {
    get { adam.options }
    set { adam.options = newValue }
  }

  public init() { adam.options.weightDecay = 0.004 }

  /// The settings of the ``Adam`` inside.
  public subscript<Value>(dynamicMember path: WritableKeyPath<Adam, Value>) -> Value {
    get { adam[keyPath: path] }
    set { adam[keyPath: path] = newValue }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] { adam.slots(for: parameter) }

  public var sparseUpdates: SparseUpdates { adam.sparseUpdates }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    adam.update(&w, gradient: g, slots: &slots, step: step)
  }

  public static let hyperparameters: [Hyperparameter<AdamW>] = Adam.hyperparameters.map { $0.lifted(\AdamW.adam) }

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["weight_decay": 0.01, "epsilon": 1e-8, "epsilon_place": "corrected"],
    .paper: ["epsilon": 1e-8, "epsilon_place": "corrected"],
  ]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Adam with decoupled weight decay",
    formula: "w ← w − rate · weight_decay · w, then Adam's update",
    source: "Loshchilov & Hutter, 2019, Decoupled Weight Decay Regularization (arXiv 1711.05101)",
    advice: """
      The usual choice for transformers, with warm-up and a cosine. Exclude vectors from the decay \
      (weight_decay_exclusions=["vectors"]).
      """)
}

// MARK: - Initializers (written by scripts/initializers.py)

extension AdamW {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; 0.004 by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-7 by default.
  ///   - amsgrad: whether the greatest average square so far divides; false by default.
  ///   - epsilonPlace: whether epsilon is added to the root before or after it is corrected for its start at zero;
  ///     `.uncorrected` by default.
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
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { adam.beta1 = beta1 }
    if let beta2 { adam.beta2 = beta2 }
    if let epsilon { adam.epsilon = epsilon }
    if let amsgrad { adam.amsgrad = amsgrad }
    if let epsilonPlace { adam.epsilonPlace = epsilonPlace }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == AdamW {
  /// ``AdamW`` with its defaults.
  public static var adamW: AdamW { AdamW() }

  /// ``AdamW`` with the given settings; see its initializer.
  public static func adamW(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> AdamW {
    AdamW(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad,
      epsilonPlace: epsilonPlace, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, amsgrad: Bool? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let weightDecay { options.weightDecay = weightDecay }
    if let beta1 { adam.beta1 = beta1 }
    if let beta2 { adam.beta2 = beta2 }
    if let epsilon { adam.epsilon = epsilon }
    if let amsgrad { adam.amsgrad = amsgrad }
  }

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

  public static let about = OptimizerDescription(
    summary: "Adam with decoupled weight decay",
    formula: "w ← w − rate · weight_decay · w, then Adam's update",
    source: "Loshchilov & Hutter, 2019, Decoupled Weight Decay Regularization (arXiv 1711.05101)",
    advice: """
      The usual choice for transformers, with warm-up and a cosine. Exclude vectors from the decay \
      (weight_decay_exclusions=["vectors"]).
      """)
}

extension Optimizer where Self == AdamW {
  /// ``AdamW`` with Keras 3's defaults.
  public static var adamW: AdamW { AdamW() }

  /// ``AdamW`` with the given hyperparameters.
  public static func adamW(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, amsgrad: Bool? = nil, convention: Convention = .keras3
  ) -> AdamW {
    AdamW(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad,
      convention: convention)
  }
}

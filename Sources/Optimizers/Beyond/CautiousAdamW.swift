/// ``AdamW`` without those parts of its step that the present gradient disagrees with; see ``Cautious``.
///
///     u = AdamW's step
///     mask = 1 where u · g > 0, else 0
///     w ← w − u · mask · elements / (Σ mask + 1)
///
/// Defaults: `learningRate` 0.001, `weightDecay` 0.004 (decoupled, not masked), `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-7,
/// `amsgrad` false, `scaling` `.plusOne`.
///
/// `Cautious(AdamW())` by a name of its own. The authors' code and timm (`convention: .torch`: weight decay 0.01, epsilon 1e-8
/// at the corrected root) scale by `.leastShare`.
///
/// Source: Liang et al., 2024, "Cautious Optimizers: Improving Training with One Line of Code" (arXiv 2411.16085).
public struct CautiousAdamW: Optimizer {
  /// The step that is masked.
  public var adamW = AdamW()
  /// How the kept elements make up for the others.
  public var scaling = CautiousScaling.plusOne

  public var options: OptimizerOptions {
    get { adamW.options }
    set { adamW.options = newValue }
  }

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { adamW.slots(for: parameter) }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let before = w
    adamW.update(&w, gradient: g, slots: &slots, step: step)
    w = scaling.masked(w, before: before, gradient: g)
  }

  public static let hyperparameters: [Hyperparameter<CautiousAdamW>] =
    AdamW.hyperparameters.map { $0.lifted(\CautiousAdamW.adamW) } + [
      .choice("scaling", \.scaling, "how the kept elements make up for the others")
    ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["weight_decay": 0.01, "epsilon": 1e-8, "epsilon_place": "corrected", "scaling": "least_share"],
    .paper: ["epsilon": 1e-8, "epsilon_place": "corrected"],
  ]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "AdamW without the parts of its step that the gradient disagrees with",
    formula: """
      u = AdamW's step
      mask = 1 where u · g > 0, else 0
      w ← w − u · mask · elements / (Σ mask + 1)
      """,
    source: "Liang et al., 2024, Cautious Optimizers: Improving Training with One Line of Code (arXiv 2411.16085)",
    advice: "AdamW's settings as they are.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension CautiousAdamW {
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
  ///   - scaling: how the kept elements make up for the others; `.plusOne` by default.
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
    epsilon: Double? = nil, amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, scaling: CautiousScaling? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { adamW.beta1 = beta1 }
    if let beta2 { adamW.beta2 = beta2 }
    if let epsilon { adamW.epsilon = epsilon }
    if let amsgrad { adamW.amsgrad = amsgrad }
    if let epsilonPlace { adamW.epsilonPlace = epsilonPlace }
    if let scaling { self.scaling = scaling }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == CautiousAdamW {
  /// ``CautiousAdamW`` with its defaults.
  public static var cautiousAdamW: CautiousAdamW { CautiousAdamW() }

  /// ``CautiousAdamW`` with the given settings; see its initializer.
  public static func cautiousAdamW(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, amsgrad: Bool? = nil, epsilonPlace: AdamEpsilonPlace? = nil, scaling: CautiousScaling? = nil,
    clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil,
    emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> CautiousAdamW {
    CautiousAdamW(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad,
      epsilonPlace: epsilonPlace, scaling: scaling, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm,
      useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

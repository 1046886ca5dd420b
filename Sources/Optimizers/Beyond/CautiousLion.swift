/// ``Lion`` without those parts of its step that the present gradient disagrees with; see ``Cautious``.
///
///     u = Lion's step
///     mask = 1 where u · g > 0, else 0
///     w ← w − u · mask · elements / (Σ mask + 1)
///
/// Defaults: `learningRate` 0.001, `beta1` 0.9, `beta2` 0.99, `scaling` `.plusOne`; weight decay is decoupled and not masked.
///
/// `Cautious(Lion())` by a name of its own. timm scales by `.leastShare` (`convention: .torch`), and it and the paper take the
/// rate 0.0001.
///
/// Source: Liang et al., 2024, "Cautious Optimizers: Improving Training with One Line of Code" (arXiv 2411.16085).
public struct CautiousLion: Optimizer {
  /// The step that is masked.
  public var lion = Lion()
  /// How the kept elements make up for the others.
  public var scaling = CautiousScaling.plusOne

  public var options: OptimizerOptions {
    get { lion.options }
    set { lion.options = newValue }
  }

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] { lion.slots(for: parameter) }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let before = w
    lion.update(&w, gradient: g, slots: &slots, step: step)
    w = scaling.masked(w, before: before, gradient: g)
  }

  public static let hyperparameters: [Hyperparameter<CautiousLion>] =
    Lion.hyperparameters.map { $0.lifted(\CautiousLion.lion) } + [
      .choice("scaling", \.scaling, "how the kept elements make up for the others")
    ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["learning_rate": 0.0001, "scaling": "least_share"],
    .paper: ["learning_rate": 0.0001],
  ]

  public static let tunings = [TuningRange("weight_decay", 1e-3...1, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Lion without the parts of its step that the gradient disagrees with",
    formula: """
      u = Lion's step
      mask = 1 where u · g > 0, else 0
      w ← w − u · mask · elements / (Σ mask + 1)
      """,
    source: "Liang et al., 2024, Cautious Optimizers: Improving Training with One Line of Code (arXiv 2411.16085)",
    advice: "Lion's settings as they are.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension CautiousLion {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the momentum in the step, at least 0 and less than 1. Keras allows 1 and then never looks at the
  ///     gradient; 0.9 by default.
  ///   - beta2: share of the momentum that is kept, at least 0 and less than 1; 0.99 by default.
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
    scaling: CautiousScaling? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { lion.beta1 = beta1 }
    if let beta2 { lion.beta2 = beta2 }
    if let scaling { self.scaling = scaling }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == CautiousLion {
  /// ``CautiousLion`` with its defaults.
  public static var cautiousLion: CautiousLion { CautiousLion() }

  /// ``CautiousLion`` with the given settings; see its initializer.
  public static func cautiousLion(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    scaling: CautiousScaling? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> CautiousLion {
    CautiousLion(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, scaling: scaling, clipnorm: clipnorm,
      clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

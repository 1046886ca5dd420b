/// ``Lion`` without those parts of its step that the present gradient disagrees with; see ``Cautious``.
///
///     u = Lion's step,  mask = 1 where u · g > 0, else 0
///     w ← w − u · mask · (elements / (kept elements + 1))
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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    scaling: CautiousScaling? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    options.weightDecay = weightDecay
    if let beta1 { lion.beta1 = beta1 }
    if let beta2 { lion.beta2 = beta2 }
    if let scaling { self.scaling = scaling }
  }

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

  public static let about = OptimizerDescription(
    summary: "Lion without the parts of its step that the gradient disagrees with",
    formula: """
      u = Lion's step;  mask = 1 where u · g > 0, else 0
      w ← w − u · mask · elements / (kept elements + 1)
      """,
    source: "Liang et al., 2024, Cautious Optimizers: Improving Training with One Line of Code (arXiv 2411.16085)",
    advice: "Lion's settings as they are.")
}

extension Optimizer where Self == CautiousLion {
  /// ``CautiousLion`` with its defaults.
  public static var cautiousLion: CautiousLion { CautiousLion() }
}

/// ``AdamW`` without those parts of its step that the present gradient disagrees with; see ``Cautious``.
///
///     u = AdamW's step,  mask = 1 where u · g > 0, else 0
///     w ← w − u · mask · (elements / (kept elements + 1))
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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, amsgrad: Bool? = nil, scaling: CautiousScaling? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let weightDecay { options.weightDecay = weightDecay }
    if let beta1 { adamW.beta1 = beta1 }
    if let beta2 { adamW.beta2 = beta2 }
    if let epsilon { adamW.epsilon = epsilon }
    if let amsgrad { adamW.amsgrad = amsgrad }
    if let scaling { self.scaling = scaling }
  }

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

  public static let about = OptimizerDescription(
    summary: "AdamW without the parts of its step that the gradient disagrees with",
    formula: """
      u = AdamW's step;  mask = 1 where u · g > 0, else 0
      w ← w − u · mask · elements / (kept elements + 1)
      """,
    source: "Liang et al., 2024, Cautious Optimizers: Improving Training with One Line of Code (arXiv 2411.16085)",
    advice: "AdamW's settings as they are.")
}

extension Optimizer where Self == CautiousAdamW {
  /// ``CautiousAdamW`` with its defaults.
  public static var cautiousAdamW: CautiousAdamW { CautiousAdamW() }
}

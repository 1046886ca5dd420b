/// ``SGD`` that finds its learning rate by D-Adaptation, with momentum as an average of iterates.
///
///     g ← g + weightDecay · w
///     r = rate · d / G                 (G is the norm of all gradients at the first step, without the decay)
///     n ← n + r · Σ g · s              (Σ is over all parameters, with s from before)
///     s ← s + r · g
///     d ← max(d, min(2 · n / ‖s‖, growthRate · d))
///     w ← momentum · w + (1 − momentum) · (w₀ − s)       (w₀ are the weights at the start)
///
/// Defaults: `learningRate` 1 (a multiplier of d), `momentum` 0, `d0` 1e-6, `growthRate` nil (no limit). Weight decay is always
/// the derivative of an L2 penalty and does not count in G, as in the authors' package. Where a model is given other weights, w₀ becomes
/// these, s and n become 0, and d and G stay.
///
/// Source: Defazio & Mishchenko, 2023, "Learning-Rate-Free Learning by D-Adaptation" (arXiv 2301.07733); the authors' package.
public struct DAdaptSGD: Optimizer {
  public var options = OptimizerOptions(learningRate: 1)
  /// Share of the weights that is kept in each step, at least 0 and less than 1.
  public var momentum = 0.0
  /// Where d starts.
  public var d0 = 1e-6
  /// The greatest factor by which d grows in a step; `nil` for no limit.
  public var growthRate: Double?

  public init() { options.weightDecayMode = .l2 }

  public func slots(for parameter: ParameterDescription) -> [Slot] { [Slot("initial", start: .parameter), Slot(restartingWithWeights: "sum", shape: .likeParameter)] }

  public var sharedSlots: [Slot] {
    [
      Slot("d", shape: .scalar, start: .number(d0)), Slot(restartingWithWeights: "numerator", shape: .scalar),
      Slot("firstGradientNorm", shape: .scalar),
    ]
  }

  public var decaysWeightsItself: Bool { true }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    let d = shared.d
    // The first gradient that is not zero, strictly.
    let norm = sqrt(modelWideSum(parameters.map { ($0.gradient * $0.gradient).sum() }))
    shared.firstGradientNorm = select(shared.firstGradientNorm .> 0, shared.firstGradientNorm, norm)
    let isReady = shared.firstGradientNorm .> 0
    let rate = select(isReady, step.learningRate * d / shared.firstGradientNorm, 0)

    var products: [Tensor] = []
    var squares: [Tensor] = []
    for index in parameters.indices {
      let parameter = parameters[index]
      var slots = parameter.slots
      let g = parameter.weightDecay > 0 ? parameter.gradient + parameter.weightDecay * parameter.value : parameter.gradient
      products.append((g * slots.sum).sum())
      slots.initial = select(step.number .== 1, parameter.value, slots.initial)
      let multiplier = parameter.rateMultiplier
      slots.sum += (multiplier == 1 ? rate : rate * multiplier) * g
      squares.append((slots.sum * slots.sum).sum())
      parameters[index].slots = slots
      parameters[index].value = lerp(slots.initial - slots.sum, parameter.value, momentum)
    }
    shared.numerator += rate * modelWideSum(products)
    let length = sqrt(modelWideSum(squares))
    let estimate = select(length .> 0, 2 * shared.numerator / length, 0)
    shared.d = maximum(d, growthRate.map { minimum(estimate, d * $0) } ?? estimate)
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    programmingError("DAdaptSGD updates all parameters at once")
  }

  public static let hyperparameters: [Hyperparameter<DAdaptSGD>] = [
    .number("momentum", \.momentum, in: .decay, "share of the weights that is kept in each step"),
    .number("d0", \.d0, in: .positive, "where d starts"),
    .optionalNumber("growth_rate", \.growthRate, in: .atLeast(1), "greatest factor by which d grows in a step"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "SGD that finds its learning rate by D-Adaptation",
    formula: """
      g ← g + weight_decay · w
      r = rate · d / G                 (G is the norm of all gradients at the first step, without the decay)
      n ← n + r · Σ g · s              (Σ is over all parameters, with s from before)
      s ← s + r · g
      d ← max(d, min(2 · n / ‖s‖, growth_rate · d))
      w ← momentum · w + (1 − momentum) · (w₀ − s)       (w₀ are the weights at the start)
      """,
    source: "Defazio & Mishchenko, 2023, Learning-Rate-Free Learning by D-Adaptation (arXiv 2301.07733)",
    advice: "Leave the rate at 1; momentum 0.9 with a decaying schedule for image networks.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension DAdaptSGD {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 1 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - momentum: share of the weights that is kept in each step, at least 0 and less than 1; 0 by default.
  ///   - d0: where d starts; 1e-6 by default.
  ///   - growthRate: the greatest factor by which d grows in a step; `nil` for no limit.
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
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil, d0: Double? = nil,
    growthRate: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let momentum { self.momentum = momentum }
    if let d0 { self.d0 = d0 }
    if let growthRate { self.growthRate = growthRate }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == DAdaptSGD {
  /// ``DAdaptSGD`` with its defaults.
  public static var dAdaptSGD: DAdaptSGD { DAdaptSGD() }

  /// ``DAdaptSGD`` with the given settings; see its initializer.
  public static func dAdaptSGD(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil, d0: Double? = nil,
    growthRate: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil, globalClipnorm: Double? = nil,
    useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil,
    gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil, convention: Convention = .keras3
  ) -> DAdaptSGD {
    DAdaptSGD(
      learningRate: learningRate, weightDecay: weightDecay, momentum: momentum, d0: d0, growthRate: growthRate, clipnorm: clipnorm,
      clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

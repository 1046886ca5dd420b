/// ``Adam`` that finds its learning rate by D-Adaptation: an estimate d of the distance from the start to the solution, that
/// only grows.
///
///     κ = √beta2,  r = rate · d      (with useBiasCorrection times √(1 − beta2ᵗ) / (1 − beta1ᵗ))
///     n ← κ · n + (1 − κ) · r · Σ g · s / (√v + epsilon)       (Σ is over all parameters, with s and v from before)
///     m ← beta1 · m + (1 − beta1) · r · g
///     v ← beta2 · v + (1 − beta2) · g²
///     s ← κ · s + (1 − κ) · r · g
///     d ← max(d, min(n / ((1 − κ) · Σ |s|), growthRate · d))
///     w ← w − m / (√v + epsilon)
///
/// Defaults: `learningRate` 1 (a multiplier of d), `beta1` 0.9, `beta2` 0.999, `epsilon` 1e-8, `d0` 1e-6, `growthRate` nil (no
/// limit), `useBiasCorrection` false. Weight decay is the derivative of an L2 penalty, as in the authors' package by default;
/// with ``WeightDecayMode/decoupled`` it is w ← w − r · weightDecay · w. optax's `dadapt_adamw` decouples it and always has
/// `useBiasCorrection`.
///
/// Source: Defazio & Mishchenko, 2023, "Learning-Rate-Free Learning by D-Adaptation" (arXiv 2301.07733); the authors' package.
public struct DAdaptAdam: Optimizer {
  public var options = OptimizerOptions(learningRate: 1)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Where d starts.
  public var d0 = 1e-6
  /// The greatest factor by which d grows in a step; `nil` for no limit.
  public var growthRate: Double?
  /// Whether the rate is corrected for the averages' start at zero.
  public var useBiasCorrection = false

  public init() { options.weightDecayMode = .l2 }

  public func slots(for parameter: ParameterDescription) -> [Slot] { ["momentum", "velocity", "sum"] }

  public var sharedSlots: [Slot] { [Slot("d", shape: .scalar, start: .number(d0)), Slot("numerator", shape: .scalar)] }

  public var decaysWeightsItself: Bool { options.weightDecayMode == .decoupled }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    let kept = beta2.squareRoot()
    let d = shared.d
    var correction: Tensor = 1
    if useBiasCorrection { correction = sqrt(1 - pow(beta2, step.number)) / (1 - pow(beta1, step.number)) }
    let rate = step.learningRate * correction * d

    var products: [Tensor] = []
    var lengths: [Tensor] = []
    for index in parameters.indices {
      let g = parameters[index].gradient
      var slots = parameters[index].slots
      products.append((g * slots.sum / (sqrt(slots.velocity) + epsilon)).sum())
      slots.momentum = beta1 * slots.momentum + (1 - beta1) * rate * g
      slots.velocity = lerp(slots.velocity, g * g, 1 - beta2)
      slots.sum = kept * slots.sum + (1 - kept) * rate * g
      lengths.append(abs(slots.sum).sum())
      parameters[index].slots = slots
    }
    shared.numerator = kept * shared.numerator + (1 - kept) * rate * modelWideSum(products)
    let length = (1 - kept) * modelWideSum(lengths)
    // Before the first gradient that is not zero there is nothing to go by.
    let estimate = select(length .> 0, shared.numerator / length, 0)
    shared.d = maximum(d, growthRate.map { minimum(estimate, d * $0) } ?? estimate)

    for index in parameters.indices {
      let own = step.of(parameters[index], shared: shared)
      let slots = parameters[index].slots
      var w = parameters[index].value
      if decaysWeightsItself && own.weightDecay > 0 { w *= 1 - own.weightDecay * own.learningRate * correction * d }
      let change = slots.momentum / (sqrt(slots.velocity) + epsilon)
      let multiplier = parameters[index].rateMultiplier
      parameters[index].value = w - (multiplier == 1 ? change : multiplier * change)
    }
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    programmingError("DAdaptAdam updates all parameters at once")
  }

  public static let hyperparameters: [Hyperparameter<DAdaptAdam>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .number("d0", \.d0, in: .positive, "where d starts"),
    .optionalNumber("growth_rate", \.growthRate, in: .atLeast(1), "greatest factor by which d grows in a step"),
    .flag("use_bias_correction", \.useBiasCorrection, "whether the rate is corrected for the averages' start at zero"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "Adam that finds its learning rate by D-Adaptation",
    formula: """
      κ = √beta_2,  r = rate · d      (with use_bias_correction times √(1 − beta_2ᵗ) / (1 − beta_1ᵗ))
      n ← κ · n + (1 − κ) · r · Σ g · s / (√v + epsilon)       (Σ is over all parameters, with s and v from before)
      m ← beta_1 · m + (1 − beta_1) · r · g
      v ← beta_2 · v + (1 − beta_2) · g²
      s ← κ · s + (1 − κ) · r · g
      d ← max(d, min(n / ((1 − κ) · Σ |s|), growth_rate · d))
      w ← w − m / (√v + epsilon)
      """,
    source: "Defazio & Mishchenko, 2023, Learning-Rate-Free Learning by D-Adaptation (arXiv 2301.07733)",
    advice: "Leave the rate at 1. Its successor Prodigy finds its rate faster.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension DAdaptAdam {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 1 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - d0: where d starts; 1e-6 by default.
  ///   - growthRate: the greatest factor by which d grows in a step; `nil` for no limit.
  ///   - useBiasCorrection: whether the rate is corrected for the averages' start at zero; false by default.
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
    epsilon: Double? = nil, d0: Double? = nil, growthRate: Double? = nil, useBiasCorrection: Bool? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let epsilon { self.epsilon = epsilon }
    if let d0 { self.d0 = d0 }
    if let growthRate { self.growthRate = growthRate }
    if let useBiasCorrection { self.useBiasCorrection = useBiasCorrection }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == DAdaptAdam {
  /// ``DAdaptAdam`` with its defaults.
  public static var dAdaptAdam: DAdaptAdam { DAdaptAdam() }

  /// ``DAdaptAdam`` with the given settings; see its initializer.
  public static func dAdaptAdam(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    epsilon: Double? = nil, d0: Double? = nil, growthRate: Double? = nil, useBiasCorrection: Bool? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> DAdaptAdam {
    DAdaptAdam(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, d0: d0,
      growthRate: growthRate, useBiasCorrection: useBiasCorrection, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

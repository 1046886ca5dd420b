/// ``Adam`` that finds its learning rate: an estimate d of the distance from the start to the solution, that only grows.
///
///     r = rate · d                    (with useBiasCorrection times √(1 − beta2ᵗ) / (1 − beta1ᵗ))
///     n ← beta3 · n + d / d0 · r · Σ g · (w₀ − w)          (Σ is over all parameters; w₀ are the weights at the start)
///     m ← beta1 · m + (1 − beta1) · d · g
///     v ← beta2 · v + (1 − beta2) · d² · g²
///     s ← beta3 · s + d / d0 · r · g                        (with safeguardWarmup d in place of r)
///     d ← max(d, dCoefficient · n / Σ |s|)                         (at most growthRate · d)
///     w ← w − r · weightDecay · w − r · m / (√v + d · epsilon)
///
/// Defaults: `learningRate` 1 (a multiplier of d: leave it, or give a schedule that ends at 0), `beta1` 0.9, `beta2` 0.999,
/// `beta3` nil (√beta2), `epsilon` 1e-8, `d0` 1e-6, `dCoefficient` 1, `growthRate` nil (no limit), `useBiasCorrection` false,
/// `safeguardWarmup` false, `sliceStride` 1.
///
/// As in the authors' package; optax's `prodigy` always has `useBiasCorrection`. `sliceStride` (the package's `slice_p`) looks
/// at every so many elements for d, to save the memory of w₀ and s.
///
/// Source: Mishchenko & Defazio, 2023, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner" (arXiv 2306.06101).
public struct Prodigy: Optimizer {
  public var options = OptimizerOptions(learningRate: 1)
  /// Share of the average gradient that is kept, at least 0 and less than 1.
  public var beta1 = 0.9
  /// Share of the average squared gradient that is kept, at least 0 and less than 1.
  public var beta2 = 0.999
  /// Share of the sums behind d that is kept; `nil` for √beta2.
  public var beta3: Double?
  /// Keeps the divisor from 0.
  public var epsilon = 1e-8
  /// Where d starts.
  public var d0 = 1e-6
  /// Multiplies the estimate of d.
  public var dCoefficient = 1.0
  /// The greatest factor by which d grows in a step; `nil` for no limit.
  public var growthRate: Double?
  /// Whether the rate is corrected for the averages' start at zero.
  public var useBiasCorrection = false
  /// Whether a warm-up of the rate is kept out of d.
  public var safeguardWarmup = false
  /// Every so many elements are looked at for d.
  public var sliceStride = 1

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    let averages: [Slot] = beta1 > 0 ? ["momentum", "velocity"] : ["velocity"]
    if sliceStride == 1 { return averages + [Slot("initial", start: .parameter), "sum"] }
    let count = sampledCount(of: parameter.shape.reduce(1, *))
    return averages + [Slot("initial", shape: .fixed([count])), Slot("sum", shape: .fixed([count]))]
  }

  public var sharedSlots: [Slot] {
    [
      Slot("d", shape: .scalar, start: .number(d0)), Slot("greatestD", shape: .scalar, start: .number(d0)),
      Slot("numerator", shape: .scalar),
    ]
  }

  public var decaysWeightsItself: Bool { options.weightDecayMode == .decoupled }

  public func update(_ parameters: inout [ParameterUpdate], shared: inout Slots, step: Step) {
    let kept = beta3 ?? beta2.squareRoot()
    let d = shared.d
    var correction: Tensor = 1
    if useBiasCorrection { correction = sqrt(1 - pow(beta2, step.number)) / (1 - pow(beta1, step.number)) }
    let rate = step.learningRate * correction * d
    let pull = d / d0 * (safeguardWarmup ? d : rate)

    var products: [Tensor] = []
    var lengths: [Tensor] = []
    for index in parameters.indices {
      let (w, g) = (parameters[index].value, parameters[index].gradient)
      var slots = parameters[index].slots
      let (place, slope) = (sampled(w), sampled(g))
      slots.initial = select(step.number .== 1, place, slots.initial)
      products.append((slope * (slots.initial - place)).sum())
      if beta1 > 0 { slots.momentum = beta1 * slots.momentum + (1 - beta1) * d * g }
      slots.velocity = beta2 * slots.velocity + (1 - beta2) * d * d * (g * g)
      slots.sum = kept * slots.sum + pull * slope
      lengths.append(abs(slots.sum).sum())
      parameters[index].slots = slots
    }
    shared.numerator = kept * shared.numerator + d / d0 * rate * modelWideSum(products)
    let length = modelWideSum(lengths)
    // Before the first gradient that is not zero there is nothing to go by.
    let estimate = select(length .> 0, dCoefficient * shared.numerator / length, 0)
    shared.greatestD = maximum(shared.greatestD, estimate)
    // The authors let the first growth pass before the limit.
    let first = select(d .== Tensor(number: d0), maximum(d, estimate), d)
    shared.d = growthRate.map { minimum(shared.greatestD, first * $0) } ?? shared.greatestD

    for index in parameters.indices {
      let own = step.of(parameters[index], shared: shared)
      let ownRate = own.learningRate * correction * d
      let slots = parameters[index].slots
      let direction = beta1 > 0 ? slots.momentum : shared.d * parameters[index].gradient
      var w = parameters[index].value
      if decaysWeightsItself && own.weightDecay > 0 { w *= 1 - own.weightDecay * ownRate }
      parameters[index].value = w - ownRate * direction / (sqrt(slots.velocity) + epsilon * shared.d)
    }
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    programmingError("Prodigy updates all parameters at once")
  }

  /// Every so many elements, or all as they are.
  private func sampled(_ x: Tensor) -> Tensor {
    if sliceStride == 1 { return x }
    return x.reshaped([x.count]).sliced(starts: [0], sizes: [sampledCount(of: x.count)], strides: [sliceStride])
  }

  private func sampledCount(of count: Int) -> Int { count == 0 ? 0 : (count - 1) / sliceStride + 1 }

  public static let hyperparameters: [Hyperparameter<Prodigy>] = [
    .number("beta_1", \.beta1, in: .decay, "share of the average gradient that is kept"),
    .number("beta_2", \.beta2, in: .decay, "share of the average squared gradient that is kept"),
    .optionalNumber("beta_3", \.beta3, in: .decay, "share of the sums behind d that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .number("d0", \.d0, in: .positive, "where d starts"),
    .number("d_coef", \.dCoefficient, in: .positive, "multiplies the estimate of d"),
    .optionalNumber("growth_rate", \.growthRate, in: .atLeast(1), "greatest factor by which d grows in a step"),
    .flag("use_bias_correction", \.useBiasCorrection, "whether the rate is corrected for the averages' start at zero"),
    .flag("safeguard_warmup", \.safeguardWarmup, "whether a warm-up of the rate is kept out of d"),
    .integer("slice_stride", \.sliceStride, atLeast: 1, "every so many elements are looked at for d"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "Adam that finds its learning rate",
    formula: """
      r = rate · d                    (with use_bias_correction times √(1 − beta_2ᵗ) / (1 − beta_1ᵗ))
      n ← beta_3 · n + d / d0 · r · Σ g · (w₀ − w)          (Σ is over all parameters; w₀ are the weights at the start)
      m ← beta_1 · m + (1 − beta_1) · d · g
      v ← beta_2 · v + (1 − beta_2) · d² · g²
      s ← beta_3 · s + d / d0 · r · g                        (with safeguard_warmup d in place of r)
      d ← max(d, d_coef · n / Σ |s|)                         (at most growth_rate · d)
      w ← w − r · weight_decay · w − r · m / (√v + d · epsilon)
      """,
    source: "Mishchenko & Defazio, 2023, Prodigy: An Expeditiously Adaptive Parameter-Free Learner (arXiv 2306.06101)",
    advice:
      "Leave the rate at 1, or give a cosine from 1 to 0; use_bias_correction for transformers, safeguard_warmup with a warm-up."
  )
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Prodigy {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 1 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - beta1: share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - beta2: share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - beta3: share of the sums behind d that is kept; `nil` for √beta2.
  ///   - epsilon: keeps the divisor from 0; 1e-8 by default.
  ///   - d0: where d starts; 1e-6 by default.
  ///   - dCoefficient: multiplies the estimate of d; 1 by default.
  ///   - growthRate: the greatest factor by which d grows in a step; `nil` for no limit.
  ///   - useBiasCorrection: whether the rate is corrected for the averages' start at zero; false by default.
  ///   - safeguardWarmup: whether a warm-up of the rate is kept out of d; false by default.
  ///   - sliceStride: every so many elements are looked at for d; 1 by default.
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
    beta3: Double? = nil, epsilon: Double? = nil, d0: Double? = nil, dCoefficient: Double? = nil, growthRate: Double? = nil,
    useBiasCorrection: Bool? = nil, safeguardWarmup: Bool? = nil, sliceStride: Int? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta1 { self.beta1 = beta1 }
    if let beta2 { self.beta2 = beta2 }
    if let beta3 { self.beta3 = beta3 }
    if let epsilon { self.epsilon = epsilon }
    if let d0 { self.d0 = d0 }
    if let dCoefficient { self.dCoefficient = dCoefficient }
    if let growthRate { self.growthRate = growthRate }
    if let useBiasCorrection { self.useBiasCorrection = useBiasCorrection }
    if let safeguardWarmup { self.safeguardWarmup = safeguardWarmup }
    if let sliceStride { self.sliceStride = sliceStride }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Prodigy {
  /// ``Prodigy`` with its defaults.
  public static var prodigy: Prodigy { Prodigy() }

  /// ``Prodigy`` with the given settings; see its initializer.
  public static func prodigy(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, beta1: Double? = nil, beta2: Double? = nil,
    beta3: Double? = nil, epsilon: Double? = nil, d0: Double? = nil, dCoefficient: Double? = nil, growthRate: Double? = nil,
    useBiasCorrection: Bool? = nil, safeguardWarmup: Bool? = nil, sliceStride: Int? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> Prodigy {
    Prodigy(
      learningRate: learningRate, weightDecay: weightDecay, beta1: beta1, beta2: beta2, beta3: beta3, epsilon: epsilon, d0: d0,
      dCoefficient: dCoefficient, growthRate: growthRate, useBiasCorrection: useBiasCorrection, safeguardWarmup: safeguardWarmup,
      sliceStride: sliceStride, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA,
      emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

/// The average square of a matrix's gradient kept as the averages of its rows and columns, and a step relative to the
/// parameter's size.
///
///     ρ = min(rate, 1 / √t),  α = max(epsilon2, RMS(w)) · ρ,  b = 1 − t^beta2Decay,  G = g² + epsilon1
///     rank ≥ 2:  r ← b · r + (1 − b) · mean(G, −1)           (along the last axis)
///                c ← b · c + (1 − b) · mean(G, −2)
///                V = (r / mean(r)) ⊗ c
///     rank < 2:  v ← b · v + (1 − b) · G,  V = v
///     u = g / √V,  w ← w − α · u / max(1, RMS(u) / clipThreshold)
///
/// With `beta1`, as in the paper, it is not the step that is subtracted but its average: m ← m + (1 − beta1) · (step − m).
///
/// Defaults: `learningRate` 0.001, `beta2Decay` −0.8, `epsilon1` 1e-30, `epsilon2` 0.001, `clipThreshold` 1, `relativeStep`
/// true, `beta1` nil (no average, and none of its memory).
///
/// Keras keeps v of matrices as well, so that its Adafactor takes more memory than SGD with momentum; here r and c are all that
/// is kept, with the same result. In Keras and PyTorch the rate never exceeds 1/√t, and Keras's `relative_step`, which says
/// that it turns this off, changes nothing; `limitsRate` does (true by default). PyTorch (`convention: .torch`, rate 0.01) does
/// not add epsilon1 but takes it as the least value of the mean of r and its square as that of v; `epsilon1` nil is the spacing
/// of the dtype's numbers at 1. It measures RMS(w) before weight decay.
///
/// Source: Shazeer & Stern, 2018, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost" (arXiv 1804.04235); Keras,
/// `Adafactor`.
public struct Adafactor: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// How fast the averages' memory grows; less than 0.
  public var beta2Decay = -0.8
  /// Keeps the divisor from 0.
  public var epsilon1: Double? = 1e-30
  /// The least size of a parameter that steps are relative to.
  public var epsilon2 = 1e-3
  /// The greatest root mean square of a step before the rate.
  public var clipThreshold = 1.0
  /// Has no effect, as in Keras; see `limitsRate`.
  public var relativeStep = true
  /// Whether the rate is at most 1/√t.
  public var limitsRate = true
  /// Whether epsilon1 is added or a least value.
  public var epsilonForm = EpsilonForm.added
  /// Share of the average step that is kept, at least 0 and less than 1; `nil` for steps that are not averaged.
  public var beta1: Double?

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    let shape = parameter.shape
    let momentum: [Slot] = beta1 == nil ? [] : ["momentum"]
    guard shape.count >= 2 else {
      // Keras keeps two zeros beside the average.
      let nothing = ["r", "c"].map { Slot(inFilesOnly: $0, shape: .scalar, dtype: .int32) { _ in Tensor(Int32(0)) } }
      return nothing + ["velocity"] + momentum
    }
    let epsilon = (epsilon1 ?? Adafactor.spacing(parameter.dtype), epsilonForm)
    return [
      Slot("r", shape: .fixed(Array(shape.dropLast()))),
      Slot("c", shape: .fixed(shape.dropLast(2) + [shape[shape.count - 1]])),
      Slot(inFilesOnly: "velocity", shape: .likeParameter) { Adafactor.product($0.r, $0.c, epsilon.0, epsilon.1) },
    ] + momentum
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    let epsilon = epsilon1 ?? Adafactor.spacing(g.dtype)
    let limit = 1 / sqrt(step.number)
    let relativeRate = limitsRate ? minimum(step.learningRate, limit) : step.learningRate
    let size = maximum(Adafactor.rootMeanSquare(w), Tensor(number: epsilon2))
    let share = pow(step.number, beta2Decay)
    let square = epsilonForm == .added ? g * g + epsilon : g * g

    let estimate: Tensor
    if slots.contains("r") {
      slots.r = lerp(slots.r, square.mean(axis: -1), share)
      slots.c = lerp(slots.c, square.mean(axis: -2), share)
      estimate = Adafactor.product(slots.r, slots.c, epsilon, epsilonForm)
    } else {
      slots.velocity = lerp(slots.velocity, square, share)
      estimate = epsilonForm == .added ? slots.velocity : maximum(slots.velocity, Tensor(number: epsilon * epsilon))
    }
    let change = g / sqrt(estimate)
    let clipped = relativeRate * size / maximum(Adafactor.rootMeanSquare(change) / clipThreshold, 1)
    guard let beta1 else {
      w -= clipped * change
      return
    }
    slots.momentum = lerp(slots.momentum, clipped * change, 1 - beta1)
    w -= slots.momentum
  }

  /// The average squares of a matrix from those of its rows and columns.
  private static func product(_ r: Tensor, _ c: Tensor, _ epsilon: Double, _ form: EpsilonForm) -> Tensor {
    let mean = r.mean(axis: -1, keepDims: true)
    let rows = r / (form == .added ? mean : maximum(mean, Tensor(number: epsilon)))
    let product = rows.expandingShape(at: -1) * c.expandingShape(at: c.rank - 1)
    return form == .added ? product : maximum(product, Tensor(number: epsilon * epsilon))
  }

  private static func rootMeanSquare(_ x: Tensor) -> Tensor { sqrt((x * x).mean()) }

  /// The difference between 1 and the next number.
  private static func spacing(_ dtype: DType) -> Double {
    dtype == .float32 ? Double(Float.ulpOfOne) : Double.ulpOfOne
  }

  public static let hyperparameters: [Hyperparameter<Adafactor>] = [
    .number("beta_2_decay", \.beta2Decay, in: .nonPositive, "how fast the averages' memory grows"),
    .optionalNumber("epsilon_1", \.epsilon1, in: .nonNegative, "keeps the divisor from 0"),
    .number("epsilon_2", \.epsilon2, in: .nonNegative, "the least size of a parameter that steps are relative to"),
    .number("clip_threshold", \.clipThreshold, in: .positive, "the greatest root mean square of a step before the rate"),
    .flag("relative_step", \.relativeStep, "has no effect, as in Keras"),
    .flag("limits_rate", \.limitsRate, "whether the rate is at most 1/√t", isInKeras: false),
    .choice("epsilon_form", \.epsilonForm, "whether epsilon_1 is added or a least value"),
    .optionalNumber("beta_1", \.beta1, in: .decay, "share of the average step that is kept", isInKeras: false),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["learning_rate": 0.01, "epsilon_1": nil, "epsilon_form": "floor"],
    .paper: ["learning_rate": 0.01],
  ]

  public static let about = OptimizerDescription(
    summary: "second moments kept by rows and columns; steps relative to the parameter's size",
    formula: """
      ρ = min(rate, 1 / √t),  α = max(epsilon_2, RMS(w)) · ρ,  b = 1 − t^beta_2_decay,  G = g² + epsilon_1
      rank ≥ 2:  r ← b · r + (1 − b) · mean(G, −1)           (along the last axis)
                 c ← b · c + (1 − b) · mean(G, −2)
                 V = (r / mean(r)) ⊗ c
      rank < 2:  v ← b · v + (1 − b) · G,  V = v
      u = g / √V,  w ← w − α · u / max(1, RMS(u) / clip_threshold)
      """,
    source: "Shazeer & Stern, 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost (arXiv 1804.04235)",
    advice: "For memory: a matrix of n × m costs n + m numbers. Keras's own keeps n · m more.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Adafactor {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - beta2Decay: how fast the averages' memory grows; less than 0; -0.8 by default.
  ///   - epsilon1: keeps the divisor from 0; 1e-30 by default.
  ///   - epsilon2: the least size of a parameter that steps are relative to; 1e-3 by default.
  ///   - clipThreshold: the greatest root mean square of a step before the rate; 1 by default.
  ///   - relativeStep: has no effect, as in Keras; see `limitsRate`; true by default.
  ///   - limitsRate: whether the rate is at most 1/√t; true by default.
  ///   - epsilonForm: whether epsilon1 is added or a least value; `.added` by default.
  ///   - beta1: share of the average step that is kept, at least 0 and less than 1; `nil` for steps that are not averaged.
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
    learningRate: (any LearningRateConvertible)? = nil, beta2Decay: Double? = nil, epsilon1: Double? = nil, epsilon2: Double? = nil,
    clipThreshold: Double? = nil, relativeStep: Bool? = nil, limitsRate: Bool? = nil, epsilonForm: EpsilonForm? = nil,
    beta1: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let beta2Decay { self.beta2Decay = beta2Decay }
    if let epsilon1 { self.epsilon1 = epsilon1 }
    if let epsilon2 { self.epsilon2 = epsilon2 }
    if let clipThreshold { self.clipThreshold = clipThreshold }
    if let relativeStep { self.relativeStep = relativeStep }
    if let limitsRate { self.limitsRate = limitsRate }
    if let epsilonForm { self.epsilonForm = epsilonForm }
    if let beta1 { self.beta1 = beta1 }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Adafactor {
  /// ``Adafactor`` with its defaults.
  public static var adafactor: Adafactor { Adafactor() }

  /// ``Adafactor`` with the given settings; see its initializer.
  public static func adafactor(
    learningRate: (any LearningRateConvertible)? = nil, beta2Decay: Double? = nil, epsilon1: Double? = nil, epsilon2: Double? = nil,
    clipThreshold: Double? = nil, relativeStep: Bool? = nil, limitsRate: Bool? = nil, epsilonForm: EpsilonForm? = nil,
    beta1: Double? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Adafactor {
    Adafactor(
      learningRate: learningRate, beta2Decay: beta2Decay, epsilon1: epsilon1, epsilon2: epsilon2, clipThreshold: clipThreshold,
      relativeStep: relativeStep, limitsRate: limitsRate, epsilonForm: epsilonForm, beta1: beta1, weightDecay: weightDecay,
      clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum,
      emaOverwriteFrequency: emaOverwriteFrequency, lossScaleFactor: lossScaleFactor,
      gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay, convention: convention
    )
  }
}

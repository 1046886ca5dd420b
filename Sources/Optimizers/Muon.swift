/// Momentum made orthogonal: all directions of a matrix move equally far. What is not a matrix is left to ``Adam``.
///
///     matrices:  m ← momentum · m + g,  x = nesterov ? g + momentum · m : m
///                w ← w − rate · √max(rows, columns) · rmsRate · NS(x)
///     NS: x ← x / (‖x‖ + 1e-7), transposed if it has more rows than columns; nsSteps times
///         A = x xᵀ,  x ← a · x + (b · A + c · A²) x
///     all else (other ranks; paths with "embedding"; `excludeLayers`): Adam with adamBeta1, adamBeta2, epsilon, at
///         rate · adamLearningRateRatio
///
/// Defaults: `learningRate` 0.001, `adamBeta1` 0.9, `adamBeta2` 0.999, `adamWeightDecay` 0.004, `epsilon` 1e-7, `weightDecay` 0.004,
/// `excludeLayers` none, `excludeEmbeddings` true, `muonA` 3.4445, `muonB` −4.775, `muonC` 2.0315, `adamLearningRateRatio` 1,
/// `momentum` 0.95, `nsSteps` 5, `nesterov` true, `rmsRate` 0.2 (nil for no factor).
///
/// Weights of matrices decay by `weightDecay`, all others by `adamWeightDecay`. PyTorch (`convention: .torch`, decay 0.1; it refuses
/// what is not a matrix and iterates in bfloat16) and the author (`.paper`, rate 0.02) multiply the rate by √max(1, rows /
/// columns) (`rateAdjustment`) and keep ‖x‖ from falling below 1e-7 instead of adding it.
///
/// Source: Jordan et al., 2024, "Muon: An optimizer for hidden layers in neural networks"; Liu et al., 2025, "Muon is Scalable for
/// LLM Training" (arXiv 2502.16982; the factor rmsRate); Keras, `Muon`.
public struct Muon: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001, weightDecay: 0.004, numberPrecision: .parameter)
  /// Adam's share of the average gradient that is kept, at least 0 and less than 1.
  public var adamBeta1 = 0.9
  /// Adam's share of the average squared gradient that is kept, at least 0 and less than 1.
  public var adamBeta2 = 0.999
  /// Weight decay where Adam updates; nil for none.
  public var adamWeightDecay: Double? = 0.004
  /// Keeps Adam's divisor from 0.
  public var epsilon = 1e-7
  /// Regular expressions; matrices in whose path one occurs are left to Adam.
  public var excludeLayers: [String] = []
  /// Whether matrices with "embedding" in their path are left to Adam.
  public var excludeEmbeddings = true
  /// Coefficient of x in the iteration.
  public var muonA = 3.4445
  /// Coefficient of A x in the iteration.
  public var muonB = -4.775
  /// Coefficient of A² x in the iteration.
  public var muonC = 2.0315
  /// Multiplies the rate where Adam updates.
  public var adamLearningRateRatio = 1.0
  /// Share of the momentum that is kept, at least 0 and less than 1.
  public var momentum = 0.95
  /// How often the iteration is repeated.
  public var nsSteps = 5
  /// Whether the step looks ahead by the momentum.
  public var nesterov = true
  /// The size of a matrix's step, as a root mean square, at the rate 1; nil for no factor.
  public var rmsRate: Double? = 0.2
  /// What a matrix's step is multiplied by.
  public var rateAdjustment = MuonRateAdjustment.longerSide
  /// Whether the norm's 1e-7 is added or a least value.
  public var epsilonForm = EpsilonForm.added

  public init() {}

  /// Whether the parameter is left to Adam.
  public func usesAdam(for parameter: ParameterDescription) -> Bool {
    if parameter.rank != 2 { return true }
    if excludeEmbeddings && parameter.path.lowercased().contains("embedding") { return true }
    return excludeLayers.contains { pattern in (try? NamePattern(pattern))?.occurs(in: parameter.path) ?? false }
  }

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    usesAdam(for: parameter) ? ["momentum", "velocity"] : ["momentum"]
  }

  public func weightDecay(for parameter: ParameterDescription) -> Double? {
    usesAdam(for: parameter) ? adamWeightDecay : options.weightDecay
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    if slots.contains("velocity") {
      var adam = Adam()
      (adam.beta1, adam.beta2, adam.epsilon) = (adamBeta1, adamBeta2, epsilon)
      adam.update(&w, gradient: g, slots: &slots, step: step.scaled(by: adamLearningRateRatio))
      return
    }
    slots.momentum = momentum * slots.momentum + g
    let direction = orthogonalized(nesterov ? g + momentum * slots.momentum : slots.momentum)
    w -= step.learningRate * factor(rows: w.shape[0], columns: w.shape[1]) * direction
  }

  /// The orthogonal matrix nearest to one, roughly: its singular values become about 1.
  private func orthogonalized(_ matrix: Tensor) -> Tensor {
    let isTall = matrix.shape[0] > matrix.shape[1]
    var x = isTall ? matrix.transposed() : matrix
    x = x / epsilonForm.apply(sqrt((x * x).sum()), 1e-7)
    for _ in 0..<nsSteps {
      let square = matmul(x, x, transposeB: true)
      x = muonA * x + matmul(muonB * square + muonC * matmul(square, square), x)
    }
    return isTall ? x.transposed() : x
  }

  private func factor(rows: Int, columns: Int) -> Double {
    switch rateAdjustment {
    case .longerSide: rmsRate.map { $0 * Double(max(rows, columns)).squareRoot() } ?? 1
    case .aspect: max(1, Double(rows) / Double(columns)).squareRoot()
    case .spectral: (Double(rows) / Double(columns)).squareRoot()
    }
  }

  public static let hyperparameters: [Hyperparameter<Muon>] = [
    .number("adam_beta_1", \.adamBeta1, in: .decay, "Adam's share of the average gradient that is kept"),
    .number("adam_beta_2", \.adamBeta2, in: .decay, "Adam's share of the average squared gradient that is kept"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps Adam's divisor from 0"),
    .texts(
      "exclude_layers", \.excludeLayers, "regular expressions for paths left to Adam",
      check: { try ParameterRule.pattern($0).validate() }),
    .number("muon_a", \.muonA, "coefficient of the iteration"),
    .number("muon_b", \.muonB, "coefficient of the iteration"),
    .number("muon_c", \.muonC, "coefficient of the iteration"),
    .number("adam_lr_ratio", \.adamLearningRateRatio, in: .nonNegative, "multiplies the rate where Adam updates"),
    .number("momentum", \.momentum, in: .decay, "share of the momentum that is kept"),
    .integer("ns_steps", \.nsSteps, atLeast: 0, "how often the iteration is repeated"),
    .flag("nesterov", \.nesterov, "whether the step looks ahead by the momentum"),
    .flag("exclude_embeddings", \.excludeEmbeddings, "whether embeddings are left to Adam"),
    .optionalNumber("adam_weight_decay", \.adamWeightDecay, in: .nonNegative, "weight decay where Adam updates"),
    .optionalNumber("rms_rate", \.rmsRate, in: .nonNegative, "size of a matrix's step at the rate 1"),
    .choice("rate_adjustment", \.rateAdjustment, "what a matrix's step is multiplied by"),
    .choice("epsilon_form", \.epsilonForm, "whether the norm's 1e-7 is added or a least value"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["weight_decay": 0.1, "adam_weight_decay": 0.1, "rate_adjustment": "aspect", "epsilon_form": "floor"],
    .paper: ["learning_rate": 0.02, "weight_decay": 0.0, "adam_weight_decay": 0.0, "rate_adjustment": "aspect"],
  ]

  public static let tunings = [TuningRange("weight_decay", 1e-4...0.3, .logarithmic)]

  public static let about = OptimizerDescription(
    summary: "orthogonalized momentum for matrices, Adam for the rest",
    formula: """
      matrices:  m ← momentum · m + g,  x = nesterov ? g + momentum · m : m
                 w ← w − rate · √max(rows, columns) · rms_rate · NS(x)
      NS: x ← x / (‖x‖ + 1e-7), transposed if it has more rows than columns; ns_steps times
          A = x xᵀ,  x ← a · x + (b · A + c · A²) x
      all else (other ranks; paths with "embedding"; exclude_layers): Adam with adam_beta_1, adam_beta_2, epsilon, at
          rate · adam_lr_ratio
      """,
    source: "Jordan et al., 2024, Muon; Liu et al., 2025, Muon is Scalable for LLM Training (arXiv 2502.16982)",
    advice: "For the hidden matrices of transformers and perceptrons. Embeddings and the output layer want Adam (exclude_layers).")
}

/// What ``Muon`` multiplies a matrix's step by.
public enum MuonRateAdjustment: String, Sendable, CaseIterable {
  /// rmsRate · √max(rows, columns) (Liu et al., Keras).
  case longerSide = "longer_side"
  /// √max(1, rows / columns) (Jordan, PyTorch).
  case aspect
  /// √(rows / columns) (PyTorch's `spectral_unclamped`).
  case spectral
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Muon {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - adamBeta1: adam's share of the average gradient that is kept, at least 0 and less than 1; 0.9 by default.
  ///   - adamBeta2: adam's share of the average squared gradient that is kept, at least 0 and less than 1; 0.999 by default.
  ///   - adamWeightDecay: weight decay where Adam updates; nil for none; 0.004 by default.
  ///   - epsilon: keeps Adam's divisor from 0; 1e-7 by default.
  ///   - excludeLayers: regular expressions; matrices in whose path one occurs are left to Adam; none by default.
  ///   - excludeEmbeddings: whether matrices with "embedding" in their path are left to Adam; true by default.
  ///   - muonA: coefficient of x in the iteration; 3.4445 by default.
  ///   - muonB: coefficient of A x in the iteration; -4.775 by default.
  ///   - muonC: coefficient of A² x in the iteration; 2.0315 by default.
  ///   - adamLearningRateRatio: multiplies the rate where Adam updates; 1 by default.
  ///   - momentum: share of the momentum that is kept, at least 0 and less than 1; 0.95 by default.
  ///   - nsSteps: how often the iteration is repeated; 5 by default.
  ///   - nesterov: whether the step looks ahead by the momentum; true by default.
  ///   - rmsRate: the size of a matrix's step, as a root mean square, at the rate 1; nil for no factor; 0.2 by default.
  ///   - rateAdjustment: what a matrix's step is multiplied by; `.longerSide` by default.
  ///   - epsilonForm: whether the norm's 1e-7 is added or a least value; `.added` by default.
  ///   - weightDecay: strength of the weight decay; 0.004 by default.
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
    learningRate: (any LearningRateConvertible)? = nil, adamBeta1: Double? = nil, adamBeta2: Double? = nil,
    adamWeightDecay: Double? = nil, epsilon: Double? = nil, excludeLayers: [String]? = nil, excludeEmbeddings: Bool? = nil,
    muonA: Double? = nil, muonB: Double? = nil, muonC: Double? = nil, adamLearningRateRatio: Double? = nil, momentum: Double? = nil,
    nsSteps: Int? = nil, nesterov: Bool? = nil, rmsRate: Double? = nil, rateAdjustment: MuonRateAdjustment? = nil,
    epsilonForm: EpsilonForm? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let adamBeta1 { self.adamBeta1 = adamBeta1 }
    if let adamBeta2 { self.adamBeta2 = adamBeta2 }
    if let adamWeightDecay { self.adamWeightDecay = adamWeightDecay }
    if let epsilon { self.epsilon = epsilon }
    if let excludeLayers { self.excludeLayers = excludeLayers }
    if let excludeEmbeddings { self.excludeEmbeddings = excludeEmbeddings }
    if let muonA { self.muonA = muonA }
    if let muonB { self.muonB = muonB }
    if let muonC { self.muonC = muonC }
    if let adamLearningRateRatio { self.adamLearningRateRatio = adamLearningRateRatio }
    if let momentum { self.momentum = momentum }
    if let nsSteps { self.nsSteps = nsSteps }
    if let nesterov { self.nesterov = nesterov }
    if let rmsRate { self.rmsRate = rmsRate }
    if let rateAdjustment { self.rateAdjustment = rateAdjustment }
    if let epsilonForm { self.epsilonForm = epsilonForm }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Muon {
  /// ``Muon`` with its defaults.
  public static var muon: Muon { Muon() }

  /// ``Muon`` with the given settings; see its initializer.
  public static func muon(
    learningRate: (any LearningRateConvertible)? = nil, adamBeta1: Double? = nil, adamBeta2: Double? = nil,
    adamWeightDecay: Double? = nil, epsilon: Double? = nil, excludeLayers: [String]? = nil, excludeEmbeddings: Bool? = nil,
    muonA: Double? = nil, muonB: Double? = nil, muonC: Double? = nil, adamLearningRateRatio: Double? = nil, momentum: Double? = nil,
    nsSteps: Int? = nil, nesterov: Bool? = nil, rmsRate: Double? = nil, rateAdjustment: MuonRateAdjustment? = nil,
    epsilonForm: EpsilonForm? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil, clipvalue: Double? = nil,
    globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil, decay: Double? = nil,
    convention: Convention = .keras3
  ) -> Muon {
    Muon(
      learningRate: learningRate, adamBeta1: adamBeta1, adamBeta2: adamBeta2, adamWeightDecay: adamWeightDecay, epsilon: epsilon,
      excludeLayers: excludeLayers, excludeEmbeddings: excludeEmbeddings, muonA: muonA, muonB: muonB, muonC: muonC,
      adamLearningRateRatio: adamLearningRateRatio, momentum: momentum, nsSteps: nsSteps, nesterov: nesterov, rmsRate: rmsRate,
      rateAdjustment: rateAdjustment, epsilonForm: epsilonForm, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

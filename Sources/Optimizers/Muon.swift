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
/// `excludeLayers` none, `excludeEmbeddings` true, `muonA`, `muonB`, `muonC` 3.4445, −4.775, 2.0315, `adamLearningRateRatio` 1, `momentum` 0.95,
/// `nsSteps` 5, `nesterov` true, `rmsRate` 0.2 (nil for no factor).
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

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    nesterov: Bool? = nil, nsSteps: Int? = nil, excludeLayers: [String]? = nil, convention: Convention = .keras3
  ) {
    adopt(convention)
    if let learningRate { options.learningRate = learningRate.learningRate }
    if let weightDecay { options.weightDecay = weightDecay }
    if let momentum { self.momentum = momentum }
    if let nesterov { self.nesterov = nesterov }
    if let nsSteps { self.nsSteps = nsSteps }
    if let excludeLayers { self.excludeLayers = excludeLayers }
  }

  /// Whether the parameter is left to Adam.
  public func usesAdam(for parameter: ParameterDescription) -> Bool {
    if parameter.rank != 2 { return true }
    if excludeEmbeddings && parameter.path.lowercased().contains("embedding") { return true }
    return excludeLayers.contains { pattern in (try? Regex(pattern)).map { parameter.path.contains($0) } ?? false }
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

  public static let about = OptimizerDescription(
    summary: "orthogonalized momentum for matrices, Adam for the rest",
    formula: """
      matrices:  m ← momentum · m + g;  x = g + momentum · m
                 w ← w − rate · √max(rows, columns) · rms_rate · NS(x)
      NS:        x ← x / ‖x‖;  ns_steps times: A = x xᵀ, x ← a · x + (b · A + c · A²) x
      all else:  Adam at rate · adam_lr_ratio
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

extension Optimizer where Self == Muon {
  /// ``Muon`` with Keras 3's defaults.
  public static var muon: Muon { Muon() }
}

/// Any optimizer with the gradients not at the weights but at the worst point in a neighbourhood of them: it finds flat minima.
///
///     e = rho · g / (‖g‖ + epsilon)              g: gradients at w, their norm over all parameters
///     g' = the gradients at w + e
///     w ← the inner optimizer's step with g'
///
/// With `adaptive` the neighbourhood scales with the weights: e = rho · w² · g / (‖|w| · g‖ + epsilon).
///
/// Defaults: `innerOptimizer` ``SGD`` with momentum 0.9, `rho` 0.05, `epsilon` 1e-12, `adaptive` false.
///
/// A step takes twice the time. Both gradients are of the same batch, with the same dropout, and are parts of one plan: `fit`
/// and ``Minimizer`` need nothing else. Gradients that come from elsewhere (``Stepper``) are refused. The norm is over the
/// parameters that the optimizer has, frozen ones not counted.
///
/// Source: Foret et al., 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization" (arXiv 2010.01412);
/// adaptive: Kwon et al., 2021, "ASAM" (arXiv 2102.11600).
public struct SAM: OptimizerWrapper {
  public var innerOptimizer: any Optimizer
  /// Radius of the neighbourhood.
  public var rho = 0.05
  /// Keeps the divisor from 0.
  public var epsilon = 1e-12
  /// Whether the neighbourhood scales with the weights.
  public var adaptive = false
  /// Its name in Keras's JSON; made from the class's if nil.
  public var name: String?

  public init() { self.init(SGD(momentum: 0.9)) }

  /// - Parameters:
  ///   - innerOptimizer: the optimizer that makes the steps; its options are those of the whole.
  ///   - rho: radius of the neighbourhood; 0.05 by default.
  ///   - epsilon: keeps the divisor from 0; 1e-12 by default.
  ///   - adaptive: whether the neighbourhood scales with the weights; false by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  public init(
    _ innerOptimizer: any Optimizer, rho: Double? = nil, epsilon: Double? = nil, adaptive: Bool? = nil, name: String? = nil
  ) {
    self.innerOptimizer = innerOptimizer
    if let rho { self.rho = rho }
    if let epsilon { self.epsilon = epsilon }
    if let adaptive { self.adaptive = adaptive }
    self.name = name
  }

  /// The gradients at the worst point near the weights.
  func gradients(_ origins: [GradientOrigin]) -> [Tensor] {
    GradientOrigin.requireGraph(origins, "SAM")
    let lengths = origins.map { origin in
      let g = adaptive ? abs(origin.parameter) * origin.gradient : origin.gradient
      return (g * g).sum()
    }
    let scale = rho / (sqrt(modelWideSum(lengths)) + epsilon)
    let moved = origins.map { origin in
      let w = origin.parameter
      return (old: w, new: w + scale * (adaptive ? w * w * origin.gradient : origin.gradient))
    }
    return replacing(moved, in: origins.map(\.gradient))
  }

  public static let hyperparameters: [Hyperparameter<SAM>] = [
    .optionalText("name", \.name, "name in Keras's JSON"),
    .optimizer("inner_optimizer", \.innerOptimizer, "the optimizer that makes the steps"),
    .number("rho", \.rho, in: .nonNegative, "radius of the neighbourhood"),
    .number("epsilon", \.epsilon, in: .nonNegative, "keeps the divisor from 0"),
    .flag("adaptive", \.adaptive, "whether the neighbourhood scales with the weights"),
  ]

  public static let about = OptimizerDescription(
    summary: "any optimizer with gradients at the worst point near the weights",
    formula: """
      e = rho · g / (‖g‖ + epsilon)              g: gradients at w, their norm over all parameters
      g' = the gradients at w + e
      w ← the inner optimizer's step with g'
      """,
    source: "Foret et al., 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization (arXiv 2010.01412)",
    advice: "Better generalization for twice the time of a step.")
}

extension Optimizer where Self == SAM {
  /// ``SAM`` around another optimizer; see its initializer.
  public static func sam(
    _ innerOptimizer: any Optimizer = SGD(momentum: 0.9), rho: Double? = nil, epsilon: Double? = nil, adaptive: Bool? = nil, name: String? = nil
  ) -> SAM {
    SAM(innerOptimizer, rho: rho, epsilon: epsilon, adaptive: adaptive, name: name)
  }
}

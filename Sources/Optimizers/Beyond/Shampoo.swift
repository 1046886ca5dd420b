/// Gradients multiplied, axis by axis, by roots of the inverse sums of their own products: a full matrix of second moments for
/// each axis of a parameter instead of one number for each weight.
///
///     g ← (1 − momentum) · g + momentum · (last step u)         (momentum 0: g)
///     for each axis k of K:  Lₖ ← Lₖ + gram of g along k            (starts at matrixEpsilon · I)
///                            every updatePeriod steps:  Rₖ ← Lₖ^(−1 / (2 · K))
///     u = g multiplied along each axis by Rₖ
///     w ← w − rate · u
///
/// Defaults: `learningRate` 0.001, `momentum` 0, `updatePeriod` 1, `matrixEpsilon` 1e-6, `maximumSize` 1024.
///
/// As in the paper and pytorch_optimizer's `Shampoo`. Vectors have one axis: full-matrix AdaGrad. Scalars step by the gradient.
/// An axis longer than `maximumSize` is not preconditioned (the exponent of the others stays). The roots are computed in
/// float64, from all eigenvalues, on one thread: n³ for an axis of n, so take a longer `updatePeriod` for large layers (the paper
/// computes them every 20 to 100 steps; until the first time, nothing moves).
///
/// Source: Gupta et al., 2018, "Shampoo: Preconditioned Stochastic Tensor Optimization" (arXiv 1802.09568).
public struct Shampoo: Optimizer {
  public var options = OptimizerOptions(learningRate: 0.001)
  /// Share of the last step in the gradient, at least 0 and less than 1.
  public var momentum = 0.0
  /// Updates from one computation of the roots to the next.
  public var updatePeriod = 1
  /// Where the sums' diagonals start.
  public var matrixEpsilon = 1e-6
  /// The longest axis that is preconditioned.
  public var maximumSize = 1024

  public init() {}

  public init(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    updatePeriod: Int? = nil, matrixEpsilon: Double? = nil, maximumSize: Int? = nil
  ) {
    if let learningRate { options.learningRate = learningRate.learningRate }
    options.weightDecay = weightDecay
    if let momentum { self.momentum = momentum }
    if let updatePeriod { self.updatePeriod = updatePeriod }
    if let matrixEpsilon { self.matrixEpsilon = matrixEpsilon }
    if let maximumSize { self.maximumSize = maximumSize }
  }

  private func axes(_ shape: [Int]) -> [Int] { shape.indices.filter { shape[$0] <= maximumSize } }

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    let matrices = axes(parameter.shape).flatMap { axis in
      let size = parameter.shape[axis]
      return [
        Slot("preconditioner\(axis)", shape: .fixed([size, size]), start: .identity(matrixEpsilon)),
        Slot("root\(axis)", shape: .fixed([size, size])),
      ]
    }
    return (momentum > 0 ? ["momentum"] : []) + matrices
  }

  // Roots are computed in one of the two formulas only.
  public var variantCount: Int { 2 }
  public func variant(at number: Int) -> Int { number % updatePeriod == 0 ? 1 : 0 }

  public func update(_ w: inout Tensor, gradient: Tensor, slots: inout Slots, step: Step) {
    var g = gradient
    if momentum > 0 { g = select(step.number .== 1, g, lerp(g, slots.momentum, momentum)) }
    var u = g
    for axis in axes(w.shape) {
      let (sum, root) = ("preconditioner\(axis)", "root\(axis)")
      slots[sum] = slots[sum] + g.gram(axis: axis)
      if step.variant == 1 { slots[root] = slots[sum].inverseRoot(Double(2 * w.rank), least: matrixEpsilon) }
      u = u.multiplied(axis: axis, by: slots[root])
    }
    if momentum > 0 { slots.momentum = u }
    w -= step.learningRate * u
  }

  public static let hyperparameters: [Hyperparameter<Shampoo>] = [
    .number("momentum", \.momentum, in: .decay, "share of the last step in the gradient"),
    .integer("update_period", \.updatePeriod, atLeast: 1, "updates from one computation of the roots to the next"),
    .number("matrix_epsilon", \.matrixEpsilon, in: .positive, "where the sums' diagonals start"),
    .integer("maximum_size", \.maximumSize, atLeast: 1, "the longest axis that is preconditioned"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [.paper: [:]]

  public static let about = OptimizerDescription(
    summary: "gradients multiplied, axis by axis, by roots of the inverse sums of their own products",
    formula: """
      for each axis k of K:  Lₖ ← Lₖ + gram of g along k;  Rₖ = Lₖ^(−1 / (2 · K))
      w ← w − rate · (g multiplied along each axis by Rₖ)
      """,
    source: "Gupta et al., 2018, Shampoo: Preconditioned Stochastic Tensor Optimization (arXiv 1802.09568)",
    advice: "Few, costly steps. The sums never forget; SOAP does, and is the better choice for long trainings.")
}

extension Optimizer where Self == Shampoo {
  /// ``Shampoo`` with its defaults.
  public static var shampoo: Shampoo { Shampoo() }
}

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
      g ← (1 − momentum) · g + momentum · (last step u)         (momentum 0: g)
      for each axis k of K:  Lₖ ← Lₖ + gram of g along k            (starts at matrix_epsilon · I)
                             every update_period steps:  Rₖ ← Lₖ^(−1 / (2 · K))
      u = g multiplied along each axis by Rₖ
      w ← w − rate · u
      """,
    source: "Gupta et al., 2018, Shampoo: Preconditioned Stochastic Tensor Optimization (arXiv 1802.09568)",
    advice: "Few, costly steps. The sums never forget; SOAP does, and is the better choice for long trainings.")
}

// MARK: - Initializers (written by scripts/initializers.py)

extension Shampoo {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 0.001 by default.
  ///   - weightDecay: strength of the weight decay; none by default.
  ///   - momentum: share of the last step in the gradient, at least 0 and less than 1; 0 by default.
  ///   - updatePeriod: updates from one computation of the roots to the next; 1 by default.
  ///   - matrixEpsilon: where the sums' diagonals start; 1e-6 by default.
  ///   - maximumSize: the longest axis that is preconditioned; 1024 by default.
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
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    updatePeriod: Int? = nil, matrixEpsilon: Double? = nil, maximumSize: Int? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let momentum { self.momentum = momentum }
    if let updatePeriod { self.updatePeriod = updatePeriod }
    if let matrixEpsilon { self.matrixEpsilon = matrixEpsilon }
    if let maximumSize { self.maximumSize = maximumSize }
    options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay
    )
  }
}

extension Optimizer where Self == Shampoo {
  /// ``Shampoo`` with its defaults.
  public static var shampoo: Shampoo { Shampoo() }

  /// ``Shampoo`` with the given settings; see its initializer.
  public static func shampoo(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, momentum: Double? = nil,
    updatePeriod: Int? = nil, matrixEpsilon: Double? = nil, maximumSize: Int? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, convention: Convention = .keras3
  ) -> Shampoo {
    Shampoo(
      learningRate: learningRate, weightDecay: weightDecay, momentum: momentum, updatePeriod: updatePeriod,
      matrixEpsilon: matrixEpsilon, maximumSize: maximumSize, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      convention: convention
    )
  }
}

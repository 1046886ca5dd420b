import Foundation

/// Newton's method with the inverse Hessian built from the last few steps and changes of the gradient; each step searches along
/// a line.
///
///     y = change of the gradient, s = last step;  kept if y · s > 1e-10, at most `historySize` of them
///     d = −H · g by the two-loop recursion over the (s, y), starting from H₀ = (y · s) / (y · y)
///     a: strong Wolfe's conditions, from `learningRate` on     (min(1, 1 / ‖g‖₁) · `learningRate` at the first step)
///     w ← w + a · d
///
/// Strong Wolfe: f(w + a · d) ≤ f(w) + 1e-4 · a · g · d, and |slope there| ≤ 0.9 · |g · d|. With `lineSearch` `.none` a is
/// where the search would begin.
///
/// It has converged, and steps change nothing any more, when the greatest element of the gradient is at most `toleranceGrad`,
/// or the last step changed every weight by at most `toleranceChange`, or the loss by less than that.
///
/// Defaults: `learningRate` 1, `historySize` 10, `lineSearch` `.strongWolfe`, `maxEvaluations` 25 in a step, `toleranceGrad`
/// 1e-7, `toleranceChange` 1e-9. PyTorch (`convention: .torch`) remembers 100 steps and does not search.
///
/// It needs the loss at points of its own choosing, always the same loss: use it with a ``Minimizer``. `fit` refuses it,
/// whatever the batch size, because a model's loss is made of batches; for the whole data set as one batch write the loss as a
/// function of the parameters. There is no clipping, weight decay or averaging. Numbers are kept in `float64`.
///
/// Source: Nocedal, 1980, "Updating Quasi-Newton Matrices with Limited Storage"; Nocedal & Wright, 2006, "Numerical
/// Optimization", algorithms 3.5, 3.6, 7.4 and 7.5; PyTorch, `LBFGS`, whose iterates these are.
public struct LBFGS: Optimizer {
  public var options = OptimizerOptions(learningRate: 1)
  /// How many steps are remembered.
  public var historySize = 10
  /// How the length of a step is found.
  public var lineSearch = LineSearch.strongWolfe
  /// The most evaluations of the loss in a step.
  public var maxEvaluations = 25
  /// The greatest element of a gradient that counts as zero.
  public var toleranceGrad = 1e-7
  /// The greatest change of a weight, and of the loss, that counts as none.
  public var toleranceChange = 1e-9

  public init() {}

  public func slots(for parameter: ParameterDescription) -> [Slot] {
    let count = parameter.shape.reduce(1, *)
    return [
      Slot("steps", shape: .fixed([historySize, count]), dtype: .float64),
      Slot("changes", shape: .fixed([historySize, count]), dtype: .float64),
      Slot("direction", shape: .fixed([count]), dtype: .float64),
      Slot("previousGradient", shape: .fixed([count]), dtype: .float64),
    ]
  }

  public var sharedSlots: [Slot] {
    [
      Slot("historyCount", shape: .scalar), Slot("historyStart", shape: .scalar), Slot("stepLength", shape: .scalar),
      Slot("scale", shape: .scalar, start: .number(1)),
    ]
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    programmingError("LBFGS chooses the points where it wants the loss; it cannot be part of another optimizer")
  }

  public func check() throws {
    let isPlain =
      options.weightDecay ?? 0 == 0 && options.clipnorm == nil && options.clipvalue == nil && options.globalClipnorm == nil
      && !options.useEMA && options.gradientAccumulationSteps == nil && options.lossScaleFactor == nil
      && options.parameterSettings.isEmpty
    if !isPlain {
      throw DescentError(
        .invalidArgument,
        "it has no weight decay, clipping, averaging, accumulation, loss scale or settings of single parameters")
    }
  }

  public static let commonHyperparameters = OptimizerOptions.hyperparameters.filter { ["name", "learning_rate"].contains($0.key) }

  public static let hyperparameters: [Hyperparameter<LBFGS>] = [
    .integer("history_size", \.historySize, atLeast: 1, "how many steps are remembered"),
    .choice("line_search", \.lineSearch, "how far to go along a direction"),
    .integer("max_evaluations", \.maxEvaluations, atLeast: 1, "the most evaluations of the loss in a step"),
    .number("tolerance_grad", \.toleranceGrad, in: .nonNegative, "greatest element of a gradient that counts as zero"),
    .number("tolerance_change", \.toleranceChange, in: .nonNegative, "greatest change that counts as none"),
  ]

  public static let conventions: [Convention: [String: JSONValue]] = [
    .torch: ["history_size": 100, "line_search": "none"]
  ]

  public static let about = OptimizerDescription(
    summary: "quasi-Newton steps along a line, for losses that are functions of the parameters alone",
    formula: """
      y = change of the gradient, s = last step;  kept if y · s > 1e-10, at most history_size of them
      d = −H · g by the two-loop recursion over the (s, y), starting from H₀ = (y · s) / (y · y)
      a: strong Wolfe's conditions, from learning_rate on     (min(1, 1 / ‖g‖₁) · learning_rate at the first step)
      w ← w + a · d
      """,
    source: "Nocedal, 1980, Updating Quasi-Newton Matrices with Limited Storage; Nocedal & Wright, 2006, Numerical Optimization",
    advice: "For smooth losses without noise it needs far fewer evaluations than any method here. Not for mini-batches.")
}

extension Optimizer {
  /// - Throws: ``DescentError`` if the optimizer, or one inside it, is ``LBFGS``.
  func refuseLineSearch() throws {
    if self is LBFGS {
      throw DescentError(
        .invalidArgument,
        "LBFGS needs one loss at points of its own choosing, not batches or gradients alone: use it with a Minimizer, by itself")
    }
    for part in parts { try part.refuseLineSearch() }
  }
}

/// How far to go along a direction.
public enum LineSearch: String, Sendable, CaseIterable {
  /// Until strong Wolfe's conditions hold.
  case strongWolfe = "strong_wolfe"
  /// As far as the learning rate says.
  case none
}

// MARK: - Initializers (written by scripts/initializers.py)

extension LBFGS {
  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.
  ///
  /// - Parameters:
  ///   - learningRate: size of the steps, a number or a schedule; 1 by default.
  ///   - historySize: how many steps are remembered; 10 by default.
  ///   - lineSearch: how the length of a step is found; `.strongWolfe` by default.
  ///   - maxEvaluations: the most evaluations of the loss in a step; 25 by default.
  ///   - toleranceGrad: the greatest element of a gradient that counts as zero; 1e-7 by default.
  ///   - toleranceChange: the greatest change of a weight, and of the loss, that counts as none; 1e-9 by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  ///   - convention: whose defaults and formula are meant; Keras 3's by default.
  public init(
    learningRate: (any LearningRateConvertible)? = nil, historySize: Int? = nil, lineSearch: LineSearch? = nil,
    maxEvaluations: Int? = nil, toleranceGrad: Double? = nil, toleranceChange: Double? = nil, name: String? = nil,
    convention: Convention = .keras3
  ) {
    self.init()
    adopt(convention)
    if let historySize { self.historySize = historySize }
    if let lineSearch { self.lineSearch = lineSearch }
    if let maxEvaluations { self.maxEvaluations = maxEvaluations }
    if let toleranceGrad { self.toleranceGrad = toleranceGrad }
    if let toleranceChange { self.toleranceChange = toleranceChange }
    options.set(learningRate: learningRate, name: name)
  }
}

extension Optimizer where Self == LBFGS {
  /// ``LBFGS`` with its defaults.
  public static var lbfgs: LBFGS { LBFGS() }

  /// ``LBFGS`` with the given settings; see its initializer.
  public static func lbfgs(
    learningRate: (any LearningRateConvertible)? = nil, historySize: Int? = nil, lineSearch: LineSearch? = nil,
    maxEvaluations: Int? = nil, toleranceGrad: Double? = nil, toleranceChange: Double? = nil, name: String? = nil,
    convention: Convention = .keras3
  ) -> LBFGS {
    LBFGS(
      learningRate: learningRate, historySize: historySize, lineSearch: lineSearch, maxEvaluations: maxEvaluations,
      toleranceGrad: toleranceGrad, toleranceChange: toleranceChange, name: name, convention: convention
    )
  }
}

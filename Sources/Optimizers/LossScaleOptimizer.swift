/// Multiplies the loss by a scale that adapts itself, so that small gradients do not vanish in a narrow floating-point type.
///
///     gradients finite:  the inner optimizer's update; after `dynamicGrowthSteps` of them scale ← 2 · scale
///     otherwise:         nothing is changed; scale ← scale / 2
///
/// Defaults: `initialScale` 32768, `dynamicGrowthSteps` 2000. The scale stays between 2⁻¹⁰⁰ and 2¹⁰⁰; Keras knows no limits.
/// All options are the inner optimizer's.
///
/// Source: Keras, `LossScaleOptimizer`; Micikevicius et al., 2018, "Mixed Precision Training".
public struct LossScaleOptimizer: OptimizerWrapper {
  /// The optimizer that updates.
  public var innerOptimizer: any Optimizer
  /// The scale of the first step.
  public var initialScale = 32768.0
  /// Finite steps after which the scale doubles.
  public var dynamicGrowthSteps = 2000
  /// Its name in Keras's JSON.
  public var name: String?

  public init() { self.init(SGD()) }

  /// - Parameters:
  ///   - innerOptimizer: the optimizer that makes the steps; its options are those of the whole.
  ///   - initialScale: the scale of the first step; 32768 by default.
  ///   - dynamicGrowthSteps: finite steps after which the scale doubles; 2000 by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  public init(
    _ innerOptimizer: any Optimizer, initialScale: Double? = nil, dynamicGrowthSteps: Int? = nil, name: String? = nil
  ) {
    self.innerOptimizer = innerOptimizer
    if let initialScale { self.initialScale = initialScale }
    if let dynamicGrowthSteps { self.dynamicGrowthSteps = dynamicGrowthSteps }
    self.name = name
  }

  public func check() throws {
    if innerOptimizer is LossScaleOptimizer {
      throw DescentError(.invalidArgument, "the inner optimizer is a LossScaleOptimizer too")
    }
    if innerOptimizer.options.lossScaleFactor != nil {
      throw DescentError(.invalidArgument, "the inner optimizer has a loss_scale_factor, which this one takes the place of")
    }
    if innerOptimizer.options.nonFinite == .stop {
      throw DescentError(
        .invalidArgument, "the inner optimizer is to stop at non-finite gradients, which are part of finding the scale")
    }
  }

  public static let hyperparameters: [Hyperparameter<LossScaleOptimizer>] = [
    .optionalText("name", \.name, "name in Keras's JSON"),
    .optimizer("inner_optimizer", \.innerOptimizer, "the optimizer that updates"),
    .number("initial_scale", \.initialScale, in: .positive, "scale of the first step"),
    .integer("dynamic_growth_steps", \.dynamicGrowthSteps, atLeast: 1, "finite steps after which the scale doubles"),
  ]

  public static let about = OptimizerDescription(
    summary: "scales the loss so that small gradients do not vanish, around another optimizer",
    formula: """
      gradients finite:  the inner optimizer's update; after dynamic_growth_steps of them scale ← 2 · scale
      otherwise:         nothing is changed; scale ← scale / 2
      """,
    source: "Micikevicius et al., 2018, Mixed Precision Training (arXiv 1710.03740)")
}

extension Optimizer where Self == LossScaleOptimizer {
  /// ``LossScaleOptimizer`` around another optimizer; see its initializer.
  public static func lossScaleOptimizer(
    _ innerOptimizer: any Optimizer = SGD(), initialScale: Double? = nil, dynamicGrowthSteps: Int? = nil, name: String? = nil
  ) -> LossScaleOptimizer {
    LossScaleOptimizer(innerOptimizer, initialScale: initialScale, dynamicGrowthSteps: dynamicGrowthSteps, name: name)
  }
}

/// A different optimizer for parameters chosen by rule.
///
///     MultiOptimizer(default: SGD(momentum: 0.9), [(.pathPattern("encoder/.*"), Adam())])
///
/// Each parameter goes to the optimizer of the rule that chooses it, else to the default. A rule with the parameter's exact
/// path goes before the patterns, and two patterns for one parameter are an error, as in Keras. Each optimizer has its own
/// options: it clips, decays, averages and counts by itself. For another rate or decay of the same optimizer see
/// ``OptimizerOptions/parameterSettings``, which is less work.
///
/// Source: Keras, `MultiOptimizer` and `OptimizerMap`.
public struct MultiOptimizer: Optimizer {
  /// For the parameters that no rule chooses.
  public var defaultOptimizer: any Optimizer
  /// The rules with their optimizers.
  public var rules: [(rule: ParameterRule, optimizer: any Optimizer)]
  /// The options that concern the whole: how gradients that are not finite are met, and the loss scale. All others are the
  /// optimizers' own.
  public var options = OptimizerOptions(learningRate: 0)

  public init() { self.init(default: SGD()) }

  public init(
    default defaultOptimizer: any Optimizer, _ rules: [(rule: ParameterRule, optimizer: any Optimizer)] = [],
    lossScaleFactor: Double? = nil
  ) {
    self.defaultOptimizer = defaultOptimizer
    self.rules = rules
    options.lossScaleFactor = lossScaleFactor
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    programmingError("MultiOptimizer cannot be used inside another optimizer")
  }

  /// The optimizers in the order of Keras's files: the rules' and then the default.
  var parts: [any Optimizer] { rules.map(\.optimizer) + [defaultOptimizer] }

  /// Which of ``parts`` has the parameter.
  func partIndex(for parameter: ParameterDescription) throws -> Int {
    if let exact = rules.firstIndex(where: { $0.rule == .path(parameter.path) || $0.rule == .pathPattern(parameter.path) }) {
      return exact
    }
    let matching = rules.indices.filter { rules[$0].rule.matches(parameter) }
    if matching.count > 1 {
      let names = matching.map { rules[$0].rule.text }.joined(separator: " and ")
      throw DescentError(.invalidArgument, "MultiOptimizer: \(names) both choose \(parameter.path)")
    }
    return matching.first ?? rules.count
  }
}

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

  /// - Parameters:
  ///   - defaultOptimizer: for the parameters that no rule chooses.
  ///   - rules: the rules with their optimizers.
  ///   - lossScaleFactor: multiplies the loss and divides the gradients; 1 by default.
  ///   - name: its name in Keras's JSON; made from the class's by default.
  public init(
    default defaultOptimizer: any Optimizer, _ rules: [(rule: ParameterRule, optimizer: any Optimizer)] = [],
    lossScaleFactor: Double? = nil, name: String? = nil
  ) {
    self.defaultOptimizer = defaultOptimizer
    self.rules = rules
    options.lossScaleFactor = lossScaleFactor
    options.name = name
  }

  public func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) {
    programmingError("MultiOptimizer cannot be used inside another optimizer")
  }

  /// The optimizers in the order of Keras's files: the rules' and then the default.
  public var parts: [any Optimizer] { rules.map(\.optimizer) + [defaultOptimizer] }

  public func check() throws {
    let isPlain =
      options.learningRate.constant == 0 && options.weightDecay == nil && options.clipnorm == nil && options.clipvalue == nil
      && options.globalClipnorm == nil && !options.useEMA && options.gradientAccumulationSteps == nil && options.decay == 0
      && options.weightDecayExclusions.isEmpty && options.parameterSettings.isEmpty
    if !isPlain {
      throw DescentError(
        .invalidArgument,
        "learning rate, weight decay, clipping, averages, accumulation and settings of single parameters are those of the optimizers inside; set them there")
    }
    for part in parts {
      let name = type(of: part).className
      if part is MultiOptimizer || part is LossScaleOptimizer {
        throw DescentError(.invalidArgument, "a \(name) cannot be inside it")
      }
      // Keras writes the common loss scale into each part too.
      let hasOwnScale = part.options.lossScaleFactor != nil && part.options.lossScaleFactor != options.lossScaleFactor
      if hasOwnScale || part.options.nonFinite != .propagate {
        throw DescentError(
          .invalidArgument, "\(name): loss_scale_factor and non_finite concern all parameters; set them on the MultiOptimizer")
      }
    }
    for (rule, _) in rules { try rule.validate() }
  }

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

extension MultiOptimizer {
  public static let commonHyperparameters = OptimizerOptions.hyperparameters
    .filter { ["name", "loss_scale_factor", "non_finite"].contains($0.key) }

  public static let hyperparameters: [Hyperparameter<MultiOptimizer>] = [
    Hyperparameter(
      "optimizer_map", "the default and the rules' optimizers", range: "an OptimizerMap", isRequired: true,
      read: { try $0.mapConfiguration() }, write: { try $0.setMap($1) })
  ]

  /// The default and the rules as Keras's `OptimizerMap`, whose keys are regular expressions for whole paths.
  private func mapConfiguration() throws -> JSONValue {
    func configuration(_ part: any Optimizer) throws -> JSONValue {
      var part = part
      part.options.lossScaleFactor = options.lossScaleFactor
      return try OptimizerRegistry.configuration(of: part)
    }
    var map = JSONObject()
    for (rule, optimizer) in rules { map[MultiOptimizer.key(of: rule)] = try configuration(optimizer) }
    let config = JSONObject([("default_optimizer", try configuration(defaultOptimizer)), ("optimizer_map", .object(map))])
    return KerasObject("OptimizerMap", module: "keras.optimizers", config: config).json
  }

  /// A rule as a regular expression for whole paths, where it can be one.
  private static func key(of rule: ParameterRule) -> String {
    switch rule {
    case .pathPattern(let pattern): pattern
    case .path(let path): path
    case .name(let name): "(.*/)?" + escaped(name)
    case .all: ".*"
    case .pattern, .vectors: rule.text
    }
  }

  private static func escaped(_ text: String) -> String {
    String(text.flatMap { #"\.[]{}()*+?^$|"#.contains($0) ? ["\\", $0] : [$0] })
  }

  private mutating func setMap(_ value: JSONValue) throws {
    let (object, config) = try objectAndSettings(value, "optimizer_map")
    guard object.className == "OptimizerMap", let inner = config["default_optimizer"] else {
      throw DescentError(.invalidArgument, "optimizer_map is a \(object.className); expected an OptimizerMap with a default_optimizer")
    }
    defaultOptimizer = try OptimizerRegistry.optimizer(from: inner)
    guard let map = config["optimizer_map"]?.object else {
      rules = []
      return
    }
    rules = try map.members.map { key, value in
      let rule = try? ParameterRule(text: key)
      return (try rule ?? ParameterRule(text: "path_pattern:\(key)"), try OptimizerRegistry.optimizer(from: value))
    }
  }

  public static let about = OptimizerDescription(
    summary: "a different optimizer for parameters chosen by rule",
    formula: "each parameter: the update of the optimizer whose rule chooses it, else of the default",
    source: "Keras, MultiOptimizer")
}

extension Optimizer where Self == MultiOptimizer {
  /// ``MultiOptimizer``; see its initializer.
  public static func multiOptimizer(
    default defaultOptimizer: any Optimizer, _ rules: [(rule: ParameterRule, optimizer: any Optimizer)] = [],
    lossScaleFactor: Double? = nil, name: String? = nil
  ) -> MultiOptimizer {
    MultiOptimizer(default: defaultOptimizer, rules, lossScaleFactor: lossScaleFactor, name: name)
  }
}

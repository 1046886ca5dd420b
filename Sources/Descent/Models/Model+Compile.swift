import Optimizers
import TensorCore

extension Model {
  /// Chooses how the model is trained and judged.
  ///
  ///     try model.compile(optimizer: .adam, loss: .meanSquaredError)
  ///     try model.compile(optimizer: SGD(learningRate: 0.1, momentum: 0.9), loss: "mse", metrics: ["mae"])
  ///
  /// The weights stay as they are; what an earlier optimizer remembered of them is dropped. (Keras: `Model.compile`.)
  /// - Parameters:
  ///   - optimizer: by value (`.adam`, `SGD(learningRate: 0.1)`).
  ///   - loss: by value or by Keras's name.
  ///   - metrics: what to report beside the loss. They do not look at sample and class weights.
  ///   - weightedMetrics: those that do. Where there is one of the same name among `metrics`, it is reported as `weighted_…`, as in Keras.
  /// - Throws: ``DescentError``, having changed nothing, for unknown names, settings out of range, and layers that do not fit.
  public func compile(
    optimizer: some Optimizer, loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = []
  ) throws {
    try compile(anyOptimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics)
  }

  /// The same with an optimizer by Keras's name (`"adam"`), with settings if need be (`"sgd:lr=0.1,momentum=0.9"`).
  public func compile(
    optimizer: String, loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = []
  ) throws {
    try compile(
      anyOptimizer: OptimizerRegistry.optimizer(text: optimizer), loss: loss, metrics: metrics, weightedMetrics: weightedMetrics)
  }

  /// The same with an optimizer chosen at run time.
  public func compile(
    anyOptimizer optimizer: any Optimizer, loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = []
  ) throws {
    for list in [metrics, weightedMetrics] {
      var names: Set<String> = ["loss"]
      for metric in list where !names.insert(try metric.validated().name).inserted {
        throw DescentError(.invalidArgument, "compile: two metrics are named '\(metric.name)'; rename one with named(_:)")
      }
    }
    try compileAsInFile(optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics)
  }

  /// The same for settings from a file, which nobody can rename: metrics of one name are told apart as in Keras.
  func compileAsInFile(optimizer: any Optimizer, loss: Loss, metrics: [Metric], weightedMetrics: [Metric]) throws {
    try optimizer.validate()
    try loss.validated()
    for metric in metrics + weightedMetrics { try metric.validated() }
    if loss.reduction == .none {
      throw DescentError(.invalidArgument, "compile: the loss \(loss.name) has reduction none; training needs one number")
    }
    try access.checkTraining("compile")
    try buildIfDeclared()
    access.tracing {
      training = TrainingState(optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics)
    }
  }

  /// What `compile` was given.
  public var optimizer: (any Optimizer)? { training?.optimizer }
  public var loss: Loss? { training?.loss }
  public var metrics: [Metric] { training.map { $0.metrics + $0.weightedMetrics } ?? [] }

  /// What the optimizer remembers: slots, the number of steps, the learning rate. Nil until training begins.
  public var optimizerState: OptimizerState? { training?.optimizerState }

  /// The learning rate of the next step.
  /// - Throws: ``DescentError`` before `compile`.
  public var learningRate: Double {
    get throws { try readyOptimizerState("learningRate").learningRate }
  }

  /// Sets the learning rate from the next step on, in place of a number or a schedule.
  /// - Throws: ``DescentError`` before `compile`, or if the rate is negative or not finite.
  public func setLearningRate(_ rate: Double) throws {
    guard rate.isFinite && rate >= 0 else {
      throw DescentError(.invalidArgument, "setLearningRate: \(rate) is no learning rate; it must be at least 0")
    }
    try readyOptimizerState("setLearningRate").learningRate = rate
  }

  func compiled(_ caller: String) throws -> TrainingState {
    guard let training else {
      throw DescentError(.state, "\(caller): call compile(optimizer:loss:metrics:) first")
    }
    if training.isOutdated {
      throw DescentError(.state, "\(caller): layers were added or removed after compile; call compile again")
    }
    return training
  }

  func readyOptimizerState(_ caller: String) throws -> OptimizerState {
    let training = try compiled(caller)
    if let state = training.optimizerState {
      // Variables that were marked as fixed when it was made.
      try access.tracing {
        try state.add(optimizedVariables)
        _ = state.hasEvaluationValues
      }
      return state
    }
    try buildIfDeclared()
    guard isBuilt else {
      throw DescentError(.state, "\(caller): the model has no variables yet; give its first layer an inputShape, or call fit first")
    }
    let state = try OptimizerState(training.optimizer, variables: optimizedVariables)
    for (variable, constraint) in allLayers.flatMap(\.constraints) { try constraint.check(for: variable) }
    let constraints = Dictionary(
      allLayers.flatMap(\.constraints).map { (ObjectIdentifier($0.variable), $0.constraint) }, uniquingKeysWith: { first, _ in first })
    if !constraints.isEmpty { state.constraint = { constraints[ObjectIdentifier($0)]?($1) ?? $1 } }
    access.tracing {
      // Found out here, by the one thread that trains; others ask for it.
      _ = state.hasEvaluationValues
      training.optimizerState = state
    }
    return state
  }

  /// Variables of frozen layers too, so that thawing one keeps what is remembered of it.
  private var optimizedVariables: [Variable] { variables.filter { $0.isTrainable && $0.dtype.isFloatingPoint } }

  /// Which way the number of that name in the logs gets better, if it is known.
  func isGreaterBetter(forLog name: String) -> Bool? {
    let name = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
    if name == "loss" { return false }
    let known = training?.namedMetrics ?? []
    let found = known.first { $0.name == name } ?? known.first { name.hasPrefix($0.name + "_") }
    return found?.metric.direction.map { $0 == .up }
  }
}

import Optimizers
import TensorCore

extension Model {
  /// Chooses how the model is trained and judged.
  ///
  ///     try model.compile(optimizer: .adam, loss: .meanSquaredError)
  ///     try model.compile(optimizer: SGD(learningRate: 0.1, momentum: 0.9), loss: "mse", metrics: ["mae"])
  ///
  /// The weights stay as they are; what an earlier optimizer remembered of them is dropped. While `fit` trains the model this is refused,
  /// in a callback too. (Keras: `Model.compile`.)
  /// - Parameters:
  ///   - optimizer: by value (`.adam`, `SGD(learningRate: 0.1)`); RMSprop if none is given, as in Keras.
  ///   - loss: by value or by Keras's name.
  ///   - metrics: what to report beside the loss. They do not look at sample and class weights.
  ///   - weightedMetrics: those that do. Where there is one of the same name among `metrics`, it is reported as `weighted_…`, as in Keras.
  ///   - stepsPerExecution: how many batches are computed between the hooks of callbacks: with 10, `onTrainBatchBegin` is called for the
  ///     first of ten batches, and `onTrainBatchEnd` for the last, in `fit`, `evaluate` and `predict`. Ctrl-C and `stopTraining` end
  ///     training there. What is computed is the same, whatever the number.
  /// - Throws: ``DescentError``, having changed nothing, for unknown names, settings out of range, and layers that do not fit.
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// The same with an optimizer by Keras's name (`"adam"`), with settings if need be (`"sgd:lr=0.1,momentum=0.9"`).
  public func compile(
    optimizer: String, loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: OptimizerRegistry.optimizer(text: optimizer), loss: loss, metrics: metrics, weightedMetrics: weightedMetrics,
      stepsPerExecution: stepsPerExecution)
  }

  /// The same without a loss: for a model whose layers add one (``ForwardContext/addLoss(_:)``), or whose own ``computeLoss(_:_:)`` or
  /// ``trainStep(_:)`` knows what to make small.
  public func compile(
    optimizer: some Optimizer = RMSprop(), metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer,
      CompileChoices(
        losses: .own, lossWeights: nil, metrics: .list(metrics), weightedMetrics: .list(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// The same with an optimizer chosen at run time.
  public func compile(
    anyOptimizer optimizer: any Optimizer, loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    for list in [metrics, weightedMetrics] {
      var names: Set<String> = ["loss"]
      for metric in list where !names.insert(try metric.validated().name).inserted {
        throw DescentError(.invalidArgument, "compile: two metrics are named '\(metric.name)'; rename one with named(_:)")
      }
    }
    try compile(
      optimizer,
      CompileChoices(
        losses: .same(loss), lossWeights: nil, metrics: .list(metrics), weightedMetrics: .list(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// Chooses how a model of several outputs is trained and judged: with a loss and metrics of each output, by name or in order.
  ///
  ///     try model.compile(
  ///       optimizer: .adam, loss: ["class": .sparseCategoricalCrossentropy, "score": .meanSquaredError],
  ///       lossWeights: ["class": 1, "score": 0.2], metrics: ["class": [.accuracy]])
  ///
  /// Training makes the sum of the losses small, each times its weight. An output without a loss is not trained. The logs have
  /// `loss`, the sum, and `NAME_loss` and `NAME_METRIC` for each output. (Keras: `Model.compile`.)
  /// - Parameters:
  ///   - optimizer: by value.
  ///   - loss: by the outputs' names, or in their order.
  ///   - lossWeights: likewise; 1 for those that are not named.
  ///   - metrics: likewise. They do not look at sample weights.
  ///   - weightedMetrics: those that do.
  ///   - stepsPerExecution: as for a model of one output.
  /// - Throws: ``DescentError``, having changed nothing, for names that are no outputs, unknown names and settings out of range.
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<[Metric]> = [:],
    weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer,
      CompileChoices(
        losses: .byOutput(loss), lossWeights: lossWeights, metrics: .byOutput(metrics), weightedMetrics: .byOutput(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// The same with one loss for all outputs.
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: Loss, metrics: ByOutput<[Metric]>, weightedMetrics: ByOutput<[Metric]> = [:],
    stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer,
      CompileChoices(
        losses: .same(loss), lossWeights: nil, metrics: .byOutput(metrics), weightedMetrics: .byOutput(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// Puts something else in place of parts of what `compile` was given; what is nil stays, and with the optimizer what that remembers.
  /// - Parameters:
  ///   - optimizer: another one, which begins anew.
  ///   - loss: for every output, in place of the weights of losses too.
  ///   - metrics: in place of all metrics, those that are weighted too.
  /// - Throws: ``DescentError`` before `compile`, and for settings out of range.
  package func recompile(anyOptimizer optimizer: (any Optimizer)? = nil, loss: Loss? = nil, metrics: [Metric]? = nil) throws {
    try recompile(anyOptimizer: optimizer) { choices in
      if let loss { (choices.losses, choices.lossWeights) = (.same(loss), nil) }
      if let metrics { (choices.metrics, choices.weightedMetrics) = (.list(metrics), .list([])) }
    }
  }

  func recompile(anyOptimizer optimizer: (any Optimizer)?, _ change: (inout CompileChoices) -> Void) throws {
    let before = try compiled("recompile")
    var choices = before.choices
    change(&choices)
    try compile(optimizer ?? before.optimizer, choices, keeping: optimizer == nil ? before.optimizerState : nil)
  }

  /// - Parameter state: what the optimizer remembers from before.
  func compile(_ optimizer: any Optimizer, _ choices: CompileChoices, keeping state: OptimizerState? = nil) throws {
    try optimizer.validate()
    for loss in choices.allLosses {
      try loss.validated()
      if loss.reduction == .none {
        throw DescentError(.invalidArgument, "compile: the loss \(loss.name) has reduction none; training needs one number")
      }
    }
    var states: Set<ObjectIdentifier> = []
    for metric in choices.metrics.all + choices.weightedMetrics.all {
      try metric.validated()
      if let state = metric.statefulMetric, !states.insert(ObjectIdentifier(state)).inserted {
        throw DescentError(.invalidArgument, "compile: the metric '\(metric.name)' has one state and is named twice; make two")
      }
    }
    try NumberRange.count.check("stepsPerExecution", choices.stepsPerExecution, "compile")
    try access.checkNoFit("compile")
    try buildIfDeclared()
    try access.tracing {
      let made = TrainingState(optimizer: optimizer, choices: choices)
      if isBuilt { _ = try made.outputs(of: self) }
      made.optimizerState = state
      training = made
    }
  }

  /// What `compile` was given.
  public var optimizer: (any Optimizer)? { training?.optimizer }
  /// The loss, the first if there is one for each output.
  public var loss: Loss? { training?.choices.allLosses.first }
  /// All metrics.
  public var metrics: [Metric] { training.map { $0.choices.metrics.all + $0.choices.weightedMetrics.all } ?? [] }

  /// What the optimizer remembers: slots, the number of steps, the learning rate. Nil until training begins.
  public var optimizerState: OptimizerState? { training?.optimizerState }

  /// The learning rate of the next step; of a ``MultiOptimizer`` the default optimizer's.
  /// - Throws: ``DescentError`` before `compile`.
  public var learningRate: Double {
    get throws { try readyOptimizerState("learningRate").learningRate }
  }

  /// Sets the learning rate from the next step on, in place of a number or a schedule.
  ///
  /// Of a ``MultiOptimizer`` it is the default optimizer's; the others' change with it and keep their ratio to it, or go on by their schedules, as in
  /// `findLearningRate`. One by one they are set by ``OptimizerState/learningRates``.
  /// - Throws: ``DescentError`` before `compile`, if the rate is negative or not finite, or if others have no ratio to the default's, which is 0.
  public func setLearningRate(_ rate: Double) throws {
    try NumberRange.nonNegative.check("the rate", rate, "setLearningRate")
    if try !readyOptimizerState("setLearningRate").setLearningRates(inRatioTo: rate) {
      throw DescentError(
        .state,
        "setLearningRate: the rate of the default optimizer is 0, to which the others have no ratio that could be kept; set optimizerState?.learningRates one by one")
    }
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
        let variables = variables
        try state.add(variables.filter(\.isOptimized), inOrderOf: variables)
        _ = state.hasEvaluationValues
      }
      return state
    }
    try buildIfDeclared()
    guard isBuilt else {
      throw DescentError(.state, "\(caller): the model has no variables yet; give its first layer an inputShape, or call fit first")
    }
    let state = try OptimizerState(training.optimizer, variables: variables.filter(\.isOptimized))
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

  /// Which way the number of that name in the logs gets better, if it is known.
  func isGreaterBetter(forLog name: String) -> Bool? {
    let name = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
    if name == "loss" || name.hasSuffix("_loss") { return false }
    let known = training?.namedMetrics ?? []
    let found = known.first { $0.name == name } ?? known.first { name.hasPrefix($0.name + "_") }
    return found?.metric.direction.map { $0 == .up }
  }
}

extension Variable {
  /// Whether the optimizer of a model keeps something for it: in frozen layers too, so that thawing one keeps what is remembered of it.
  fileprivate var isOptimized: Bool { isTrainable && dtype.isFloatingPoint }
}

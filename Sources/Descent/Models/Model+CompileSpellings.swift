import Optimizers

/// Ways to write `compile` that Keras's users know: one metric that is no list, and the loss first.
extension Model {
  /// ``compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)`` with one metric: `metrics: "accuracy"`.
  public func compile(
    optimizer: some Optimizer, loss: Loss, metrics metric: Metric, weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: optimizer, loss: loss, metrics: [metric], weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// ``compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)`` with one metric: `metrics: "accuracy"`.
  public func compile(
    optimizer: String, loss: Loss, metrics metric: Metric, weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(optimizer: optimizer, loss: loss, metrics: [metric], weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// `compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)` with the loss first.
  public func compile(
    loss: Loss, optimizer: some Optimizer, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// `compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)` with the loss first.
  public func compile(
    loss: Loss, optimizer: String, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// `compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)` with the loss first and one metric.
  public func compile(
    loss: Loss, optimizer: some Optimizer, metrics metric: Metric, weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: optimizer, loss: loss, metrics: [metric], weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// `compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)` with the loss first and one metric.
  public func compile(
    loss: Loss, optimizer: String, metrics metric: Metric, weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(optimizer: optimizer, loss: loss, metrics: [metric], weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }
}

/// Ways to write `compile` of a model of several outputs.
extension Model {
  /// With an optimizer by Keras's name (`"adam"`), with settings if need be (`"sgd:lr=0.1,momentum=0.9"`).
  public func compile(
    optimizer: String, loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<[Metric]> = [:],
    weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      OptimizerRegistry.optimizer(text: optimizer),
      CompileChoices(
        losses: .byOutput(loss), lossWeights: lossWeights, metrics: .byOutput(metrics), weightedMetrics: .byOutput(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// With one loss for all outputs, each of which has its weight.
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: Loss, lossWeights: ByOutput<Double>, metrics: ByOutput<[Metric]> = [:],
    weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer,
      CompileChoices(
        losses: .same(loss), lossWeights: lossWeights, metrics: .byOutput(metrics), weightedMetrics: .byOutput(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// With one loss for all outputs, each of which has its weight, and an optimizer by Keras's name.
  public func compile(
    optimizer: String, loss: Loss, lossWeights: ByOutput<Double>, metrics: ByOutput<[Metric]> = [:],
    weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      OptimizerRegistry.optimizer(text: optimizer),
      CompileChoices(
        losses: .same(loss), lossWeights: lossWeights, metrics: .byOutput(metrics), weightedMetrics: .byOutput(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// With one loss for all outputs, metrics of each, and an optimizer by Keras's name.
  public func compile(
    optimizer: String, loss: Loss, metrics: ByOutput<[Metric]>, weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      OptimizerRegistry.optimizer(text: optimizer),
      CompileChoices(
        losses: .same(loss), lossWeights: nil, metrics: .byOutput(metrics), weightedMetrics: .byOutput(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }

  /// With one metric of each output that has one: `metrics: ["p": "mae"]`.
  @_disfavoredOverload
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<Metric>,
    weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer: optimizer, loss: loss, lossWeights: lossWeights, metrics: metrics.lists, weightedMetrics: weightedMetrics,
      stepsPerExecution: stepsPerExecution)
  }

  /// With one metric of each output that has one, and an optimizer by Keras's name.
  @_disfavoredOverload
  public func compile(
    optimizer: String, loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<Metric>,
    weightedMetrics: ByOutput<[Metric]> = [:], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer: optimizer, loss: loss, lossWeights: lossWeights, metrics: metrics.lists, weightedMetrics: weightedMetrics,
      stepsPerExecution: stepsPerExecution)
  }

  /// With one metric of each output that has one, and one that looks at sample weights: `weightedMetrics: ["p": "mae"]`.
  @_disfavoredOverload
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<Metric>,
    weightedMetrics: ByOutput<Metric>, stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer: optimizer, loss: loss, lossWeights: lossWeights, metrics: metrics.lists, weightedMetrics: weightedMetrics.lists,
      stepsPerExecution: stepsPerExecution)
  }

  /// With one metric of each output that has one, one that looks at sample weights, and an optimizer by Keras's name.
  @_disfavoredOverload
  public func compile(
    optimizer: String, loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<Metric>,
    weightedMetrics: ByOutput<Metric>, stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer: optimizer, loss: loss, lossWeights: lossWeights, metrics: metrics.lists, weightedMetrics: weightedMetrics.lists,
      stepsPerExecution: stepsPerExecution)
  }

  /// With one metric that looks at sample weights of each output that has one.
  @_disfavoredOverload
  public func compile(
    optimizer: some Optimizer = RMSprop(), loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<[Metric]> = [:],
    weightedMetrics: ByOutput<Metric>, stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer: optimizer, loss: loss, lossWeights: lossWeights, metrics: metrics, weightedMetrics: weightedMetrics.lists,
      stepsPerExecution: stepsPerExecution)
  }

  /// With one metric that looks at sample weights of each output that has one, and an optimizer by Keras's name.
  @_disfavoredOverload
  public func compile(
    optimizer: String, loss: ByOutput<Loss>, lossWeights: ByOutput<Double>? = nil, metrics: ByOutput<[Metric]> = [:],
    weightedMetrics: ByOutput<Metric>, stepsPerExecution: Int = 1
  ) throws {
    try compile(
      optimizer: optimizer, loss: loss, lossWeights: lossWeights, metrics: metrics, weightedMetrics: weightedMetrics.lists,
      stepsPerExecution: stepsPerExecution)
  }

  /// ``compile(optimizer:metrics:weightedMetrics:stepsPerExecution:)`` with an optimizer by Keras's name: `compile(optimizer: "adam")`.
  public func compile(optimizer: String, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1) throws {
    try compile(
      OptimizerRegistry.optimizer(text: optimizer),
      CompileChoices(
        losses: .own, lossWeights: nil, metrics: .list(metrics), weightedMetrics: .list(weightedMetrics),
        stepsPerExecution: stepsPerExecution))
  }
}

extension ByOutput where Value == Metric {
  /// Each metric as a list of its own.
  fileprivate var lists: ByOutput<[Metric]> {
    switch self {
    case .named(let pairs): .named(pairs.map { ($0.name, [$0.value]) })
    case .ordered(let values): .ordered(values.map { metric in metric.map { [$0] } })
    }
  }
}

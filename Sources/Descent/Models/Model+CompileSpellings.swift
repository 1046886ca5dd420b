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

  /// ``compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)`` with the loss first.
  public func compile(
    loss: Loss, optimizer: some Optimizer, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// ``compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)`` with the loss first.
  public func compile(
    loss: Loss, optimizer: String, metrics: [Metric] = [], weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// ``compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)`` with the loss first and one metric.
  public func compile(
    loss: Loss, optimizer: some Optimizer, metrics metric: Metric, weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(
      anyOptimizer: optimizer, loss: loss, metrics: [metric], weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }

  /// ``compile(optimizer:loss:metrics:weightedMetrics:stepsPerExecution:)`` with the loss first and one metric.
  public func compile(
    loss: Loss, optimizer: String, metrics metric: Metric, weightedMetrics: [Metric] = [], stepsPerExecution: Int = 1
  ) throws {
    try compile(optimizer: optimizer, loss: loss, metrics: [metric], weightedMetrics: weightedMetrics, stepsPerExecution: stepsPerExecution)
  }
}

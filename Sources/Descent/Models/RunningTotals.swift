import TensorCore

/// The loss and the metrics of the batches seen so far, kept in variables that each step adds to.
final class RunningTotals {
  /// The sum of the batches' losses, each times its number of rows (`float64`).
  private let lossTotal = Variable(Tensor.zeros([], dtype: .float64), name: "loss_total", isTrainable: false)
  /// Counted here rather than in a variable: the step knows its rows without computing.
  private(set) var rows = 0
  private let states: [(name: String, state: MetricState)]
  private let weightedStates: [(name: String, state: MetricState)]

  /// - Parameters: the shapes of one row of target and prediction.
  init(training: TrainingState, targetShape: [Int], predictionShape: [Int]) throws {
    // The size of the batch takes no part in what a metric makes of the shapes.
    let all = try training.namedMetrics.map { name, metric in
      (
        name: name,
        state: try metric.resolved(for: training.loss).makeState(targetShape: [2] + targetShape, predictionShape: [2] + predictionShape)
      )
    }
    states = Array(all.prefix(training.metrics.count))
    weightedStates = Array(all.dropFirst(training.metrics.count))
  }

  /// Adds a batch; a part of a traced step.
  func add(loss: Tensor, target: Tensor, prediction: Tensor, sampleWeight: Tensor?, logits: Logits?) throws {
    let rows = Double(prediction.shape[0])
    lossTotal.assign(lossTotal.value + stopGradient(loss).cast(to: .float64) * rows)
    for (_, state) in states {
      try state.add(MetricInput(target: target, prediction: prediction, logits: logits, sampleWeight: nil))
    }
    for (_, state) in weightedStates {
      try state.add(MetricInput(target: target, prediction: prediction, logits: logits, sampleWeight: sampleWeight))
    }
  }

  /// Says that a step has run on so many rows.
  func count(rows count: Int) { rows += count }

  /// All that is totalled, for checkpoints.
  var variables: [Variable] { [lossTotal] + (states + weightedStates).flatMap(\.state.variables) }

  /// Says that so many rows were counted.
  func restore(rows count: Int) { rows = count }

  func reset() {
    rows = 0
    lossTotal.assign(Tensor.zeros([], dtype: .float64))
    (states + weightedStates).forEach { $0.state.reset() }
  }

  /// Runs `body`, which counts for itself, and goes on where it was.
  func setAside<Result>(_ body: () throws -> Result) rethrows -> Result {
    let (kept, keptRows) = (variables.map { $0.value.evaluated() }, rows)
    defer {
      for (variable, value) in zip(variables, kept) { variable.assign(value) }
      rows = keptRows
    }
    return try body()
  }

  /// The means so far; zeros before the first batch, as in Keras.
  var results: [String: Double] {
    var results = ["loss": rows == 0 ? 0 : lossTotal.value.item() / Double(rows)]
    for (name, state) in states + weightedStates {
      for (suffix, value) in state.figures { results[name + suffix] = value }
    }
    return results
  }

  /// The means of an epoch or a batch that is over: where no row was counted there are none.
  var finalResults: [String: Double] { rows == 0 ? results.mapValues { _ in .nan } : results }
}

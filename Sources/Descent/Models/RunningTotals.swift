import TensorCore

/// The loss and the metrics of the batches seen so far, kept in variables that each step adds to.
final class RunningTotals {
  /// The sum of the batches' losses, each times its number of rows (`float64`).
  private let lossTotal = Variable(Tensor.zeros([], dtype: .float64), name: "loss_total", isTrainable: false)
  /// Counted here rather than in a variable: the step knows its rows without computing.
  private(set) var rows = 0
  private let states: [MetricState]
  private let weightedStates: [MetricState]

  /// - Parameters: the shapes of one row of target and prediction.
  init(metrics: [Metric], weightedMetrics: [Metric], loss: Loss, targetShape: [Int], predictionShape: [Int]) throws {
    func makeStates(_ metrics: [Metric]) throws -> [MetricState] {
      // The size of the batch takes no part in what a metric makes of the shapes.
      try metrics.map {
        try $0.resolved(for: loss).makeState(targetShape: [2] + targetShape, predictionShape: [2] + predictionShape)
      }
    }
    states = try makeStates(metrics)
    weightedStates = try makeStates(weightedMetrics)
  }

  /// Adds a batch; a part of a traced step.
  func add(loss: Tensor, target: Tensor, prediction: Tensor, sampleWeight: Tensor?, logits: Logits?) {
    let rows = Double(prediction.shape[0])
    lossTotal.assign(lossTotal.value + stopGradient(loss).cast(to: .float64) * rows)
    for state in states { state.update(target: target, prediction: prediction, logits: logits) }
    for state in weightedStates {
      state.update(target: target, prediction: prediction, sampleWeight: sampleWeight, logits: logits)
    }
  }

  /// Says that a step has run on so many rows.
  func count(rows count: Int) { rows += count }

  /// All that is totalled, for checkpoints.
  var variables: [Variable] { [lossTotal] + (states + weightedStates).flatMap(\.variables) }

  /// Says that so many rows were counted.
  func restore(rows count: Int) { rows = count }

  func reset() {
    rows = 0
    lossTotal.assign(Tensor.zeros([], dtype: .float64))
    (states + weightedStates).forEach { $0.reset() }
  }

  /// The means so far.
  var results: [String: Double] {
    var results = ["loss": rows == 0 ? 0 : lossTotal.value.item() / Double(rows)]
    for state in states + weightedStates {
      for (name, value) in state.results { results[name] = value }
    }
    return results
  }
}

import TensorCore

extension Model {
  /// The step of training on the given rows as one batch, ready to run: to be timed, or read by a test. It trains when it runs, past the
  /// checks and counts of ``trainOnBatch(_:_:sampleWeight:classWeight:resetMetrics:)``.
  /// - Throws: ``DescentError`` if the model is not compiled or the data does not fit it.
  package func trainingPlan(_ x: any ModelData, _ y: any ModelData) throws -> Plan {
    let training = try compiled("trainOnBatch")
    let data = try CheckedData(x: x, y: y, sampleWeight: nil, of: self, "trainOnBatch")
    try prepare(for: data, "trainOnBatch")
    let optimizerState = try readyOptimizerState("trainOnBatch")
    let runner = try StepRunner(model: self, training: training, data: data, trainability: Trainability(of: self))
    let plan = try runner.trainingPlan(rows: data.count, phase: optimizerState.beginStep(), optimizerState: optimizerState)
    plan.bind(argument: runner.indexArgument, to: RowOrder.inOrder(data.count))
    return plan
  }
}

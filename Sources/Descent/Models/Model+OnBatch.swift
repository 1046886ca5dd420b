import TensorCore

extension Model {
  /// One step of training on the given rows. (Keras: `Model.train_on_batch`.)
  /// - Parameters:
  ///   - x: rows of input on axis 0.
  ///   - y: as many rows of targets; nil as for `fit`.
  ///   - sampleWeight: how much each row counts in the loss: one number a row.
  ///   - classWeight: how much the rows of a class count in the loss; 1 for classes that are not named.
  ///   - resetMetrics: false for numbers that are means over all calls since the last reset, as current Keras gives them; otherwise
  ///     they are this batch's.
  /// - Returns: loss and metrics, from the forward pass before the update; NaN if the optimizer skipped the step (``NonFinitePolicy``)
  ///   and nothing was counted before.
  /// - Throws: ``DescentError``, having changed nothing, if the model is not compiled or the data does not fit it.
  @discardableResult
  public func trainOnBatch(
    _ x: any ModelData, _ y: (any ModelData)? = nil, sampleWeight: (any ModelData)? = nil, classWeight: [Int: Double]? = nil,
    resetMetrics: Bool = true
  ) throws -> Scores {
    try access.checkTraining("trainOnBatch")
    return try access.scoring { _ in
      try access.stepping {
        try trainOneBatch(x, y, sampleWeight: sampleWeight, classWeight: classWeight, resetMetrics: resetMetrics)
      }
    }
  }

  private func trainOneBatch(
    _ x: any ModelData, _ y: (any ModelData)?, sampleWeight: (any ModelData)?, classWeight: [Int: Double]?, resetMetrics: Bool
  ) throws -> Scores {
    let training = try compiled("trainOnBatch")
    try checkTargets(y, "trainOnBatch")
    var data = try CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: self, "trainOnBatch")
    try prepare(for: data, "trainOnBatch")
    if let classWeight { data = try weighted(data, by: classWeight, rows: data.count, "trainOnBatch") }
    let optimizerState = try readyOptimizerState("trainOnBatch")
    let runner = try StepRunner(model: self, training: training, data: data, trainability: Trainability(of: self))
    return try runner.counting(from: resetMetrics) {
      let phase = optimizerState.beginStep()
      let step = try runner.trainingStep(
        rows: data.count, phase: phase, optimizerState: optimizerState, runner.beginOwnSteps())
      step.bind(argument: runner.indexArgument, to: RowOrder.inOrder(data.count))
      defer { showWeightsToJudge() }
      try runner.run(step, rows: data.count, optimizerState)
      return Scores(values: runner.totals.finalResults)
    }
  }

  /// Loss and metrics on the given rows, as one batch. (Keras: `Model.test_on_batch`.)
  /// - Parameters:
  ///   - x: rows of input on axis 0.
  ///   - y: as many rows of targets; nil as for `fit`.
  ///   - sampleWeight: how much each row counts: one number a row.
  ///   - resetMetrics: as in ``trainOnBatch(_:_:sampleWeight:classWeight:resetMetrics:)``.
  /// - Throws: ``DescentError`` if the model is not compiled or the data does not fit it.
  public func testOnBatch(
    _ x: any ModelData, _ y: (any ModelData)? = nil, sampleWeight: (any ModelData)? = nil, resetMetrics: Bool = true
  ) throws -> Scores {
    let training = try compiled("testOnBatch")
    return try access.scoring { isFittedElsewhere in
      try testOneBatch(
        x, y, sampleWeight: sampleWeight, resetMetrics: resetMetrics,
        training.counting(aside: isFittedElsewhere, for: self, "testOnBatch"))
    }
  }

  private func testOneBatch(
    _ x: any ModelData, _ y: (any ModelData)?, sampleWeight: (any ModelData)?, resetMetrics: Bool, _ training: TrainingState
  ) throws -> Scores {
    try checkTargets(y, "testOnBatch")
    let data = try CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: self, "testOnBatch")
    try prepare(for: data, "testOnBatch")
    let runner = try StepRunner(model: self, training: training, data: data, trainability: Trainability(of: self))
    return try runner.counting(from: resetMetrics) {
      try runner.judge(try runner.testStep(rows: data.count), rows: data.count)
      return Scores(values: runner.totals.results)
    }
  }

  /// Forgets what ``trainOnBatch(_:_:sampleWeight:classWeight:resetMetrics:)`` and its like have added up.
  public func resetMetrics() { training?.currentTotals?.reset() }
}

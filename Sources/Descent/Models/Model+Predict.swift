import TensorCore

extension Model {
  /// What the model computes for each row. The model need not be compiled. (Keras: `Model.predict`.)
  /// - Parameters: as those of `fit`; `steps` is how many batches to predict, nil for all.
  /// - Returns: a tensor of the model's dtype with as many rows as `x`.
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func predict(
    _ x: any ModelInput, batchSize: Int = 32, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = []
  ) throws -> Tensor {
    try checkCounts(batchSize: batchSize, steps: steps, verbose: verbose, "predict")
    let rows = try CheckedData(x: x, y: nil, sampleWeight: nil, "predict").x
    try build(rows: rows.rowShape, "predict")
    if let accepted = acceptedRowNumbers { try rows.checkRowNumbers(accepted, "predict") }
    let batchSize = min(batchSize, rows.count)
    let starts = Array(stride(from: 0, to: rows.count, by: batchSize).prefix(steps ?? .max))
    let end = min(rows.count, (starts.last ?? 0) + batchSize)
    let bar = ProgbarLogger(verbose)
    let list = CallbackList(
      callbacks + (bar.map { [$0] } ?? []), model: self,
      parameters: RunParameters(epochs: 1, steps: starts.count, batchSize: batchSize))
    try list.each { try $0.onPredictBegin() }
    let shape = [end] + (outputShape ?? [])
    let rowBytes = shape.dropFirst().reduce(1, *) * dtype.byteCount
    var plan: (rows: Int, plan: Plan)?
    let result = try Tensor(shape: shape, dtype: dtype) { bytes in
      for (step, start) in starts.enumerated() {
        for callback in list.callbacks { try callback.onPredictBatchBegin(step) }
        let count = min(batchSize, end - start)
        if plan?.rows != count { plan = (count, try predictionPlan(for: rows, count: count)) }
        if let plan = plan?.plan {
          showWeightsToJudge()
          plan.bind(argument: 0, offset: start * rows.rowBytes)
          plan.run()[0].withBytes { part in
            UnsafeMutableRawBufferPointer(rebasing: bytes[(start * rowBytes)...]).copyMemory(from: part)
          }
        }
        for callback in list.callbacks { try callback.onPredictBatchEnd(step) }
      }
    }
    try list.each { try $0.onPredictEnd() }
    return result
  }

  /// What the model computes for the rows of one batch, without callbacks or progress. (Keras: `Model.predict_on_batch`.)
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func predictOnBatch(_ x: any ModelInput) throws -> Tensor {
    try predict(x, batchSize: .max, verbose: .silent)
  }

  private func predictionPlan(for input: CheckedData.Rows, count: Int) throws -> Plan {
    let shape = [count] + input.rowShape
    let key = input.preparation.map {
      PlanKey(purpose: .predict, rows: count, arguments: [.init(shape: shape, dtype: input.dtype, preparation: $0)])
    }
    let plan = try predictionPlans.plan(for: key) {
      try tracedPlan([(shape, input.dtype)]) { [self] arguments in
        let context = ForwardContext(builder: modelBuilder, isTraining: false)
        return [try self(castInput(input.input.prepared(arguments[0])), context)]
      }
    }
    plan.bind(argument: 0, to: input.buffer)
    return plan
  }
}

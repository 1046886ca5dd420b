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
    let counts = starts.map { min(batchSize, end - $0) }
    var plans: [Int: PlanPool] = [:]
    for count in Set(counts).sorted() { plans[count] = try predictionPlans(for: rows, count: count) }
    let result = try Tensor(shape: shape, dtype: dtype) { bytes in
      func run(_ plan: Plan, at start: Int) {
        plan.bind(argument: 0, to: rows.buffer, offset: start * rows.rowBytes)
        plan.run()[0].withBytes { part in
          UnsafeMutableRawBufferPointer(rebasing: bytes[(start * rowBytes)...]).copyMemory(from: part)
        }
      }
      func runBatches() throws {
        for (step, start) in starts.enumerated() {
          for callback in list.callbacks { try callback.onPredictBatchBegin(step) }
          plans[counts[step]]!.withPlan { plan in judging { run(plan, at: start) } }
          for callback in list.callbacks { try callback.onPredictBatchEnd(step) }
        }
      }
      // Callbacks may train: then each batch is predicted with the weights of its time, otherwise all with the same.
      if callbacks.isEmpty {
        let changesVariables = plans.values.contains(where: \.first.changesVariables)
        try judging(all: changesVariables ? .changing : .reading, runBatches)
      } else {
        try runBatches()
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

  private func predictionPlans(for input: CheckedData.Rows, count: Int) throws -> PlanPool {
    let shape = [count] + input.rowShape
    let key = input.preparation.map {
      PlanKey(purpose: .predict, rows: count, arguments: [.init(shape: shape, dtype: input.dtype, preparation: $0)])
    }
    return try access.tracing {
      try predictionPlans.plan(for: key) {
        try tracedPlans([(shape, input.dtype)]) { [self] arguments in
          let context = ForwardContext(builder: modelBuilder, isTraining: false)
          return [try self(castInput(input.input.prepared(arguments[0])), context)]
        }
      }
    }
  }

  /// What several runs, between which no other thread's step may come, do to variables.
  enum JudgingAccess {
    case reading, changing
  }

  /// Runs what computes with the weights to judge by.
  /// - Parameter all: whether no step of another thread may come between the runs that `body` makes.
  func judging<Result>(all access: JudgingAccess? = nil, _ body: () throws -> Result) rethrows -> Result {
    let isJudgedByOthers = self.access.tracing { training?.optimizerState?.hasEvaluationValues ?? false }
    if isJudgedByOthers {
      return try self.access.stepping {
        showWeightsToJudge()
        return try body()
      }
    }
    switch access {
    case nil: return try body()
    case .reading: return try Variable.unchanged(self.access.tracing { variables }, body)
    case .changing: return try Variable.exclusively(self.access.tracing { variables }, body)
    }
  }
}

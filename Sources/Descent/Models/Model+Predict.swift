import TensorCore

/// What a model of several outputs computes for rows: a tensor for each output, by name or in order.
public struct Predictions {
  /// The outputs' names, in order.
  public let names: [String]
  /// One for each output, in order.
  public let tensors: [Tensor]

  /// The tensor of that output, or nil if there is none of that name.
  public subscript(name: String) -> Tensor? { names.firstIndex(of: name).map { tensors[$0] } }
  public subscript(index: Int) -> Tensor { tensors[index] }
}

extension Model {
  /// What the model computes for each row. The model need not be compiled. (Keras: `Model.predict`.)
  /// - Parameters: as those of `fit`; `steps` is how many batches to predict, nil for all. Of a `group` each member predicts a part of the
  ///   batches, with the weights of rank 0, and all return all rows, in the bits that one process gives.
  /// - Returns: a tensor of the model's dtype with as many rows as `x`.
  /// - Throws: ``DescentError`` if the data does not fit the model, or the model has several outputs.
  public func predict(
    _ x: any ModelData, batchSize: Int = 32, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [],
    group: (any ProcessGroup)? = nil
  ) throws -> Tensor {
    let results = try predictAll(x, batchSize: batchSize, verbose: verbose, steps: steps, callbacks: callbacks, group: group)
    try checkOnlyOutput(results)
    return results[0]
  }

  /// - Throws: ``DescentError`` if there are several outputs.
  func checkOnlyOutput(_ results: Predictions) throws {
    guard results.tensors.count == 1 else {
      throw DescentError(
        .state, "predict: \(name) has the outputs \(results.names.joined(separator: ", ")); predictAll gives them all")
    }
  }

  /// All that the model computes for each row. (Keras: `Model.predict` of a model of several outputs.)
  /// - Parameters: as those of ``predict(_:batchSize:verbose:steps:callbacks:)``.
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func predictAll(
    _ x: any ModelData, batchSize: Int = 32, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [],
    group: (any ProcessGroup)? = nil
  ) throws -> Predictions {
    try GroupRun.telling(group, "predict") { sharing in
      try puttingWeightsBackOnFailure {
        try predictAll(x, batchSize: batchSize, verbose: verbose, steps: steps, callbacks: callbacks, in: sharing?.group)
      }
    }
  }

  private func predictAll(
    _ x: any ModelData, batchSize: Int, verbose: Verbosity, steps: Int?, callbacks: [Callback], in group: (any ProcessGroup)?
  ) throws -> Predictions {
    try checkCounts(batchSize: batchSize, steps: steps, verbose: verbose, "predict")
    let data = try CheckedData(x: x, y: nil, sampleWeight: nil, of: self, "predict", group: group)
    try prepare(for: data, "predict")
    let batchSize = min(batchSize, data.count)
    let starts = Array(stride(from: 0, to: data.count, by: batchSize).prefix(steps ?? .max))
    let end = min(data.count, (starts.last ?? 0) + batchSize)
    let counts = starts.map { min(batchSize, end - $0) }
    try checkStates(rows: counts)
    let bar = ProgbarLogger(verbose)
    let list = CallbackList(
      callbacks + (bar.map { [$0] } ?? []), model: self,
      parameters: RunParameters(epochs: 1, steps: starts.count, batchSize: batchSize), group: group)
    if let group {
      try GroupRun(self, group, "predict").begin(
        data: [("", data)], settings: JSONObject([("batch_size", JSONValue(batchSize)), ("steps", JSONValue(starts.count))]))
    }
    try list.each { try $0.onPredictBegin() }
    var plans: [Int: PlanPool] = [:]
    for count in Set(counts).sorted() { plans[count] = try predictionPlans(for: data.inputs, count: count) }
    // The batches that are computed here.
    let shares = (0..<(group?.size ?? 1)).map { rank in
      starts.count * rank / (group?.size ?? 1)..<starts.count * (rank + 1) / (group?.size ?? 1)
    }
    let own = shares[group?.rank ?? 0]
    // Each batch is written where it belongs in the result. Who has none has rows in the result that nobody looks at.
    let results = Plan.makeTargets(forRunsOf: (own.isEmpty ? counts[..<1] : counts[own]).map { plans[$0]!.first })
    func run(_ plan: Plan, at start: Int) {
      for (place, input) in data.inputs.enumerated() {
        plan.bind(argument: place, to: input.buffer, offset: start * input.rowBytes)
      }
      plan.run(into: results)
    }
    func runBatches(judgingEach: Bool) throws {
      let executions = Executions(training?.choices.stepsPerExecution ?? 1)
      for (step, start) in starts.enumerated() where own.contains(step) {
        if executions.begin(at: step) {
          for callback in list.callbacks { try callback.onPredictBatchBegin(step) }
        }
        plans[counts[step]]!.withPlan { plan in
          if judgingEach { judging { run(plan, at: start) } } else { run(plan, at: start) }
        }
        if executions.end(after: step) || step == own.last {
          for callback in list.callbacks { try callback.onPredictBatchEnd(step) }
        }
      }
    }
    // Callbacks may train: then each batch is predicted with the weights of its time, otherwise all with the same.
    if callbacks.isEmpty {
      let changesVariables = plans.values.contains(where: \.first.changesVariables)
      try judging(all: changesVariables ? .changing : .reading) { try runBatches(judgingEach: false) }
    } else {
      try runBatches(judgingEach: true)
    }
    try list.each { try $0.onPredictEnd() }
    guard let group else { return Predictions(names: outputNameLists[0], tensors: results.map(\.tensor)) }
    let rows = shares.map { batches in counts[batches].reduce(0, +) }
    return Predictions(names: outputNameLists[0], tensors: try results.map { try group.gatherRows($0.tensor, counts: rows) })
  }

  /// - Throws: ``DescentError`` naming a stateful layer if batches are not all of one size. Later ones would be refused too, but the first to be
  /// traced may be the smallest, and the layer would keep states of its size.
  private func checkStates(rows counts: [Int]) throws {
    guard let last = counts.last, last != counts[0], let layer = allLayers.first(where: { ($0 as? RecurrentLayer)?.isStateful == true }) else { return }
    throw layer.settingsError(
      "predict: it is stateful, so that all batches must have as many rows; of \(counts.reduce(0, +)) rows in batches of \(counts[0]) the last has \(last)")
  }

  /// What the model computes for the rows of one batch, without callbacks or progress. (Keras: `Model.predict_on_batch`.)
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func predictOnBatch(_ x: any ModelData) throws -> Tensor {
    try predict(x, batchSize: .max, verbose: .silent)
  }

  /// Tells passes that were traced before a layer's constants were replaced from those after.
  var layerRevision: Int { allLayers.reduce(0) { $0 + $1.revision } }

  private func predictionPlans(for inputs: [CheckedData.Rows], count: Int) throws -> PlanPool {
    let arguments = inputs.map { input in
      input.preparation.map { PlanKey.Argument(shape: [count] + input.rowShape, dtype: input.dtype, preparation: $0) }
    }
    let isKnown = arguments.allSatisfy { $0 != nil }
    let key = isKnown ? PlanKey(purpose: .predict, revision: layerRevision, rows: count, arguments: arguments.compactMap { $0 }) : nil
    return try access.tracing {
      try predictionPlans.plan(for: key) {
        try ObservedPlans(arguments: inputs.map { ([count] + $0.rowShape, $0.dtype) }) { arguments in
          let context = ForwardContext(builder: modelBuilder, isTraining: false)
          let x = zip(inputs, arguments).enumerated().map { castInput($1.0.input.prepared($1.1), $0) }
          return try outputs(x, context)
        }.plans
      }
    }
  }

  /// Runs what judges or predicts. Callbacks are not told of the end of a run that fails: averages that one has shown for it make room for the
  /// weights here.
  func puttingWeightsBackOnFailure<Result>(_ body: () throws -> Result) throws -> Result {
    // What another thread's fit shows is that fit's to put back.
    if access.isFittedElsewhere { return try body() }
    let showsAverages = optimizerState?.isExchanged == true
    do {
      return try body()
    } catch {
      if let state = optimizerState, state.isExchanged, !showsAverages, state.isWhole { access.stepping { state.exchangeAveragedValues() } }
      throw error
    }
  }

  /// What several runs, between which no other thread's step may come, do to variables.
  enum JudgingAccess {
    case reading, changing
  }

  /// Runs what computes with the weights to judge by. Not to be nested: the inner one would ask for locks that come before those
  /// that the outer one holds.
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

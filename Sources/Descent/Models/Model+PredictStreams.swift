import TensorCore

extension Model {
  /// What the model computes for the rows of a stream of batches, one after the other. (Keras: `Model.predict`.)
  /// - Parameters:
  ///   - batches: inputs; of pairs and triples the first.
  ///   - steps: how many batches to predict, nil for all.
  ///   - verbose: as that of `fit`.
  ///   - callbacks: as that of `fit`.
  ///   - group: processes that predict together: all go through the same stream, each predicts every so-many-th batch of it with the weights of
  ///     rank 0, and all return all rows, in the bits that one process gives. A stream that is not the same on all is an error.
  /// - Throws: ``DescentError`` when a batch does not fit the model or there is none, or the model has several outputs; what the
  ///   stream throws.
  public func predict(
    _ batches: some DataStream, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil
  ) throws -> Tensor {
    try predictAll(stream: batches, verbose: verbose, steps: steps, callbacks: callbacks, group: group, onlyOutput: true)[0]
  }

  /// All that the model computes for the rows of a stream of batches, one after the other. (Keras: `Model.predict` of a model of
  /// several outputs.)
  /// - Parameters: as those of ``predict(_:verbose:steps:callbacks:group:)-(DataStream,_,_,_,_)``.
  /// - Throws: ``DescentError`` when a batch does not fit the model or there is none; what the stream throws.
  public func predictAll(
    _ batches: some DataStream, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil
  ) throws -> Predictions {
    try predictAll(stream: batches, verbose: verbose, steps: steps, callbacks: callbacks, group: group, onlyOutput: false)
  }

  /// All that the model computes for the rows of a sequence of batches.
  @_disfavoredOverload
  public func predictAll(
    _ batches: some Sequence, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil
  ) throws -> Predictions {
    try predictAll(stream: SequenceStream(batches: batches), verbose: verbose, steps: steps, callbacks: callbacks, group: group, onlyOutput: false)
  }

  /// What the model computes for the rows of a sequence of batches. (An array or a dictionary of tensors is one batch of several inputs.)
  @_disfavoredOverload
  public func predict(
    _ batches: some Sequence, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil
  ) throws -> Tensor {
    try predict(SequenceStream(batches: batches), verbose: verbose, steps: steps, callbacks: callbacks, group: group)
  }

  private func predictAll(
    stream batches: any DataStream, verbose: Verbosity, steps: Int?, callbacks: [Callback], group: (any ProcessGroup)?, onlyOutput: Bool
  ) throws -> Predictions {
    try GroupRun.telling(group, "predict") { sharing in
      try puttingWeightsBackOnFailure {
        try predictAll(
          stream: batches, verbose: verbose, steps: steps, callbacks: callbacks, in: sharing?.group ?? SingleProcess(), onlyOutput: onlyOutput)
      }
    }
  }

  private func predictAll(
    stream batches: any DataStream, verbose: Verbosity, steps: Int?, callbacks: [Callback], in group: any ProcessGroup, onlyOutput: Bool
  ) throws -> Predictions {
    try checkCounts(batchSize: 1, steps: steps, verbose: verbose, "predict")
    try batches.checkEnd(steps, "steps", "predict")
    let isShared = group.size > 1
    let reader = BatchReader(batches)
    if isShared {
      guard let first = try reader.peek(pass: 0) else { throw DescentError(.data, "predict: the stream has no batches") }
      try prepare(for: CheckedData(x: first.x, y: nil, sampleWeight: nil, of: self, "predict: batch 0"), "predict: batch 0")
      try GroupRun(self, group, "predict").begin(
        data: [], settings: JSONObject([("steps", steps.map { JSONValue($0) } ?? .null), ("stream", .string(reader.signature.map { "\($0)" } ?? ""))]))
    } else {
      try reader.begin(pass: 0)
    }
    let bar = ProgbarLogger(verbose)
    let list = CallbackList(
      callbacks + (bar.map { [$0] } ?? []), model: self, parameters: RunParameters(epochs: 1, steps: steps ?? batches.count ?? 0),
      group: isShared ? group : nil)
    try list.each { try $0.onPredictBegin() }
    /// Of the batches that are predicted here.
    var parts: [Predictions] = []
    /// How many rows each batch has, where others predict some.
    var counts: [Int] = []
    var step = 0
    let executions = Executions(training?.choices.stepsPerExecution ?? 1)
    func end(_ step: Int) throws { for callback in list.callbacks { try callback.onPredictBatchEnd(step) } }
    while step < steps ?? .max {
      let caller = "predict: batch \(step)"
      guard let batch = try reader.next() else {
        if isShared { try TrainingBatch.requireEnd(in: group, caller) }
        break
      }
      if isShared {
        let data = try CheckedData(x: batch.x, y: nil, sampleWeight: nil, of: self, caller)
        try batch.requireSame(data, in: group, caller)
        counts.append(data.count)
      }
      if executions.begin(at: step) {
        for callback in list.callbacks { try callback.onPredictBatchBegin(step) }
      }
      if step % group.size == group.rank {
        let part = try predictAll(batch.x, batchSize: .max, verbose: .silent)
        if onlyOutput { try checkOnlyOutput(part) }
        for (first, own) in zip(parts.first?.tensors ?? [], part.tensors) { try requireOneTensor(first.shape, own.shape, caller) }
        parts.append(part)
      }
      if executions.end(after: step) { try end(step) }
      step += 1
    }
    if step > 0 && !executions.end(after: step - 1) { try end(step - 1) }
    try list.each { try $0.onPredictEnd() }
    if isShared { parts = try gathered(parts, counts, group) }
    guard let first = parts.first else { throw DescentError(.data, "predict: the stream has no batches") }
    return Predictions(names: first.names, tensors: first.tensors.indices.map { place in joined(parts.map { $0[place] }) })
  }

  /// The predictions of all batches, of which each member has every so-many-th.
  private func gathered(_ own: [Predictions], _ counts: [Int], _ group: any ProcessGroup) throws -> [Predictions] {
    // A member may have had none; rank 0 has had the first.
    let all = try group.gather(
      JSONValue.array(own.first?.tensors.map { .array([.string($0.dtype.rawValue)] + $0.shape.dropFirst().map { JSONValue($0) }) } ?? []).text())
    let kinds = try all.enumerated().map { rank, text in
      (try JSONValue(parsing: Array(text.utf8), name: "rank \(rank)").array ?? []).map { kind in
        (dtype: kind.array?.first?.string.flatMap(DType.init(rawValue:)) ?? .float32, row: (kind.array ?? []).dropFirst().compactMap(\.int))
      }
    }
    for (rank, others) in kinds.enumerated() {
      for (first, other) in zip(kinds[0], others) { try requireOneTensor([0] + first.row, [0] + other.row, "predict: batch \(rank)") }
    }
    return try counts.indices.map { step in
      let owner = step % group.size
      let part: Predictions? = owner == group.rank ? own[step / group.size] : nil
      return Predictions(
        names: outputNameLists[0],
        tensors: try kinds[0].enumerated().map { place, kind in
          try group.broadcast(part?.tensors[place], shape: [counts[step]] + kind.row, dtype: kind.dtype, from: owner)
        })
    }
  }

  /// - Throws: ``DescentError`` if the rows of two batches are not of one shape.
  private func requireOneTensor(_ first: [Int], _ own: [Int], _ caller: String) throws {
    if first.dropFirst() == own.dropFirst() { return }
    throw DescentError(
      .data,
      "\(caller) gives rows of shape \(Array(own.dropFirst())), those before gave \(Array(first.dropFirst())): they are no one tensor; predict them batch by batch (predictOnBatch)")
  }
}

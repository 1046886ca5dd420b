import TensorCore

extension Model {
  /// Trains the model on a stream of batches.
  ///
  ///     let batches = try Dataset(x, y).shuffle().batch(32)
  ///     try model.fit(batches, epochs: 10, validationData: try Dataset(xVal, yVal).batch(256))
  ///
  /// An epoch is one pass over the stream, or `stepsPerEpoch` batches: then the next epoch goes on where the last one stopped, and
  /// where the stream ends a new pass begins. While a step runs, the next batch of a ``Dataset`` is prepared on another thread. The
  /// place in the stream is part of what ``BackupAndRestore`` keeps. What the stream throws ends training and is thrown;
  /// ``history`` has the epochs before. (Keras: `Model.fit`.)
  /// - Parameters:
  ///   - batches: pairs of inputs and targets, triples with weights; inputs and targets as `fit` takes them.
  ///   - validationData: batches to judge the model on after each epoch, from their beginning each time.
  ///   - stepsPerEpoch: batches an epoch; needed for a stream without end. nil for one pass.
  ///   - validationSteps: batches a validation; nil for all of them. Refused, as what follows of validation, where there is none.
  ///   - epochs: as that of the other `fit`.
  ///   - verbose: as that of the other `fit`.
  ///   - callbacks: as that of the other `fit`.
  ///   - classWeight: as that of the other `fit`.
  ///   - initialEpoch: as that of the other `fit`.
  ///   - validationFrequency: as that of the other `fit`.
  ///   - group: as that of the other `fit`. All processes go through the same stream. Of a ``Dataset`` of known size that ends in `batch` each makes
  ///     its rows only, of other streams it makes the batches and computes its rows of them. A stream that is not the same on all is an error;
  ///     shuffling and random maps want a `seed`.
  ///   - shards: as that of the other `fit`.
  ///   - shardOptimizerState: as that of the other `fit`.
  /// - Returns: the numbers of each epoch.
  /// - Throws: ``DescentError`` naming the batch that does not fit the model; what the stream or a callback throws.
  @discardableResult
  public func fit(
    _ batches: some DataStream, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (any DataStream)? = nil, classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil, shards: Int? = nil,
    shardOptimizerState: Bool = false
  ) throws -> History {
    try GroupRun.telling(group, shards: shards, spreadsOptimizerState: shardOptimizerState, "fit") { sharing in
      try fit(
        stream: batches, epochs: epochs, verbose: verbose, callbacks: callbacks, validation: validationData.map { .stream($0) },
        classWeight: classWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
        validationBatchSize: nil, validationFrequency: validationFrequency, in: sharing)
    }
  }

  func fit(
    stream batches: any DataStream, epochs: Int, verbose: Verbosity, callbacks: [Callback], validation: ValidationSource?,
    classWeight: [Int: Double]?, initialEpoch: Int, stepsPerEpoch: Int?, validationSteps: Int?, validationBatchSize: Int?,
    validationFrequency: ValidationFrequency, in sharing: GroupSharing?
  ) throws -> History {
    try access.beginFit()
    defer { access.endFit() }
    let training = try compiled("fit")
    try checkFitCounts(epochs, initialEpoch, stepsPerEpoch)
    try checkValidation(validationSteps, validationBatchSize, validationFrequency, isGiven: validation != nil)
    let validationBatchSize = validationBatchSize ?? 32
    try verbose.validate("fit")
    try batches.checkEnd(stepsPerEpoch, "stepsPerEpoch", "fit")
    try validation?.stream?.checkEnd(validationSteps, "validationSteps", "fit: validationData")
    let reader = BatchReader(batches, share: sharing?.neededRows)
    // Shapes are those of the first batch.
    guard let first = try reader.peek(pass: passCount) else { throw DescentError(.data, "fit: the stream has no batches") }
    let data = try checked(first, classWeight, "fit: batch 0")
    let validationRows = try validation?.evaluation(of: self, batchSize: validationBatchSize, steps: validationSteps)
    let optimizerState = try readyOptimizerState("fit")
    if let group = sharing?.group {
      let pass = passCount
      func rows(_ parts: [CheckedData.Rows?]) -> JSONValue { .array(parts.map { $0.map { .string("\($0.dtype) \($0.rowShape)") } ?? .null }) }
      try GroupRun(self, group, "fit").begin(
        data: validationRows.map { [("validation ", $0.data)] } ?? [],
        settings: JSONObject([
          ("x", rows(data.inputs)), ("y", rows(data.targets)), ("sampleWeight", rows(data.weights)), ("epochs", JSONValue(epochs)),
          ("stream", .string(reader.signature.map { "\($0)" } ?? "")), ("count", reader.count.map { JSONValue($0) } ?? .null),
          ("initial_epoch", JSONValue(initialEpoch)), ("steps_per_epoch", stepsPerEpoch.map { JSONValue($0) } ?? .null),
          ("validation_batch_size", JSONValue(validationBatchSize)), ("validation_steps", validationSteps.map { JSONValue($0) } ?? .null),
          ("validation_frequency", validationFrequency.json), ("has_validation", .bool(validation != nil)),
          ("shards", sharing?.shards.map { JSONValue($0) } ?? .null), ("shard_optimizer_state", .bool(sharing?.spreadsOptimizerState == true)),
        ]), optimizerState: optimizerState)
      // The passes are counted as rank 0 does.
      if passCount != pass { _ = try reader.peek(pass: passCount) }
    }
    let runner = try StepRunner(model: self, training: training, data: data, trainability: Trainability(of: self), sharing: sharing)
    let sequence = BatchSequence(ofStream: reader.count, stepsPerEpoch: stepsPerEpoch)
    let history = History()
    self.history = history
    let bar = ProgbarLogger(verbose)
    bar?.secondsWaited = { reader.waited }
    if let group = sharing?.group, group.size > 1 { bar?.rowsCounted = { [totals = runner.totals] in totals.rows } }
    let list = CallbackList(
      callbacks + [history] + (bar.map { [$0, TrainingRemarks()] } ?? []), model: self,
      parameters: RunParameters(
        epochs: epochs, steps: sequence.stepsPerEpoch == .max ? 0 : sequence.stepsPerEpoch, hasValidation: validation != nil), group: sharing?.group)
    let loop = FitLoop(
      model: self, runner: runner, optimizerState: optimizerState, batches: sequence, callbacks: list, history: history,
      shuffle: false, epochs: initialEpoch..<max(initialEpoch, epochs), validation: validationRows, validationFrequency: validationFrequency)
    loop.stream = FitLoop.Stream(
      reader: reader, classWeight: classWeight, remarks: list.callbacks.compactMap { $0 as? TrainingRemarks })
    loop.comparedPass = passCount
    loop.validationStream = validation?.stream.map { ($0, validationSteps) }
    try Interruption.watched { try loop.run() }
    return history
  }

  /// Trains the model on a sequence of batches, which are taken from it between the steps; see the `fit` of streams.
  ///
  /// Each pass begins the sequence anew. One that can be gone through only once (an iterator) is for one epoch, or, if it has no end,
  /// for `stepsPerEpoch`. A run that goes on from a checkpoint of ``BackupAndRestore`` passes over the batches that were trained on: it wants an
  /// iterator that begins with the first of them again.
  @_disfavoredOverload
  @discardableResult
  public func fit(
    _ batches: some Sequence, epochs: Int = 1, verbose: Verbosity = .auto, callbacks: [Callback] = [],
    validationData: (any DataStream)? = nil, classWeight: [Int: Double]? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil,
    validationSteps: Int? = nil, validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil, shards: Int? = nil,
    shardOptimizerState: Bool = false
  ) throws -> History {
    try fit(
      SequenceStream(batches: batches), epochs: epochs, verbose: verbose, callbacks: callbacks, validationData: validationData,
      classWeight: classWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
      validationFrequency: validationFrequency, group: group, shards: shards, shardOptimizerState: shardOptimizerState)
  }

  /// Loss and metrics on a stream of batches that the model is not trained on. (Keras: `Model.evaluate`.)
  /// - Parameters:
  ///   - batches: pairs of inputs and targets, triples with weights.
  ///   - steps: how many batches to look at, nil for all.
  ///   - verbose: as that of `fit`.
  ///   - callbacks: as that of `fit`.
  ///   - group: as that of `fit`.
  ///   - shards: as that of `fit`.
  /// - Throws: ``DescentError`` naming the batch that does not fit the model; what the stream throws.
  @discardableResult
  public func evaluate(
    _ batches: some DataStream, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil,
    shards: Int? = nil
  ) throws -> Scores {
    try GroupRun.telling(group, shards: shards, "evaluate") { sharing in
      try evaluate(stream: batches, verbose: verbose, steps: steps, callbacks: callbacks, in: sharing)
    }
  }

  private func evaluate(
    stream batches: any DataStream, verbose: Verbosity, steps: Int?, callbacks: [Callback], in sharing: GroupSharing?
  ) throws -> Scores {
    try checkCounts(batchSize: 1, steps: steps, verbose: verbose, "evaluate")
    try batches.checkEnd(steps, "steps", "evaluate")
    let bar = ProgbarLogger(verbose)
    let count = steps ?? batches.count
    let list = CallbackList(
      callbacks + (bar.map { [$0] } ?? []), model: self, parameters: RunParameters(epochs: 1, steps: count ?? 0), group: sharing?.group)
    return try access.scoring { isFittedElsewhere in
      let training = try compiled("evaluate")
      return Scores(
        values: try run(
          batches, steps: steps, training.counting(aside: isFittedElsewhere, for: self, "evaluate"), Trainability(of: self),
          callbacks: list, sharing: sharing, isRunOfItsOwn: true, "evaluate"))
    }
  }

  /// Loss and metrics on a sequence of batches.
  @_disfavoredOverload
  @discardableResult
  public func evaluate(
    _ batches: some Sequence, verbose: Verbosity = .auto, steps: Int? = nil, callbacks: [Callback] = [], group: (any ProcessGroup)? = nil,
    shards: Int? = nil
  ) throws -> Scores {
    try evaluate(SequenceStream(batches: batches), verbose: verbose, steps: steps, callbacks: callbacks, group: group, shards: shards)
  }

  // MARK: - One batch

  /// A batch, looked through as all data is.
  func checked(_ batch: TrainingBatch, _ classWeight: [Int: Double]?, _ caller: String) throws -> CheckedData {
    if batch.y == nil && training?.choices.needTargets == true {
      throw DescentError(.data, "\(caller) has inputs alone; expected a pair of inputs and targets, or a triple with weights")
    }
    let data = try CheckedData(x: batch.x, y: batch.y, sampleWeight: batch.sampleWeight, of: self, caller)
    try prepare(for: data, caller)
    return try classWeight.map { try weighted(data, by: $0, rows: data.count, caller) } ?? data
  }

  /// Judges the model on a stream, from its beginning.
  /// - Parameter isRunOfItsOwn: whether the members of a group have yet to agree on what they do.
  func run(
    _ stream: any DataStream, steps: Int?, _ training: TrainingState, _ trainability: Trainability, callbacks: CallbackList,
    sharing: GroupSharing?, isRunOfItsOwn: Bool = false, _ caller: String
  ) throws -> [String: Double] {
    let reader = BatchReader(stream, share: sharing?.neededRows)
    guard let first = try reader.peek(pass: 0) else { throw DescentError(.data, "\(caller): the stream has no batches") }
    let whole = try StepRunner(
      model: self, training: training, data: checked(first, nil, "\(caller): batch 0"), trainability: trainability, sharing: sharing)
    if let group = sharing?.group {
      let settings = JSONObject([
        ("steps", steps.map { JSONValue($0) } ?? .null), ("stream", .string(reader.signature.map { "\($0)" } ?? "")),
        ("shards", sharing?.shards.map { JSONValue($0) } ?? .null),
      ])
      if isRunOfItsOwn {
        try GroupRun(self, group, caller).begin(data: [], settings: settings)
      } else {
        try GroupRun(self, group, caller).compare(settings)
      }
    }
    return try puttingWeightsBackOnFailure { try whole.counting { try run(reader, steps: steps, whole, callbacks, caller) } }
  }

  /// Judges the model on what a reader gives, of which the first batch has the shapes of all.
  private func run(
    _ reader: BatchReader, steps: Int?, _ whole: StepRunner, _ callbacks: CallbackList, _ caller: String
  ) throws -> [String: Double] {
    let (training, trainability, sharing) = (whole.training, whole.trainability, whole.sharing)
    let totals = whole.totals
    let logs = Logs { totals.results }
    try callbacks.each { try $0.onTestBegin() }
    var step = 0
    let executions = Executions(training.choices.stepsPerExecution)
    func end(_ step: Int) throws {
      logs.invalidate()
      for callback in callbacks.callbacks { try callback.onTestBatchEnd(step, logs) }
    }
    while step < steps ?? .max, let batch = try reader.next() {
      if executions.begin(at: step) {
        for callback in callbacks.callbacks { try callback.onTestBatchBegin(step) }
      }
      let data = try checked(batch, nil, "\(caller): batch \(step)")
      let runner = try StepRunner(model: self, training: training, data: data, trainability: trainability, sharing: sharing)
      guard runner.totals === totals else { throw otherShapes(data, "\(caller): batch \(step)") }
      if let group = sharing?.group { try batch.requireSame(data, in: group, "\(caller): batch \(step)") }
      let (rows, row) = batch.whole ?? (data.count, 0)
      let plan = try runner.testStep(rows: rows)
      if sharing != nil { runner.bind(plan, toBatchAt: -row) }
      // In each batch, because callbacks may train.
      try runner.judge(plan, rows: rows)
      if executions.end(after: step) { try end(step) }
      step += 1
    }
    if step > 0 && !executions.end(after: step - 1) { try end(step - 1) }
    if let group = sharing?.group, step < steps ?? .max { try TrainingBatch.requireEnd(in: group, "\(caller): batch \(step)") }
    let results = totals.results
    try callbacks.each { try $0.onTestEnd(Logs(results)) }
    return results
  }

  func otherShapes(_ data: CheckedData, _ caller: String) -> DescentError {
    let shapes = data.targets.compactMap { $0?.rowShape }
    return DescentError(.data, "\(caller): rows of targets have shape \(shapes.map { "\($0)" }.joined(separator: ", ")), unlike those of the first batch")
  }
}

extension FitLoop {
  /// A stream that is trained on, in place of rows in memory.
  struct Stream {
    let reader: BatchReader
    let classWeight: [Int: Double]?
    let remarks: [TrainingRemarks]
  }

  /// The next batch of the epoch; nil at its end.
  func nextBatch(_ stream: Stream, step: Int) throws -> TrainingBatch? {
    let reader = stream.reader
    func next() throws -> TrainingBatch? {
      if !reader.isInPass { try reader.begin(pass: model.passCount) }
      let batch = try reader.next()
      if batch != nil && reader.taken == 1 { model.passCount += 1 }
      position = reader.taken
      return batch
    }
    if let batch = try next() { return batch }
    if batches.isOnePass && step > 0 {
      if let group = runner.group { try TrainingBatch.requireEnd(in: group, "fit: batch \(step)") }
      return nil
    }
    if !batches.isOnePass, let batch = try next() { return batch }
    if batches.isOnePass {
      throw DescentError(
        .data,
        "fit: the stream has no batches in its pass \(model.passCount); one that can be gone through only once is for one epoch, or needs stepsPerEpoch")
    }
    throw DescentError(
      .data,
      """
      fit: the stream ran out of batches after \(step) of the \(batches.stepsPerEpoch) of an epoch, and has none in its pass \(model.passCount); \
      one that can be gone through only once needs stepsPerEpoch times epochs batches
      """)
  }

  /// A step on a batch of its own.
  func run(_ batch: TrainingBatch, of stream: Stream, step: Int) throws {
    try model.access.stepping { try train(on: batch, of: stream, step: step) }
  }

  private func train(on batch: TrainingBatch, of stream: Stream, step: Int) throws {
    let caller = "fit: batch \(step)"
    let data = try model.checked(batch, stream.classWeight, caller)
    let own = try StepRunner(
      model: model, training: runner.training, data: data, trainability: runner.trainability, sharing: runner.sharing)
    guard own.totals === runner.totals else { throw model.otherShapes(data, caller) }
    if let group = runner.group { try batch.requireSame(data, in: group, caller) }
    for remarks in stream.remarks { remarks.look(at: data) }
    let (rows, first) = batch.whole ?? (data.count, 0)
    let phase = optimizerState.beginStep()
    let traced = try own.trainingStep(
      rows: rows, phase: phase, optimizerState: optimizerState, own.beginOwnSteps())
    if order.count != rows || batch.whole != nil {
      order = first == 0 ? RowOrder.inOrder(rows) : Tensor((0..<rows).map { Int32(max(0, $0 - first)) })
    }
    traced.bind(argument: own.indexArgument, to: order)
    try own.run(traced, rows: rows, optimizerState)
  }
}

import Optimizers
import TensorCore

extension Model {
  /// Trains the model.
  ///
  /// Each epoch goes once over the rows, in a new order, in batches; each batch is one step of the optimizer. The last batch may be
  /// smaller and is counted by its rows. Loss and metrics of an epoch are means over its batches, taken from the same forward
  /// passes as the gradients. Ctrl-C ends training after the batch; the history so far is returned. (Keras: `Model.fit`.)
  ///
  /// - Parameters:
  ///   - x: rows of input on axis 0: a ``Tensor``, or bytes that are scaled on the way into the step (``Pixels``); several in order or
  ///     by name for a model of several inputs.
  ///   - y: as many rows of targets, likewise by output; nil for a model that was compiled without losses and metrics, and knows what to
  ///     do with a batch itself (``trainStep(_:)``).
  ///   - batchSize: rows a step; the number of rows for gradient descent on all data at once, 1 for one sample at a time.
  ///   - epochs: the epoch at which to end (see `initialEpoch`).
  ///   - verbose: 0 or `.silent`, 1 or `.progressBar`, 2 or `.oneLine`; `.auto` is a bar in a terminal and one line an epoch elsewhere. But for
  ///     `.silent`, what looks wrong is remarked on standard error, each thing once.
  ///   - callbacks: what is told of the training's course, in this order.
  ///   - validationSplit: the part of the rows, taken from the end before any shuffling, to judge the model on after each epoch.
  ///   - validationData: other rows to judge it on; they go before `validationSplit`.
  ///   - validationSampleWeight: how much each row of `validationData` counts, as `sampleWeight`.
  ///   - shuffle: whether the rows are put in a new order before each epoch.
  ///   - classWeight: how much the rows of a class count in the loss; 1 for classes that are not named. `y` holds class numbers or
  ///     one-hot rows.
  ///   - sampleWeight: how much each row counts in the loss: one number a row, or one for each of its first axes, such as its steps; for all
  ///     outputs or likewise by output.
  ///   - initialEpoch: the epoch, counted from 0, at which to begin.
  ///   - stepsPerEpoch: batches an epoch; nil for all rows once. The next epoch goes on where the last one stopped, and where the
  ///     rows end a new pass over them begins.
  ///   - validationSteps: batches a validation; nil for all of them. Refused, as what follows of validation, where there is none.
  ///   - validationBatchSize: `batchSize` if nil.
  ///   - validationFrequency: after which epochs is validated: every so many (`2`), or those of a list (`[1, 5, 10]`).
  ///   - group: the processes that train together, each of which makes the same call with the same data (`MPIGroup.world()` of `DescentMPI`); nil
  ///     for this one alone. `batchSize` is that of all together: each computes its part of each batch, and all hold the weights that one
  ///     process would have, which begin as those of rank 0. Callbacks that write or show something are at work on rank 0 alone. What cannot
  ///     be shared is refused: steps of the model's own, metrics with a state of their own, losses and metrics that are one number for a
  ///     batch as a whole, stateful recurrent layers, optimizers that need more than gradients.
  ///   - shards: in how many parts a batch is cut, each computed on its own and added in one order: a power of two. 1, 2, 4 … processes up to
  ///     that number give the same bits then, which is not promised otherwise. Refused with them are layers and losses that need sums over the
  ///     batch amid a step: masked losses, means over weights, `BatchNormalization(synchronized: true)`.
  ///   - shardOptimizerState: whether each of the group's processes keeps what the optimizer remembers of a part of the parameters only, which it
  ///     updates for all. The numbers are the same. From the first step to the end of `fit` the memory of the rest is given back; callbacks of rank 0
  ///     may read the whole (to save it, say) in `onTrainBatchEnd` and `onEpochEnd`.
  /// - Returns: the numbers of each epoch.
  /// - Throws: ``DescentError``, having changed nothing, if the model is not compiled or the data does not fit it; and what callbacks
  ///   throw.
  @discardableResult
  public func fit(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, epochs: Int = 1, verbose: Verbosity = .auto,
    callbacks: [Callback] = [], validationSplit: Double = 0, validationData: (x: any ModelData, y: any ModelData)? = nil,
    validationSampleWeight: (any ModelData)? = nil, shuffle: Bool = true, classWeight: [Int: Double]? = nil,
    sampleWeight: (any ModelData)? = nil, initialEpoch: Int = 0, stepsPerEpoch: Int? = nil, validationSteps: Int? = nil,
    validationBatchSize: Int? = nil, validationFrequency: ValidationFrequency = 1, group: (any ProcessGroup)? = nil,
    shards: Int? = nil, shardOptimizerState: Bool = false
  ) throws -> History {
    if validationData == nil && validationSampleWeight != nil {
      throw DescentError(.invalidArgument, "fit: validationSampleWeight is of no use without validationData")
    }
    return try GroupRun.telling(group, shards: shards, spreadsOptimizerState: shardOptimizerState, "fit") { sharing in
      try fit(
        x, y, batchSize: batchSize, epochs: epochs, verbose: verbose, callbacks: callbacks, validationSplit: validationSplit,
        validation: validationData.map { .rows(x: $0.x, y: $0.y, sampleWeight: validationSampleWeight) }, shuffle: shuffle,
        classWeight: classWeight, sampleWeight: sampleWeight, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
        validationBatchSize: validationBatchSize, validationFrequency: validationFrequency, in: sharing)
    }
  }

  func fit(
    _ x: any ModelData, _ y: (any ModelData)?, batchSize: Int, epochs: Int, verbose: Verbosity, callbacks: [Callback],
    validationSplit: Double, validation source: ValidationSource?, shuffle: Bool, classWeight: [Int: Double]?, sampleWeight: (any ModelData)?, initialEpoch: Int, stepsPerEpoch: Int?,
    validationSteps: Int?, validationBatchSize: Int?, validationFrequency: ValidationFrequency, in sharing: GroupSharing?
  ) throws -> History {
    let group = sharing?.group
    try access.beginFit()
    defer { access.endFit() }
    let training = try compiled("fit")
    try NumberRange.count.check("batchSize", batchSize, "fit")
    try checkFitCounts(epochs, initialEpoch, stepsPerEpoch)
    try checkValidation(
      validationSteps, validationBatchSize, validationFrequency, isGiven: source != nil || validationSplit != 0, from: "validationData or validationSplit")
    let validationBatchSize = validationBatchSize ?? batchSize
    try verbose.validate("fit")
    try checkTargets(y, "fit")
    var data = try CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: self, "fit", group: group)
    try prepare(for: data, "fit")

    var trainRows = data.count
    var validation: Evaluation?
    if let source {
      validation = try source.evaluation(of: self, batchSize: validationBatchSize, steps: validationSteps)
    } else if validationSplit != 0 {
      try NumberRange.decay.check("validationSplit", validationSplit, "fit")
      trainRows = Int((Double(data.count) * (1 - validationSplit)).rounded(.down))
      guard trainRows > 0 && trainRows < data.count else {
        let empty = trainRows == 0 ? "training" : "validation"
        throw DescentError(
          .data, "fit: validationSplit \(validationSplit) of \(data.count) rows leaves none for \(empty)")
      }
      // Rows of the same tensors: nothing is copied.
      validation = Evaluation(data: data, rows: trainRows..<data.count)
    }

    try source?.stream?.checkEnd(validationSteps, "validationSteps", "fit: validationData")

    // Class weights are for training alone.
    if let classWeight { data = try weighted(data, by: classWeight, rows: trainRows, "fit") }

    let optimizerState = try readyOptimizerState("fit")
    let batches = BatchSequence(rows: trainRows, batchSize: batchSize, stepsPerEpoch: stepsPerEpoch)
    if let group {
      try GroupRun(self, group, "fit").begin(
        data: [("", data)] + (source == nil ? [] : validation.map { [("validation ", $0.data)] } ?? []),
        settings: JSONObject([
          ("batch_size", JSONValue(batchSize)), ("epochs", JSONValue(epochs)), ("initial_epoch", JSONValue(initialEpoch)),
          ("steps_per_epoch", JSONValue(batches.stepsPerEpoch)), ("shuffle", .bool(shuffle)), ("training_rows", JSONValue(trainRows)),
          ("validation_batch_size", JSONValue(validationBatchSize)), ("validation_steps", validationSteps.map { JSONValue($0) } ?? .null),
          ("validation_frequency", validationFrequency.json), ("has_validation", .bool(validation != nil)),
          ("shards", sharing?.shards.map { JSONValue($0) } ?? .null), ("shard_optimizer_state", .bool(sharing?.spreadsOptimizerState == true)),
        ]), optimizerState: optimizerState)
    }
    let runner = try StepRunner(model: self, training: training, data: data, trainability: Trainability(of: self), sharing: sharing)
    let history = History()
    self.history = history
    let bar = ProgbarLogger(verbose)
    if let group, group.size > 1 { bar?.rowsCounted = { [totals = runner.totals] in totals.rows } }
    let remarks = bar == nil ? nil : TrainingRemarks(targets: data.targets.count == 1 ? data.y?.tensor : nil, rows: trainRows)
    let list = CallbackList(
      callbacks + [history] + (bar.map { [$0] } ?? []) + (remarks.map { [$0] } ?? []), model: self,
      parameters: RunParameters(
        epochs: epochs, steps: batches.stepsPerEpoch, batchSize: batchSize, hasValidation: validation != nil || source != nil), group: group)
    validation?.batchSize = validationBatchSize
    validation?.steps = validationSteps
    let loop = FitLoop(
      model: self, runner: runner, optimizerState: optimizerState, batches: batches, callbacks: list, history: history,
      shuffle: shuffle, epochs: initialEpoch..<max(initialEpoch, epochs), validation: validation,
      validationFrequency: validationFrequency)
    loop.validationStream = source?.stream.map { ($0, validationSteps) }
    try Interruption.watched { try loop.run() }
    return history
  }

  /// - Throws: ``DescentError`` if there are no targets and what `compile` was given needs them.
  func checkTargets(_ y: (any ModelData)?, _ caller: String) throws {
    if y == nil && training?.choices.needTargets == true {
      throw DescentError(.data, "\(caller): there are no targets y; the losses and metrics that compile was given need them")
    }
  }

  /// Builds the model for such rows if need be, and checks that they fit it and the loss.
  func prepare(for data: CheckedData, _ caller: String) throws {
    try build(inputs: data.inputs, caller)
    for (place, input) in data.inputs.enumerated() {
      let accepted = graph == nil || self is Sequential ? acceptedRowNumbers : graph?.acceptedRowNumbers(ofInput: place)
      if let accepted { try input.checkRowNumbers(accepted, caller) }
    }
    guard !data.targets.isEmpty, let training, let outputs = rowOutputShapes else { return }
    for (place, settings) in try training.outputs(of: self).enumerated() {
      guard let y = data.targets[place] else { continue }
      // Of a size that is open, the targets say which it is.
      let rowShape = outputs[place].enumerated().map { axis, size in size ?? (axis < y.rowShape.count ? y.rowShape[axis] : 1) }
      let prediction = [data.count] + rowShape
      do {
        try settings.loss?.validate(targetShape: y.tensor.shape, predictionShape: prediction)
        for (_, metric) in settings.allMetrics {
          try metric.resolved(for: settings.loss).validate(targetShape: y.tensor.shape, predictionShape: prediction)
        }
      } catch let error as DescentError {
        throw error.within("\(caller): \(y.name)")
      }
      if let loss = settings.loss, let allowed = loss.allowedClasses(targetShape: y.tensor.shape, predictionShape: prediction) {
        try y.checkClasses(allowed, orElse: loss.config["ignore_class"]?.int, caller)
      }
    }
  }

  /// The data with its rows' weights multiplied by those of their classes.
  func weighted(_ data: CheckedData, by classWeight: [Int: Double], rows: Int, _ caller: String) throws -> CheckedData {
    let takesClasses = loss?.allowedClasses(
      targetShape: data.y?.tensor.shape ?? [], predictionShape: [data.count] + (rowOutputShapes?.first?.filled(with: 1) ?? [])) != nil
    return try data.weighted(by: classWeight, takesClasses: takesClasses, rows: rows, caller)
  }

  /// Builds the model for such inputs if need be, and checks that they are of the shapes it was built for.
  func build(inputs: [CheckedData.Rows], _ caller: String) throws {
    if inputs.count == 1 && (graph == nil || self is Sequential) {
      return try build(rows: inputs[0].rowShape, inputs[0].dtype, of: inputs[0].name, caller)
    }
    if isBuilt, let shapes = rowInputShapes {
      for (place, input) in inputs.enumerated() where !shapes[place].fits(input.rowShape) {
        throw DescentError(
          .data, "\(caller): \(name) takes rows of shape \(shapes[place].text) but a row of \(input.name) has shape \(input.rowShape)")
      }
    } else {
      try build(specifications: inputs.map { ($0.rowShape, rowDType($0.dtype)) })
    }
  }

  func build(rows shape: [Int], _ dtype: DType, of name: String = "x", _ caller: String) throws {
    try access.tracing {
      try buildIfDeclared()
      if let known = rowInputShapes?.first, isBuilt {
        if !known.fits(shape) {
          throw DescentError(
            .data, "\(caller): \(self.name) takes rows of shape \(known.text) but a row of \(name) has shape \(shape)")
        }
      } else {
        try build(specifications: [(shape, rowDType(dtype))])
      }
    }
  }

  func checkFitCounts(_ epochs: Int, _ initialEpoch: Int, _ stepsPerEpoch: Int?) throws {
    try NumberRange.nonNegative.check("epochs", epochs, "fit")
    try NumberRange.nonNegative.check("initialEpoch", initialEpoch, "fit")
    try NumberRange.count.check("stepsPerEpoch", stepsPerEpoch, "fit")
  }

  /// Checks how validation is done, of which nothing may be said where there is none.
  func checkValidation(_ steps: Int?, _ batchSize: Int?, _ frequency: ValidationFrequency, isGiven: Bool, from source: String = "validationData") throws {
    try NumberRange.count.check("validationSteps", steps, "fit")
    try NumberRange.count.check("validationBatchSize", batchSize, "fit")
    try frequency.validate("fit")
    if isGiven { return }
    let said = [("validationSteps", steps != nil), ("validationBatchSize", batchSize != nil), ("validationFrequency", frequency != 1)]
    if let (name, _) = said.first(where: \.1) { throw DescentError(.invalidArgument, "fit: \(name) is of no use without \(source)") }
  }
}

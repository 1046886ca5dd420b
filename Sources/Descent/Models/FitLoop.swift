import Optimizers
import TensorCore

/// How an epoch is cut into batches.
struct BatchSequence {
  let rows: Int
  let batchSize: Int
  let stepsPerEpoch: Int
  /// Whether every epoch is exactly one pass over the rows.
  let isOnePass: Bool

  init(rows: Int, batchSize: Int, stepsPerEpoch: Int?) {
    self.rows = rows
    self.batchSize = min(batchSize, rows)
    isOnePass = stepsPerEpoch == nil
    self.stepsPerEpoch = stepsPerEpoch ?? (rows + self.batchSize - 1) / self.batchSize
  }

  /// Batches that come one by one.
  /// - Parameter count: how many a pass has, if that is known.
  init(ofStream count: Int?, stepsPerEpoch: Int?) {
    rows = 0
    batchSize = 0
    isOnePass = stepsPerEpoch == nil
    self.stepsPerEpoch = stepsPerEpoch ?? count ?? .max
  }
}

/// The loop of `fit`: epochs of batches, with validation and callbacks around them.
final class FitLoop {
  let model: Model
  let runner: StepRunner
  let optimizerState: OptimizerState
  let batches: BatchSequence
  let callbacks: CallbackList
  let history: History
  let shuffle: Bool
  let epochs: Range<Int>
  let validation: Evaluation?
  let validationFrequency: ValidationFrequency
  /// What is trained on, if it is not rows in memory.
  var stream: Stream?
  /// What the model is judged on, if it is not rows in memory.
  var validationStream: (stream: any DataStream, steps: Int?)?

  private var steps: [StepSlot: StepPlan] = [:]
  private var latest: (slot: StepSlot, step: StepPlan)?
  /// What ``TrainingState/bindings`` was when the steps were bound last.
  private var bindings = 0
  var order: Tensor
  /// The row of ``order`` at which the next batch begins; its count when a new pass is due. In a stream, how many batches of the pass
  /// were taken.
  var position: Int
  let backups: [BackupAndRestore]
  lazy var givenConditions = conditionsOfTheRun()
  /// Of a stream, the pass whose first batch stands for its data when checkpoints are compared, and that batch, if it is not the one that this
  /// run has seen first.
  var comparedPass = 0
  var comparedData: CheckedData?
  /// How often averages of the weights had been taken before this run.
  var averagesBefore = 0
  private let batchLogs: Logs
  private let stepsPerExecution: Int
  private var isStreamAtEnd = false
  /// Ctrl-C, as all members of a group have agreed on.
  var isInterrupted = false
  /// Whether the other members of a group are about to wait for this one in ``agree()``.
  private(set) var mayAsk = false

  private struct StepSlot: Hashable {
    let rows: Int
    let phase: StepPhase
    let variants: [RunVariant]
  }

  init(
    model: Model, runner: StepRunner, optimizerState: OptimizerState, batches: BatchSequence, callbacks: CallbackList,
    history: History, shuffle: Bool, epochs: Range<Int>, validation: Evaluation?, validationFrequency: ValidationFrequency
  ) {
    self.model = model
    self.runner = runner
    self.optimizerState = optimizerState
    self.batches = batches
    self.callbacks = callbacks
    self.history = history
    self.shuffle = shuffle
    self.epochs = epochs
    self.validation = validation
    self.validationFrequency = validationFrequency
    order = RowOrder.inOrder(batches.rows)
    position = batches.rows
    stepsPerExecution = runner.training.choices.stepsPerExecution
    backups = callbacks.callbacks.compactMap { $0 as? BackupAndRestore }
    let totals = runner.totals
    batchLogs = Logs { totals.results }
  }

  func run() throws { try runner.counting(from: false) { try runEpochs() } }

  private func runEpochs() throws {
    model.stopTraining = false
    model.isAbandoned = false
    model.hasFailed = false
    var logs = Logs()
    var failure: (any Error)?
    averagesBefore = optimizerState.averageCount
    do {
      try callbacks.each { try $0.onTrainBegin() }
      let start = try resume() ?? FitPosition(epoch: epochs.lowerBound, step: 0)
      if let sharing = runner.sharing, sharing.spreadsOptimizerState { try spreadOptimizerState(over: sharing.group) }
      for epoch in start.epoch..<max(start.epoch, epochs.upperBound) where !model.stopTraining {
        guard let epochLogs = try run(epoch, from: epoch == start.epoch ? start.step : 0) else { break }
        logs = epochLogs
        // Ctrl-C during validation.
        try agree()
        if isInterrupted {
          history.isInterrupted = true
          try gatherForBackUp(count: 0)
          try backUp(interruptedAfter: FitPosition(epoch: epoch + 1, step: 0))
        }
        if model.stopTraining || history.isInterrupted { break }
      }
      try gatherOptimizerState()
    } catch {
      failure = error
    }
    // Averages that a callback shows are no weights to go on from.
    if failure != nil && optimizerState.isExchanged && optimizerState.isWhole { optimizerState.exchangeAveragedValues() }
    // A run that fails leaves the weights as they are; one that made no update has no averages to show.
    if failure == nil && optimizerState.averageCount > averagesBefore {
      optimizerState.finalizeVariableValues()
      optimizerState.weightsWereReplaced(byAverages: true)
    }
    model.hasFailed = failure != nil
    if optimizerState.isWhole { model.showWeightsToJudge() }
    let isComplete = failure == nil && !history.isInterrupted
    // Callbacks close their files however training ends; the first error is the one to tell.
    for callback in callbacks.callbacks {
      do { try callback.onTrainEnd(logs) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    if isComplete { try backups.forEach { try $0.finish() } }
  }

  /// One epoch; nil if it was cut short in a way that leaves nothing to log.
  private func run(_ epoch: Int, from firstStep: Int) throws -> Logs? {
    if firstStep == 0 {
      runner.totals.reset()
      try callbacks.each { try $0.onEpochBegin(epoch) }
      if batches.isOnePass { position = batches.rows }
      if batches.isOnePass { stream?.reader.endPass() }
    } else {
      // An epoch that began before the checkpoint: callbacks have done then what they do at its beginning.
      for callback in callbacks.callbacks where callback is ProgbarLogger { try callback.onEpochBegin(epoch) }
    }
    var step = firstStep
    while step < batches.stepsPerEpoch {
      let count = try runSteps(from: step)
      step += count
      if count > 0 {
        batchLogs.invalidate()
        try whileOthersWait { for callback in callbacks.callbacks { try callback.onTrainBatchEnd(step - 1, batchLogs) } }
      }
      if isStreamAtEnd {
        if count > 0 && runner.group != nil { try agree() }
        // How many there are is known from here on.
        callbacks.each { $0.parameters.steps = step }
        if model.isAbandoned { return nil }
        break
      }
      try agree()
      try gatherForBackUp(count: count)
      if !backups.isEmpty {
        try backUp(batchAt: FitPosition(epoch: epoch, step: step), count: count, isInterrupted: isInterrupted)
      }
      if isInterrupted {
        history.isInterrupted = true
        model.stopTraining = true
        return nil
      }
      if model.isAbandoned { return nil }
      if model.stopTraining { break }
    }
    if optimizerState.hasEvaluationValues { try optimizerState.ownership?.gather() }
    model.showWeightsToJudge()
    var values = runner.totals.finalResults
    if let validation, validationFrequency.holds(after: epoch + 1) {
      let scores = try model.run(validation, runner.trainability, callbacks: callbacks, sharing: runner.sharing)
      for (name, value) in scores { values["val_" + name] = value }
    } else if let (stream, steps) = validationStream, validationFrequency.holds(after: epoch + 1) {
      let scores = try model.run(
        stream, steps: steps, runner.training, runner.trainability, callbacks: callbacks, sharing: runner.sharing, "fit: validation")
      for (name, value) in scores { values["val_" + name] = value }
    }
    // A rate that changes is part of the course of a run.
    if optimizerState.optimizer.options.learningRate.isSchedule { values["learning_rate"] = try model.learningRate }
    let logs = Logs(values)
    try whileOthersWait {
      try callbacks.each { try $0.onEpochEnd(epoch, logs) }
      if !backups.isEmpty { try backUp(epochAt: FitPosition(epoch: epoch + 1, step: 0)) }
    }
    return logs
  }

  private func whileOthersWait(_ body: () throws -> Void) rethrows {
    mayAsk = true
    defer { mayAsk = false }
    try body()
  }

  /// The batches between two calls of the callbacks' hooks; gives their number.
  private func runSteps(from first: Int) throws -> Int {
    isStreamAtEnd = false
    for step in first..<min(first + stepsPerExecution, batches.stepsPerEpoch) {
      var batch: TrainingBatch?
      if let stream {
        batch = try nextBatch(stream, step: step)
        if batch == nil {
          isStreamAtEnd = true
          return step - first
        }
      }
      if step == first {
        for callback in callbacks.callbacks { try callback.onTrainBatchBegin(step) }
      }
      if let batch, let stream { try run(batch, of: stream, step: step) } else { try runStep() }
    }
    return min(stepsPerExecution, batches.stepsPerEpoch - first)
  }

  private func runStep() throws { try model.access.stepping { try step() } }

  private func step() throws {
    let isPassOver = position >= batches.rows
    let rows = min(batches.batchSize, isPassOver ? batches.rows : batches.rows - position)
    let phase = optimizerState.beginStep()
    // A step that cannot be traced leaves everything as it was.
    let step = try self.step(rows: rows, phase, runner.beginOwnSteps())
    if isPassOver { beginPass() }
    step.bind(argument: runner.indexArgument, batchAt: position, rowBytes: DType.int32.byteCount)
    position += rows
    try runner.run(step, rows: rows, optimizerState)
  }

  private func beginPass() {
    if shuffle { order = RowOrder.shuffled(batches.rows, seed: model.seed, pass: model.passCount) }
    model.passCount += 1
    position = 0
    for step in steps.values { step.bind(argument: runner.indexArgument, to: order) }
  }

  /// The last step in most cases, found without hashing.
  private func step(
    rows: Int, _ phase: StepPhase, _ begun: [(observer: any RunObserver, variant: RunVariant)]
  ) throws -> StepPlan {
    if bindings != runner.training.bindings {
      for step in steps.values { bind(step) }
      bindings = runner.training.bindings
    }
    let slot = StepSlot(rows: rows, phase: phase, variants: begun.map(\.variant))
    if let latest, latest.slot == slot { return latest.step }
    let step: StepPlan
    if let known = steps[slot] {
      step = known
    } else {
      step = try runner.trainingStep(rows: rows, phase: phase, optimizerState: optimizerState, begun)
      step.bind(argument: runner.indexArgument, to: order)
      steps[slot] = step
      bindings = runner.training.bindings
    }
    latest = (slot, step)
    return step
  }

  private func bind(_ step: StepPlan) {
    runner.bind(step)
    step.bind(argument: runner.indexArgument, to: order)
  }
}

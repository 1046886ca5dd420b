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
}

/// The loop of `fit`: epochs of batches, with validation and callbacks around them.
final class FitLoop {
  private let model: Model
  private let runner: StepRunner
  private let optimizerState: OptimizerState
  private let batches: BatchSequence
  private let callbacks: CallbackList
  private let history: History
  private let shuffle: Bool
  private let epochs: Range<Int>
  private let validation: Evaluation?
  private let validationFrequency: Int

  private var plans: [PlanSlot: Plan] = [:]
  private var latest: (slot: PlanSlot, plan: Plan)?
  private var order: Tensor
  /// The row of ``order`` at which the next batch begins; its count when a new pass is due.
  private var position: Int
  private let batchLogs: Logs

  private struct PlanSlot: Hashable {
    let rows: Int
    let phase: StepPhase
  }

  init(
    model: Model, runner: StepRunner, optimizerState: OptimizerState, batches: BatchSequence, callbacks: CallbackList,
    history: History, shuffle: Bool, epochs: Range<Int>, validation: Evaluation?, validationFrequency: Int
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
    let totals = runner.totals
    batchLogs = Logs { totals.results }
  }

  func run() throws {
    model.stopTraining = false
    model.isAbandoned = false
    var logs = Logs()
    var failure: (any Error)?
    do {
      try callbacks.each { try $0.onTrainBegin() }
      for epoch in epochs {
        guard let epochLogs = try run(epoch) else { break }
        logs = epochLogs
        if model.stopTraining { break }
      }
    } catch {
      failure = error
    }
    optimizerState.finalizeVariableValues()
    // Callbacks close their files however training ends; the first error is the one to tell.
    for callback in callbacks.callbacks {
      do { try callback.onTrainEnd(logs) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  /// One epoch; nil if it was cut short in a way that leaves nothing to log.
  private func run(_ epoch: Int) throws -> Logs? {
    runner.totals.reset()
    try callbacks.each { try $0.onEpochBegin(epoch) }
    if batches.isOnePass { position = batches.rows }
    for step in 0..<batches.stepsPerEpoch {
      for callback in callbacks.callbacks { try callback.onTrainBatchBegin(step) }
      try runStep()
      batchLogs.invalidate()
      for callback in callbacks.callbacks { try callback.onTrainBatchEnd(step, batchLogs) }
      if Interruption.isPending {
        history.isInterrupted = true
        model.stopTraining = true
        return nil
      }
      if model.isAbandoned { return nil }
      if model.stopTraining { break }
    }
    var values = runner.totals.results
    if let validation, (epoch + 1) % validationFrequency == 0 {
      let scores = try model.run(validation, callbacks: callbacks)
      for (name, value) in scores { values["val_" + name] = value }
    }
    let logs = Logs(values)
    try callbacks.each { try $0.onEpochEnd(epoch, logs) }
    return logs
  }

  private func runStep() throws {
    if position >= batches.rows { beginPass() }
    let rows = min(batches.batchSize, batches.rows - position)
    let phase = optimizerState.beginStep()
    let plan = try plan(for: PlanSlot(rows: rows, phase: phase))
    plan.bind(argument: runner.indexArgument, offset: position * DType.int32.byteCount)
    plan.run()
    try optimizerState.endStep()
    runner.totals.count(rows: rows)
    position += rows
  }

  private func beginPass() {
    if shuffle { order = RowOrder.shuffled(batches.rows, seed: model.seed, pass: model.passCount) }
    model.passCount += 1
    position = 0
    for plan in plans.values { plan.bind(argument: runner.indexArgument, to: order) }
  }

  /// The plan of the last step in most cases, found without hashing.
  private func plan(for slot: PlanSlot) throws -> Plan {
    if let latest, latest.slot == slot { return latest.plan }
    let plan: Plan
    if let known = plans[slot] {
      plan = known
    } else {
      plan = try runner.trainingPlan(rows: slot.rows, phase: slot.phase, optimizerState: optimizerState)
      plan.bind(argument: runner.indexArgument, to: order)
      plans[slot] = plan
    }
    latest = (slot, plan)
    return plan
  }
}

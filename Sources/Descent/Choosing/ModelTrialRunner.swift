import Foundation
import Optimizers
import TensorCore

/// Trains models for a comparison.
final class ModelTrialRunner: TrialRunner {
  typealias Rows = (x: any ModelData, y: any ModelData)

  /// Rows that are judged at once.
  static let judgingBatchSize = 256

  private let makeModel: (_ seed: UInt64, _ optimizer: any Optimizer) throws -> Model
  private let train: Rows
  private let validation: Rows
  private let testRows: Rows?
  private let metric: String
  private let options: ChoosingOptions
  let stepsPerEpoch: Int
  /// Trials of tuning that may go on.
  private var live: [String: LiveTrial] = [:]
  /// Final runs' models, the first of each candidate: to be tested.
  private var finalModels: [String: (seed: UInt64, weights: [Tensor])] = [:]

  var hasTestRows: Bool { testRows != nil }

  /// - Parameter makeModel: a model with weights of the seed's, compiled with the optimizer.
  init(
    train: Rows, validation: Rows, test: Rows?, rows: Int, metric: String, options: ChoosingOptions,
    makeModel: @escaping (_ seed: UInt64, _ optimizer: any Optimizer) throws -> Model
  ) {
    self.train = train
    self.validation = validation
    testRows = test
    self.metric = metric
    self.options = options
    self.makeModel = makeModel
    stepsPerEpoch = (rows + min(options.batchSize, rows) - 1) / min(options.batchSize, rows)
  }

  func probe(_ candidate: OptimizerCandidate) throws -> OptimizerProbe {
    let begin = monotonicSeconds()
    let model = try makeModel(options.seed, candidate.optimizer)
    let steps = 10
    func fit(_ epochs: Int) throws {
      let history = try model.fit(
        train.x, train.y, batchSize: options.batchSize, epochs: epochs, verbose: .silent, shuffle: true, stepsPerEpoch: steps)
      if history.isInterrupted { throw ChoosingInterrupted() }
    }
    try fit(1)
    let start = monotonicSeconds() - begin
    let timing = monotonicSeconds()
    try fit(1)
    let perStep = (monotonicSeconds() - timing) / Double(steps)
    _ = try model.evaluate(validation.x, validation.y, batchSize: ModelTrialRunner.judgingBatchSize, verbose: .silent)
    let judging = monotonicSeconds()
    _ = try model.evaluate(validation.x, validation.y, batchSize: ModelTrialRunner.judgingBatchSize, verbose: .silent)
    let perJudging = monotonicSeconds() - judging
    let state = model.optimizerState
    let fresh = try makeModel(options.seed, candidate.optimizer)
    let curve = try fresh.findLearningRate(train.x, train.y, batchSize: options.batchSize)
    if curve.isInterrupted { throw ChoosingInterrupted() }
    guard case .constant(let own) = candidate.optimizer.options.learningRate else { programmingError("chooseOptimizer: a schedule among the candidates") }
    return OptimizerProbe(
      candidate: candidate.name, secondsPerStep: perStep, stateBytes: state?.byteCount ?? 0, secondsPerJudging: perJudging,
      secondsPerStart: max(0, start - Double(steps) * perStep), learningRate: curve.suggestion() ?? own,
      averagesItself: state?.hasEvaluationValues ?? false)
  }

  func run(_ order: TrialOrder, _ plan: ChoosingPlan) throws -> OptimizerTrial {
    let key = "\(order.candidate)/\(order.number)"
    let trial: LiveTrial
    if order.stage == .tune, let known = live[key], known.legsDone == (order.rung > 0 ? plan.rungs[order.rung - 1] : 0) {
      trial = known
    } else {
      trial = LiveTrial(
        try makeModel(order.seed, order.optimizer), train: train, validation: validation, metric: metric, batchSize: options.batchSize, plan: plan,
        usesAverages: order.optimizer.options.useEMA)
      // The ends that it has come to before, in the same bits.
      for rung in 0..<(order.stage == .tune ? order.rung : 0) { try trial.run(to: plan.rungs[rung]) }
    }
    try trial.run(to: order.legs(plan))
    if order.stage == .tune { live[key] = trial }
    if order.stage == .final, hasTestRows, finalModels[order.candidate] == nil {
      finalModels[order.candidate] = (order.seed, trial.model.weights.map { $0.evaluated() })
    }
    return try order.trial(trial.points, hasDiverged: trial.hasDiverged)
  }

  func endTuning() { live = [:] }

  func test(_ order: TrialOrder, _ plan: ChoosingPlan) throws -> [String: Double] {
    guard let testRows else { return [:] }
    if finalModels[order.candidate]?.seed != order.seed {
      finalModels[order.candidate] = nil
      _ = try run(order, plan)
    }
    let model = try makeModel(order.seed, order.optimizer)
    if let weights = finalModels[order.candidate]?.weights { try model.setWeights(weights) }
    return try model.evaluate(testRows.x, testRows.y, batchSize: ModelTrialRunner.judgingBatchSize, verbose: .silent).values
  }
}

/// Ctrl-C: what is finished is kept.
struct ChoosingInterrupted: Error {}

/// A model in training, leg by leg.
private final class LiveTrial {
  let model: Model
  private let rows: ModelTrialRunner.Rows
  private let validation: ModelTrialRunner.Rows
  private let metric: String
  private let batchSize: Int
  private let plan: ChoosingPlan
  private let usesAverages: Bool
  private let watch: TrialWatch
  /// Before `fit` put averages in the weights' place.
  private var snapshot: ModelSnapshot?
  private(set) var legsDone = 0
  private(set) var hasDiverged = false
  private(set) var points: [OptimizerTrial.Point] = []

  init(
    _ model: Model, train: ModelTrialRunner.Rows, validation: ModelTrialRunner.Rows, metric: String, batchSize: Int, plan: ChoosingPlan,
    usesAverages: Bool
  ) {
    (self.model, rows, self.validation, self.metric, self.batchSize, self.plan) = (model, train, validation, metric, batchSize, plan)
    self.usesAverages = usesAverages
    watch = TrialWatch(horizon: plan.fullSteps)
  }

  func run(to legs: Int) throws {
    if hasDiverged || legs <= legsDone { return }
    try snapshot?.restore()
    snapshot = nil
    let keeper = LambdaCallback(onEpochEnd: { [unowned self] leg, logs in
      if usesAverages && leg == legs - 1 { snapshot = try ModelSnapshot(model, "chooseOptimizer") }
      let value = logs["val_" + metric] ?? .nan
      points.append(
        OptimizerTrial.Point(step: (leg + 1) * plan.stepsPerLeg, seconds: watch.seconds, loss: logs["loss"] ?? .nan, value: value))
      if !value.isFinite {
        hasDiverged = true
        model.stopTraining = true
      }
    })
    // Last of all, so that the averages are out of the way.
    let callbacks: [Callback] = [watch] + (usesAverages ? [SwapEMAWeights()] : []) + [keeper]
    let history = try model.fit(
      rows.x, rows.y, batchSize: batchSize, epochs: legs, verbose: .silent, callbacks: callbacks, validationData: validation,
      initialEpoch: legsDone, stepsPerEpoch: plan.stepsPerLeg, validationBatchSize: ModelTrialRunner.judgingBatchSize)
    if history.isInterrupted { throw ChoosingInterrupted() }
    hasDiverged = hasDiverged || watch.hasDiverged
    legsDone = legs
  }
}

/// Times the training alone, and stops it when it has diverged: the loss is not finite, or has been four times that of the first
/// batches for a fiftieth of a full run.
private final class TrialWatch: Callback {
  private let horizon: Int
  private(set) var seconds = 0.0
  private(set) var hasDiverged = false
  private var begin = 0.0
  private var steps = 0
  private var firstLoss: Double?
  private var highSince: Int?

  private static let lookEvery = 16

  init(horizon: Int) { self.horizon = horizon }

  override func onEpochBegin(_ epoch: Int) { begin = monotonicSeconds() }

  override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) {
    steps += 1
    if firstLoss != nil && steps % TrialWatch.lookEvery != 0 { return }
    guard let loss = logs["loss"] else { return }
    let first = firstLoss ?? loss
    firstLoss = first
    if loss.isFinite && loss <= 4 * abs(first) {
      highSince = nil
      return
    }
    let since = highSince ?? steps
    highSince = since
    if !loss.isFinite || steps - since >= horizon / 50 {
      hasDiverged = true
      seconds += monotonicSeconds() - begin
      model?.abandonTraining()
    }
  }

  override func onTestBegin() { seconds += monotonicSeconds() - begin }
}

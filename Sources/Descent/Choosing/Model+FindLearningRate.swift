import Foundation
import Optimizers
import TensorCore

extension Model {
  /// Trains with a learning rate that grows from step to step, and watches the loss: with too small a rate nothing happens, with too
  /// great a one it explodes, and the rates to train with lie between.
  ///
  ///     let curve = try model.findLearningRate(x, y)
  ///     try model.setLearningRate(curve.suggestion()!)
  ///
  /// Afterwards weights, statistics, the optimizer's state and the generators of random numbers are what they were, to the bit.
  /// The range differs from one optimizer to the next by a factor of a thousand. (fastai: `Learner.lr_find`, with its defaults; Smith,
  /// 2017, "Cyclical learning rates", arXiv 1506.01186.)
  /// - Parameters:
  ///   - x: as that of `fit`.
  ///   - y: as that of `fit`.
  ///   - sampleWeight: as that of `fit`.
  ///   - batchSize: rows a step; the range depends on it.
  ///   - startLearningRate: the first step's rate.
  ///   - endLearningRate: what the rates grow towards.
  ///   - steps: how many steps there are; at least 6.
  ///   - smoothing: the share of the past in the average of losses: at least 0 and less than 1.
  ///   - stopsWhenDiverging: whether it ends when the smoothed loss is four times its least. It always ends when a loss is not finite.
  /// - Throws: ``DescentError``, having changed nothing, if the model is not compiled, the data does not fit it, or an argument is out
  ///   of range.
  public func findLearningRate(
    _ x: any ModelData, _ y: (any ModelData)? = nil, batchSize: Int = 32, startLearningRate: Double = 1e-7,
    endLearningRate: Double = 10, steps: Int = 100, smoothing: Double = 0.98, stopsWhenDiverging: Bool = true,
    sampleWeight: (any ModelData)? = nil
  ) throws -> LearningRateCurve {
    let caller = "findLearningRate"
    _ = try compiled(caller)
    try NumberRange.count.check("batchSize", batchSize, caller)
    try checkTargets(y, caller)
    try prepare(for: CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: self, caller), caller)
    let sweep = try LearningRateSweep(startLearningRate, endLearningRate, steps, smoothing, stopsWhenDiverging)
    return try sweeping(sweep) {
      try fit(
        x, y, batchSize: batchSize, epochs: steps, verbose: .silent, callbacks: [sweep], sampleWeight: sampleWeight, stepsPerEpoch: 1)
    }
  }

  /// The same on a stream of batches.
  public func findLearningRate(
    _ batches: some DataStream, startLearningRate: Double = 1e-7, endLearningRate: Double = 10, steps: Int = 100,
    smoothing: Double = 0.98, stopsWhenDiverging: Bool = true
  ) throws -> LearningRateCurve {
    let caller = "findLearningRate"
    _ = try compiled(caller)
    guard let first = try BatchReader(batches).peek(pass: passCount) else {
      throw DescentError(.data, "\(caller): the stream has no batches")
    }
    _ = try checked(first, nil, "\(caller): batch 0")
    let sweep = try LearningRateSweep(startLearningRate, endLearningRate, steps, smoothing, stopsWhenDiverging)
    return try sweeping(sweep) {
      try fit(batches, epochs: steps, verbose: .silent, callbacks: [sweep], stepsPerEpoch: 1)
    }
  }

  /// An epoch of one batch has that batch's loss in its logs.
  private func sweeping(_ sweep: LearningRateSweep, _ fit: () throws -> History) throws -> LearningRateCurve {
    let before = try ModelSnapshot(self, "findLearningRate")
    let training = try compiled("findLearningRate")
    let result = Result {
      // What is being counted, by batches of one's own or by a fit whose callback this is, goes on where it was.
      training.activeLoops += 1
      defer { training.activeLoops -= 1 }
      do {
        return try fit().isInterrupted
      } catch let error as DescentError where error.kind == .numerics {
        sweep.hasDiverged = true
        return false
      }
    }
    try before.restore()
    return sweep.curve(isInterrupted: try result.get())
  }
}

/// Sets the rates, and keeps the losses.
private final class LearningRateSweep: Callback {
  private let first: Double
  private let last: Double
  private let steps: Int
  private let smoothing: Double
  private let stopsWhenDiverging: Bool
  /// The rates of an optimizer of several parts, as multiples of the last one's.
  private var ratios: [Double] = [1]
  private var rates: [Double] = []
  private var losses: [Double] = []
  private var average = 0.0
  private var share = 1.0
  private var best = Double.infinity
  var hasDiverged = false

  init(_ first: Double, _ last: Double, _ steps: Int, _ smoothing: Double, _ stopsWhenDiverging: Bool) throws {
    guard first > 0, first.isFinite, last > first, last.isFinite else {
      throw DescentError(
        .invalidArgument, "findLearningRate: rates from \(first) to \(last); expected numbers greater than 0, the second the greater")
    }
    try NumberRange.atLeast(6).check("steps", steps, "findLearningRate")
    try NumberRange.decay.check("smoothing", smoothing, "findLearningRate")
    (self.first, self.last, self.steps, self.smoothing, self.stopsWhenDiverging) = (first, last, steps, smoothing, stopsWhenDiverging)
  }

  override func onTrainBegin() {
    guard let rates = model?.optimizerState?.learningRates, let last = rates.last, last > 0 else { return }
    ratios = rates.map { $0 / last }
  }

  override func onTrainBatchBegin(_ batch: Int) {
    let rate = first * Foundation.pow(last / first, Double(rates.count) / Double(steps))
    rates.append(rate)
    model?.optimizerState?.learningRates = ratios.count == model?.optimizerState?.learningRates.count ? ratios.map { rate * $0 } : [rate]
  }

  override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    guard let loss = logs["loss"] else {
      throw DescentError(.state, "findLearningRate: the model's training step counts no loss")
    }
    losses.append(loss)
    average = smoothing * average + (1 - smoothing) * loss
    share *= smoothing
    let smoothed = average / (1 - share)
    best = min(best, smoothed)
    hasDiverged = !loss.isFinite || stopsWhenDiverging && smoothed > 4 * best
    if hasDiverged { model?.stopTraining = true }
  }

  func curve(isInterrupted: Bool) -> LearningRateCurve {
    LearningRateCurve(
      learningRates: Array(rates.prefix(losses.count)), losses: losses, steps: steps, smoothing: smoothing, hasDiverged: hasDiverged,
      isInterrupted: isInterrupted)
  }
}

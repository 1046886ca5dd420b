import Descent
import DescentTestSupport
import Foundation
import Testing

/// Writes down which hooks are called, in order.
private final class Recorder: Callback {
  var calls: [String] = []
  override func onTrainBegin() { calls.append("train begin") }
  override func onTrainEnd(_ logs: Logs) { calls.append("train end \(logs.names)") }
  override func onEpochBegin(_ epoch: Int) { calls.append("epoch \(epoch) begin") }
  override func onEpochEnd(_ epoch: Int, _ logs: Logs) { calls.append("epoch \(epoch) end \(logs.names)") }
  override func onTrainBatchBegin(_ batch: Int) { calls.append("batch \(batch) begin") }
  override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) { calls.append("batch \(batch) end \(logs.names)") }
  override func onTestBegin() { calls.append("test begin") }
  override func onTestEnd(_ logs: Logs) { calls.append("test end \(logs.names)") }
  override func onTestBatchEnd(_ batch: Int, _ logs: Logs) { calls.append("test batch \(batch) end") }
  override func onPredictBegin() { calls.append("predict begin") }
  override func onPredictEnd() { calls.append("predict end") }
  override func onPredictBatchEnd(_ batch: Int) { calls.append("predict batch \(batch) end") }
}

/// Puts numbers into the logs of each epoch, so that callbacks that watch them can be tested without training for them.
private final class Script: Callback {
  let numbers: [Double]
  init(_ numbers: [Double]) { self.numbers = numbers }
  override func onEpochEnd(_ epoch: Int, _ logs: Logs) { logs["score"] = numbers[epoch] }
}

@Suite struct CallbackTests {
  let x = SmallData.x()
  let y = SmallData.labels

  @Test func `Hooks are called in Keras order`() throws {
    let recorder = Recorder()
    let model = try SmallData.model(metrics: [.accuracy])
    try model.fit(x, y, batchSize: 30, verbose: 0, callbacks: [recorder], validationSplit: 0.5)
    let names = "[\"accuracy\", \"loss\"]"
    let all = "[\"accuracy\", \"loss\", \"val_accuracy\", \"val_loss\"]"
    #expect(recorder.calls == [
      "train begin", "epoch 0 begin", "batch 0 begin", "batch 0 end \(names)", "test begin", "test batch 0 end",
      "test end \(names)", "epoch 0 end \(all)", "train end \(all)",
    ])
    recorder.calls = []
    _ = try model.predict(x, batchSize: 30, verbose: 0, callbacks: [recorder])
    #expect(recorder.calls == ["predict begin", "predict batch 0 end", "predict batch 1 end", "predict end"])
    recorder.calls = []
    try model.evaluate(x, y, batchSize: 60, verbose: 0, callbacks: [recorder])
    #expect(recorder.calls == ["test begin", "test batch 0 end", "test end \(names)"])
  }

  @Test func `Batch logs are means so far`() throws {
    let model = try SmallData.model(optimizer: SGD(learningRate: 0))
    var seen: [Double] = []
    let watch = LambdaCallback(onTrainBatchEnd: { _, logs in seen.append(logs["loss"]!) })
    let history = try model.fit(x, y, batchSize: 25, verbose: 0, callbacks: [watch], shuffle: false)
    let parts = try [0..<25, 25..<50, 50..<60].map { try model.testOnBatch(x[$0], y[$0]).loss }
    expectClose(
      seen, [parts[0], (parts[0] + parts[1]) / 2, (25 * parts[0] + 25 * parts[1] + 10 * parts[2]) / 60], tolerance: 1e-6)
    #expect(seen[2] == history["loss"][0])
  }

  @Test func `What a callback throws ends training`() throws {
    let recorder = Recorder()
    let failing = LambdaCallback(onTrainBatchEnd: { batch, _ in
      if batch == 1 { throw DescentError(.numerics, "enough") }
    })
    let model = try SmallData.model()
    #expect(failure(.numerics) { try model.fit(x, y, batchSize: 10, verbose: 0, callbacks: [failing, recorder]) } == "enough")
    #expect(model.optimizerState?.iterations == 2)
    #expect(recorder.calls.last == "train end []")
  }

  @Test func `Training stops when asked`() throws {
    let model = try SmallData.model()
    let stop = LambdaCallback(onTrainBatchEnd: { batch, _ in if batch == 2 { model.stopTraining = true } })
    let history = try model.fit(x, y, batchSize: 10, epochs: 5, verbose: 0, callbacks: [stop])
    #expect(history.epochs == [0] && model.optimizerState?.iterations == 3)
    // The next call starts anew.
    #expect(try model.fit(x, y, batchSize: 10, epochs: 2, verbose: 0).epochs == [0, 1])
  }

  private func run(_ numbers: [Double], _ callback: Callback, model: Sequential? = nil) throws -> History {
    let model = try model ?? SmallData.model()
    return try model.fit(x, y, epochs: numbers.count, verbose: 0, callbacks: [Script(numbers), callback])
  }

  @Test func `Early stopping waits`() throws {
    let callback = EarlyStopping(monitor: "score", patience: 2, mode: .min)
    #expect(try run([5, 4, 4.5, 4.2, 3, 2], callback).epochs == [0, 1, 2, 3])
    #expect(callback.bestEpoch == 1 && callback.stoppedEpoch == 3)
    #expect(try run([1, 2, 3, 2, 4], EarlyStopping(monitor: "score", patience: 2, mode: .max)).epochs.count == 5)
    #expect(try run([5, 4.9, 4.8, 4.7], EarlyStopping(monitor: "score", minDelta: 0.5, patience: 2, mode: .min)).epochs.count == 3)
    #expect(try run([9, 8, 9, 9], EarlyStopping(monitor: "score", patience: 2, mode: .min, baseline: 5)).epochs.count == 3)
    #expect(try run([1, 2, 3, 4], EarlyStopping(monitor: "score", mode: .min, startFromEpoch: 2)).epochs.count == 4)
  }

  /// In Keras a NaN first becomes the best, nothing can beat it, and its weights are restored.
  @Test func `A NaN is never the best`() throws {
    let callback = EarlyStopping(monitor: "score", patience: 2, mode: .min, restoreBestWeights: true)
    #expect(try run([.nan, 5, 4, 3, .nan, 6], callback).epochs.count == 6)
    #expect(callback.bestEpoch == 3)
  }

  @Test func `The best weights come back`() throws {
    let model = try SmallData.model()
    var weights: [[Double]] = []
    let watch = LambdaCallback(onEpochEnd: { _, _ in weights.append(model.numbers) })
    let callback = EarlyStopping(monitor: "score", patience: 5, mode: .min, restoreBestWeights: true)
    try model.fit(x, y, epochs: 4, verbose: 0, callbacks: [Script([3, 1, 2, 4]), watch, callback])
    #expect(model.numbers == weights[1] && weights[1] != weights[3])
  }

  @Test func `What is monitored must exist`() throws {
    let model = try SmallData.model(metrics: [.accuracy])
    #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [EarlyStopping()]) }
      == "EarlyStopping: there is no 'val_loss' to monitor; there are accuracy, loss")
    #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [Script([1]), EarlyStopping(monitor: "score")]) }
      == "EarlyStopping: whether 'score' gets better upward or downward is not known; give a mode, .min or .max")
    #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [EarlyStopping(monitor: "val_acc")]) }
      == "EarlyStopping: there is no 'val_acc' to monitor; there are accuracy, loss")
    #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [EarlyStopping(monitor: "loss", patience: -1)]) }
      == "EarlyStopping: patience is -1; it must be at least 0")
    #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [ReduceLROnPlateau(monitor: "loss", cooldown: -2)]) }
      == "ReduceLROnPlateau: cooldown is -2; it must be at least 0")
    // Metrics say themselves which way is better.
    let accuracy = EarlyStopping(monitor: "val_accuracy", patience: 9)
    try model.fit(x, y, epochs: 2, verbose: 0, callbacks: [accuracy], validationSplit: 0.5)
    #expect(accuracy.bestEpoch != nil)
  }

  @Test func `The rate follows a schedule`() throws {
    let model = try SmallData.model(optimizer: SGD(learningRate: 0.5))
    let history = try model.fit(
      x, y, epochs: 3, verbose: 0, callbacks: [LearningRateScheduler { epoch, rate in epoch == 0 ? rate : rate / 2 }])
    #expect(history["learning_rate"] == [0.5, 0.25, 0.125])
    #expect(try model.learningRate == 0.125)
    // One of the optimizer's own is in the history, too: two steps an epoch.
    let falling = try SmallData.model(optimizer: SGD(learningRate: ExponentialDecay(initialLearningRate: 0.5, decaySteps: 2, decayRate: 0.5)))
    let own = try falling.fit(x, y, batchSize: (x.shape[0] + 1) / 2, epochs: 2, verbose: 0)
    #expect(own["learning_rate"] == [0.25, 0.125])
    #expect(try SmallData.model().fit(x, y, verbose: 0)["learning_rate"].isEmpty)
  }

  @Test func `The rate falls on a plateau`() throws {
    let model = try SmallData.model(optimizer: SGD(learningRate: 1))
    let callback = ReduceLROnPlateau(
      monitor: "score", factor: 0.5, patience: 2, mode: .min, cooldown: 1, minimumLearningRate: 0.2)
    let history = try run([5, 5, 5, 5, 5, 5, 5, 5, 5, 5], callback, model: model)
    // Keras 3.15.1 gives the same rates; each is the one of the epoch that ended.
    #expect(history["learning_rate"] == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2])
  }

  /// An encoder of a tenth of the rate.
  private func severalRates() throws -> Sequential {
    let model = Sequential(seed: 1) {
      Dense(8, activation: .relu, inputShape: [4], name: "encoder")
      Dense(3, activation: .softmax)
    }
    try model.compile(
      optimizer: MultiOptimizer(default: SGD(learningRate: 1), [(.pathPattern("encoder/.*"), SGD(learningRate: 0.1))]),
      loss: .sparseCategoricalCrossentropy)
    return model
  }

  @Test func `The rates of several optimizers keep their ratios`() throws {
    let plateau = try severalRates()
    let falls = ReduceLROnPlateau(monitor: "score", factor: 0.5, patience: 1, mode: .min, minimumLearningRate: 0.3)
    let history = try run([5, 5, 5, 5], falls, model: plateau)
    #expect(history["learning_rate"] == [1, 1, 0.5, 0.3])
    expectClose(try #require(plateau.optimizerState?.learningRates), [0.03, 0.3], tolerance: 1e-15)

    let scheduled = try severalRates()
    var rates: [[Double]] = []
    try scheduled.fit(
      x, y, epochs: 3, verbose: 0,
      callbacks: [
        // A warmup that begins with nothing.
        LearningRateScheduler { epoch, _ in Double(epoch) * 2 },
        LambdaCallback(onEpochEnd: { _, _ in rates.append(scheduled.optimizerState?.learningRates ?? []) }),
      ])
    expectClose(rates.flatMap { $0 }, [0, 0, 0.2, 2, 0.4, 4], tolerance: 1e-15)

    let set = try severalRates()
    try set.setLearningRate(0.01)
    expectClose(try #require(set.optimizerState?.learningRates), [0.001, 0.01], tolerance: 1e-15)
    // Those that were set one by one are what is kept.
    set.optimizerState?.learningRates = [0.4, 0.1]
    try set.setLearningRate(0.2)
    expectClose(try #require(set.optimizerState?.learningRates), [0.8, 0.2], tolerance: 1e-15)

    // A rate that stays changes nothing, and schedules go on.
    let mixed = try severalRates()
    let decay = ExponentialDecay(initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5)
    try mixed.compile(
      optimizer: MultiOptimizer(default: SGD(learningRate: 1), [(.name("bias"), SGD(learningRate: decay))]), loss: .sparseCategoricalCrossentropy)
    for (step, rate) in [1, 1, 0.5].enumerated() {
      try mixed.setLearningRate(rate)
      expectClose(try #require(mixed.optimizerState?.learningRates), [0.1 * pow(0.5, Double(step)), rate], tolerance: 1e-15)
      try mixed.trainOnBatch(x, y)
    }

    let still = try severalRates()
    try still.compile(
      optimizer: MultiOptimizer(default: SGD(learningRate: 0), [(.pathPattern("encoder/.*"), SGD(learningRate: 0.1))]), loss: .sparseCategoricalCrossentropy)
    #expect(failure(.state) { try still.setLearningRate(0.5) }.contains("optimizerState?.learningRates"))
    #expect(still.optimizerState?.learningRates == [0.1, 0])
  }

  @Test func `A loss that is no number ends training`() throws {
    let model = try SmallData.model(optimizer: SGD(learningRate: 1e38))
    let recorder = Recorder()
    let history = try model.fit(x, y, batchSize: 10, epochs: 5, verbose: 0, callbacks: [TerminateOnNaN(), recorder], validationSplit: 0.5)
    #expect(history.epochs.count < 5 && model.optimizerState!.iterations < 10)
    // Nobody was told that the epoch ended, so nobody saved what is left of the weights.
    #expect(!recorder.calls.contains { $0.hasPrefix("epoch \(history.epochs.count) end") })
    #expect(failure(.numerics) {
      try model.fit(x, y, batchSize: 10, verbose: 0, callbacks: [TerminateOnNaN(raisesError: true)])
    }.hasPrefix("TerminateOnNaN: the loss is"))
  }

  @Test func `The CSV logger writes each epoch`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/log.csv"
      let model = try SmallData.model(metrics: [.accuracy])
      let history = try model.fit(
        x, y, epochs: 3, verbose: 0, callbacks: [CSVLogger(path)], validationSplit: 0.5, validationFrequency: 2)
      var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
      #expect(lines.count == 4 && lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss")
      #expect(lines[1] == "0,\(history["accuracy"][0]),\(history["loss"][0]),NA,NA")
      try model.fit(x, y, epochs: 4, verbose: 0, callbacks: [CSVLogger(path, append: true)], initialEpoch: 3)
      lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
      #expect(lines.count == 5 && lines[4].hasPrefix("3,") && lines[4].hasSuffix(",NA,NA"))

      try history.writeCSV(to: folder + "/history.csv")
      let text = try String(contentsOfFile: folder + "/history.csv", encoding: .utf8)
      #expect(text == history.csv && text.split(separator: "\n").count == 4)
      // Folders are made, as for all that is written.
      try model.fit(x, y, verbose: 0, callbacks: [CSVLogger(folder + "/none/log.csv")])
      #expect(FileManager.default.fileExists(atPath: folder + "/none/log.csv"))
      #expect(failure(.file) {
        try model.fit(x, y, verbose: 0, callbacks: [CSVLogger(folder + "/none/log.csv/a.csv")])
      } == "\(folder)/none/log.csv/a.csv: cannot be written: \(folder)/none/log.csv is a file; expected a folder")
    }
  }
}

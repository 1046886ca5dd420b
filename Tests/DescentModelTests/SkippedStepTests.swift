import Descent
import DescentTestSupport
import Testing

/// "The step changes nothing" is meant of everything.
@Suite struct SkippedStepTests {
  static let ways: [(name: String, optimizer: any Optimizer)] = [
    ("skip", SGD(learningRate: 0.1, momentum: 0.9).with { $0.useEMA = true; $0.nonFinite = .skip }),
    ("skip, accumulating", SGD(learningRate: 0.1).with { $0.gradientAccumulationSteps = 2; $0.nonFinite = .skip }),
    ("skip, schedule-free", AdamWScheduleFree(learningRate: 0.1).with { $0.nonFinite = .skip }),
    ("stop", Adam(learningRate: 0.1).with { $0.nonFinite = .stop }),
    ("stop with averages", Adam(learningRate: 0.1).with { $0.useEMA = true; $0.nonFinite = .stop }),
    ("loss scale", LossScaleOptimizer(Adam(learningRate: 0.1), initialScale: 4)),
  ]
  let good = Tensor(shape: [2, 1], scalars: [1, 2] as [Float]), bad = Tensor(shape: [2, 1], scalars: [1e36, -1e36] as [Float])
  let y = Tensor([1, 2] as [Float])

  private func model(_ way: String) throws -> Sequential {
    let model = Sequential(
      [Dense(1, kernelInitializer: .constant(1e5), inputShape: [1]), BatchNormalization(), Dropout(0.2), Dense(1)], seed: 1)
    try model.compile(
      anyOptimizer: SkippedStepTests.ways.first { $0.name == way }!.optimizer, loss: .meanSquaredError, metrics: ["mae"])
    return model
  }

  /// Everything there is: weights, statistics, what the optimizer remembers, random numbers.
  private func everything(_ model: Sequential) throws -> [[Double]] {
    let state = model.optimizerState!.checkpoint().filter { !["skipped_steps", "dynamic_scale", "step_counter"].contains($0.key.split(separator: "/").last!) }
    return model.weights.map(\.doubles) + state.sorted { $0.key < $1.key }.map(\.value.doubles) + model.allRandomStates.map(\.value.doubles)
  }

  @Test(arguments: SkippedStepTests.ways.map(\.name))
  func `a step that is none changes nothing, in both entries`(_ way: String) throws {
    for fits in [false, true] {
      for stepsBefore in [0, 3] {
        let model = try model(way)
        for _ in 0..<stepsBefore { try model.trainOnBatch(good, y) }
        _ = try model.learningRate
        let before = try everything(model)
        let stops = way.hasPrefix("stop")
        do {
          if fits {
            let history = try model.fit(bad, y, verbose: 0)
            #expect(history["loss"][0].isNaN && history["mae"][0].isNaN)
          } else {
            let scores = try model.trainOnBatch(bad, y)
            #expect(scores.loss.isNaN)
          }
          #expect(!stops && model.optimizerState!.skippedSteps == 1)
        } catch let error as DescentError {
          #expect(stops && error.kind == .numerics)
        }
        let after = try everything(model)
        #expect(zip(before, after).allSatisfy { zip($0, $1).allSatisfy { $0 == $1 } })
        #expect(try model.evaluate(good, y, verbose: 0).loss.isFinite)
        try model.trainOnBatch(good, y)
        #expect(!model.numbers.contains { !$0.isFinite })
      }
    }
  }

  @Test func `an epoch's numbers are those of the steps that were made`() throws {
    let model = try model("skip")
    let all = Tensor(shape: [4, 1], scalars: [1, 2, 1e36, -1e36] as [Float]), targets = Tensor([1, 2, 3, 4] as [Float])
    let normalization = model.layers[1] as! BatchNormalization
    let history = try model.fit(all, targets, batchSize: 2, verbose: 0, shuffle: false)
    let other = try self.model("skip")
    let alone = try other.fit(good, y, batchSize: 2, verbose: 0, shuffle: false)
    #expect(history["loss"] == alone["loss"] && history["mae"] == alone["mae"])
    #expect(model.optimizerState!.skippedSteps == 1 && normalization.movingMean!.value.doubles.allSatisfy(\.isFinite))
    #expect(model.numbers == other.numbers)
  }

  @Test func `a fit that fails leaves the weights as they are, averages and best weights or not`() throws {
    let model = try model("stop with averages")
    try model.fit(good, y, epochs: 3, verbose: 0)
    try model.setWeights(model.weights.map { $0 * 2.0 })
    let failing = LambdaCallback(onTrainBatchEnd: { batch, _ in if batch == 1 { throw DescentError(.numerics, "enough") } })
    var seen: [Double] = []
    let watch = LambdaCallback(onTrainBatchEnd: { _, _ in seen = model.numbers })
    _ = failure(.numerics) {
      try model.fit(
        good, y, batchSize: 1, epochs: 2, verbose: 0,
        callbacks: [watch, failing, EarlyStopping(monitor: "loss", restoreBestWeights: true)])
    }
    #expect(model.numbers == seen)
  }

  /// Keras 3.15.1 gives 7.
  @Test func `a fit that makes no update puts no averages in place`() throws {
    let x = Tensor(shape: [4, 1], scalars: [1, 2, 3, 4] as [Float]), y = Tensor([1, 2, 3, 4] as [Float])
    let model = Sequential([Dense(1, kernelInitializer: .constant(0.5), inputShape: [1])], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 0.01).with { $0.useEMA = true; $0.emaMomentum = 0.9 }, loss: .meanSquaredError)
    try model.fit(x, y, verbose: 0)
    let seven = [Tensor(shape: [1, 1], scalars: [7] as [Float]), Tensor([0] as [Float])]
    try model.setWeights(seven)
    try model.fit(x, y, epochs: 0, verbose: 0)
    try model.fit(x, y, epochs: 2, verbose: 0, initialEpoch: 2)
    #expect(model.numbers == [7, 0])
    try model.compile(
      optimizer: SGD(learningRate: 0.01).with { $0.useEMA = true; $0.emaMomentum = 0.9; $0.gradientAccumulationSteps = 4 }, loss: .meanSquaredError)
    try model.fit(x, y, batchSize: 1, verbose: 0)
    try model.setWeights(seven)
    try model.fit(x, y, epochs: 1, verbose: 0)
    #expect(model.numbers == [7, 0])
  }

  @Test func `callbacks that evaluate do not disturb the numbers of the epoch`() throws {
    let x = SmallData.x(), y = SmallData.labels
    let (one, two) = (try SmallData.model(metrics: [.accuracy]), try SmallData.model(metrics: [.accuracy]))
    let expected = try one.fit(x, y, batchSize: 16, epochs: 2, verbose: 0, validationSplit: 0.2)
    var inner: [Double] = []
    let nested = LambdaCallback(onTrainBatchEnd: { _, _ in
      inner.append(try two.evaluate(x[0..<7], y[0..<7], verbose: 0).loss)
      inner.append(try two.testOnBatch(x[0..<7], y[0..<7]).loss)
    })
    let found = try two.fit(x, y, batchSize: 16, epochs: 2, verbose: 0, callbacks: [nested], validationSplit: 0.2)
    #expect(found.values == expected.values)
    #expect(stride(from: 0, to: inner.count, by: 2).allSatisfy { (place: Int) -> Bool in abs(inner[place] - inner[place + 1]) < 1e-6 })
  }
}

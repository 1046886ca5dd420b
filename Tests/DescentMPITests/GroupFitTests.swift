import Descent
import Foundation
import TensorCore
import TestSupport
import Testing

/// Models trained by several threads in the place of processes, beside one that is trained on whole batches.
@Suite(.timeLimit(.minutes(20))) struct GroupFitTests {
  /// A model, its data and how it is trained.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var rows = 23
    var batchSize = 8
    var x: @Sendable (Int) -> Tensor = { numbers([$0, 6], 29) }
    var y: @Sendable (Int) -> Tensor = { numbers([$0, 2], 13) }
    var weighs = false
    let model: @Sendable () throws -> Sequential
  }

  static func numbers(_ shape: [Int], _ modulus: Int) -> Tensor {
    Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { (index: Int) -> Double in Double(index * 7 % modulus) / Double(modulus) - 0.4 })
  }

  static let cases: [Case] = [
    Case(testDescription: "Adam, a metric, an uneven last batch") {
      let model = Sequential([Dense(5, activation: .tanh, inputShape: [6]), Dense(2)], dtype: .float64, seed: 1)
      try model.compile(optimizer: Adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [.meanAbsoluteError, .cosineSimilarity])
      return model
    },
    Case(testDescription: "dropout, noise, a penalty, weights of rows", weighs: true) {
      let model = Sequential(
        [
          Dense(5, activation: .sigmoid, kernelRegularizer: .l2(0.01), inputShape: [6]), Dropout(0.4), GaussianNoise(0.1, seed: 3),
          Dense(2, activityRegularizer: .l1(0.1)),
        ], dtype: .float64, seed: 1)
      try model.compile(
        optimizer: SGD(learningRate: 0.1, momentum: 0.9), loss: .huber, metrics: ["mse"], weightedMetrics: [.meanSquaredError])
      return model
    },
    Case(testDescription: "a last batch of one row, which most ranks have nothing of", rows: 17, y: { numbers([$0, 1], 13) }) {
      let model = Sequential([Dense(4, activation: .tanh, inputShape: [6]), Dense(1, activation: .sigmoid)], dtype: .float64, seed: 1)
      try model.compile(
        optimizer: Adam(learningRate: 0.01), loss: Loss.meanSquaredError.reducing(by: .sum), metrics: ["r2_score"])
      return model
    },
    Case(testDescription: "the mean over weights, gradients clipped and accumulated", weighs: true) {
      let model = Sequential([Dense(4, activation: .tanh, inputShape: [6]), Dense(2)], dtype: .float64, seed: 1)
      var adam = AdamW(learningRate: 0.02, weightDecay: 0.01)
      adam.options.globalClipnorm = 0.5
      adam.options.gradientAccumulationSteps = 2
      try model.compile(optimizer: adam, loss: Loss.meanSquaredError.reducing(by: .meanWithSampleWeight))
      return model
    },
    Case(
      testDescription: "words that are left out, a recurrent layer, classes", rows: 21, batchSize: 10,
      x: { rows in Tensor(shape: [rows, 5], scalars: (0..<rows * 5).map { (index: Int) -> Int32 in Int32(index * index % 7) }) },
      y: { rows in Tensor(shape: [rows, 5], scalars: (0..<rows * 5).map { (index: Int) -> Int32 in Int32(index % 3) }) }
    ) {
      let model = Sequential(
        [
          Embedding(7, 4, maskZero: true), LSTM(3, recurrentDropout: 0.2, returnSequences: true), Dense(3, activation: .softmax),
        ], dtype: .float64, seed: 1)
      try model.compile(optimizer: RMSprop(learningRate: 0.01), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
      return model
    },
    Case(testDescription: "normalized by the whole batch, the last of one row", rows: 21, batchSize: 5) {
      let model = Sequential(
        [Dense(5, activation: .tanh, inputShape: [6]), BatchNormalization(momentum: 0.5, synchronized: true), Dense(2)], dtype: .float64, seed: 1)
      try model.compile(optimizer: SGD(learningRate: 0.1, momentum: 0.9), loss: .meanSquaredError)
      return model
    },
    Case(
      testDescription: "pictures that are changed at random", rows: 11, batchSize: 5, x: { numbers([$0, 6, 6, 1], 31) }, y: { numbers([$0, 1], 13) }
    ) {
      let model = Sequential(
        [RandomFlip(), RandomCrop(5, 5), RandomBrightness(0.2, valueRange: 0...1), Conv2D(2, 3), Flatten(), Dense(1)], dtype: .float64, seed: 1)
      try model.compile(optimizer: Adam(learningRate: 0.01), loss: .meanSquaredError)
      return model
    },
  ]

  struct Outcome: Sendable, Equatable {
    var weights: [Double] = []
    var history: [String: [Double]] = [:]
    var scores: [String: Double] = [:]
    var predictions: [Double] = []
  }

  static func train(
    _ test: Case, group: (any ProcessGroup)?, epochs: Int = 2, batchSize: Int? = nil, callbacks: [Callback] = [], shards: Int? = nil,
    shardOptimizerState: Bool = false
  ) throws -> Outcome {
    let model = try test.model()
    let x = test.x(test.rows), y = test.y(test.rows)
    let sampleWeight = test.weighs ? Tensor((0..<test.rows).map { (row: Int) -> Double in Double(row % 4) }) : nil
    let history = try model.fit(
      x, y, batchSize: batchSize ?? test.batchSize, epochs: epochs, verbose: .silent, callbacks: callbacks, validationSplit: 0.2,
      sampleWeight: sampleWeight, group: group, shards: shards, shardOptimizerState: shardOptimizerState)
    var outcome = Outcome()
    outcome.weights = model.variables.flatMap(\.value.doubles)
    for name in history.names { outcome.history[name] = history[name] }
    outcome.scores = try model.evaluate(x, y, batchSize: 7, verbose: .silent, group: group, shards: shards).values
    outcome.predictions = try model.predict(x, batchSize: 5, verbose: .silent, group: group).doubles
    return outcome
  }

  private func expectEqual(_ a: Outcome, _ b: Outcome, tolerance: Double = 1e-12, _ comment: Comment) {
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      a.count == b.count ? zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0 : .infinity
    }
    #expect(distance(a.weights, b.weights) <= tolerance, comment)
    #expect(a.history.keys.sorted() == b.history.keys.sorted(), comment)
    for (name, values) in a.history { #expect(distance(values, b.history[name] ?? []) <= tolerance, "\(comment): \(name)") }
    for (name, value) in a.scores { #expect(distance([value], [b.scores[name] ?? .nan]) <= tolerance, "\(comment): \(name)") }
    #expect(distance(a.predictions, b.predictions) <= tolerance, comment)
  }

  @Test(arguments: cases)
  func `A group takes the steps of one process`(test: Case) throws {
    let alone = try Self.train(test, group: nil)
    for size in 2...4 {
      let members = try ThreadGroup.run(size) { try Self.train(test, group: $0) }.map { try $0.get() }
      expectEqual(members[0], alone, "\(size) ranks")
      for (rank, member) in members.enumerated() { #expect(member == members[0], "rank \(rank) of \(size) has other bits") }
    }
  }

  @Test func `The bits are the same from run to run`() throws {
    let runs = try (0..<2).map { _ in try ThreadGroup.run(3) { try Self.train(Self.cases[1], group: $0) }[1].get() }
    #expect(runs[0] == runs[1])
  }

  @Test(arguments: cases)
  func `Gradients that are summed in pieces have the same bits`(test: Case) throws {
    let whole = try ThreadGroup.run(3) { try Self.train(test, group: $0) }.map { try $0.get() }
    let pieces = try ThreadGroup.run(3) { group in
      try GroupStep.$pieceByteCount.withValue(1) { try Self.train(test, group: group) }
    }.map { try $0.get() }
    #expect(pieces == whole)
  }

  /// A member whose exchanges fail from one on.
  private final class FailingMember: ProcessGroup, @unchecked Sendable {
    private let inner: ThreadGroup
    private var left: Int

    init(_ inner: ThreadGroup, after count: Int) { (self.inner, left) = (inner, count) }

    var rank: Int { inner.rank }
    var size: Int { inner.size }
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws { try inner.broadcast(bytes, from: root) }
    func allGather(_ bytes: UnsafeMutableRawBufferPointer, counts: [Int]) throws { try inner.allGather(bytes, counts: counts) }
    func allToAll(
      _ sent: UnsafeRawBufferPointer, counts: [Int], into received: UnsafeMutableRawBufferPointer, counts receivedCounts: [Int]
    ) throws {
      left -= 1
      if left < 0 { throw DescentError(.state, "the cable is out") }
      try inner.allToAll(sent, counts: counts, into: received, counts: receivedCounts)
    }
    func barrier() throws { try inner.barrier() }
    func fail(_ message: String) { inner.fail(message) }
  }

  @Test(arguments: 0..<7)
  func `A sum that fails beside the backward pass ends all members`(after: Int) throws {
    let results = ThreadGroup.run(3) { group in
      try GroupStep.$pieceByteCount.withValue(1) {
        try Self.train(Self.cases[0], group: group.rank == 1 ? FailingMember(group, after: after) as any ProcessGroup : group)
      }
    }
    for (rank, result) in results.enumerated() {
      let error = #expect(throws: DescentError.self) { try result.get() }
      #expect("\(error!)".contains(rank == 1 ? "the cable is out" : "rank 1 failed: "), "rank \(rank): \(error!)")
    }
  }

  @Test func `A group of one is none`() throws {
    let one = try ThreadGroup.run(1) { try Self.train(Self.cases[0], group: $0) }[0].get()
    #expect(try one == Self.train(Self.cases[0], group: nil))
  }

  @Test func `Moving averages are the mean of those of the ranks`() throws {
    @Sendable func fit(_ group: (any ProcessGroup)?) throws -> [Double] {
      let model = Sequential([BatchNormalization(momentum: 0, inputShape: [2])], dtype: .float64, seed: 1)
      try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
      let x = Tensor(shape: [3, 2], scalars: [1.0, 5, 3, 5, 8, 2])
      try model.fit(x, x, batchSize: 3, verbose: .silent, shuffle: false, group: group)
      return model.variables.filter { $0.name.hasPrefix("moving") }.flatMap(\.value.doubles)
    }
    let members = try ThreadGroup.run(2) { try fit($0) }.map { try $0.get() }
    // Rank 0 has the first row, rank 1 the two others.
    let right = [4, 4, (0 + 2 * 6.25) / 3, (0 + 2 * 2.25) / 3]
    for member in members { #expect(zip(member, right).allSatisfy { abs($0 - $1) < 1e-12 }, "\(member)") }
  }

  // MARK: - What goes wrong

  private func messages(_ size: Int, _ body: @escaping @Sendable (ThreadGroup) throws -> Void) -> [String] {
    ThreadGroup.run(size, body).map { result in
      if case .failure(let error) = result { "\(error)" } else { "" }
    }
  }

  private static func fit(_ group: ThreadGroup, units: Int = 5, batchSize: Int = 8, rows: Int = 23, optimizer: any Optimizer = Adam(), callbacks: [Callback] = []) throws {
    let model = Sequential([Dense(units, inputShape: [6]), Dense(2)], dtype: .float64)
    try model.compile(anyOptimizer: optimizer, loss: .meanSquaredError)
    try model.fit(numbers([rows, 6], 29), numbers([rows, 2], 13), batchSize: batchSize, epochs: 3, verbose: .silent, callbacks: callbacks, group: group)
  }

  @Test func `What differs on a rank is named before the first step`() {
    let odd = 1
    let batch = messages(3) { try Self.fit($0, batchSize: $0.rank == odd ? 9 : 8) }
    #expect(batch.allSatisfy { $0.contains("rank 1") && $0.contains("batch_size is 8 on rank 0 and 9 on rank 1") }, "\(batch)")
    let units = messages(3) { try Self.fit($0, units: $0.rank == odd ? 6 : 5) }
    #expect(units.allSatisfy { $0.contains("rank 1") && $0.contains("kernel") }, "\(units)")
    let rows = messages(3) { try Self.fit($0, rows: $0.rank == odd ? 22 : 23) }
    #expect(rows.allSatisfy { $0.contains("rank 1") && $0.contains("23") && $0.contains("22") }, "\(rows)")
    let optimizer = messages(3) { try Self.fit($0, optimizer: $0.rank == odd ? Adam(beta1: 0.8) : Adam()) }
    #expect(optimizer.allSatisfy { $0.contains("rank 1") && $0.contains("beta_1") }, "\(optimizer)")
  }

  @Test func `A number that is not finite is found by who looks through its rows`() {
    let errors = messages(3) { group in
      let model = Sequential([Dense(2, inputShape: [6])], dtype: .float64)
      try model.compile(optimizer: SGD(), loss: .meanSquaredError)
      var numbers = Self.numbers([24, 6], 29).doubles
      numbers[20 * 6 + 4] = .infinity
      try model.fit(Tensor(shape: [24, 6], scalars: numbers), Self.numbers([24, 2], 13), verbose: .silent, group: group)
    }
    #expect(errors[2] == "fit: x[20, 4] is infinite" && errors[0] == "rank 2 failed: fit: x[20, 4] is infinite", "\(errors)")
  }

  private final class Thrower: Callback {
    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws { if batch == 1 { throw DescentError(.file, "the disk is full") } }
  }

  @Test func `An error on one rank is one on all, and names the rank`() {
    let errors = messages(3) { try Self.fit($0, callbacks: $0.rank == 1 ? [Thrower()] : []) }
    #expect(errors[1] == "the disk is full")
    #expect(errors[0] == "rank 1 failed: the disk is full" && errors[2] == errors[0], "\(errors)")
  }

  private final class Stopper: Callback {
    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) { if batch == 1 { model?.stopTraining = true } }
  }

  @Test func `A rank that stops training stops it on all at the same step`() {
    let counts = ThreadGroup.run(3) { group in
      let model = Sequential([Dense(1, inputShape: [6])], dtype: .float64)
      try model.compile(optimizer: Adam(), loss: .meanSquaredError)
      try model.fit(
        Self.numbers([24, 6], 29), Self.numbers([24, 1], 13), batchSize: 4, epochs: 3, verbose: .silent,
        callbacks: group.rank == 2 ? [Stopper()] : [], group: group)
      return model.optimizerState?.iterations ?? 0
    }.map { try? $0.get() }
    #expect(counts == [2, 2, 2])
  }

  private final class OwnStep: Model {
    private let layer = Dense(2)

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try layer(x, context) }

    override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
      let predictions = try outputs(step.inputs, step.context)
      try step.minimize(try computeLoss(step, predictions))
      return [:]
    }
  }

  @Test func `What a group cannot share is refused`() {
    for optimizer: any Optimizer in [SAM(SGD()), Sophia()] {
      let refused = messages(2) { try Self.fit($0, optimizer: optimizer) }
      #expect(refused.allSatisfy { $0.contains("cannot share") }, "\(refused)")
    }
    let own = messages(2) { group in
      let model = OwnStep()
      try model.compile(optimizer: SGD(), loss: .meanSquaredError)
      try model.fit(Self.numbers([8, 6], 29), Self.numbers([8, 2], 13), verbose: .silent, group: group)
    }
    #expect(own.allSatisfy { $0.contains("cannot be shared") }, "\(own)")
    let stateful = messages(2) { group in
      let model = Sequential([LSTM(2, stateful: true, inputShape: [3, 2]), Dense(1)])
      try model.compile(optimizer: SGD(), loss: .meanSquaredError)
      try model.fit(Self.numbers([8, 3, 2], 29), Self.numbers([8, 1], 13), batchSize: 4, verbose: .silent, group: group)
    }
    #expect(stateful.allSatisfy { $0.contains("cannot share") }, "\(stateful)")
  }

  @Test(arguments: [nil, 4])
  func `Losses and metrics that are one number for a batch as a whole are refused`(shards: Int?) throws {
    @Sendable func model(_ loss: Loss, _ metrics: [Metric] = []) throws -> Sequential {
      let model = Sequential([Dense(4, activation: .sigmoid, inputShape: [6])], dtype: .float64, seed: 1)
      try model.compile(optimizer: SGD(), loss: loss, metrics: metrics)
      return model
    }
    @Sendable func fit(_ model: Sequential, _ group: (any ProcessGroup)?, _ shards: Int?) throws {
      try model.fit(Self.numbers([16, 6], 29), Self.numbers([16, 4], 13), batchSize: 8, verbose: .silent, group: group, shards: shards)
    }
    let own = Loss.custom("own") { target, prediction in square(target - prediction).mean() }
    let losses = [Loss.dice, .tversky, .dice(axes: [0]), .tversky(axes: [-2]), own, own.reducing(by: .sum), own.reducing(by: .meanWithSampleWeight)]
    for loss in losses {
      let refused = messages(2) { try fit(model(loss), $0, shards) }
      #expect(refused.allSatisfy { $0.contains("loss \(loss.name)") && $0.contains("one value a row") }, "\(refused)")
      let judged = messages(2) { _ = try model(loss).evaluate(Self.numbers([16, 6], 29), Self.numbers([16, 4], 13), verbose: 0, group: $0, shards: shards) }
      #expect(judged.allSatisfy { $0.contains("loss \(loss.name)") }, "\(judged)")
      if shards != nil { #expect(throws: DescentError.self) { try fit(model(loss), nil, shards) } }
    }
    let metric = Metric.custom("all") { target, prediction in abs(target - prediction).mean() }
    let refused = messages(2) { try fit(model(.meanSquaredError, [metric]), $0, shards) }
    #expect(refused.allSatisfy { $0.contains("metric all") && $0.contains("one value a row") }, "\(refused)")
    // Sums within a row are shared as any loss is; and a process of its own takes all.
    try fit(model(own, [metric]), nil, nil)
    try fit(model(.dice), SingleProcess(), nil)
    let whole = try model(.dice(axes: [1])), x = Self.numbers([16, 6], 29), y = Self.numbers([16, 4], 13)
    try whole.fit(x, y, batchSize: 8, verbose: .silent, shuffle: false)
    for member in ThreadGroup.run(2, {
      let model = try model(.dice(axes: [1]))
      try model.fit(Self.numbers([16, 6], 29), Self.numbers([16, 4], 13), batchSize: 8, verbose: .silent, shuffle: false, group: $0, shards: shards)
      return model.variables.flatMap(\.value.doubles)
    }) {
      let numbers = try member.get()
      #expect(zip(numbers, whole.variables.flatMap(\.value.doubles)).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  // MARK: - Going on

  private final class Abandoner: Callback {
    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {
      if parameters.epochs == 3, model?.optimizerState?.iterations == 4 { throw DescentError(.state, "killed") }
    }
  }

  @Test(arguments: [1, 2, 3])
  func `A run goes on with another number of processes, in the same bits with the same`(size: Int) throws {
    let test = Self.cases[1]
    let folder = TemporaryFolder()
    @Sendable func train(_ group: (any ProcessGroup)?, _ path: String?, kill: Bool = false) throws -> Outcome {
      try Self.train(
        test, group: group, epochs: 3,
        callbacks: (kill ? [Abandoner()] : []) + (path.map { [BackupAndRestore($0, saveFrequency: .batches(1))] } ?? []))
    }
    let path = folder.file("checkpoint")
    let killed = ThreadGroup.run(2) { try train($0, path, kill: true) }
    #expect(killed.allSatisfy { (try? $0.get()) == nil })
    let rest = try ThreadGroup.run(size) { try train($0, path) }.map { try $0.get() }
    let whole = try ThreadGroup.run(2) { try train($0, nil) }[0].get()
    for member in rest { #expect(member == rest[0]) }
    if size == 2 { #expect(rest[0] == whole) } else { expectEqual(rest[0], whole, "\(size) ranks") }
  }
}

import Descent
import TestSupport
import Testing

/// Batches that are cut in a fixed number of shards.
@Suite(.timeLimit(.minutes(20))) struct ShardTests {
  typealias Case = GroupFitTests.Case
  static let numbers = GroupFitTests.numbers

  static let cases: [Case] =
    GroupFitTests.cases.filter { !["the mean over weights", "words that", "normalized by the whole"].contains(where: $0.testDescription.hasPrefix) } + [
      Case(testDescription: "normalized shard by shard, in float32", rows: 37, batchSize: 20) {
        let model = Sequential(
          [Dense(7, activation: .relu, inputShape: [6]), BatchNormalization(momentum: 0.5), Dropout(0.3), Dense(2)], dtype: .float32, seed: 1)
        try model.compile(optimizer: Adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [.meanAbsoluteError])
        return model
      },
      Case(
        testDescription: "pictures in float32", rows: 33, batchSize: 16, x: { ShardTests.numbers([$0, 6, 6, 1], 31) },
        y: { ShardTests.numbers([$0, 1], 13) }
      ) {
        let model = Sequential([Conv2D(3, 3, activation: .relu), MaxPooling2D(), Flatten(), Dense(1)], dtype: .float32, seed: 1)
        try model.compile(optimizer: SGD(learningRate: 0.05, momentum: 0.9), loss: .meanSquaredError)
        return model
      },
    ]

  @Test(arguments: cases)
  func `One, two, four and eight processes give the same bits`(test: Case) throws {
    let alone = try GroupFitTests.train(test, group: nil, shards: 8)
    #expect(!alone.weights.isEmpty && alone.weights.allSatisfy { $0.isFinite })
    for size in test.testDescription.contains("float32") ? [1, 2, 4, 8] : [4] {
      let members = try ThreadGroup.run(size) { try GroupFitTests.train(test, group: $0, shards: 8) }.map { try $0.get() }
      for (rank, member) in members.enumerated() { #expect(member == alone, "rank \(rank) of \(size) has other bits") }
    }
  }

  @Test func `The steps are those of whole batches`() throws {
    let whole = try GroupFitTests.train(GroupFitTests.cases[1], group: nil)
    let shards = try GroupFitTests.train(GroupFitTests.cases[1], group: nil, shards: 4)
    #expect(zip(whole.weights, shards.weights).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(whole.history.keys == shards.history.keys)
  }

  private final class Abandoner: Callback {
    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {
      if parameters.epochs == 3, model?.optimizerState?.iterations == 4 { throw DescentError(.state, "killed") }
    }
  }

  @Test func `A run goes on with another number of processes in the same bits`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("checkpoint")
    @Sendable func train(_ group: (any ProcessGroup)?, _ path: String?, kill: Bool = false) throws -> GroupFitTests.Outcome {
      try GroupFitTests.train(
        GroupFitTests.cases[1], group: group, epochs: 3,
        callbacks: (kill ? [Abandoner()] : []) + (path.map { [BackupAndRestore($0, saveFrequency: .batches(1))] } ?? []), shards: 4,
        shardOptimizerState: true)
    }
    let killed = ThreadGroup.run(2) { try train($0, path, kill: true) }
    #expect(killed.allSatisfy { (try? $0.get()) == nil })
    let rest = try ThreadGroup.run(4) { try train($0, path) }.map { try $0.get() }
    let whole = try train(nil, nil)
    for member in rest { #expect(member == whole) }
  }

  @Test func `A step that is skipped leaves random numbers as they were`() throws {
    @Sendable func fit(_ group: (any ProcessGroup)?, _ numbers: [Double]) throws -> [Double] {
      let model = Sequential([Dropout(0.5, inputShape: [2]), Dense(3)], dtype: .float64, seed: 1)
      var sgd = SGD(learningRate: 0.1)
      sgd.options.nonFinite = .skip
      try model.compile(optimizer: sgd, loss: .meanSquaredError)
      let rows = numbers.count / 2
      try model.fit(
        Tensor(shape: [rows, 2], scalars: numbers), Self.numbers([rows % 4 + 4, 3], 7).gathering(Tensor((0..<rows).map { Int32($0 % 4) })), batchSize: 4,
        verbose: .silent, shuffle: false, group: group, shards: 2)
      return model.variables.flatMap(\.value.doubles)
    }
    let good = Self.numbers([4, 2], 5).doubles
    let bad = [Double](repeating: 1e200, count: 8) + good
    let right = try fit(nil, good)
    for member in ThreadGroup.run(2, { try fit($0, bad) }) {
      let numbers = try member.get()
      #expect(numbers == right)
    }
  }

  @Test func `What shards cannot do is refused`() throws {
    func message(_ size: Int, shards: Int, _ index: Int = 0) -> String {
      let results = ThreadGroup.run(size) { try GroupFitTests.train(GroupFitTests.cases[index], group: $0, shards: shards) }
      if case .failure(let error) = results[0] { return "\(error)" }
      return ""
    }
    #expect(message(1, shards: 6).contains("shards is 6; it must be a power of two"))
    #expect(message(3, shards: 4).contains("4 shards cannot be shared out evenly among 3 processes"))
    #expect(message(4, shards: 2).contains("2 shards"))
    let wholes = GroupFitTests.cases.indices.filter { GroupFitTests.cases[$0].testDescription.contains("mean over weights") || GroupFitTests.cases[$0].testDescription.contains("words") || GroupFitTests.cases[$0].testDescription.contains("by the whole") }
    #expect(wholes.count == 3)
    for index in wholes { #expect(message(2, shards: 2, index).contains("a sum over the whole batch"), "\(GroupFitTests.cases[index])") }
  }
}

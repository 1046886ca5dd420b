import Descent
import DescentTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct BackupAndRestoreTests {
  /// A run in which everything that a checkpoint must hold is at work.
  private struct Run {
    let folder: String?
    var frequency = SaveFrequency.epoch
    var epochs = 8
    var optimizer: any Optimizer = Adam(
      learningRate: CosineDecay(initialLearningRate: 0.05, decaySteps: 60)
    ).with { $0.useEMA = true; $0.emaMomentum = 0.9; $0.gradientAccumulationSteps = 2 }
    /// After that many batches in all the run is cut off.
    var cut: Int?
    var seed: UInt64 = 4

    struct Result: Equatable {
      let weights: [[Double]]
      let history: [String: [Double]]
      let epochs: [Int]
      let early: [Double]
    }

    struct Cut: Error {}

    func callAsFunction() throws -> (result: Result?, backup: BackupAndRestore?) {
      let model = Sequential(seed: seed) {
        Dense(6, activation: .tanh, inputShape: [3])
        Dropout(0.3)
        Dropout(0.2, seed: 9)
        BatchNormalization()
        Dense(3, activation: .softmax)
      }
      try model.compile(anyOptimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
      let x = Tensor(shape: [30, 3], scalars: (0..<90).map { (place: Int) -> Float in Float((place * 37) % 19) / 10 - 0.9 })
      let y = Tensor((0..<30).map { Int32(($0 * 7) % 3) })
      let backup = folder.map { BackupAndRestore($0, saveFrequency: frequency, deletesAtEnd: false) }
      let early = EarlyStopping(monitor: "loss", minDelta: 0.02, patience: 3, restoreBestWeights: true)
      var batches = 0
      let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in
        batches += 1
        if batches == cut { throw Cut() }
      })
      // The one that cuts comes first: a checkpoint is written after all callbacks.
      let callbacks = [cutter, early] + (backup.map { [$0] } ?? [])
      do {
        let history = try model.fit(
          x, y, batchSize: 4, epochs: epochs, verbose: 0, callbacks: callbacks, validationSplit: 0.2)
        let best = [Double(early.wait), Double(early.bestEpoch ?? -1), Double(early.stoppedEpoch ?? -1)]
        return (Result(weights: model.weights.map(\.doubles), history: history.values, epochs: history.epochs, early: best), backup)
      } catch is Cut {
        return (nil, backup)
      }
    }
  }

  @Test(arguments: [SaveFrequency.epoch, .batches(1), .batches(4)])
  func `A run cut off anywhere, again and again, ends in the same bits`(_ frequency: SaveFrequency) throws {
    let whole = try #require(try Run(folder: nil)().result)
    for cut in [1, 5, 6, 7, 13, 20] {
      let folder = TemporaryFolder()
      var run = Run(folder: folder.path + "/backup", frequency: frequency, cut: cut)
      var result: Run.Result?
      var starts = 0
      while result == nil && starts < 60 {
        result = try run().result
        starts += 1
        // After the first cuts it may run longer, so that it ends.
        if starts > 3 { run.cut = nil }
      }
      #expect(starts > 1)
      #expect(result == whole, "cut after \(cut) batches")
    }
  }

  @Test func `Each optimizer goes on in the same bits`() throws {
    let optimizers: [any Optimizer] = [
      SGD(learningRate: 0.1, momentum: 0.9, nesterov: true), RMSprop(learningRate: 0.01, momentum: 0.5, centered: true),
      Nadam(learningRate: 0.01), Adafactor(learningRate: 0.01), AdamW(learningRate: 0.01), Lion(learningRate: 0.001),
      Adam(learningRate: 0.01, amsgrad: true).with { $0.globalClipnorm = 0.5 }, LossScaleOptimizer(Adam(learningRate: 0.01)),
      ScheduleFreeAdamW(learningRate: 0.01),
    ]
    for optimizer in optimizers {
      let name = "\(type(of: optimizer))"
      let whole = try #require(try Run(folder: nil, epochs: 4, optimizer: optimizer)().result)
      let folder = TemporaryFolder()
      let cut = try Run(folder: folder.path, frequency: .batches(3), epochs: 4, optimizer: optimizer, cut: 11)()
      #expect(cut.result == nil)
      // Another seed and other weights: all that matters comes from the checkpoint.
      let resumed = try Run(folder: folder.path, frequency: .batches(3), epochs: 4, optimizer: optimizer, seed: 99)()
      #expect(resumed.result == whole, "\(name)")
      #expect(resumed.backup?.restoredFrom == folder.path + "/latest.checkpoint")
    }
  }

  @Test func `A torn or altered checkpoint is noticed, and the one before is taken`() throws {
    let whole = try #require(try Run(folder: nil)().result)
    let folder = TemporaryFolder()
    _ = try Run(folder: folder.path, frequency: .batches(2), cut: 9)()
    let latest = folder.path + "/latest.checkpoint"
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: latest)))
    var flipped = bytes
    // Of the state, which comes first; between its parts a zip has bytes that say nothing, such as dates.
    flipped[200] ^= 0x10
    for damaged in [Array(bytes[..<(bytes.count / 2)]), flipped, []] {
      try Data(damaged).write(to: URL(fileURLWithPath: latest))
      let copy = TemporaryFolder()
      for name in ["latest.checkpoint", "previous.checkpoint"] {
        try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: copy.path + "/" + name)
      }
      let resumed = try Run(folder: copy.path, frequency: .batches(2))()
      #expect(resumed.result == whole)
      #expect(resumed.backup?.restoredFrom == copy.path + "/previous.checkpoint")
    }
    try Data(flipped).write(to: URL(fileURLWithPath: folder.path + "/previous.checkpoint"))
    try Data([]).write(to: URL(fileURLWithPath: latest))
    #expect { try Run(folder: folder.path)() } throws: {
      ($0 as? DescentError)?.message.contains("no checkpoint in \(folder.path) can be read") == true
    }
  }

  @Test func `A checkpoint of another run is refused, naming what differs`() throws {
    let folder = TemporaryFolder()
    _ = try Run(folder: folder.path, frequency: .batches(2), cut: 9)()
    #expect { try Run(folder: folder.path, optimizer: SGD())() } throws: {
      ($0 as? DescentError)?.message.contains("is of another run") == true
    }
  }

  @Test func `Checkpoints go when training has come to its end, unless they are to stay`() throws {
    let folder = TemporaryFolder()
    let model = Sequential([Dense(1, inputShape: [2])])
    try model.compile(optimizer: "sgd", loss: "mse")
    let (x, y) = (Tensor.ones([4, 2]), Tensor.ones([4, 1]))
    try model.fit(x, y, epochs: 2, verbose: 0, callbacks: [BackupAndRestore(folder.path + "/b")])
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/b"))
    try model.fit(x, y, epochs: 2, verbose: 0, callbacks: [BackupAndRestore(folder.path + "/b", deletesAtEnd: false)])
    #expect(BackupAndRestore.hasCheckpoint(in: folder.path + "/b"))
    let longer = try model.fit(x, y, epochs: 5, verbose: 0, callbacks: [BackupAndRestore(folder.path + "/b")])
    #expect(longer.epochs == [0, 1, 2, 3, 4])
  }

  @Test func `The files that callbacks write go on where the checkpoint was`() throws {
    func run(_ folder: String, cut: Int?) throws {
      let model = Sequential(seed: 3) { Dense(1, inputShape: [2]) }
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: "mse")
      let x = Tensor(shape: [8, 2], scalars: (0..<16).map { Float($0) / 16 })
      let y = Tensor(shape: [8, 1], scalars: (0..<8).map { Float($0 % 3) })
      var ends = 0
      let cutter = LambdaCallback(onEpochEnd: { _, _ in
        ends += 1
        if ends == cut { throw Run.Cut() }
      })
      // The cutter is last: the lines of its epoch are written, the checkpoint is not.
      try model.fit(
        x, y, batchSize: 2, epochs: 6, verbose: 0,
        callbacks: [
          CSVLogger(folder + "/log.csv"), ModelCheckpoint(folder + "/best-{epoch:02d}.npz", monitor: "loss", saveBestOnly: true),
          ReduceLROnPlateau(monitor: "loss", factor: 0.5, patience: 1, minDelta: 0.05), BackupAndRestore(folder + "/b"), cutter,
        ])
    }
    let (whole, pieces) = (TemporaryFolder(), TemporaryFolder())
    try run(whole.path, cut: nil)
    for cut in [2, 2, 1] { #expect(throws: Run.Cut.self) { try run(pieces.path, cut: cut) } }
    try run(pieces.path, cut: nil)
    #expect(try String(contentsOfFile: pieces.path + "/log.csv", encoding: .utf8) == String(contentsOfFile: whole.path + "/log.csv", encoding: .utf8))
    let files = { try FileManager.default.contentsOfDirectory(atPath: $0).sorted() }
    #expect(try files(pieces.path) == files(whole.path))
  }
}

import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// Checkpoints that hold what none of ours does, and runs that cannot go on.
@Suite(.timeLimit(.minutes(20))) struct HostileCheckpointTests {
  private let x = Tensor(shape: [8, 3], scalars: (0..<24).map { (place: Int) -> Float in Float((place * 7) % 5) / 5 })
  private let y = Tensor(shape: [8, 1], scalars: (0..<8).map { (place: Int) -> Float in Float(place % 3) })

  private func model(seed: UInt64 = 1) throws -> Sequential {
    let model = Sequential([Dense(2, inputShape: [3]), Dropout(0.5), Dense(1)], seed: seed)
    try model.compile(optimizer: Adam(learningRate: 0.1), loss: .meanSquaredError)
    return model
  }

  private struct Cut: Error {}

  /// A checkpoint in the middle of a run.
  private func makeCheckpoint(_ folder: String, _ model: Model, data: Dataset<(Tensor, Tensor)>? = nil, callbacks: [Callback] = []) throws {
    var batches = 0
    let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in
      batches += 1
      if batches == 6 { throw Cut() }
    })
    let all = [cutter] + callbacks + [BackupAndRestore(folder, saveFrequency: .batches(1), deletesAtEnd: false)]
    #expect(throws: Cut.self) {
      if let data { try model.fit(data, epochs: 3, verbose: 0, callbacks: all) } else { try model.fit(x, y, batchSize: 2, epochs: 3, verbose: 0, callbacks: all) }
    }
  }

  private func change(_ folder: String, _ change: (inout TrainingCheckpoint) throws -> Void) throws {
    let path = folder + "/latest.checkpoint"
    var checkpoint = try TrainingCheckpoint(path)
    try change(&checkpoint)
    try checkpoint.write(to: path)
    try? FileManager.default.removeItem(atPath: folder + "/previous.checkpoint")
  }

  @Test(arguments: ["position", "pass", "epoch", "counted_rows"]) func `a number that no run reaches is refused`(_ key: String) throws {
    let folder = TemporaryFolder()
    let data = try Dataset(x, y).filter { _ in true }.map { $0 }.repeat(2).batch(2)
    try makeCheckpoint(folder.path, model(), data: data)
    try change(folder.path) { $0.state[key] = JSONValue(Int.max) }
    let other = try model(seed: 2)
    let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in })
    let said = failure { try other.fit(data, epochs: 3, verbose: 0, callbacks: [cutter, BackupAndRestore(folder.path, saveFrequency: .batches(1))]) }
    #expect(said.hasSuffix("a part of its state is missing, or is no number of epochs, batches or rows"), "\(said)")
  }

  @Test func `a checkpoint is taken up as a whole or not at all`() throws {
    let folder = TemporaryFolder()
    try makeCheckpoint(folder.path, model(), callbacks: [EarlyStopping(monitor: "loss", patience: 9)])
    let changes: [(String, (inout TrainingCheckpoint) throws -> Void)] = [
      ("weight", { checkpoint in
        let place = try #require(checkpoint.tensors.indices.last { checkpoint.tensors[$0].name.hasPrefix("weight:") })
        checkpoint.tensors[place].tensor = Tensor([1, 2, 3] as [Float])
      }),
      ("EarlyStopping: its state in the checkpoint has 'wait' 9223372036854775807; expected a whole number from 0", { checkpoint in
        var states = try #require(checkpoint.state["callbacks"]?.object)
        states["EarlyStopping"] = ["wait": JSONValue(Int.max)]
        checkpoint.state["callbacks"] = .object(states)
      }),
    ]
    let untouched = try ByteSource(path: folder.path + "/latest.checkpoint").allBytes()
    for (expected, change) in changes {
      try writeFile(folder.path + "/latest.checkpoint") { try $0.write(untouched) }
      try self.change(folder.path, change)
      let other = try model(seed: 2)
      let before = other.weights.map(\.doubles), seed = other.seed
      let callbacks = [LambdaCallback(onTrainBatchEnd: { _, _ in }), EarlyStopping(monitor: "loss", patience: 9), BackupAndRestore(folder.path, saveFrequency: .batches(1))]
      let said = failure { try other.fit(x, y, batchSize: 2, epochs: 3, verbose: 0, callbacks: callbacks) }
      #expect(said.contains(expected), "\(said)")
      #expect(other.weights.map(\.doubles) == before && other.seed == seed && other.passCount == 0 && other.optimizerState?.iterations == 0)
    }
  }

  @Test func `a checkpoint that is refused leaves random numbers as they were`() throws {
    let folder = TemporaryFolder()
    func dropping() throws -> Sequential {
      let model = Sequential([Dense(4, inputShape: [1]), Dropout(0.5), Dense(1)], seed: 5)
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError)
      return model
    }
    let x = Tensor(shape: [8, 1], scalars: (0..<8).map { Float($0) / 8 })
    try dropping().fit(x, y, batchSize: 2, epochs: 1, verbose: 0, callbacks: [BackupAndRestore(folder.path, deletesAtEnd: false)])
    let model = try dropping()
    try model.fit(x, y, batchSize: 4, epochs: 1, verbose: 0)
    let before = model.allRandomStates.map { $0.value.doubles }
    #expect(throws: DescentError.self) { try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, callbacks: [BackupAndRestore(folder.path)]) }
    #expect(model.allRandomStates.map { $0.value.doubles } == before)
  }

  @Test func `states of a layer that are none of its own are refused`() throws {
    func recurrent() throws -> Sequential {
      let model = Sequential([LSTM(2, stateful: true, inputShape: [4, 1]), Dense(1)], seed: 1)
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError)
      return model
    }
    let folder = TemporaryFolder()
    let x = Tensor(shape: [8, 4, 1], scalars: (0..<32).map { Float($0) / 32 })
    func fit(_ cut: Int?) throws {
      var batches = 0
      let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in
        batches += 1
        if batches == cut { throw Cut() }
      })
      try recurrent().fit(
        x, y, batchSize: 2, epochs: 2, verbose: 0, callbacks: [cutter, BackupAndRestore(folder.path, saveFrequency: .batches(1), deletesAtEnd: false)], shuffle: false)
    }
    #expect(throws: Cut.self) { try fit(3) }
    let untouched = try ByteSource(path: folder.path + "/latest.checkpoint").allBytes()
    for states in [[Tensor(1 as Float), Tensor(1 as Float)], [Tensor.zeros([2, 3]), Tensor.zeros([2, 3])], [Tensor.zeros([2, 2])], [Tensor.zeros([0, 2]), Tensor.zeros([0, 2])]] {
      try writeFile(folder.path + "/latest.checkpoint") { try $0.write(untouched) }
      try change(folder.path) { checkpoint in
        checkpoint.tensors.removeAll { $0.name.hasPrefix("recurrent:") }
        for (place, state) in states.enumerated() { checkpoint.tensors.append(("recurrent:0/\(place)", state.evaluated())) }
      }
      #expect(failure { try fit(nil) }.contains("which are none of its own"))
    }
    try writeFile(folder.path + "/latest.checkpoint") { try $0.write(untouched) }
    try fit(nil)
  }

  @Test func `callbacks take up what they have written and nothing else`() throws {
    let model = try model()
    func refused(_ callback: Callback, _ state: [String: JSONValue], sourceLocation: SourceLocation = #_sourceLocation) {
      callback.model = model
      let said = failure { try callback.restore(CallbackState(JSONObject(Array(state).map { ($0.key, $0.value) }))) }
      #expect(said.contains("its state in the checkpoint has"), "\(said)", sourceLocation: sourceLocation)
    }
    for wait in [JSONValue(Int.max), JSONValue(-1), "1"] {
      refused(EarlyStopping(), ["wait": wait])
      refused(EarlyStopping(), ["best_epoch": wait])
      refused(ReduceLROnPlateau(), ["wait": wait])
      refused(ReduceLROnPlateau(), ["cooldown": wait])
      refused(ModelCheckpoint("a.npz"), ["batches": wait])
      refused(ModelCheckpoint("a.npz"), ["epoch": wait])
      refused(TensorBoard(logDirectory: "logs"), ["batches": wait])
      refused(History(), ["epochs": [wait]])
    }
    refused(History(), ["epochs": [0, 1], "values": ["loss": [1]]])
    refused(History(), ["epochs": [], "values": ["loss": [1]]])
  }

  // MARK: - Logs

  @Test func `a run that does not begin leaves the log of the one before`() throws {
    let folder = TemporaryFolder(), log = folder.file("log.csv")
    let model = try model()
    try model.fit(x, y, batchSize: 2, epochs: 2, verbose: 0, callbacks: [CSVLogger(log)])
    let before = try String(contentsOfFile: log, encoding: .utf8)
    #expect(before.split(separator: "\n").count == 3)
    try makeCheckpoint(folder.file("b"), model)
    let backup = { BackupAndRestore(folder.file("b"), saveFrequency: .batches(1)) }
    #expect(failure(.state) { try model.fit(x, y, batchSize: 4, epochs: 3, verbose: 0, callbacks: [CSVLogger(log), backup()]) }.contains("another run"))
    #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [CSVLogger(log), EarlyStopping(patience: -1)]) }.contains("patience is -1"))
    #expect(try String(contentsOfFile: log, encoding: .utf8) == before)
    // One that ends before its first epoch has an empty log, as it has no lines.
    try model.fit(x, y, epochs: 0, verbose: 0, callbacks: [CSVLogger(log)])
    #expect(try String(contentsOfFile: log, encoding: .utf8) == "")
  }

  @Test func `a log that is appended to goes on from a checkpoint, in whatever encoding it began`() throws {
    let folder = TemporaryFolder(), log = folder.file("log.csv")
    let beginning = Array("epoch,loss,gr".utf8) + [0xF6, 0xDF, 0x65] + Array("\n0,1,2".utf8)
    try writeFile(log) { try $0.write(beginning) }
    func fit(_ cut: Int?) throws {
      var batches = 0
      let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in
        batches += 1
        if batches == cut { throw Cut() }
      })
      let callbacks = [cutter, CSVLogger(log, append: true), BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))]
      try model().fit(x, y, batchSize: 2, epochs: 3, verbose: 0, callbacks: callbacks)
    }
    #expect(throws: Cut.self) { try fit(7) }
    // What came after the checkpoint goes.
    var bytes = try ByteSource(path: log).allBytes()
    #expect(bytes.starts(with: beginning + [0x0A]))
    bytes += Array("1,7,7\n".utf8)
    try writeFile(log) { try $0.write(bytes) }
    try fit(nil)
    let lines = try ByteSource(path: log).allBytes().split(separator: 0x0A)
    #expect(lines.count == 5 && Array(lines[..<2].joined(separator: [0x0A])) == beginning)
    #expect(lines[2...].map { $0.first } == [0x30, 0x31, 0x32])
  }

  @Test(arguments: ["", "\"", "\n", ", \""]) func `a separator that separates nothing is refused`(_ separator: String) throws {
    let folder = TemporaryFolder()
    try writeFile(folder.file("log.csv"), text: "epoch,loss\n")
    for append in [true, false] {
      let said = failure(.invalidArgument) { try model().fit(x, y, verbose: 0, callbacks: [CSVLogger(folder.file("log.csv"), separator: separator, append: append)]) }
      #expect(said.contains("CSVLogger: separator is"))
    }
    #expect(try ByteSource(path: folder.file("log.csv")).allBytes() == Array("epoch,loss\n".utf8))
  }
}

import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// `fit`, `evaluate` and `predict` on streams.
@Suite(.timeLimit(.minutes(20))) struct StreamFitTests {
  private let x = Tensor(shape: [22, 3], scalars: (0..<66).map { (place: Int) -> Float in Float((place * 37) % 19) / 10 - 0.9 })
  private let y = Tensor((0..<22).map { Int32(($0 * 7) % 3) })
  private let weight = Tensor((0..<22).map { Float($0 % 4) / 2 })

  private func model(seed: UInt64 = 4) throws -> Sequential {
    let model = Sequential(seed: seed) {
      Dense(6, activation: .tanh, inputShape: [3])
      Dropout(0.3)
      BatchNormalization()
      Dense(3, activation: .softmax)
    }
    try model.compile(optimizer: Adam(learningRate: 0.02), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    return model
  }

  @Test func `a stream of batches trains as the same rows in memory do, to the bit`() throws {
    let (inMemory, streamed, listed) = (try model(), try model(), try model())
    let whole = try inMemory.fit(
      x, y, batchSize: 5, epochs: 3, verbose: 0, validationData: (x, y), shuffle: false, validationBatchSize: 7,
      validationFrequency: 2)
    let batches = try Dataset(x, y).batch(5)
    let history = try streamed.fit(
      batches, epochs: 3, verbose: 0, validationData: try Dataset(x, y).batch(7), validationFrequency: 2)
    #expect(history.names == whole.names)
    for name in whole.names { #expect(history[name].map { "\($0)" } == whole[name].map { "\($0)" }, "\(name)") }
    #expect(streamed.weights.map(\.doubles) == inMemory.weights.map(\.doubles))
    // Any sequence: here an array of pairs.
    try listed.fit(batches.elements(), epochs: 3, verbose: 0)
    #expect(listed.weights.map(\.doubles) == inMemory.weights.map(\.doubles))

    #expect(try streamed.evaluate(batches, verbose: 0) == inMemory.evaluate(x, y, batchSize: 5, verbose: 0))
    #expect(try streamed.evaluate(batches.elements(), verbose: 0, steps: 2) == inMemory.evaluate(x, y, batchSize: 5, verbose: 0, steps: 2))
    let expected = try inMemory.predict(x, batchSize: 5, verbose: 0).doubles
    #expect(try streamed.predict(batches, verbose: 0).doubles == expected)
    #expect(try streamed.predict(Dataset(x).batch(5), verbose: 0).doubles == expected)
    #expect(try streamed.predict(AnySequence(batches.elements()), verbose: 0).doubles == expected)
    #expect(try streamed.predict(batches, verbose: 0, steps: 2).shape == [10, 3])
  }

  /// Whatever is trained on, and whatever form the rows to judge on have.
  @Test func `validation takes what fit takes`() throws {
    func numbers(_ fit: (Sequential) throws -> History) throws -> [String: [Double]] {
      let history = try fit(try model())
      return Dictionary(uniqueKeysWithValues: history.names.map { ($0, history[$0]) })
    }
    let batches = try Dataset(x, y).batch(5), pairs = try batches.elements(), judged = try Dataset(x, y).batch(7)
    let weighted = try Dataset(x, y, sampleWeight: weight).batch(7), judgedList = try judged.elements()
    let plain = try numbers {
      try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: (x, y), shuffle: false, validationBatchSize: 7)
    }
    func same(_ expected: [String: [Double]], _ form: String, _ fit: (Sequential) throws -> History) throws {
      #expect(try numbers(fit) == expected, "\(form)")
    }
    try same(plain, "rows, stream") { try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: judged, shuffle: false) }
    try same(plain, "rows, list") { try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: judgedList, shuffle: false) }
    try same(plain, "stream, rows") { try $0.fit(batches, epochs: 2, verbose: 0, validationData: (x, y), validationBatchSize: 7) }
    try same(plain, "stream, list") { try $0.fit(batches, epochs: 2, verbose: 0, validationData: judgedList) }
    try same(plain, "list, rows") { try $0.fit(pairs, epochs: 2, verbose: 0, validationData: (x, y), validationBatchSize: 7) }
    try same(plain, "list, stream") { try $0.fit(pairs, epochs: 2, verbose: 0, validationData: judged) }
    try same(plain, "list, list") { try $0.fit(pairs, epochs: 2, verbose: 0, validationData: judgedList) }
    // With weights, which change the loss.
    let heavy = try numbers {
      try $0.fit(
        x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: (x, y), validationSampleWeight: weight, shuffle: false, validationBatchSize: 7)
    }
    #expect(heavy["val_loss"] != plain["val_loss"] && heavy["loss"] == plain["loss"])
    try same(heavy, "rows, triple") {
      try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: (x, y, weight), shuffle: false, validationBatchSize: 7)
    }
    try same(heavy, "rows, stream") { try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: weighted, shuffle: false) }
    try same(heavy, "stream, rows") {
      try $0.fit(batches, epochs: 2, verbose: 0, validationData: (x, y), validationSampleWeight: weight, validationBatchSize: 7)
    }
    try same(heavy, "stream, triple") { try $0.fit(batches, epochs: 2, verbose: 0, validationData: (x, y, weight), validationBatchSize: 7) }
    try same(heavy, "list, triple") { try $0.fit(pairs, epochs: 2, verbose: 0, validationData: (x, y, weight), validationBatchSize: 7) }
    // Fewer batches, in every form alike.
    let short = try numbers {
      try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: (x, y), shuffle: false, validationSteps: 2, validationBatchSize: 7)
    }
    #expect(short["val_loss"] != plain["val_loss"])
    try same(short, "rows, steps") { try $0.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: judged, shuffle: false, validationSteps: 2) }
    try same(short, "stream, steps") { try $0.fit(batches, epochs: 2, verbose: 0, validationData: (x, y), validationSteps: 2, validationBatchSize: 7) }
    // What does not fit is told before training.
    let untouched = try model()
    let before = untouched.weights.map(\.doubles)
    let error = try #require(throws: DescentError.self) { try untouched.fit(batches, verbose: 0, validationData: (x, Tensor([1, 2]))) }
    #expect(error.message.contains("validation y") && untouched.weights.map(\.doubles) == before, "\(error.message)")
    #expect(throws: DescentError.self) { try untouched.fit(batches, verbose: 0, validationData: (x, y), validationBatchSize: 0) }
  }

  @Test func `batches by number are trained on as they are`() throws {
    struct Batches: BatchSource {
      let all: [(Tensor, Tensor)]
      var count: Int { all.count }
      func batch(at index: Int) -> (Tensor, Tensor) { all[index] }
    }
    let source = Batches(all: try Dataset(x, y).batch(5).elements()), judged = Batches(all: try Dataset(x, y).batch(7).elements())
    let (streamed, numbered) = (try model(), try model())
    let expected = try streamed.fit(Dataset(x, y).batch(5), epochs: 2, verbose: 0, validationData: Dataset(x, y).batch(7))
    let history = try numbered.fit(source, epochs: 2, verbose: 0, validationData: judged)
    for name in expected.names { #expect(history[name] == expected[name], "\(name)") }
    #expect(try numbered.evaluate(source, verbose: 0) == streamed.evaluate(source.all, verbose: 0))
    #expect(try numbered.predict(source, verbose: 0).doubles == streamed.predict(source.all, verbose: 0).doubles)
    try numbered.fit(source, verbose: 0)
    #expect(try numbered.fit(source, verbose: 0, validationData: (x, y))["val_loss"].count == 1)
  }

  @Test func `all outputs are predicted of a stream`() throws {
    let a = Input(shape: [3], name: "a")
    let model = try Model(inputs: a, outputs: ["p": Dense(1)(a), "q": Dense(2)(a)])
    let whole = try model.predictAll(x, batchSize: 5, verbose: 0), batches = try Dataset(x, y).batch(5)
    for streamed in [try model.predictAll(batches, verbose: 0), try model.predictAll(batches.elements(), verbose: 0)] {
      #expect(streamed.names == whole.names && streamed.tensors.map(\.shape) == [[22, 1], [22, 2]])
      #expect(streamed.tensors.map(\.doubles) == whole.tensors.map(\.doubles))
    }
    #expect(try model.predictAll(batches, verbose: 0, steps: 2).tensors.map(\.shape) == [[10, 1], [10, 2]])
    let error = try #require(throws: DescentError.self) { try model.predict(batches, verbose: 0) }
    #expect(error.message.hasSuffix("has the outputs p, q; predictAll gives them all"))
  }

  @Test func `triples have weights, and classes too`() throws {
    let (inMemory, streamed) = (try model(), try model())
    let classes = [0: 2.0, 2: 0.5]
    try inMemory.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false, classWeight: classes, sampleWeight: weight)
    try streamed.fit(Dataset(x, y, sampleWeight: weight).batch(4), epochs: 2, verbose: 0, classWeight: classes)
    #expect(streamed.weights.map(\.doubles) == inMemory.weights.map(\.doubles))
  }

  @Test func `inputs and targets come by name`() throws {
    func graph() throws -> Model {
      let (a, b) = (Input(shape: [2], name: "a"), Input(shape: [1], name: "b"))
      let model = try Model(inputs: [a, b], outputs: Dense(1, kernelInitializer: .ones)(Concatenate()([a, b])))
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError)
      return model
    }
    let (a, b) = (x[0..<22, 0..<2].evaluated(), x[0..<22, 2..<3].evaluated())
    let target = weight
    let (inMemory, streamed) = (try graph(), try graph())
    try inMemory.fit(["a": a, "b": b], target, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
    try streamed.fit(Dataset(rows: (["a": a, "b": b], target)).batch(4), epochs: 2, verbose: 0)
    #expect(streamed.weights.map(\.doubles) == inMemory.weights.map(\.doubles))
  }

  @Test func `an endless stream is cut into epochs, which go on where the last one stopped`() throws {
    let (inMemory, streamed, generated) = (try model(), try model(), try model())
    try inMemory.fit(x, y, batchSize: 11, epochs: 3, verbose: 0, shuffle: false, stepsPerEpoch: 3)
    let batches = try Dataset(x, y).batch(11)
    let history = try streamed.fit(
      batches.repeat(), epochs: 3, verbose: 0, validationData: batches.repeat(), stepsPerEpoch: 3, validationSteps: 2)
    #expect(history["val_loss"].count == 3)
    #expect(streamed.weights.map(\.doubles) == inMemory.weights.map(\.doubles))
    // A generator, which knows neither an end nor a beginning.
    let pairs = try batches.elements()
    var number = 0
    let endless = AnyIterator { () -> (Tensor, Tensor)? in
      defer { number += 1 }
      return pairs[number % 2]
    }
    try generated.fit(endless, epochs: 3, verbose: 0, stepsPerEpoch: 3)
    #expect(number == 9 + 1 || number == 9)
    #expect(generated.weights.map(\.doubles) == inMemory.weights.map(\.doubles))
    // A stream with an end begins anew.
    let again = try model()
    try again.fit(batches, epochs: 3, verbose: 0, stepsPerEpoch: 3)
    #expect(again.weights.map(\.doubles) == inMemory.weights.map(\.doubles))
  }

  @Test func `each epoch has another order, and a second fit goes on with them`() throws {
    func orders(_ calls: [Int]) throws -> [[Double]] {
      final class Seen: @unchecked Sendable { var labels: [Double] = [] }
      let seen = Seen()
      let model = try model()
      var orders: [[Double]] = []
      let number = Tensor((0..<22).map { Float($0) })
      let batches = try Dataset(x, y, sampleWeight: number).shuffle(seed: 3).batch(5).map { batch in
        seen.labels += batch.2.doubles
        return (batch.0, batch.1, Tensor.ones([batch.2.count]))
      }
      for epochs in calls {
        try model.fit(batches, epochs: epochs, verbose: 0, callbacks: [LambdaCallback(onEpochEnd: { _, _ in
          orders.append(seen.labels)
          seen.labels = []
        })])
      }
      return orders
    }
    let three = try orders([3])
    #expect(three.allSatisfy { $0.sorted() == (0..<22).map { Double($0) } })
    #expect(Set(three).count == 3)
    #expect(try orders([1, 2]) == three)
  }

  @Test func `what the stream throws ends training and is thrown, and the history stays`() throws {
    struct Broken: Error {}
    let model = try model()
    let count = LockedCounter()
    let batches = try Dataset(x, y).batch(5).map { batch in
      if count.next() == 13 { throw Broken() }
      return batch
    }
    var ended = false
    #expect(throws: Broken.self) {
      try model.fit(batches, epochs: 5, verbose: 0, callbacks: [LambdaCallback(onTrainEnd: { _ in ended = true })])
    }
    #expect(ended)
    #expect(model.history?.epochs == [0, 1])
    #expect(model.history?["loss"].count == 2)
  }

  private final class LockedCounter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func next() -> Int { lock.withLock { count += 1; return count } }
  }

  @Test func `batches that do not fit are named`() throws {
    let model = try model()
    let good = (x, y)
    let cases: [(String, [(Tensor, Tensor)])] = [
      ("no batches", []), ("batch 1", [good, (x, y[0..<3].evaluated())]), ("batch 1", [good, (Tensor.ones([2, 4]), Tensor([Int32(0), 1]))]),
      ("batch 1", [good, (x, Tensor(repeating: 7, shape: [22], dtype: .int32))]),
      ("batch 0", [(Tensor(repeating: .nan, shape: [22, 3]), y)]),
    ]
    for (text, batches) in cases {
      for call in [{ try model.fit(batches, verbose: 0) as Any }, { try model.evaluate(Dataset(batches), verbose: 0) as Any }] {
        let error = try #require(throws: DescentError.self) { _ = try call() }
        #expect(error.message.contains(text), "\(error)")
      }
    }
    for call in [{ try model.fit([1, 2, 3], verbose: 0) as Any }, { try model.fit(Dataset(x).batch(4), verbose: 0) as Any }] {
      #expect(throws: DescentError.self) { _ = try call() }
    }
    // An iterator has one pass.
    var rest = [good, good]
    let once = AnyIterator { rest.popLast() }
    let error = try #require(throws: DescentError.self) { try model.fit(once, epochs: 2, verbose: 0) }
    #expect(error.message.contains("stepsPerEpoch"))
    #expect(model.history?.epochs == [0])
  }

  @Test(arguments: [nil, 3] as [Int?])
  func `a run on a stream that is cut off goes on with the next row, to the bit`(stepsPerEpoch: Int?) throws {
    struct Cut: Error {}
    func run(_ folder: String?, cut: Int?) throws -> [[Double]]? {
      let model = try model()
      let batches = try Dataset(x, y).shuffle(seed: 5)
        .map(seed: 6, workers: 2) { row, random in ((row.0 + Double.random(in: -0.1...0.1, using: &random)).evaluated(), row.1) }
        .batch(4).prefetch(2)
      var seen = 0
      let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in
        seen += 1
        if seen == cut { throw Cut() }
      })
      let backup = folder.map { BackupAndRestore($0, saveFrequency: .batches(1), deletesAtEnd: false) }
      do {
        try model.fit(
          batches, epochs: 4, verbose: 0, callbacks: [cutter] + (backup.map { [$0] } ?? []), stepsPerEpoch: stepsPerEpoch)
        return model.weights.map(\.doubles)
      } catch is Cut {
        return nil
      }
    }
    let whole = try #require(try run(nil, cut: nil))
    for cut in [2, 5, 6, 7] {
      let folder = TemporaryFolder()
      var result: [[Double]]?
      var starts = 0
      while result == nil && starts < 30 {
        result = try run(folder.file("backup"), cut: starts < 3 ? cut : nil)
        starts += 1
      }
      #expect(starts > 1)
      #expect(result == whole, "cut after \(cut) batches")
    }
  }

  @Test func `the progress line says how much of the time was waiting for data`() {
    var now = 0.0
    var text = ""
    let bar = ProgbarLogger(drawsBar: false, output: ProgressOutput(isTerminal: false) { text += $0 }, clock: { now })
    var waited = 5.0
    bar.secondsWaited = { waited }
    for (wait, note) in [(0.05, ""), (0.3, " - 30% waiting for data")] {
      text = ""
      bar.onEpochBegin(0)
      now += 1
      waited += wait
      bar.onTrainBatchEnd(0, Logs(["loss": 0.5]))
      bar.onEpochEnd(0, Logs(["loss": 0.5]))
      #expect(text.hasSuffix("loss: 0.5000\(note)\n"), "\(text)")
    }
    #expect(text.contains("1/Unknown"))
  }

  @Test func `time spent waiting is counted`() throws {
    var now = 0.0
    let slow = Dataset<Tensor>(generating: { { now += 2; return now > 7 ? nil : Tensor([Float(1)]) } })
    // On this thread, so that the clock is told by who is asked.
    struct Direct: DataStream {
      let source: Dataset<Tensor>
      var count: Int? { nil }
      func makeBatches(at position: DatasetPosition) throws -> (() throws -> TrainingBatch?) {
        let batches = try source.makeIterator(at: position)
        return { try batches.next().map { TrainingBatch($0) } }
      }
    }
    let reader = BatchReader(Direct(source: slow), clock: { now })
    try reader.begin(pass: 0)
    while try reader.next() != nil {}
    #expect(reader.waited == 8)
    #expect(reader.taken == 3 && !reader.isInPass)
  }
}

import DescentTestSupport
import Testing

@testable import Descent

/// Runs on streams that were cut off, where a stream begins again otherwise than in a new process on a source of its own.
@Suite struct ResumedStreamTests {
  private struct Cut: Error {}

  private let x = SmallData.x()
  private let y = SmallData.labels

  private func cutter(_ batches: Int?) -> Callback {
    var seen = 0
    return LambdaCallback(onTrainBatchEnd: { _, _ in
      seen += 1
      if seen == batches { throw Cut() }
    })
  }

  /// Batches without end, each another, that can be gone through once.
  private func endless() -> AnyIterator<(Tensor, Tensor)> {
    var number = 0
    return AnyIterator { [x, y] in
      defer { number += 1 }
      let first = number * 7 % 50
      return ((x[first..<(first + 5)] + Double(number) / 10).evaluated(), y[first..<(first + 5)].evaluated())
    }
  }

  @Test func `what can be gone through only once goes on with the next batch`() throws {
    let whole = try SmallData.model()
    try whole.fit(endless(), epochs: 3, verbose: 0, stepsPerEpoch: 4)
    for cut in [2, 4, 7] {
      let folder = TemporaryFolder()
      func run(_ cut: Int?) throws -> Sequential {
        let model = try SmallData.model()
        try model.fit(
          endless(), epochs: 3, verbose: 0, callbacks: [cutter(cut), BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))], stepsPerEpoch: 4)
        return model
      }
      #expect(throws: Cut.self) { try run(cut) }
      #expect(try run(nil).numbers == whole.numbers, "cut after \(cut) batches")
    }
  }

  /// Whose passes go on to be counted, while each iterator begins with its first batch.
  @Test func `an iterator of a model that was trained before goes on with the next batch`() throws {
    let whole = try SmallData.model()
    try whole.fit(endless(), epochs: 3, verbose: 0, stepsPerEpoch: 4)
    let (folder, model) = (TemporaryFolder(), try SmallData.model())
    func run(_ cut: Int?) throws {
      try model.fit(
        endless(), epochs: 3, verbose: 0, callbacks: [cutter(cut), BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))], stepsPerEpoch: 4)
    }
    for cut in [2, 3] { #expect(throws: Cut.self) { try run(cut) } }
    try run(nil)
    #expect(model.numbers == whole.numbers)
  }

  @Test func `a data set over what can be gone through only once goes on with the next batch`() throws {
    func batches() -> Dataset<(Tensor, Tensor)> { Dataset(sequence: endless()).map { ($0.0 * 2, $0.1) } }
    let whole = try SmallData.model()
    try whole.fit(batches(), epochs: 3, verbose: 0, stepsPerEpoch: 4)
    let folder = TemporaryFolder()
    func run(_ cut: Int?) throws -> Sequential {
      let model = try SmallData.model()
      try model.fit(
        batches(), epochs: 3, verbose: 0, callbacks: [cutter(cut), BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))], stepsPerEpoch: 4)
      return model
    }
    #expect(throws: Cut.self) { try run(7) }
    #expect(try run(nil).numbers == whole.numbers)
  }

  @Test(arguments: [nil, 7, 15, 20])
  func `a shuffled stream goes on in the same process and with the same model`(_ cut: Int?) throws {
    let batches = try Dataset(x, y).shuffle(seed: 1).batch(8)
    let whole = try SmallData.model()
    let all = try whole.fit(batches, epochs: 5, verbose: 0)
    let (folder, model) = (TemporaryFolder(), try SmallData.model())
    func fit(epochs: Int, _ cut: Int?, _ batches: Dataset<(Tensor, Tensor)>) throws -> History {
      try model.fit(
        batches, epochs: epochs, verbose: 0,
        callbacks: [cutter(cut), BackupAndRestore(folder.file("b"), saveFrequency: cut == nil ? .epoch : .batches(1), deletesAtEnd: false)])
    }
    if let cut { #expect(throws: Cut.self) { try fit(epochs: 5, cut, batches) } } else { _ = try fit(epochs: 2, nil, batches) }
    // Other numbers are another run as before.
    let others = try Dataset(x + 1, y).shuffle(seed: 1).batch(8)
    #expect(failure(.state) { try fit(epochs: 5, nil, others) }.contains("it is of another run, whose x was"))
    for _ in 0..<2 {
      let rest = try fit(epochs: 5, nil, batches)
      #expect(rest["loss"] == all["loss"])
      #expect(model.numbers == whole.numbers)
    }
    // A new process, on what a resumed run has written.
    let new = try SmallData.model(seed: 2)
    let longer = try new.fit(batches, epochs: 6, verbose: 0, callbacks: [BackupAndRestore(folder.file("b"))])
    #expect(longer["loss"].prefix(5) == all["loss"][...])
  }
}

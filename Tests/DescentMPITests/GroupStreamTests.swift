import Descent
import Foundation
import TestSupport
import Testing

/// Streams of batches that the members of a group go through together.
@Suite(.timeLimit(.minutes(20))) struct GroupStreamTests {
  static let x = GroupFitTests.numbers([23, 6], 29)
  static let y = GroupFitTests.numbers([23, 2], 13)

  /// Counts rows that are made.
  final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var total: Int { lock.withLock { count } }
  }

  enum Kind: String, CaseIterable, Sendable {
    case rows, mapped, workers, unknownCount, batchesMapped, sequence
  }

  static func fit(_ kind: Kind, _ group: (any ProcessGroup)?, made: Counter = Counter(), seed: UInt64? = 5, shards: Int? = nil) throws -> [Double] {
    let model = Sequential([Dense(5, activation: .tanh, inputShape: [6]), Dropout(0.3), Dense(2)], dtype: .float64, seed: 1)
    try model.compile(optimizer: Adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [.meanAbsoluteError])
    let rows = try Dataset(x, y).shuffle(seed: seed)
    @Sendable func changed(_ row: (Tensor, Tensor), _ random: inout RowRandom) -> (Tensor, Tensor) {
      made.add()
      return (row.0 * Double(1 + Int(random.next() % 3)), row.1)
    }
    let judged = try Dataset(x, y).take(9).batch(4)
    func train(_ batches: some DataStream) throws -> History {
      try model.fit(batches, epochs: 2, verbose: .silent, validationData: judged, group: group, shards: shards)
    }
    let history: History
    switch kind {
    case .rows: history = try train(rows.batch(6))
    case .mapped: history = try train(rows.map(seed: 3) { changed($0, &$1) }.batch(6).prefetch())
    case .workers: history = try train(rows.map(seed: 3, workers: 2) { changed($0, &$1) }.batch(6))
    case .unknownCount: history = try train(rows.filter { _ in true }.map(seed: 3) { changed($0, &$1) }.batch(6))
    case .batchesMapped: history = try train(rows.batch(6).map { ($0.0 * 2, $0.1) })
    case .sequence:
      history = try model.fit(
        try rows.batch(6).elements(), epochs: 2, verbose: .silent, validationData: judged, group: group, shards: shards)
    }
    let scores = try model.evaluate(judged, verbose: .silent, group: group, shards: shards)
    return model.variables.flatMap(\.value.doubles) + history.names.sorted().flatMap { history[$0] } + [scores.loss]
  }

  @Test(arguments: Kind.allCases)
  func `A group takes the steps of one process, and each member makes its own rows`(kind: Kind) throws {
    let alone = Counter()
    let right = try Self.fit(kind, nil, made: alone)
    for size in kind == .workers ? [2, 5] : [2] {
      let counters = (0..<size).map { _ in Counter() }
      let members = try ThreadGroup.run(size) { try Self.fit(kind, $0, made: counters[$0.rank]) }.map { try $0.get() }
      for member in members {
        #expect(member == members[0])
        #expect(member.count == right.count && zip(member, right).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }, "\(size) ranks")
      }
      // Two passes of 23 rows, of batches of 6 and one of 5; a member without rows of a batch looks at one.
      if kind == .mapped || kind == .workers {
        #expect(alone.total == 46)
        for counter in counters { #expect(counter.total <= 2 * (3 * ((6 + size - 1) / size) + (5 + size - 1) / size) + 6, "\(counter.total)") }
      }
    }
  }

  @Test func `Shards of streams give the same bits for any number of processes`() throws {
    let right = try Self.fit(.mapped, nil, shards: 4)
    for size in [2, 4] {
      for member in ThreadGroup.run(size, { try Self.fit(.mapped, $0, shards: 4) }) {
        let numbers = try member.get()
        #expect(numbers == right)
      }
    }
  }

  @Test(arguments: ["fit", "evaluate"])
  func `A stream that ends earlier on one rank is an error`(what: String) {
    let results = ThreadGroup.run(2) { group in
      let model = Sequential([Dense(2, inputShape: [6])], dtype: .float64, seed: 1)
      try model.compile(optimizer: SGD(), loss: .meanSquaredError)
      let batches = try Dataset(Self.x, Self.y).take(group.rank == 1 ? 12 : 18).batch(6).elements()
      if what == "fit" {
        _ = try model.fit(batches, epochs: 2, verbose: .silent, group: group)
      } else {
        _ = try model.evaluate(batches, verbose: .silent, group: group)
      }
    }
    for result in results {
      let error = #expect(throws: DescentError.self) { try result.get() }
      #expect("\(error!)".contains("\(what): batch 2: it has 6 rows on rank 0 and 0 on rank 1"), "\(error!)")
    }
  }

  /// 23 rows in batches of 6, and in one.
  @Test(arguments: [6, 23])
  func `Predictions for a stream have the bits of one process, with the weights of rank 0`(batchSize: Int) throws {
    @Sendable func predict(_ group: (any ProcessGroup)?, seed: UInt64) throws -> [[Double]] {
      let model = Sequential([Dense(5, activation: .tanh, inputShape: [6]), Dense(2)], dtype: .float64, seed: seed)
      let batches = try Dataset(Self.x, Self.y).batch(batchSize)
      return try [
        model.predict(batches, verbose: .silent, group: group), model.predict(batches, verbose: .silent, steps: 1, group: group),
        model.predictAll(batches.elements(), verbose: .silent, group: group)[0],
      ].map(\.doubles)
    }
    let right = try predict(nil, seed: 1)
    #expect(right.map(\.count) == [46, 2 * batchSize, 46])
    for size in 2...3 {
      for result in ThreadGroup.run(size, { try predict($0, seed: UInt64($0.rank + 1)) }) { #expect(try result.get() == right) }
    }
  }

  @Test(arguments: ["other numbers", "fewer batches", "rows of another shape"])
  func `A stream of which no predictions can be made together is an error`(kind: String) {
    let results = ThreadGroup.run(2) { group in
      let isOpen = kind == "rows of another shape"
      let model = Sequential([Dense(2, inputShape: isOpen ? [nil, 2] : [6])], dtype: .float64, seed: 1)
      let part = Self.x[0..<4]
      var batches = [part, part, part]
      if group.rank == 1, kind == "other numbers" { batches[1] = part + 1 }
      if group.rank == 1, kind == "fewer batches" { batches.removeLast() }
      if isOpen { batches = [part.reshaped([4, 3, 2]), part.reshaped([6, 2, 2]), part.reshaped([4, 3, 2])] }
      return try model.predict(GroupStreamTests.Batches(batches), verbose: .silent, group: group).shape
    }
    let part = [
      "other numbers": "batch 1: its numbers on rank 1", "fewer batches": "batch 2: it has 4 rows on rank 0 and 0 on rank 1",
      "rows of another shape": "they are no one tensor",
    ][kind]!
    for result in results {
      let error = #expect(throws: DescentError.self) { try result.get() }
      #expect("\(error!)".contains(part), "\(error!)")
    }
  }

  /// Batches one by one, as a program of its own gives them.
  struct Batches: Sequence {
    let all: [Tensor]
    init(_ all: [Tensor]) { self.all = all }
    func makeIterator() -> IndexingIterator<[Tensor]> { all.makeIterator() }
  }

  @Test(arguments: [Kind.mapped, .unknownCount, .sequence])
  func `A stream that is not the same on all is an error`(kind: Kind) {
    for result in ThreadGroup.run(2, { try Self.fit(kind, $0, seed: UInt64($0.rank)) }) {
      #expect { try result.get() } throws: { error in
        "\(error)".contains("stream") && "\(error)".contains("rank 1")
      }
    }
  }
}

import DescentTestSupport
import TestSupport
import Testing

@testable import Descent

@Suite struct WindowTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("windows") }

  @Test func `windows are those of tf.data, whether or not elements are found by number, also where some are passed over`() throws {
    let entries = try needed(fixture.json["windows"]?.array)
    #expect(entries.count == 288)
    for entry in entries {
      let count = try needed(entry["count"]?.int)
      let expected = try needed(entry["windows"]?.array).map { try Fixture.integers($0) }
      for source in [Dataset(Array(0..<count)), Dataset(sequence: 0..<count)] {
        let windows = source.window(
          try needed(entry["size"]?.int), shift: entry["shift"]?.int, stride: try needed(entry["stride"]?.int),
          dropRemainder: try needed(entry["drop_remainder"]?.bool))
        #expect(try windows.elements().map { try $0.elements() } == expected, "\(entry)")
        if let count = windows.count { #expect(count == expected.count, "\(entry)") }
        for taken in 0...expected.count + 1 {
          let rest = try windows.makeIterator(at: DatasetPosition(taken: taken))
          var found: [[Int]] = []
          while let window = try rest.next() { found.append(try window.elements()) }
          #expect(found == Array(expected.dropFirst(taken)), "\(entry), \(taken)")
        }
      }
      let shuffled = Dataset(Array(0..<count)).window(
        try needed(entry["size"]?.int), shift: entry["shift"]?.int, stride: try needed(entry["stride"]?.int),
        dropRemainder: try needed(entry["drop_remainder"]?.bool)
      ).shuffle(seed: 1)
      #expect(Set(try shuffled.elements().map { try $0.elements() }) == Set(expected), "\(entry)")
    }
  }

  @Test func `each element is made once for all the windows that it is part of`() throws {
    var made: [Int] = []
    let windows = Dataset(count: 6) { number in
      made.append(number)
      return number
    }.window(3, shift: 1, dropRemainder: true)
    #expect(try windows.elements().map { try $0.elements() } == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]])
    #expect(made == [0, 1, 2, 3, 4, 5])
  }

  @Test func `windows of a series become pairs to train on`() throws {
    let series = try Dataset(Tensor([1.0, 2, 3, 4, 5, 6] as [Float]))
    let pairs = series.window(4, shift: 1, dropRemainder: true).flatMap { $0.batch(4) }.map { window in (window[0..<3], window[3]) }
    let rows = try pairs.elements()
    #expect(rows.map { $0.0.doubles } == [[1, 2, 3], [2, 3, 4], [3, 4, 5]])
    #expect(rows.map { $0.1.item() } == [4, 5, 6])
    let model = Sequential { Dense(1, inputShape: [3]) }
    try model.compile(optimizer: .sgd, loss: .mse)
    #expect(try model.fit(pairs.shuffle(3, seed: 1).batch(2).prefetch(), epochs: 2, verbose: 0)["loss"].count == 2)
  }

  @Test func `padded batches are those of tf.data`() throws {
    let entries = try needed(fixture.json["padded"]?.array)
    #expect(entries.count == 7)
    for entry in entries {
      let dtype = try needed(entry["dtype"]?.string.flatMap(DType.init(rawValue:)))
      var number = 1.0
      let rows = try needed(entry["shapes"]?.array).map { shape in
        let shape = try Fixture.integers(shape)
        let count = shape.reduce(1, *)
        defer { number += Double(count) }
        return Tensor(shape: shape, scalars: (0..<count).map { number + Double($0) }).cast(to: dtype)
      }
      let shapes = entry["padded_shapes"]?.array.map { [$0.map(\.int)] }
      for source in [Dataset(rows), Dataset(sequence: rows)] {
        let batches = source.paddedBatch(
          try needed(entry["size"]?.int), paddedShapes: shapes, paddingValues: entry["padding_value"]?.double.map { [$0] },
          dropRemainder: try needed(entry["drop_remainder"]?.bool))
        let found = try batches.elements()
        let expected = try needed(entry["batches"]?.array)
        #expect(found.map(\.shape) == (try expected.map { try Fixture.integers($0["shape"]) }), "\(entry)")
        #expect(found.map(\.doubles) == (try expected.map { try Fixture.numbers($0["values"]) }), "\(entry)")
        #expect(found.allSatisfy { $0.dtype == dtype })
      }
    }
  }

  @Test func `each tensor of a row is padded by itself`() throws {
    let rows = Dataset([
      (Tensor([1, 2] as [Int32]), Tensor(true)), (Tensor([3] as [Int32]), Tensor(false)), (Tensor([4, 5, 6] as [Int32]), Tensor(true)),
    ])
    let batches = try rows.paddedBatch(2, paddedShapes: [[nil], []], paddingValues: [-1, 0]).elements()
    #expect(batches.map { $0.0.doubles } == [[1, 2, 3, -1], [4, 5, 6]])
    #expect(batches.map { $0.1.doubles } == [[1, 0], [1]])
    // Rows of one tensor, which are put together at once where they need no padding.
    #expect(try Dataset(Tensor.ones([3, 2])).paddedBatch(2, paddedShapes: [[4]]).elements().map(\.shape) == [[2, 4], [1, 4]])
  }

  @Test func `settings and rows that do not fit are errors`() throws {
    let rows = Dataset([Tensor([1, 2] as [Int32]), Tensor([3] as [Int32])])
    let steps: [(Dataset<Tensor>, DescentError.Kind, String)] = [
      (rows.paddedBatch(0), .invalidArgument, "Dataset.paddedBatch: size is 0; it must be at least 1"),
      (rows.paddedBatch(2, paddedShapes: []), .invalidArgument, "Dataset.paddedBatch: paddedShapes has 0 parts, and a row 1"),
      (rows.paddedBatch(2, paddingValues: [1, 2]), .invalidArgument, "Dataset.paddedBatch: paddingValues has 2 parts, and a row 1"),
      (
        rows.paddedBatch(2, paddingValues: [3e9]), .invalidArgument,
        "Dataset.paddedBatch: paddingValues[0]: 3000000000.0 does not fit int32"
      ),
      (
        rows.paddedBatch(2, paddedShapes: [[1]]), .data,
        "Dataset.paddedBatch: row 0 of batch 0 is int32 [2]; expected a shape of [at most 1]"
      ),
      (
        rows.paddedBatch(2, paddedShapes: [[nil, 1]]), .data,
        "Dataset.paddedBatch: row 0 of batch 0 is int32 [2]; expected a shape of [any, at most 1]"
      ),
      (
        rows.paddedBatch(2, paddedShapes: [[.max]]), .invalidArgument,
        "Dataset.paddedBatch: batch 0 would be 2 rows of shape [\(Int.max)], which is too large"
      ),
      (rows.window(0).flatMap { $0 }, .invalidArgument, "Dataset.window: size is 0; it must be at least 1"),
      (rows.window(1, shift: 0).flatMap { $0 }, .invalidArgument, "Dataset.window: shift is 0; it must be at least 1"),
      (rows.window(1, stride: -1).flatMap { $0 }, .invalidArgument, "Dataset.window: stride is -1; it must be at least 1"),
    ]
    for (step, kind, message) in steps { #expect(failure(kind) { try step.elements() } == message) }
    #expect(failure(.data) { try Dataset([Tensor([1.0]), Tensor([1.0] as [Float])]).paddedBatch(2).elements() }.hasPrefix("Dataset.paddedBatch: row 1 of batch 0"))
    #expect(try rows.batch(1).window(.max, shift: .max, stride: .max).elements().map { try $0.elements().count } == [1])
    #expect(try rows.window(.max).elements().map { try $0.elements().count } == [2])
    #expect(try rows.paddedBatch(.max).elements().map(\.shape) == [[2, 2]])
  }

  @Test func `elements are counted, and taken together`() throws {
    let letters = Dataset(["a", "b", "c"])
    #expect(try letters.enumerated().elements().map { "\($0.0)\($0.1)" } == ["0a", "1b", "2c"])
    #expect(letters.enumerated().count == 3)
    #expect(try Dataset(sequence: 0..<2).enumerated().elements().map { $0.0 + $0.1 } == [0, 2])
    let endless = letters.repeat().enumerated()
    #expect(try endless.skip(4).take(2).elements().map { "\($0.0)\($0.1)" } == ["4b", "5c"])
    #expect(endless.node.isEndless)
    #expect(try letters.reduce("") { $0 + $1 } == "abc")
    #expect(throws: CancellationError.self) { try letters.reduce(0) { _, _ in throw CancellationError() } }
  }
}

import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct DatasetTests {
  private func numbers(_ dataset: Dataset<Int>, pass: Int = 0) throws -> [Int] { try dataset.elements(pass: pass) }

  private let five = Dataset([0, 1, 2, 3, 4])
  /// The same without a known count.
  private var stream: Dataset<Int> { Dataset(sequence: 0..<5) }

  @Test func `steps that make no sense are errors where elements are asked for`() throws {
    let rows = try Dataset(Tensor([1.0, 2, 3]))
    let steps: [(Dataset<Tensor>, String)] = [
      (rows.batch(0), "Dataset.batch: size is 0; it must be at least 1"),
      (rows.shuffle(-1).batch(2), "Dataset.shuffle: bufferSize is -1; it must be at least 1"),
      (rows.batch(0).shuffle(), "Dataset.batch: size is 0; it must be at least 1"),
      (rows.map(workers: 0) { $0 }, "Dataset.map: workers is 0; it must be at least 1"),
      (rows.map(seed: 1, workers: -2) { row, _ in row }, "Dataset.map: workers is -2; it must be at least 1"),
      (rows.prefetch(0), "Dataset.prefetch: size is 0; it must be at least 1"),
      (rows.repeat(-2), "Dataset.repeat: times is -2; it must be at least 0"),
      (rows.shard(2, index: 2), "Dataset.shard: there is no part 2 of 2"),
      (rows.interleave(cycleLength: 0) { _ in rows }, "Dataset.interleave: cycleLength is 0; it must be at least 1"),
      (Dataset.range(0, 3, 0), "Dataset.range: the step is 0"),
      (Dataset.range(3_000_000_000), "Dataset.range: 0 to 3000000000 are no numbers of int32"),
      (Dataset(count: -1) { _ in Tensor([1.0]) }, "Dataset.init(count:): the count is -1; it must be at least 0"),
    ]
    for (step, message) in steps { #expect(failure(.invalidArgument) { try step.elements() } == message) }
    #expect(failure(.invalidArgument) { try five.batch(2).elements() }.contains("elements are Int; expected Tensor, [Tensor]"))
    #expect(failure(.invalidArgument) { try five.unbatch().elements() }.contains("elements are Int; expected Tensor, [Tensor]"))
  }

  @Test func `elements that cannot be made are passed over on request`() throws {
    struct Broken: Error {}
    let odd: @Sendable (Int) throws -> Int = { number in
      if number % 2 == 1 { throw Broken() }
      return number
    }
    var errors = 0
    let whole = five.map(odd).ignoreErrors { _ in errors += 1 }
    #expect(try whole.elements() == [0, 2, 4] && errors == 2)
    #expect(try whole.skip(1).elements() == [2, 4])
    #expect(try five.shuffle(seed: 1).map(odd).ignoreErrors().elements().sorted() == [0, 2, 4])
    let letters = Dataset(["a", "b", "c", "d", "e"])
    for pairs in [five.map(odd).zip(letters), five.map(workers: 3, odd).cache().prefetch().zip(letters)] {
      let found = pairs.ignoreErrors()
      for pass in 0..<2 { #expect(try found.elements(pass: pass).map { "\($0.0)\($0.1)" } == ["0a", "2c", "4e"]) }
    }
    #expect(failure(.invalidArgument) { try stream.map(odd).ignoreErrors().elements() }.contains("elements are not found by number"))
  }

  @Test func `−1 stands for a number that suits, as in tf.data`() throws {
    #expect(try five.map(workers: -1) { $0 * 2 }.prefetch(-1).elements() == [0, 2, 4, 6, 8])
    #expect(try five.map(seed: 1, workers: -1) { number, _ in number }.elements() == [0, 1, 2, 3, 4])
  }

  @Test func `a pass without an end is refused where all of it is asked for`() throws {
    let rows = try Dataset(Tensor.ones([6, 2]), Tensor.ones([6, 1]))
    let endless = [
      rows.batch(2).repeat(), rows.repeat().batch(2), rows.repeat().map { $0 }.shuffle(3).batch(2).prefetch(), rows.repeat().skip(1).batch(4),
      rows.repeat().filter { _ in true }.batch(2), rows.concatenate(rows.repeat()).batch(2), rows.repeat().cache().batch(2),
      rows.repeat().flatMap { Dataset([$0]) }.batch(2),
    ]
    let model = Sequential { Dense(1, inputShape: [2]) }
    try model.compile(optimizer: .sgd, loss: .mse)
    for stream in endless {
      #expect(failure(.invalidArgument) { try model.fit(stream, verbose: 0) } == "fit: the stream has no end; give stepsPerEpoch")
      #expect(failure(.invalidArgument) { try model.evaluate(stream, verbose: 0) } == "evaluate: the stream has no end; give steps")
      #expect(failure(.invalidArgument) { try model.predict(stream, verbose: 0) } == "predict: the stream has no end; give steps")
      for trains in [true, false] {
        #expect(
          failure(.invalidArgument) {
            if trains { try model.fit(rows.batch(2), verbose: 0, validationData: stream) }
            else { try model.fit(Tensor.ones([6, 2]), Tensor.ones([6, 1]), verbose: 0, validationData: stream) }
          } == "fit: validationData: the stream has no end; give validationSteps")
      }
      #expect(try model.fit(stream, epochs: 2, verbose: 0, validationData: stream, stepsPerEpoch: 2, validationSteps: 1)["loss"].count == 2)
    }
    #expect(
      failure(.invalidArgument) { try splitDataset(rows.repeat(), leftSize: 0.5) } == "splitDataset: the stream has no end; take(_:) gives it one")
    #expect(try splitDataset(rows.repeat().take(10), leftSize: 0.5).left.count == 5)
    let words = Dataset([["a", "b"], ["b"]])
    #expect(
      failure(.invalidArgument) { try TextVectorization().adapt(words.repeat()) }
        == "TextVectorization.adapt: the stream has no end; take(_:) gives it one")
    for stream in [rows.repeat(2).batch(2), rows.repeat().take(4).batch(2), rows.repeat().zip(rows).map { $0.0 }.batch(3)] {
      #expect(try model.fit(stream, verbose: 0)["loss"].count == 1)
    }
  }

  @Test func `batches of tensors in any pair or triple of lists and dictionaries`() throws {
    let x = Tensor([1.0, 2, 3]), y = Tensor([4.0, 5, 6])
    let pairs = try Dataset(rows: ([x, y], [y])).batch(2).elements()
    #expect(pairs.map { $0.0.map(\.doubles) } == [[[1, 2], [4, 5]], [[3], [6]]] && pairs[1].1[0].doubles == [6])
    let triples = try Dataset(rows: (x, ["y": y, "z": x], ["y": y])).batch(3).unbatch().batch(2).elements()
    #expect(triples[0].1["z"]?.doubles == [1, 2] && triples[1].2["y"]?.doubles == [6])
    #expect(try Dataset(["a": x], y).batch(3).elements()[0].0["a"]?.doubles == [1, 2, 3])
    #expect(try Dataset([x, y], y).batch(3).elements()[0].0[1].doubles == [4, 5, 6])
    let mixed = Dataset([["a": Tensor(1.0)], ["b": Tensor(2.0)]])
    #expect(failure(.data) { try mixed.batch(2).elements() } == "Dataset.batch: row 1 of batch 0 has tensors named b, but the first has a")
  }

  @Test func `steps give what tf data gives`() throws {
    for source in [five, stream] {
      #expect(try numbers(source.map { $0 * 2 }) == [0, 2, 4, 6, 8])
      #expect(try numbers(source.filter { $0 % 2 == 0 }) == [0, 2, 4])
      #expect(try numbers(source.take(3)) == [0, 1, 2])
      #expect(try numbers(source.take(9)) == [0, 1, 2, 3, 4])
      #expect(try numbers(source.skip(3)) == [3, 4])
      #expect(try numbers(source.skip(9)) == [])
      #expect(try numbers(source.shard(2, index: 1)) == [1, 3])
      #expect(try numbers(source.repeat(2)) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
      #expect(try numbers(source.repeat().take(7)) == [0, 1, 2, 3, 4, 0, 1])
      #expect(try numbers(source.repeat(0)) == [] && numbers(source.repeat(-1).take(6)) == [0, 1, 2, 3, 4, 0])
      #expect(try numbers(source.take(-1)) == [0, 1, 2, 3, 4] && numbers(source.skip(-1)) == [])
      #expect(try numbers(source.concatenate(Dataset([9]))) == [0, 1, 2, 3, 4, 9])
      #expect(try source.zip(Dataset(["a", "b"])).elements().map { "\($0.0)\($0.1)" } == ["0a", "1b"])
      #expect(try numbers(source.cache()) == [0, 1, 2, 3, 4])
      #expect(try numbers(source.prefetch()) == [0, 1, 2, 3, 4])
      #expect(try numbers(source.prefetch(1).map(workers: 3) { $0 + 1 }.prefetch(4)) == [1, 2, 3, 4, 5])
      #expect(try numbers(source.flatMap { Dataset(Array(repeating: $0, count: $0)) }) == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4])
    }
    // The example of tf.data's documentation.
    let interleaved = Dataset([1, 2, 3, 4, 5]).interleave(cycleLength: 2, blockLength: 4) { Dataset(Array(repeating: $0, count: 6)) }
    #expect(
      try numbers(interleaved)
        == [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5])
    #expect(five.repeat(2).count == 10)
    #expect(five.skip(1).shard(2, index: 0).count == 2)
    #expect(stream.count == nil && five.filter { _ in true }.count == nil && five.repeat().count == nil)
  }

  @Test func `every step can be entered at any place`() throws {
    // Each pipeline, gone through from the start and from each place, in two passes.
    var pipelines: [(String, Dataset<Int>)] = []
    for (name, source) in [("array", five), ("stream", stream)] {
      pipelines += [
        (name, source), (name + " map", source.map { $0 + 1 }), (name + " workers", source.map(workers: 3) { $0 * 3 }),
        (name + " random", source.map(seed: 4, workers: 2) { $0 + Int.random(in: 0..<1000, using: &$1) }),
        (name + " filter", source.filter { $0 != 2 }), (name + " shuffle", source.shuffle(3, seed: 1)),
        (name + " once", source.shuffle(2, seed: 1, reshuffleEachIteration: false)), (name + " take", source.skip(1).take(3)),
        (name + " shard", source.shard(2, index: 0)), (name + " repeat", source.shuffle(4, seed: 9).repeat(3)),
        (name + " endless", source.shuffle(5, seed: 2).repeat().take(13)),
        (name + " concatenate", source.concatenate(source.map { $0 + 10 })), (name + " cache", source.shuffle(5, seed: 3).cache()),
        (name + " prefetch", source.shuffle(5, seed: 3).prefetch(2)), (name + " zip", source.zip(source.shuffle(5, seed: 8)).map { $0 * 10 + $1 }),
        (name + " interleave", source.interleave(cycleLength: 2) { Dataset([$0, $0 + 100]) }),
        (name + " sample", .sampleFromDatasets([source, source.map { $0 + 100 }], weights: [1, 2], seed: 7)),
        (name + " choose", .chooseFromDatasets([source, source.map { $0 + 100 }], choiceDataset: source.map { $0 % 2 })),
      ]
    }
    for (name, dataset) in pipelines {
      for pass in 0..<2 {
        let whole = try dataset.elements(pass: pass)
        #expect(!whole.isEmpty, "\(name)")
        #expect(try dataset.elements(pass: pass) == whole, "\(name)")
        if let count = dataset.count { #expect(count == whole.count, "\(name)") }
        for start in 0...whole.count {
          let iterator = try dataset.makeIterator(at: DatasetPosition(pass: pass, taken: start))
          var rest: [Int] = []
          while let element = try iterator.next() { rest.append(element) }
          #expect(rest == Array(whole[start...]), "\(name), pass \(pass), from \(start)")
          #expect(iterator.position == DatasetPosition(pass: pass, taken: whole.count), "\(name)")
          #expect(try iterator.next() == nil)
        }
      }
    }
  }

  @Test func `all rows are shuffled when their number is known, else those held`() throws {
    let many = Dataset(Array(0..<1000))
    let first = try numbers(many.shuffle(2, seed: 1))
    #expect(first.sorted() == Array(0..<1000))
    // A buffer of two would leave each near its place.
    #expect(first.enumerated().contains { abs($0.element - $0.offset) > 500 })
    #expect(try numbers(many.shuffle(seed: 1), pass: 1) != first)
    #expect(try numbers(many.shuffle(seed: 2)) != first)
    #expect(try numbers(many.shuffle(seed: 1, reshuffleEachIteration: false), pass: 1) == first)
    let held = try numbers(Dataset(sequence: 0..<1000).shuffle(10, seed: 1))
    #expect(held.sorted() == Array(0..<1000))
    #expect(held != Array(0..<1000))
    #expect(held.enumerated().allSatisfy { $0.element < $0.offset + 10 })
    #expect(throws: DescentError.self) { try numbers(stream.shuffle(seed: 1)) }
  }

  @Test func `bits do not depend on the number of workers`() throws {
    func noisy(_ workers: Int) -> Dataset<Double> {
      Dataset(Array(0..<200)).shuffle(seed: 5).map(seed: 3, workers: workers) { Double($0) + Double.random(in: 0..<1, using: &$1) }
    }
    for pass in 0..<2 {
      let alone = try noisy(1).elements(pass: pass)
      for workers in [2, 3, 8] { #expect(try noisy(workers).elements(pass: pass) == alone) }
    }
    #expect(try noisy(1).elements() != noisy(1).elements(pass: 1))
  }

  @Test func `as many workers are at work as were asked for, and streams inside streams have their own`() throws {
    let workers = 2 * ProcessInfo.processInfo.activeProcessorCount + 3
    // Everybody waits until all are there.
    final class Meeting: @unchecked Sendable {
      let condition = NSCondition()
      var present = 0
      var greatest = 0

      func come(until count: Int) {
        condition.withLock {
          present += 1
          greatest = max(greatest, present)
          condition.broadcast()
          let limit = Date().addingTimeInterval(20)
          while greatest < count, condition.wait(until: limit) {}
          present -= 1
        }
      }
    }
    let meeting = Meeting()
    let source = Dataset(Array(0..<3 * workers))
    #expect(try source.map(workers: workers) { meeting.come(until: workers); return $0 }.elements() == Array(0..<3 * workers))
    #expect(meeting.greatest == workers)
    // Each element needs all elements of a stream with workers of its own.
    @Sendable func sum(_ count: Int) throws -> Int { try Dataset(Array(0..<count)).map(workers: 4) { $0 }.elements().reduce(0, +) }
    let nested = Dataset(Array(0..<40)).map(workers: workers) { (count: Int) -> Int in try sum(count) }
    #expect(try nested.elements() == (0..<40).map { $0 * ($0 - 1) / 2 })
    // What nobody asks for any more is not begun, and what was begun has ended when the iterator is gone.
    let running = Meeting()
    do {
      let iterator = try Dataset(Array(0..<1000)).map(workers: 3) { running.come(until: 0); return $0 }.makeIterator()
      #expect(try iterator.next() == 0)
    }
    #expect(running.present == 0)
  }

  @Test func `an error comes in its place, from any thread`() throws {
    struct Broken: Error {}
    for build in [
      { (source: Dataset<Int>) in source.map { if $0 == 3 { throw Broken() } else { $0 } } },
      { $0.map(workers: 4) { if $0 == 3 { throw Broken() } else { $0 } } },
      { $0.map { if $0 == 3 { throw Broken() } else { $0 } }.prefetch(2) },
    ] {
      for source in [five, stream] {
        let iterator = try build(source).makeIterator()
        #expect(try (0..<3).map { _ in try iterator.next() } == [0, 1, 2])
        #expect(throws: Broken.self) { try iterator.next() }
      }
    }
  }

  @Test func `what is prepared ahead stops with who asks`() throws {
    // Endless streams whose iterators are dropped in the middle.
    for _ in 0..<20 {
      let iterator = try five.repeat().map(workers: 2) { $0 }.prefetch(3).makeIterator()
      for _ in 0..<7 { _ = try iterator.next() }
    }
  }

  @Test func `a cache asks its source once`() throws {
    final class Counter: @unchecked Sendable { var count = 0 }
    for source in [five, stream] {
      let counter = Counter()
      let cached = source.map { element in
        counter.count += 1
        return element
      }.cache()
      for pass in 0..<3 { #expect(try cached.elements(pass: pass) == [0, 1, 2, 3, 4]) }
      #expect(counter.count == 5)
      #expect(try cached.shuffle(5, seed: 1).elements().sorted() == [0, 1, 2, 3, 4])
    }
  }

  @Test func `rows become batches and batches rows`() throws {
    let x = Tensor(shape: [7, 2], scalars: (0..<14).map { Float($0) })
    let y = Tensor((0..<7).map { Int32($0) })
    let batches = try Dataset(x, y).batch(3)
    #expect(batches.count == 3)
    let all = try batches.elements()
    #expect(all.map(\.0.shape) == [[3, 2], [3, 2], [1, 2]])
    #expect(all[1].0.doubles == [6, 7, 8, 9, 10, 11])
    #expect(all[2].1.doubles == [6])
    #expect(try Dataset(x, y).batch(3, dropRemainder: true).elements().count == 2)
    #expect(try batches.unbatch().elements().map { $0.1.item() } == [0, 1, 2, 3, 4, 5, 6])
    // The same rows whether they are picked together or one by one.
    let picked = try Dataset(x, y).shuffle(seed: 1).batch(3).elements()
    let single = try Dataset(x, y).shuffle(seed: 1).map { $0 }.batch(3).elements()
    #expect(picked.map(\.0.doubles) == single.map(\.0.doubles))
    let names = try Dataset(rows: (["b": y, "a": x], y)).shuffle(seed: 2).map(workers: 2) { $0 }.batch(4).elements()
    #expect(names.map { $0.0["a"]!.shape } == [[4, 2], [3, 2]])
    #expect(names[1].0["b"]!.doubles == names[1].1.doubles)
    let triple = try Dataset(x, y, sampleWeight: y.cast(to: .float32)).batch(2).elements()
    #expect(triple[1].2.doubles == [2, 3])
    #expect(try Dataset<Tensor>.range(4).batch(4).elements()[0].doubles == [0, 1, 2, 3])
    #expect(try Dataset<Tensor>.range(3, 10, 3).elements().map { $0.item() } == [3, 6, 9])
    #expect(try Dataset<Tensor>.range(5, 1, -2).elements().map { $0.item() } == [5, 3] && Dataset<Tensor>.range(5, 1).count == 0)
    #expect(throws: DescentError.self) { try Dataset(x, Tensor([1.0])) }
    let uneven = Dataset([Tensor([1.0]), Tensor([1.0, 2])]).batch(2)
    #expect(throws: DescentError.self) { try uneven.elements() }
  }

  @Test func `parts of streams of known and unknown length end where they do`() throws {
    func row(_ number: Int) -> Tensor { Tensor(Float(number)) }
    let known = Dataset((0..<5).map(row)), unknown = Dataset(sequence: (5..<8).map(row))
    let cases: [(Dataset<Tensor>, [Double])] = [
      (known.concatenate(unknown).shard(2, index: 0), [0, 2, 4, 6]), (known.concatenate(unknown).shard(3, index: 1), [1, 4, 7]),
      (unknown.concatenate(known).shard(2, index: 1), [6, 0, 2, 4]), (known.concatenate(unknown.take(0)).shard(2, index: 0), [0, 2, 4]),
    ]
    for (stream, expected) in cases {
      #expect(try stream.batch(3).elements().flatMap(\.doubles) == expected)
      #expect(try stream.batch(3).makeIterator(at: DatasetPosition(taken: 9)).next() == nil)
    }
  }

  @Test func `what is random in streams within a stream depends on the seed and the place alone`() throws {
    func elements(_ reshuffles: Bool) throws -> (passes: [[Int]], next: UInt64) {
      try withDefaultSeeds(from: 7) {
        let rows = Dataset([0, 1, 2]).interleave(cycleLength: 2) { (number: Int) -> Dataset<Int> in
          let first = number * 10
          return Dataset(Array(first..<(first + 8))).shuffle(reshuffleEachIteration: reshuffles).map(seed: nil) { row, random in
            row * 100 + Int.random(in: 0..<100, using: &random)
          }
        }
        let passes: [[Int]] = try [0, 1, 1, 2].map { try rows.elements(pass: $0) }
        return (passes, nextDefaultSeed())
      }
    }
    let (passes, next) = try elements(true)
    #expect(passes[1] == passes[2] && passes[0] != passes[1] && passes[1] != passes[3])
    let rows = passes[0].map { $0 / 100 }
    let orders = (0..<3).map { stream in rows.filter { $0 / 10 == stream }.map { $0 % 10 } }
    #expect(orders.allSatisfy { $0.sorted() == Array(0..<8) } && Set(orders).count == 3)
    #expect(try elements(true).passes == passes)
    let same = try elements(false).passes.map { $0.map { $0 / 100 } }
    #expect(same[0] == same[1] && same[0] == same[3])
    // Going through it takes no seeds from what is made later.
    let unused = withDefaultSeeds(from: 7) {
      _ = Dataset([0]).flatMap { Dataset([$0]) }
      return nextDefaultSeed()
    }
    #expect(next == unused)
    // Two such streams are shuffled each in its own way.
    let two: [[Int]] = try (0..<2).map { _ in try Dataset([0]).flatMap { _ in Dataset(Array(0..<20)).shuffle() }.elements() }
    #expect(two[0] != two[1])
  }

  @Test func `a source of batches by number is a stream`() throws {
    struct Squares: BatchSource {
      let count = 4
      func batch(at index: Int) throws -> Int { index * index }
    }
    #expect(try Dataset(Squares()).elements() == [0, 1, 4, 9])
    struct Negative: BatchSource {
      let count = -1
      func batch(at index: Int) throws -> Int { index }
    }
    for stream in [Dataset(Negative()), Dataset(Negative()).shuffle(), Dataset(Negative()).repeat(2)] {
      #expect(failure(.invalidArgument) { try stream.elements() } == "Dataset.init(_:): the source's count is -1; it must be at least 0")
    }
  }

  @Test func `streams, pairs and dictionaries are split as arrays are`() throws {
    let x = Tensor(shape: [10, 2], scalars: (0..<20).map { Float($0) }), y = Tensor((0..<10).map { Int32($0) })
    let (left, right) = try splitDataset([x, y], leftSize: 0.7, shuffle: true, seed: 3)
    let pair = try splitDataset((x, y), leftSize: 0.7, shuffle: true, seed: 3)
    #expect(pair.left.0.doubles == left[0].doubles && pair.left.1.doubles == left[1].doubles && pair.right.1.doubles == right[1].doubles)
    let names = try splitDataset(["x": x, "y": y], leftSize: 0.7, shuffle: true, seed: 3)
    #expect(names.left["y"]?.doubles == left[1].doubles && names.right["x"]?.doubles == right[0].doubles)
    #expect(try splitDataset(y, rightSize: 3, shuffle: true, seed: 3).right.doubles == right[1].doubles)
    // By number where that is possible, and otherwise gone through once.
    let indexed = try Dataset(x, y)
    for source in [indexed, Dataset(sequence: try indexed.elements())] {
      let (first, second) = try splitDataset(source, leftSize: 0.7, shuffle: true, seed: 3)
      #expect(first.count == 7 && second.count == 3)
      #expect(try first.batch(7).elements()[0].0.doubles == left[0].doubles)
      #expect(try second.elements().map { $0.1.item() } == right[1].doubles)
      #expect(try second.shuffle(seed: 1).elements().map { $0.1.item() }.sorted() == right[1].doubles.sorted())
    }
    #expect(throws: DescentError.self) { try splitDataset(indexed) }
  }

  @Test func `windows over time are Keras's`() throws {
    let fixture = try Fixture("datasets/expected")
    let data = Tensor(shape: [20, 2], scalars: (0..<40).map { Int32($0) })
    for entry in try needed(fixture.json["timeseries"]?.array) {
      let settings = try needed(entry["settings"]?.object)
      let batchSize = settings["batch_size"].map { $0.int } ?? 128
      let (length, stride) = (try needed(settings["sequence_length"]?.int), settings["sequence_stride"]?.int ?? 1)
      let (rate, start, end) = (settings["sampling_rate"]?.int ?? 1, settings["start_index"]?.int, settings["end_index"]?.int)
      var found: [[Tensor]]
      if let targets = entry["targets"]?.array {
        found = try timeseriesDatasetFromArray(
          data, targets: Tensor(targets.map { Int32($0.int!) }), sequenceLength: length, sequenceStride: stride, samplingRate: rate,
          batchSize: batchSize, startIndex: start, endIndex: end
        ).elements().map { [$0.0, $0.1] }
      } else {
        found = try timeseriesDatasetFromArray(
          data, sequenceLength: length, sequenceStride: stride, samplingRate: rate, batchSize: batchSize, startIndex: start, endIndex: end
        ).elements().map { [$0] }
      }
      let expected = try needed(entry["batches"]?.array)
      #expect(found.count == expected.count, "\(settings)")
      for (tensors, batch) in zip(found, expected) {
        for (tensor, part) in zip(tensors, try needed(batch.array)) {
          #expect(tensor.shape == (try Fixture.integers(part["shape"])), "\(settings)")
          #expect(tensor.doubles == (try Fixture.numbers(part["values"])), "\(settings)")
        }
      }
    }
    let shuffled = try timeseriesDatasetFromArray(data, sequenceLength: 3, batchSize: 4, shuffle: true, seed: 1)
    let starts = try shuffled.unbatch().elements().map { Int($0.doubles[0]) }
    #expect(starts != starts.sorted() && starts.sorted() == (0..<18).map { 2 * $0 })
    #expect(throws: DescentError.self) { try timeseriesDatasetFromArray(data, sequenceLength: 3, samplingRate: 0) }
    #expect(throws: DescentError.self) { try timeseriesDatasetFromArray(data, sequenceLength: 3, startIndex: 20) }
  }
}

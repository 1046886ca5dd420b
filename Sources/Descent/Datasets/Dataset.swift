import Foundation

/// A stream of elements: rows to train on, or batches of them, that are made when they are asked for.
///
///     let batches = try Dataset(x, y).shuffle(seed: 1).batch(32).map { x, y in (x / 255, y) }
///     try model.fit(batches, epochs: 5)
///
/// A stream is a description and never changes; each step gives a new one. Going through it (a *pass*) makes its elements. A pass has
/// a number, which ``shuffle(_:seed:reshuffleEachIteration:)`` and random numbers depend on: epoch 3 of a program has the same rows in
/// the same order wherever it is begun. So a position is two numbers (``DatasetPosition``), and a checkpoint that has them goes on
/// with the next row.
///
/// Elements are of any type. Those that batches are made of are tensors, pairs (inputs and targets), triples (and weights),
/// dictionaries of tensors by name, and pairs and triples that begin with one.
///
/// Elements may be prepared on other threads, one at a time unless `workers` says more: what a closure holds must not be changed
/// meanwhile. A stream may throw; a `for` loop cannot, so a stream is gone through with `forEach(_:)`, `elements()` or an iterator.
/// A step with settings that make no sense, such as batches of 0 rows, is an error of kind `invalidArgument` then.
public struct Dataset<Element> {
  let node: any DatasetNode<Element>

  init(_ node: some DatasetNode<Element>) { self.node = node }

  /// A step of a stream, or an error of kind `invalidArgument` for whoever asks for its elements.
  init(_ step: String, unless problem: String?, _ node: @autoclosure () -> any DatasetNode<Element>) {
    self.node = problem.map { problem in
      SequentialNode { _ in throw DescentError(.invalidArgument, "Dataset.\(step): \(problem)") }
    } ?? node()
  }

  /// The number of elements; nil when it is not known before a pass, or there is no end.
  public var count: Int? { node.count }

  // MARK: - Going through

  /// The elements of a pass, one at a time.
  /// - Parameter position: where to begin.
  /// - Throws: what the stream throws on the way there.
  public func makeIterator(at position: DatasetPosition = DatasetPosition()) throws -> DatasetIterator<Element> {
    let elements = try node.makeIterator(pass: position.pass)
    if position.taken > 0 { try elements.skip(min(position.taken, ElementCount.limit)) }
    return DatasetIterator(elements, position)
  }

  /// Calls `body` with each element of a pass.
  public func forEach(pass: Int = 0, _ body: (Element) throws -> Void) throws {
    let iterator = try makeIterator(at: DatasetPosition(pass: pass))
    while let element = try iterator.next() { try body(element) }
  }

  /// All elements of a pass; do not ask an endless stream.
  public func elements(pass: Int = 0) throws -> [Element] {
    var elements: [Element] = []
    try forEach(pass: pass) { elements.append($0) }
    return elements
  }

  // MARK: - Sources

  /// The `elements` of a collection, in order.
  public init(_ elements: [Element]) {
    self.init(IndexedNode(count: elements.count) { elements[$0] })
  }

  /// Elements by number.
  /// - Parameters:
  ///   - count: how many there are.
  ///   - element: makes one; called on other threads, also for one number again.
  public init(count: Int, element: @escaping (Int) throws -> Element) {
    self.init("init(count:)", unless: NumberRange.nonNegative.problem("the count", count), IndexedNode(count: min(count, ElementCount.limit), element))
  }

  /// Elements that come one after the other, of any number, also without end.
  ///
  /// Elements are prepared before they are asked for, and so a run that goes on from a checkpoint, and each pass, wants them from their beginning.
  /// - Parameter makeNext: called at the beginning of each pass; gives the function that gives the elements, and nil after the last.
  public init(generating makeNext: @escaping () throws -> (() throws -> Element?)) {
    self.init(SequentialNode { _ in ClosureIterator(try makeNext()) })
  }

  /// What `sequence` has, in each pass from its beginning. A sequence that can be gone through only once gives one pass.
  public init(sequence: some Sequence<Element>) {
    self.init(SequentialNode { _ in
      var iterator = sequence.makeIterator()
      return ClosureIterator { iterator.next() }
    })
  }

  /// The batches of `source` by number, as Keras's `PyDataset` has them.
  public init<Source: BatchSource>(_ source: Source) where Source.Batch == Element {
    let count = source.count
    self.init(
      "init(_:)", unless: NumberRange.nonNegative.problem("the source's count", count),
      IndexedNode(count: min(count, ElementCount.limit)) { try source.batch(at: $0) })
  }

  // MARK: - Changing elements

  /// What a function makes of each element.
  public func map<Result>(_ transform: @escaping (Element) throws -> Result) -> Dataset<Result> {
    Dataset<Result>(MapNode(node, workers: 1, seed: 0) { element, _ in try transform(element) })
  }

  /// What a function makes of each element, worked out on several threads. The order stays, and so do the bits.
  /// - Parameters:
  ///   - workers: how many elements are worked on at once; −1 for as many as there are processors, as `tf.data.AUTOTUNE` says it.
  ///   - transform: called by several threads.
  public func map<Result>(workers: Int, _ transform: @escaping @Sendable (Element) throws -> Result) -> Dataset<Result> {
    let workers = chosenWorkers(workers)
    return Dataset<Result>(
      "map", unless: NumberRange.count.problem("workers", workers), MapNode(node, workers: workers, seed: 0) { element, _ in try transform(element) })
  }

  /// What a function makes of each element and of random numbers, which depend on the seed, the pass and the element's place in this
  /// stream: neither the number of workers nor where a run is taken up again changes them.
  ///
  ///     let noisy = x.map(seed: 1) { row, random in row + Double.random(in: -0.1...0.1, using: &random) }
  /// - Parameters:
  ///   - seed: nil for one derived from ``setRandomSeed(_:)``'s.
  ///   - workers: how many elements are worked on at once; −1 for as many as there are processors.
  ///   - transform: gets an element, and what it may draw random numbers from.
  public func map<Result>(
    seed: UInt64?, workers: Int = 1, _ transform: @escaping @Sendable (Element, inout RowRandom) throws -> Result
  ) -> Dataset<Result> {
    let workers = chosenWorkers(workers)
    return Dataset<Result>(
      "map", unless: NumberRange.count.problem("workers", workers), MapNode(node, workers: workers, seed: seed ?? nextDefaultSeed(), transform))
  }

  private func chosenWorkers(_ given: Int) -> Int { given == -1 ? ProcessorCount.available : given }

  /// The elements that a function says yes to. How many that are is not known.
  public func filter(_ isIncluded: @escaping (Element) throws -> Bool) -> Dataset {
    let node = node
    return Dataset(SequentialNode(isEndless: node.isEndless) { pass in
      let elements = try node.makeIterator(pass: pass)
      return ClosureIterator {
        while let element = try elements.next() { if try isIncluded(element) { return element } }
        return nil
      }
    })
  }

  /// The elements that can be made: those whose making throws are passed over, as broken pictures among good ones. How many that are is not
  /// known. (tf.data: `ignore_errors`.)
  ///
  /// It stands behind the step that throws, in a stream whose elements are found by number: one of files, rows or a collection, also mapped,
  /// zipped and shuffled, but not filtered or generated, where after an error nobody knows what comes next. Behind `batch` it passes
  /// over whole batches.
  /// - Parameter onError: is told of each error, on the thread that makes elements.
  public func ignoreErrors(_ onError: @escaping (any Error) -> Void = { _ in }) -> Dataset {
    let node = node
    let problem = node.isIndexed ? nil : "elements are not found by number, as those of files, rows and collections are; catch errors in map"
    return Dataset("ignoreErrors", unless: problem, SequentialNode { pass in
      var place = 0
      return ClosureIterator {
        while place < node.count ?? 0 {
          defer { place += 1 }
          do { return try node.element(at: place, pass: pass) } catch { onError(error) }
        }
        return nil
      }
    })
  }

  /// Rows put together: each tensor gets an axis of `size` in front.
  /// - Parameters:
  ///   - size: how many rows; the last batch has those that are left.
  ///   - dropRemainder: leaves out a last batch that would be smaller.
  public func batch(_ size: Int, dropRemainder: Bool = false) -> Dataset {
    let layout = ElementLayout<Element>.known
    return Dataset(
      "batch", unless: layout == nil ? ElementLayout<Element>.mismatch : NumberRange.count.problem("size", size),
      BatchNode(node, size: size, dropsRemainder: dropRemainder, layout!))
  }

  /// The rows of batches.
  public func unbatch() -> Dataset {
    guard let layout = ElementLayout<Element>.known else { return Dataset("unbatch", unless: ElementLayout<Element>.mismatch, node) }
    return interleaved(cycleLength: 1, blockLength: 1, seed: 0) { batch in
      Dataset(IndexedNode(count: try layout.rowCount(batch, "Dataset.unbatch")) { layout.row($0, of: batch) })
    }
  }

  /// The rows of batches in batches of another size. (tf.data: `rebatch`.)
  /// How many there are is not known.
  /// - Parameters: as those of ``batch(_:dropRemainder:)``.
  public func rebatch(_ size: Int, dropRemainder: Bool = false) -> Dataset { unbatch().batch(size, dropRemainder: dropRemainder) }

  /// The elements of the streams that a function makes of each element, one stream after the other; see
  /// ``interleave(cycleLength:blockLength:_:)``.
  public func flatMap<Result>(_ transform: @escaping (Element) throws -> Dataset<Result>) -> Dataset<Result> {
    interleave(cycleLength: 1, transform)
  }

  /// The elements of the streams that a function makes of each element: some of one, some of the next, around a cycle; a stream that
  /// ends makes room for the next.
  ///
  /// What is random in these streams and has no seed of its own takes one that depends on the place of their element: the same in each pass
  /// and where a run goes on.
  /// - Parameters:
  ///   - cycleLength: how many streams are open at once.
  ///   - blockLength: how many elements of one come before those of the next.
  ///   - transform: gives the stream of an element.
  public func interleave<Result>(
    cycleLength: Int, blockLength: Int = 1, _ transform: @escaping (Element) throws -> Dataset<Result>
  ) -> Dataset<Result> {
    interleaved(cycleLength: cycleLength, blockLength: blockLength, seed: nextDefaultSeed(), transform)
  }

  private func interleaved<Result>(
    cycleLength: Int, blockLength: Int, seed: UInt64, _ transform: @escaping (Element) throws -> Dataset<Result>
  ) -> Dataset<Result> {
    let node = node
    let problem = NumberRange.count.problem("cycleLength", cycleLength) ?? NumberRange.count.problem("blockLength", blockLength)
    return Dataset<Result>("interleave", unless: problem, SequentialNode(isEndless: node.isEndless) { pass in
      let elements = try node.makeIterator(pass: pass)
      // Places of the cycle that have had a turn; an empty one is filled when its turn comes.
      var open: [ElementIterator<Result>?] = []
      var (turn, given, hasMore) = (0, 0, true)
      var place: UInt64 = 0
      return ClosureIterator {
        while true {
          if turn == open.count { open.append(nil) }
          if open[turn] == nil, hasMore {
            if let element = try elements.next() {
              open[turn] = try withDefaultSeeds(from: mixed(seed, place)) { try transform(element).node.makeIterator(pass: pass) }
              place += 1
            } else {
              hasMore = false
            }
          }
          if let stream = open[turn] {
            if given < blockLength, let element = try stream.next() {
              given += 1
              return element
            }
            if given < blockLength { open[turn] = nil }
          } else if !hasMore, open.allSatisfy({ $0 == nil }) {
            return nil
          }
          given = 0
          turn = (turn + 1) % (hasMore ? cycleLength : open.count)
        }
      }
    })
  }

  // MARK: - Order

  /// The elements in another order in each pass.
  ///
  /// When the number of elements is known, all of them are shuffled, whatever `bufferSize` says: that needs no memory but a number for
  /// each. Else the next element is drawn from `bufferSize` that are held.
  /// - Parameters:
  ///   - bufferSize: how many are held; needed when the number of elements is not known.
  ///   - seed: nil for one derived from ``setRandomSeed(_:)``'s.
  ///   - reshuffleEachIteration: whether each pass has an order of its own.
  public func shuffle(_ bufferSize: Int? = nil, seed: UInt64? = nil, reshuffleEachIteration: Bool = true) -> Dataset {
    Dataset(
      "shuffle", unless: NumberRange.count.problem("bufferSize", bufferSize),
      ShuffleNode(node, buffer: bufferSize, seed: seed ?? nextDefaultSeed(), reshuffles: reshuffleEachIteration))
  }

  /// The first elements; all if `count` is negative, as in tf.data.
  public func take(_ count: Int) -> Dataset { count < 0 ? self : Dataset(SliceNode(node, limit: min(count, ElementCount.limit))) }

  /// All but the first elements; none if `count` is negative, as in tf.data.
  public func skip(_ count: Int) -> Dataset { Dataset(count < 0 ? SliceNode(node, limit: 0) : SliceNode(node, start: min(count, ElementCount.limit))) }

  /// Every `count`-th element, beginning with number `index`: one part of `count` for as many processes.
  public func shard(_ count: Int, index: Int) -> Dataset {
    let isPart = index >= 0 && index < count
    return Dataset(
      "shard", unless: isPart ? nil : "there is no part \(index) of \(count)",
      SliceNode(node, start: min(index, ElementCount.limit), step: min(count, ElementCount.limit)))
  }

  /// The elements so many times, or without end (nil, or −1 as in tf.data); each time is a pass of its own for what comes before.
  public func `repeat`(_ times: Int? = nil) -> Dataset {
    let times = times == -1 ? nil : times
    return Dataset("repeat", unless: NumberRange.nonNegative.problem("times", times), RepetitionNode(node, times: times.map { min($0, ElementCount.limit) }))
  }

  /// These elements and then others.
  public func concatenate(_ other: Dataset) -> Dataset { Dataset(ConcatenationNode(node, other.node)) }

  /// Pairs of an element of this and one of another stream, until one of them ends.
  public func zip<Other>(_ other: Dataset<Other>) -> Dataset<(Element, Other)> { Dataset<(Element, Other)>(ZipNode(node, other.node)) }

  // MARK: - Memory and time

  /// The elements of the first pass, kept in memory for those that follow. What was random before it does not change any more.
  public func cache() -> Dataset { Dataset(CacheNode(node)) }

  /// Prepares elements on a thread of its own before they are asked for. `fit` does so by itself.
  /// - Parameter size: how many at most; −1 for 2, as `tf.data.AUTOTUNE` says it.
  public func prefetch(_ size: Int = 2) -> Dataset {
    let size = size == -1 ? 2 : size
    return Dataset("prefetch", unless: NumberRange.count.problem("size", size), PrefetchNode(node, size: size))
  }
}

/// A place in a stream: what a checkpoint holds of it.
public struct DatasetPosition: Equatable, Sendable {
  /// Which pass over the data.
  public var pass: Int
  /// How many elements of the pass have been taken.
  public var taken: Int

  /// - Parameters:
  ///   - pass: how often the data set has been gone through.
  ///   - taken: how many batches of this pass have been taken.
  public init(pass: Int = 0, taken: Int = 0) {
    self.pass = pass
    self.taken = taken
  }
}

/// Steps through a pass over a ``Dataset``.
public final class DatasetIterator<Element> {
  private let elements: ElementIterator<Element>
  /// Where the next element is. ``Dataset/makeIterator(at:)`` with it goes on from there, in another process too.
  public private(set) var position: DatasetPosition

  init(_ elements: ElementIterator<Element>, _ position: DatasetPosition) {
    self.elements = elements
    self.position = position
  }

  /// The next element; nil after the last.
  /// - Throws: what the stream throws.
  public func next() throws -> Element? {
    guard let element = try elements.next() else { return nil }
    position.taken += 1
    return element
  }
}

/// Batches by number: the shape of Keras's `PyDataset`.
public protocol BatchSource {
  /// What there is one of at a time.
  associatedtype Batch
  /// How many batches there are.
  var count: Int { get }
  /// The batch of that number, from 0 on. Called on other threads.
  func batch(at index: Int) throws -> Batch
}

/// Random numbers for one row: the same for the same seed, pass and row.
public struct RowRandom: RandomNumberGenerator, Sendable {
  private var generator: SplitMix64

  init(seed: UInt64, pass: Int, row: Int) {
    generator = SplitMix64(state: mixed(mixed(seed, UInt64(truncatingIfNeeded: pass)), UInt64(row)))
  }

  public mutating func next() -> UInt64 { generator.next() }
}

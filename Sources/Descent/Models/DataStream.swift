import TensorCore

/// Batches that `fit`, `evaluate` and `predict` go through, pass by pass. ``Dataset`` is one; any sequence of batches becomes one.
public protocol DataStream {
  /// How many batches a pass has; nil when that is not known, or there is no end.
  var count: Int? { get }
  /// Whether a pass is known to have no end. The default says no.
  var isEndless: Bool { get }
  /// The batches of a pass from a position on: a function that gives the next, and nil after the last.
  func makeBatches(at position: DatasetPosition) throws -> (() throws -> TrainingBatch?)
}

extension DataStream {
  public var isEndless: Bool { false }

  /// - Parameters:
  ///   - steps: how many batches to take of a pass; nil for all.
  ///   - setting: what that number is called.
  /// - Throws: ``DescentError`` if all are more than can be taken.
  func checkEnd(_ steps: Int?, _ setting: String, _ caller: String) throws {
    if steps == nil && isEndless { throw DescentError(.invalidArgument, "\(caller): the stream has no end; give \(setting)") }
  }
}

/// What one step is made with.
public struct TrainingBatch {
  /// Rows of input.
  public var x: any ModelData
  /// As many rows of targets.
  public var y: (any ModelData)?
  /// How much each row counts.
  public var sampleWeight: (any ModelData)?
  /// Of a batch with only those rows that this process computes: how many there are in all, and the number of the first one.
  var whole: (rows: Int, first: Int)?

  /// - Parameters:
  ///   - x: what the model is given.
  ///   - y: what it should give; nil for predictions.
  ///   - sampleWeight: what each row counts; nil for 1.
  public init(_ x: any ModelData, _ y: (any ModelData)? = nil, sampleWeight: (any ModelData)? = nil) {
    self.x = x
    self.y = y
    self.sampleWeight = sampleWeight
  }

  /// An element of a stream: inputs, or a pair with targets, or a triple with weights too.
  init(element: Any) throws {
    if let batch = element as? TrainingBatch {
      self = batch
      return
    }
    if let x = element as? any ModelData {
      self.init(x)
      return
    }
    let mirror = Mirror(reflecting: element)
    let parts = mirror.displayStyle == .tuple ? mirror.children.compactMap { $0.value as? any ModelData } : []
    guard (1...3).contains(parts.count), parts.count == mirror.children.count else {
      throw DescentError(
        .data,
        """
        a batch is \(type(of: element)); expected a tensor, several of them ([Tensor], or by name [String: Tensor]), or a pair or triple \
        of these: inputs, targets, weights
        """)
    }
    self.init(parts[0], parts.count > 1 ? parts[1] : nil, sampleWeight: parts.count > 2 ? parts[2] : nil)
  }
}

extension Dataset: DataStream {
  public var isEndless: Bool { node.isEndless }

  /// The batches of a pass, each prepared on another thread while the one before is worked on.
  public func makeBatches(at position: DatasetPosition) throws -> (() throws -> TrainingBatch?) {
    let ahead = PrefetchIterator(try node.makeIterator(pass: position.pass), size: 2)
    if position.taken > 0 { try ahead.skip(position.taken) }
    return { try ahead.next().map { try TrainingBatch(element: $0) } }
  }
}

/// A stream of which a process can make just its own rows.
protocol SharedStream: DataStream {
  /// What decides which rows come when; nil if that cannot be told.
  var signature: [UInt64]? { get }
  /// - Parameter share: which rows are the process's own, of a batch of so many.
  /// - Returns: as ``DataStream/makeBatches(at:)``; nil if whole batches have to be made.
  func makeBatches(at position: DatasetPosition, share: @escaping (Int) -> Range<Int>) throws -> (() throws -> TrainingBatch?)?
}

extension Dataset: SharedStream {
  var signature: [UInt64]? { node.signature }

  func makeBatches(at position: DatasetPosition, share: @escaping (Int) -> Range<Int>) throws -> (() throws -> TrainingBatch?)? {
    guard let parts = try node.makePartIterator(pass: position.pass, share: share) else { return nil }
    let ahead = PrefetchIterator(parts, size: 2)
    if position.taken > 0 { try ahead.skip(position.taken) }
    return {
      try ahead.next().map { element, rows in
        var batch = try TrainingBatch(element: element)
        batch.whole = (rows, share(rows).lowerBound)
        return batch
      }
    }
  }
}

/// A stream whose source may be one that can be gone through only once.
protocol SequentialStream: DataStream {
  /// The batches of a pass from its beginning, of which some can be passed over after the first was taken; nothing behind that is taken
  /// before it is asked for. Nil where beginning anew costs nothing.
  func open(pass: Int) throws -> ElementIterator<TrainingBatch>?
  /// Whether all passes give the same batches.
  var passesAreAlike: Bool { get }
}

extension Dataset: SequentialStream {
  var passesAreAlike: Bool { false }

  func open(pass: Int) throws -> ElementIterator<TrainingBatch>? {
    if node.isIndexed { return nil }
    let ahead = PrefetchIterator(try node.makeIterator(pass: pass), size: 2)
    var isFirst = true
    return ClosureIterator(skip: { try ahead.skip($0) }) {
      defer { isFirst = false }
      return try (isFirst ? ahead.nextOnThisThread() : ahead.next()).map { try TrainingBatch(element: $0) }
    }
  }
}

/// A sequence of batches, begun anew in each pass. Its elements are taken on the thread that trains.
struct SequenceStream<Batches: Sequence>: SequentialStream {
  let batches: Batches

  var count: Int? { nil }

  func makeBatches(at position: DatasetPosition) -> (() throws -> TrainingBatch?) {
    var iterator = batches.makeIterator()
    var toSkip = position.taken
    return {
      while toSkip > 0 {
        toSkip -= 1
        if iterator.next() == nil { return nil }
      }
      return try iterator.next().map { try TrainingBatch(element: $0) }
    }
  }

  var passesAreAlike: Bool { true }
  func open(pass: Int) -> ElementIterator<TrainingBatch>? { ClosureIterator(makeBatches(at: DatasetPosition(pass: pass))) }
}

/// Where a run is in a stream.
final class BatchReader {
  private let stream: any DataStream
  private let share: ((Int) -> Range<Int>)?
  private let clock: () -> Double
  private var batches: (() throws -> TrainingBatch?)?
  private var first: TrainingBatch?
  /// The pass whose first batch was looked at, where it can be gone on with.
  private var opened: (pass: Int, batches: ElementIterator<TrainingBatch>)?
  /// How many batches of the present pass were taken.
  private(set) var taken = 0
  /// Seconds spent waiting for data.
  private(set) var waited = 0.0

  /// - Parameter share: which rows of a batch are computed here; nil for all.
  init(_ stream: any DataStream, share: ((Int) -> Range<Int>)? = nil, clock: @escaping () -> Double = monotonicSeconds) {
    self.stream = stream
    self.share = share
    self.clock = clock
  }

  var count: Int? { stream.count }
  var passesAreAlike: Bool { (stream as? any SequentialStream)?.passesAreAlike ?? false }
  var signature: [UInt64]? { (stream as? any SharedStream)?.signature }
  /// A pass has begun and did not come to its end.
  var isInPass: Bool { batches != nil }

  func begin(pass: Int, taken: Int = 0) throws {
    (first, opened) = (nil, nil)
    let position = DatasetPosition(pass: pass, taken: taken)
    batches = try share.flatMap { try (stream as? any SharedStream)?.makeBatches(at: position, share: $0) } ?? stream.makeBatches(at: position)
    self.taken = taken
  }

  /// Begins a pass at another place than its beginning. If it is the one that was looked at, its batches go on behind that: a source that can
  /// be gone through only once has no beginning any more.
  func resume(pass: Int, taken: Int) throws {
    guard taken > 0, first != nil, let opened, opened.pass == pass else { return try begin(pass: pass, taken: taken) }
    first = nil
    try opened.batches.skip(taken - 1)
    self.taken = taken
  }

  /// Takes the pass that was looked at for another.
  func countAs(pass: Int) { opened?.pass = pass }

  /// The first batch of a pass, which ``next()`` gives once more.
  func peek(pass: Int) throws -> TrainingBatch? {
    if let found = try (stream as? any SequentialStream)?.open(pass: pass) {
      opened = (pass, found)
      batches = { try found.next() }
      taken = 0
    } else {
      try begin(pass: pass)
    }
    first = try batches?()
    return first
  }

  /// The next batch; nil when the pass is at its end.
  func next() throws -> TrainingBatch? {
    if let batch = first {
      (first, opened) = (nil, nil)
      taken += 1
      return batch
    }
    let start = clock()
    defer { waited += clock() - start }
    guard let batch = try batches?() else {
      batches = nil
      return nil
    }
    taken += 1
    return batch
  }

  /// Leaves a pass in which something was taken.
  func endPass() {
    if taken > 0 { batches = nil }
  }
}

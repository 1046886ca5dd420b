import Foundation

/// What a function makes of each element.
final class MapNode<Input, Output>: DatasetNode, @unchecked Sendable {
  typealias Element = Output

  private let source: any DatasetNode<Input>
  private let workers: Int
  private let seed: UInt64
  private let transform: (Input, inout RowRandom) throws -> Output
  private let layout = ElementLayout<Output>.known

  init(
    _ source: any DatasetNode<Input>, workers: Int, seed: UInt64, _ transform: @escaping (Input, inout RowRandom) throws -> Output
  ) {
    self.source = source
    self.workers = workers
    self.seed = seed
    self.transform = transform
  }

  var count: Int? { source.count }
  var isIndexed: Bool { source.isIndexed }
  var isEndless: Bool { source.isEndless }
  var signature: [UInt64]? { source.signature.map { $0 + [4, seed] } }

  private func output(_ input: Input, row: Int, pass: Int) throws -> Output {
    var random = RowRandom(seed: seed, pass: pass, row: row)
    let output = try transform(input, &random)
    // Computed where the work is to be done, not where it is looked at.
    layout?.tensors(output).forEach { $0.evaluated() }
    return output
  }

  func element(at index: Int, pass: Int) throws -> Output {
    try output(source.element(at: index, pass: pass), row: index, pass: pass)
  }

  func makeIterator(pass: Int, order: IndexOrder) throws -> ElementIterator<Output> {
    try iterator(over: source.makeIterator(pass: pass, order: order), pass: pass) { order.index($0) }
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Output> {
    if isIndexed { return try indexedIterator(pass: pass) }
    return try iterator(over: source.makeIterator(pass: pass), pass: pass) { $0 }
  }

  private func iterator(over inputs: ElementIterator<Input>, pass: Int, row: @escaping (Int) -> Int) -> ElementIterator<Output> {
    if workers > 1 {
      return ParallelMapIterator(inputs, workers: workers) { input, place in try self.output(input, row: row(place), pass: pass) }
    }
    var place = 0
    return ClosureIterator(skip: { count in
      try inputs.skip(count)
      place += count
    }) {
      guard let input = try inputs.next() else { return nil }
      defer { place += 1 }
      return try self.output(input, row: row(place), pass: pass)
    }
  }
}

/// Works on several elements at once, on threads of its own, and gives the results in order.
///
/// The threads are no shared ones: what a transform waits for, such as another stream with workers, never waits for a thread that
/// is busy here, and there are as many at work as were asked for, however few processors there are.
private final class ParallelMapIterator<Input, Output>: ElementIterator<Output>, @unchecked Sendable {
  private final class Job {
    let input: Input
    let place: Int
    var result: Result<Output, any Error>?

    init(_ input: Input, place: Int) {
      self.input = input
      self.place = place
    }
  }

  /// What the threads share; everything but `body` is looked at under the lock.
  private final class Crew: @unchecked Sendable {
    let body: (Input, Int) throws -> Output
    let limit: Int
    let condition = NSCondition()
    private var waiting: ArraySlice<Job> = []
    private var threads = 0
    private var idle = 0
    private var isCancelled = false

    init(limit: Int, _ body: @escaping (Input, Int) throws -> Output) {
      self.limit = limit
      self.body = body
    }

    /// - Throws: ``DescentError`` if there is no thread for it; where there are some, and no more can be started, they do it.
    func add(_ job: Job) throws {
      try condition.withLock {
        if waiting.count >= idle && threads < limit {
          do {
            // As much stack as the main thread has: what users do in a map is theirs.
            try startThread(named: "descent-map", stackSize: 8 << 20) { self.work() }
            threads += 1
          } catch where threads > 0 {}
        }
        waiting.append(job)
        condition.broadcast()
      }
    }

    private func work() {
      while let job = next() {
        let result = Result { try body(job.input, job.place) }
        condition.withLock {
          job.result = result
          condition.broadcast()
        }
      }
    }

    /// The next job for a thread; nil when it is to end.
    private func next() -> Job? {
      condition.withLock {
        idle += 1
        while waiting.isEmpty && !isCancelled { condition.wait() }
        idle -= 1
        if !isCancelled { return waiting.popFirst() }
        threads -= 1
        condition.broadcast()
        return nil
      }
    }

    func result(of job: Job) throws -> Output {
      try condition.withLock {
        while true {
          if let result = job.result { return result }
          condition.wait()
        }
      }.get()
    }

    /// Drops what nobody has begun, and waits for what somebody has: what a transform uses may not outlive the stream.
    func end() {
      condition.withLock {
        isCancelled = true
        waiting = []
        condition.broadcast()
        while threads > 0 { condition.wait() }
      }
    }
  }

  private let inputs: ElementIterator<Input>
  private let crew: Crew
  private let window: Int
  private var pending: ArraySlice<Job> = []
  private var place = 0
  /// How the inputs came to their end, if they have.
  private var end: (any Error)?
  private var hasEnded = false

  init(_ inputs: ElementIterator<Input>, workers: Int, _ body: @escaping (Input, Int) throws -> Output) {
    self.inputs = inputs
    crew = Crew(limit: workers, body)
    window = ElementCount.product(2, workers)
  }

  deinit { crew.end() }

  override func next() throws -> Output? {
    while !hasEnded, pending.count < window {
      do {
        guard let input = try inputs.next() else {
          hasEnded = true
          break
        }
        let job = Job(input, place: place)
        place += 1
        try crew.add(job)
        pending.append(job)
      } catch {
        // Elements that came before are still given.
        hasEnded = true
        end = error
      }
    }
    guard let job = pending.popFirst() else {
      if let error = end {
        end = nil
        throw error
      }
      return nil
    }
    return try crew.result(of: job)
  }

  override func skip(_ count: Int) throws {
    if pending.isEmpty && !hasEnded {
      try inputs.skip(count)
      place += count
    } else {
      try super.skip(count)
    }
  }
}

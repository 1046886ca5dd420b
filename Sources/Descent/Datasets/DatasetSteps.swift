import Foundation

/// Rows put together: elements with one more axis.
final class BatchNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let size: Int
  private let dropsRemainder: Bool
  private let layout: ElementLayout<Element>

  init(_ source: any DatasetNode<Element>, size: Int, dropsRemainder: Bool, _ layout: ElementLayout<Element>) {
    self.source = source
    self.size = min(size, ElementCount.limit)
    self.dropsRemainder = dropsRemainder
    self.layout = layout
  }

  var isIndexed: Bool { source.isIndexed }
  var isEndless: Bool { source.isEndless }
  var count: Int? { source.count.map { dropsRemainder ? $0 / size : ($0 + size - 1) / size } }
  var signature: [UInt64]? { source.signature.map { $0 + [5, UInt64(size), dropsRemainder ? 1 : 0] } }

  func element(at index: Int, pass: Int) throws -> Element {
    let rows = Array(index * size..<min((index + 1) * size, source.count!))
    if let batch = try gathered(rows, pass: pass) { return batch }
    return try layout.stacked(try rows.map { try source.element(at: $0, pass: pass) }, "batch \(index)")
  }

  /// Rows that the source puts together by itself; nil where it cannot, or they may have to be padded.
  private func gathered(_ rows: [Int], pass: Int) throws -> Element? {
    layout.padding == nil ? try source.batch(at: rows, pass: pass) : nil
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    if let count = source.count, count > 0, isIndexed, try gathered([], pass: pass) != nil { return try indexedIterator(pass: pass) }
    let rows = try source.makeIterator(pass: pass)
    let (size, dropsRemainder, layout) = (size, dropsRemainder, layout)
    var number = 0
    return ClosureIterator(skip: { count in
      try rows.skip(ElementCount.product(count, size))
      number += count
    }) {
      var batch: [Element] = []
      while batch.count < size, let row = try rows.next() { batch.append(row) }
      if batch.isEmpty || batch.count < size && dropsRemainder { return nil }
      defer { number += 1 }
      return try layout.stacked(batch, "batch \(number)")
    }
  }

  func makePartIterator(
    pass: Int, share: @escaping (Int) -> Range<Int>
  ) throws -> ElementIterator<(batch: Element, rows: Int)>? {
    // How many rows the last batch has must be known before they are read, and how long the longest is needs all of them.
    guard let total = source.count, let batches = count, isIndexed, signature != nil, layout.padding == nil else { return nil }
    let (source, size, layout) = (source, size, layout)
    func rows(_ number: Int) -> Int { min(size, total - number * size) }
    let whole = share(size)
    if try total > 0 && source.batch(at: [], pass: pass) != nil {
      return IndexIterator(IndexOrder(count: batches) { $0 }) { number in
        let own = share(rows(number))
        let batch = try source.batch(at: own.map { number * size + $0 }, pass: pass)!
        return (batch, rows(number))
      }
    }
    // The own rows of all batches, one after the other: what is not on the way is not made.
    let order = IndexOrder(count: batches == 0 ? 0 : (batches - 1) * whole.count + share(rows(batches - 1)).count) { place in
      let number = min(place / whole.count, batches - 1)
      return number * size + (rows(number) == size ? whole : share(rows(number))).lowerBound + place - number * whole.count
    }
    let elements = try source.makeIterator(pass: pass, order: order)
    var number = 0
    return ClosureIterator(skip: { count in
      for _ in 0..<count where number < batches {
        try elements.skip(share(rows(number)).count)
        number += 1
      }
    }) {
      guard number < batches else { return nil }
      defer { number += 1 }
      var batch: [Element] = []
      for _ in share(rows(number)) { if let row = try elements.next() { batch.append(row) } }
      return (try layout.stacked(batch, "batch \(number)"), rows(number))
    }
  }
}

/// Pairs of elements.
final class ZipNode<First, Second>: DatasetNode, @unchecked Sendable {
  typealias Element = (First, Second)

  private let first: any DatasetNode<First>
  private let second: any DatasetNode<Second>

  init(_ first: any DatasetNode<First>, _ second: any DatasetNode<Second>) {
    self.first = first
    self.second = second
  }

  var isIndexed: Bool { first.isIndexed && second.isIndexed }
  var isEndless: Bool { first.isEndless && second.isEndless }
  var signature: [UInt64]? { first.signature.flatMap { one in second.signature.map { one + $0 + [6] } } }
  var count: Int? {
    switch (first.count, second.count) {
    case (let one?, let other?): min(one, other)
    default: nil
    }
  }
  func element(at index: Int, pass: Int) throws -> (First, Second) {
    (try first.element(at: index, pass: pass), try second.element(at: index, pass: pass))
  }

  func makeIterator(pass: Int) throws -> ElementIterator<(First, Second)> {
    let (left, right) = (try first.makeIterator(pass: pass), try second.makeIterator(pass: pass))
    return ClosureIterator(skip: { count in
      try left.skip(count)
      try right.skip(count)
    }) {
      guard let one = try left.next(), let other = try right.next() else { return nil }
      return (one, other)
    }
  }
}

/// Elements that are kept in memory once they have been computed.
final class CacheNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let lock = NSLock()
  private var byIndex: [Int: Element] = [:]
  private var all: [Element]?

  init(_ source: any DatasetNode<Element>) { self.source = source }

  var isIndexed: Bool { source.isIndexed }
  var isEndless: Bool { source.isEndless }
  var count: Int? { source.count }
  var signature: [UInt64]? { source.signature.map { $0 + [7] } }

  func element(at index: Int, pass: Int) throws -> Element {
    if let known = lock.withLock({ byIndex[index] }) { return known }
    // What was random in the first pass stays.
    let element = try source.element(at: index, pass: 0)
    lock.withLock { byIndex[index] = element }
    return element
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    if isIndexed, let count = source.count {
      // In order, so that what works on several at once can.
      if lock.withLock({ byIndex.isEmpty }), count > 0 {
        let elements = try source.makeIterator(pass: 0)
        var place = 0
        return ClosureIterator(skip: { count in
          try elements.skip(count)
          place += count
        }) {
          guard let element = try elements.next() else { return nil }
          self.lock.withLock { self.byIndex[place] = element }
          place += 1
          return element
        }
      }
      return try indexedIterator(pass: pass)
    }
    if let all = lock.withLock({ all }) { return IndexIterator(IndexOrder(count: all.count) { $0 }) { all[$0] } }
    let elements = try source.makeIterator(pass: 0)
    var seen: [Element] = []
    return ClosureIterator {
      guard let element = try elements.next() else {
        self.lock.withLock { self.all = seen }
        return nil
      }
      seen.append(element)
      return element
    }
  }
}

/// Elements that another thread prepares before they are asked for.
final class PrefetchNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let size: Int

  init(_ source: any DatasetNode<Element>, size: Int) {
    self.source = source
    self.size = size
  }

  var isIndexed: Bool { source.isIndexed }
  var isEndless: Bool { source.isEndless }
  var count: Int? { source.count }
  var signature: [UInt64]? { source.signature }
  func element(at index: Int, pass: Int) throws -> Element { try source.element(at: index, pass: pass) }
  func batch(at indices: [Int], pass: Int) throws -> Element? { try source.batch(at: indices, pass: pass) }
  func makePartIterator(
    pass: Int, share: @escaping (Int) -> Range<Int>
  ) throws -> ElementIterator<(batch: Element, rows: Int)>? {
    try source.makePartIterator(pass: pass, share: share).map { PrefetchIterator($0, size: size) }
  }
  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    PrefetchIterator(try source.makeIterator(pass: pass), size: size)
  }
  func makeIterator(pass: Int, order: IndexOrder) throws -> ElementIterator<Element> {
    PrefetchIterator(try source.makeIterator(pass: pass, order: order), size: size)
  }
}

/// Takes elements on a thread of its own, which ends with the iterator: what is at work on an element is waited for, so that the next pass does not
/// meet it.
final class PrefetchIterator<Element>: ElementIterator<Element>, @unchecked Sendable {
  private final class Queue: @unchecked Sendable {
    let condition = NSCondition()
    var results: ArraySlice<Result<Element?, any Error>> = []
    var isCancelled = false
    var isAtWork = false
    let elements: ElementIterator<Element>
    let size: Int

    init(_ elements: ElementIterator<Element>, size: Int) {
      self.elements = elements
      self.size = size
    }

    func fill() {
      defer {
        condition.lock()
        isAtWork = false
        condition.signal()
        condition.unlock()
      }
      while true {
        let result = Result { try elements.next() }
        condition.lock()
        results.append(result)
        condition.signal()
        while results.count >= size && !isCancelled { condition.wait() }
        let isDone = isCancelled
        condition.unlock()
        if isDone { return }
        if case .success(.some) = result { continue }
        return
      }
    }
  }

  private let queue: Queue
  private var isStarted = false
  private var hasEnded = false

  init(_ elements: ElementIterator<Element>, size: Int) { queue = Queue(elements, size: size) }

  deinit {
    queue.condition.lock()
    queue.isCancelled = true
    queue.condition.signal()
    while queue.isAtWork { queue.condition.wait() }
    queue.condition.unlock()
  }

  private func start() throws {
    let queue = queue
    // As much stack as the main thread has: what users do in a map is theirs.
    queue.isAtWork = true
    do { try startThread(named: "descent-data", stackSize: 8 << 20) { queue.fill() } } catch {
      queue.isAtWork = false
      throw error
    }
    isStarted = true
  }

  /// The first element, before any is prepared ahead.
  func nextOnThisThread() throws -> Element? {
    if isStarted || hasEnded { return try next() }
    hasEnded = true
    let element = try queue.elements.next()
    hasEnded = element == nil
    return element
  }

  override func next() throws -> Element? {
    if hasEnded { return nil }
    if !isStarted { try start() }
    queue.condition.lock()
    while queue.results.isEmpty { queue.condition.wait() }
    let result = queue.results.popFirst()!
    queue.condition.signal()
    queue.condition.unlock()
    if case .success(.some) = result {} else { hasEnded = true }
    return try result.get()
  }

  override func skip(_ count: Int) throws {
    if isStarted { try super.skip(count) } else { try queue.elements.skip(count) }
  }
}

/// What a ``Dataset`` is made of: a source, or a step that changes what comes from others. Never changed once made.
///
/// A node whose number of elements is known gives any of them by number: then orders are permutations of numbers, and a position
/// is found without going through what lies before it.
protocol DatasetNode<Element>: AnyObject, Sendable {
  associatedtype Element

  /// The number of elements; nil when it is not known, or there is no end.
  var count: Int? { get }
  /// Elements are found by number.
  var isIndexed: Bool { get }
  /// A pass is known to have no end.
  var isEndless: Bool { get }
  /// What decides which elements come in which order, for processes to compare that take a part each; nil if that cannot be told.
  var signature: [UInt64]? { get }

  /// - Parameter pass: which pass over the data this is: orders and random numbers depend on it.
  func element(at index: Int, pass: Int) throws -> Element

  /// Several elements as one batch, where that is cheaper than one by one.
  func batch(at indices: [Int], pass: Int) throws -> Element?

  func makeIterator(pass: Int) throws -> ElementIterator<Element>

  /// The elements of these numbers, in this order.
  func makeIterator(pass: Int, order: IndexOrder) throws -> ElementIterator<Element>

  /// Batches with only those of their rows that a process computes; nil where whole batches have to be made.
  /// - Parameter share: which rows those are, of a batch of so many.
  func makePartIterator(pass: Int, share: @escaping (Int) -> Range<Int>) throws -> ElementIterator<(batch: Element, rows: Int)>?
}

extension DatasetNode {
  var signature: [UInt64]? { nil }
  var isEndless: Bool { false }

  func batch(at indices: [Int], pass: Int) throws -> Element? { nil }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> { try indexedIterator(pass: pass) }

  func makeIterator(pass: Int, order: IndexOrder) throws -> ElementIterator<Element> {
    IndexIterator(order) { try self.element(at: $0, pass: pass) }
  }

  func makePartIterator(pass: Int, share: @escaping (Int) -> Range<Int>) throws -> ElementIterator<(batch: Element, rows: Int)>? { nil }

  /// All elements, by number.
  func indexedIterator(pass: Int) throws -> ElementIterator<Element> {
    try makeIterator(pass: pass, order: IndexOrder(count: count ?? 0) { $0 })
  }
}

/// Numbers of elements in an order.
struct IndexOrder {
  let count: Int
  let index: (Int) -> Int
}

/// Steps through elements; what has not been computed can be passed over.
class ElementIterator<Element>: @unchecked Sendable {
  func next() throws -> Element? { nil }

  /// Passes over so many elements, or all that are left.
  func skip(_ count: Int) throws {
    for _ in 0..<count where try next() == nil { return }
  }
}

final class IndexIterator<Element>: ElementIterator<Element>, @unchecked Sendable {
  private let order: IndexOrder
  private let element: (Int) throws -> Element
  private var place = 0

  init(_ order: IndexOrder, _ element: @escaping (Int) throws -> Element) {
    self.order = order
    self.element = element
  }

  override func next() throws -> Element? {
    guard place < order.count else { return nil }
    defer { place += 1 }
    return try element(order.index(place))
  }

  override func skip(_ count: Int) { place = min(place + count, order.count) }
}

/// An iterator that is a closure.
final class ClosureIterator<Element>: ElementIterator<Element>, @unchecked Sendable {
  private let step: () throws -> Element?
  private let pass: ((Int) throws -> Void)?

  /// - Parameter skip: passes over elements; nil to take them one by one.
  init(skip: ((Int) throws -> Void)? = nil, _ next: @escaping () throws -> Element?) {
    step = next
    pass = skip
  }

  override func next() throws -> Element? { try step() }

  override func skip(_ count: Int) throws {
    if let pass { try pass(count) } else { try super.skip(count) }
  }
}

// MARK: - Sources

/// Elements that are computed, or lie somewhere, by number.
final class IndexedNode<Element>: DatasetNode, @unchecked Sendable {
  private let size: Int
  private let get: (Int) throws -> Element
  private let gather: (([Int]) throws -> Element)?

  init(count: Int, batch: (([Int]) throws -> Element)? = nil, _ element: @escaping (Int) throws -> Element) {
    size = count
    get = element
    gather = batch
  }

  var count: Int? { size }
  var isIndexed: Bool { true }
  var signature: [UInt64]? { [1, UInt64(size)] }
  func element(at index: Int, pass: Int) throws -> Element { try get(index) }
  func batch(at indices: [Int], pass: Int) throws -> Element? { try gather?(indices) }
}

/// Elements that come one after the other.
final class SequentialNode<Element>: DatasetNode, @unchecked Sendable {
  private let known: Int?
  let isEndless: Bool
  private let make: (Int) throws -> ElementIterator<Element>

  /// - Parameter make: an iterator for a pass.
  init(count: Int? = nil, isEndless: Bool = false, _ make: @escaping (Int) throws -> ElementIterator<Element>) {
    known = count
    self.isEndless = isEndless
    self.make = make
  }

  var count: Int? { known }
  var isIndexed: Bool { false }
  func makeIterator(pass: Int) throws -> ElementIterator<Element> { try make(pass) }

  /// By way of those before it.
  func element(at index: Int, pass: Int) throws -> Element {
    let elements = try make(pass)
    try elements.skip(index)
    guard let element = try elements.next() else { throw DescentError(.data, "Dataset: there is no element \(index)") }
    return element
  }
}

// MARK: - Choosing elements

/// Elements start, start + step, start + 2 step, …, at most `limit` of them.
final class SliceNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let start: Int
  private let step: Int
  private let limit: Int?

  init(_ source: any DatasetNode<Element>, start: Int = 0, step: Int = 1, limit: Int? = nil) {
    self.source = source
    self.start = start
    self.step = step
    self.limit = limit
  }

  var isIndexed: Bool { source.isIndexed }
  var isEndless: Bool { limit == nil && source.isEndless }
  var signature: [UInt64]? { source.signature.map { $0 + [2, UInt64(start), UInt64(step), limit.map { UInt64($0) } ?? .max] } }
  var count: Int? {
    source.count.map { min(max(0, $0 - start + step - 1) / step, limit ?? .max) }
  }
  func element(at index: Int, pass: Int) throws -> Element { try source.element(at: start + index * step, pass: pass) }
  func batch(at indices: [Int], pass: Int) throws -> Element? {
    try source.batch(at: indices.map { start + $0 * step }, pass: pass)
  }

  func makeIterator(pass: Int, order: IndexOrder) throws -> ElementIterator<Element> {
    let (start, step) = (start, step)
    return try source.makeIterator(pass: pass, order: IndexOrder(count: order.count) { start + order.index($0) * step })
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    if isIndexed { return try indexedIterator(pass: pass) }
    let elements = try source.makeIterator(pass: pass)
    var toSkip = start
    var left = limit ?? .max
    let step = step
    return ClosureIterator(skip: { count in
      let taken = min(count, left)
      left -= taken
      toSkip = min(toSkip + ElementCount.product(taken, step), ElementCount.limit)
    }) {
      guard left > 0 else { return nil }
      try elements.skip(toSkip)
      toSkip = step - 1
      left -= 1
      return try elements.next()
    }
  }
}

/// The elements of these numbers, in this order.
final class ChoiceNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let numbers: [Int]

  init(_ source: any DatasetNode<Element>, _ numbers: [Int]) {
    self.source = source
    self.numbers = numbers
  }

  var isIndexed: Bool { true }
  var count: Int? { numbers.count }
  func element(at index: Int, pass: Int) throws -> Element { try source.element(at: numbers[index], pass: pass) }
  func batch(at indices: [Int], pass: Int) throws -> Element? { try source.batch(at: indices.map { numbers[$0] }, pass: pass) }

  func makeIterator(pass: Int, order: IndexOrder) throws -> ElementIterator<Element> {
    let numbers = numbers
    return try source.makeIterator(pass: pass, order: IndexOrder(count: order.count) { numbers[order.index($0)] })
  }
}

/// The elements of one and then those of another.
final class ConcatenationNode<Element>: DatasetNode, @unchecked Sendable {
  private let first: any DatasetNode<Element>
  private let second: any DatasetNode<Element>

  init(_ first: any DatasetNode<Element>, _ second: any DatasetNode<Element>) {
    self.first = first
    self.second = second
  }

  var isIndexed: Bool { first.isIndexed && second.isIndexed }
  var isEndless: Bool { first.isEndless || second.isEndless }
  var count: Int? { first.count.flatMap { count in second.count.map { min(count + $0, ElementCount.limit) } } }
  func element(at index: Int, pass: Int) throws -> Element {
    let count = first.count!
    return try index < count ? first.element(at: index, pass: pass) : second.element(at: index - count, pass: pass)
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    var parts = [try first.makeIterator(pass: pass), try second.makeIterator(pass: pass)]
    var left = first.count
    return ClosureIterator(
      skip: left == nil ? nil : { count in
        if parts.isEmpty { return }
        let fromFirst = min(count, left!)
        left! -= fromFirst
        if parts.count == 2 { try parts[0].skip(fromFirst) }
        if count > fromFirst { try parts[parts.count - 1].skip(count - fromFirst) }
      }
    ) {
      while let part = parts.first {
        if let element = try part.next() {
          if parts.count == 2, left != nil { left! -= 1 }
          return element
        }
        parts.removeFirst()
      }
      return nil
    }
  }
}

/// The elements again and again, each time in the order of another pass.
final class RepetitionNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let times: Int?

  init(_ source: any DatasetNode<Element>, times: Int?) {
    self.source = source
    self.times = times
  }

  var isIndexed: Bool { times != nil && source.isIndexed }
  var isEndless: Bool { source.isEndless || times == nil && source.count != 0 }
  var count: Int? { times.flatMap { times in source.count.map { ElementCount.product(times, $0) } } }
  func element(at index: Int, pass: Int) throws -> Element {
    let count = source.count!
    return try source.element(at: index % count, pass: pass &* times! &+ index / count)
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    let (source, times) = (source, times)
    let firstPass = pass &* (times ?? 1)
    var round = 0
    var elements: ElementIterator<Element>?
    var taken = 0
    func begin() throws {
      elements = try source.makeIterator(pass: firstPass &+ round)
      taken = 0
    }
    func canSkip(_ count: Int) throws {
      guard let size = source.count, size > 0 else {
        for _ in 0..<count { if try advance() == nil { return } }
        return
      }
      let place = taken + count
      if place < size, elements != nil {
        try elements!.skip(count)
        taken = place
        return
      }
      round += place / size
      if times.map({ round >= $0 }) ?? false { return }
      try begin()
      try elements!.skip(place % size)
      taken = place % size
    }
    func advance() throws -> Element? {
      while times.map({ round < $0 }) ?? true {
        if elements == nil { try begin() }
        if let element = try elements!.next() {
          taken += 1
          return element
        }
        // Nothing again and again is nothing.
        if taken == 0 { return nil }
        elements = nil
        taken = 0
        round += 1
      }
      return nil
    }
    return ClosureIterator(skip: canSkip, advance)
  }
}

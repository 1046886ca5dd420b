import Foundation

/// Elements in another order.
final class ShuffleNode<Element>: DatasetNode, @unchecked Sendable {
  private let source: any DatasetNode<Element>
  private let buffer: Int?
  private let seed: UInt64
  private let reshuffles: Bool
  private let lock = NSLock()
  private var latest: (pass: Int, order: [Int32])?

  init(_ source: any DatasetNode<Element>, buffer: Int?, seed: UInt64, reshuffles: Bool) {
    self.source = source
    self.buffer = buffer
    self.seed = seed
    self.reshuffles = reshuffles
  }

  /// An order of all elements is kept as numbers of 32 bits.
  var isIndexed: Bool { source.isIndexed && source.count ?? 0 <= Int(Int32.max) }
  var isEndless: Bool { source.isEndless }
  var count: Int? { source.count }
  var signature: [UInt64]? { source.signature.map { $0 + [3, UInt64(buffer ?? 0), seed, reshuffles ? 1 : 0] } }

  private func order(_ pass: Int) -> [Int32] {
    let pass = reshuffles ? pass : 0
    return lock.withLock {
      if let latest, latest.pass == pass { return latest.order }
      let order = shuffledOrder(source.count!, seed: seed, pass: pass)
      latest = (pass, order)
      return order
    }
  }

  func element(at index: Int, pass: Int) throws -> Element { try source.element(at: Int(order(pass)[index]), pass: pass) }
  func batch(at indices: [Int], pass: Int) throws -> Element? {
    let order = order(pass)
    return try source.batch(at: indices.map { Int(order[$0]) }, pass: pass)
  }

  func makeIterator(pass: Int, order outer: IndexOrder) throws -> ElementIterator<Element> {
    let order = order(pass)
    return try source.makeIterator(pass: pass, order: IndexOrder(count: outer.count) { Int(order[outer.index($0)]) })
  }

  func makeIterator(pass: Int) throws -> ElementIterator<Element> {
    if isIndexed { return try indexedIterator(pass: pass) }
    let elements = try source.makeIterator(pass: pass)
    guard let buffer else {
      let reason = source.count.map { "\($0) elements are too many to shuffle all of them" } ?? "the number of elements is not known"
      throw DescentError(.invalidArgument, "Dataset.shuffle: \(reason); give bufferSize")
    }
    var generator = SplitMix64(state: mixed(seed, UInt64(truncatingIfNeeded: reshuffles ? pass : 0)))
    var held: [Element] = []
    return ClosureIterator {
      while held.count < buffer, let element = try elements.next() { held.append(element) }
      if held.isEmpty { return nil }
      held.swapAt(Int(generator.next().multipliedFullWidth(by: UInt64(held.count)).high), held.count - 1)
      return held.removeLast()
    }
  }
}

/// 0 ..< `count` in an order that depends on the seed and the pass alone: the Fisher–Yates shuffle from the last place down.
func shuffledOrder(_ count: Int, seed: UInt64, pass: Int) -> [Int32] {
  var order = Array(0..<Int32(count))
  var generator = SplitMix64(state: mixed(seed ^ 0x5348_5546_464C_4500, UInt64(truncatingIfNeeded: pass)))
  for last in stride(from: count - 1, to: 0, by: -1) {
    order.swapAt(last, Int(generator.next().multipliedFullWidth(by: UInt64(last + 1)).high))
  }
  return order
}

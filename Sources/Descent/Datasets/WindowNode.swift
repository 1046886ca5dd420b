/// Runs of elements: each a stream of its own.
final class WindowNode<Row>: DatasetNode, @unchecked Sendable {
  typealias Element = Dataset<Row>

  private let source: any DatasetNode<Row>
  private let size: Int
  private let shift: Int
  private let stride: Int
  private let dropsRemainder: Bool
  /// How many elements lie between the first and the last of a window, and one.
  private let reach: Int

  init(_ source: any DatasetNode<Row>, size: Int, shift: Int, stride: Int, dropsRemainder: Bool) {
    self.source = source
    self.size = size
    self.shift = min(shift, ElementCount.limit)
    self.stride = min(stride, ElementCount.limit)
    self.dropsRemainder = dropsRemainder
    reach = ElementCount.product(size - 1, self.stride) + 1
  }

  var isIndexed: Bool { source.isIndexed }
  var isEndless: Bool { source.isEndless }
  var signature: [UInt64]? { source.signature.map { $0 + [8, UInt64(size), UInt64(shift), UInt64(stride), dropsRemainder ? 1 : 0] } }
  var count: Int? {
    source.count.map { count in
      let beginnings = dropsRemainder ? max(count - reach + 1, 0) : count
      return (beginnings + shift - 1) / shift
    }
  }

  func element(at index: Int, pass: Int) throws -> Dataset<Row> {
    let places = Swift.stride(from: index * shift, to: source.count!, by: stride).prefix(size)
    return Dataset(try places.map { try source.element(at: $0, pass: pass) })
  }

  /// By way of the elements that windows share, each of which is made once.
  func makeIterator(pass: Int) throws -> ElementIterator<Dataset<Row>> {
    let (shift, stride, reach, dropsRemainder) = (shift, stride, reach, dropsRemainder)
    let elements = try source.makeIterator(pass: pass)
    // Elements from the next window's first one on, and how many before it have not been taken from the source.
    var (held, gap, hasEnded) = ([Row](), 0, false)
    func advance(_ windows: Int) {
      let distance = ElementCount.product(windows, shift)
      gap = min(gap + max(distance - held.count, 0), ElementCount.limit)
      held.removeFirst(min(distance, held.count))
    }
    return ClosureIterator(skip: advance) {
      if gap > 0, !hasEnded { try elements.skip(gap) }
      gap = 0
      while held.count < reach, !hasEnded {
        if let element = try elements.next() { held.append(element) } else { hasEnded = true }
      }
      if held.isEmpty || dropsRemainder && held.count < reach { return nil }
      let window = Swift.stride(from: 0, to: min(reach, held.count), by: stride).map { held[$0] }
      advance(1)
      return Dataset(window)
    }
  }
}

import Synchronization

/// A loop whose body was traced once: from the states and a step's part of each input to new states and the step's results.
///
/// The body is a graph of its own that knows nothing of what is around it. Its arguments are the states, the parts of the inputs,
/// and what it takes from outside and is the same at each step, in this order; so are the inputs of the loop's node. The node's
/// result is one vector: the states after the last step, and then, for each result of the steps, all steps' one after the other.
package final class Scan: EqualByIdentity, @unchecked Sendable {
  /// How many steps there are.
  package let count: Int
  /// From the last step to the first.
  package let isReversed: Bool
  /// Whether derivatives compute the body again instead of keeping its products of each step.
  let isRecomputed: Bool
  package let dtype: DType
  /// The body's arguments.
  package let states: [Node], parts: [Node], captures: [Node]
  /// What the body makes of them.
  package let newStates: [Node], results: [Node]

  /// Tells loops apart for good: that which keeps more of the same loop knows it by this.
  let number: Int
  /// The loop of which this one only has more results, behind the others.
  let baseNumber: Int?
  private let extended = Mutex<Extension?>(nil)

  private static let counter = Atomic<Int>(0)

  /// The same loop, which also gives what the derivative needs of each step.
  struct Extension {
    let scan: Scan
    /// Which of its results are the states before each step.
    let states: [Int]
    /// The nodes of the body that would take long to compute again, and which results they are.
    let products: [(node: Node, result: Int)]
  }

  private init(
    count: Int, isReversed: Bool, isRecomputed: Bool, dtype: DType, states: [Node], parts: [Node], captures: [Node], newStates: [Node],
    results: [Node], baseNumber: Int?
  ) {
    self.count = count
    self.isReversed = isReversed
    self.isRecomputed = isRecomputed
    self.dtype = dtype
    self.states = states
    self.parts = parts
    self.captures = captures
    self.newStates = newStates
    self.results = results
    self.baseNumber = baseNumber
    number = Scan.counter.add(1, ordering: .relaxed).newValue
  }

  // MARK: - The result

  var arguments: [Node] { states + parts + captures }

  /// How many elements the result has.
  package var elementCount: Int {
    states.reduce(0) { $0 + $1.elementCount } + count * results.reduce(0) { $0 + $1.elementCount }
  }

  /// Where the state after the last step lies in the result.
  package func range(ofState index: Int) -> Range<Int> {
    let start = states[..<index].reduce(0) { $0 + $1.elementCount }
    return start..<(start + states[index].elementCount)
  }

  /// Where the steps' results of one kind lie.
  package func range(ofResult index: Int) -> Range<Int> {
    let start = states.reduce(0) { $0 + $1.elementCount } + count * results[..<index].reduce(0) { $0 + $1.elementCount }
    return start..<(start + count * results[index].elementCount)
  }

  /// The loop's result for such inputs.
  func applied(to inputs: [Tensor]) -> Tensor { Tensor(.scan(self), inputs, shape: [elementCount], dtype: dtype) }

  func state(_ index: Int, in packed: Tensor) -> Tensor { Scan.cut(packed, range(ofState: index), states[index].shape) }
  func result(_ index: Int, in packed: Tensor) -> Tensor { Scan.cut(packed, range(ofResult: index), [count] + results[index].shape) }

  private static func cut(_ packed: Tensor, _ range: Range<Int>, _ shape: [Int]) -> Tensor {
    packed.sliced(starts: [range.lowerBound], sizes: [range.count]).reshaped(shape)
  }

  // MARK: - Making loops

  /// A loop with what to call it with, from a body that was traced with the given stand-ins.
  /// - Parameters:
  ///   - states: stand-ins for the states, with what they are before the first step.
  ///   - parts: stand-ins for a step's part of each input, with the inputs. Those that the body does not use are left out.
  static func make(
    count: Int, isReversed: Bool, isRecomputed: Bool, states: [(standIn: Tensor, initial: Tensor)], parts: [(standIn: Tensor, input: Tensor)],
    newStates: [Tensor], results: [Tensor]
  ) -> (scan: Scan, inputs: [Tensor]) {
    let roots = (newStates + results).map(\.node)
    let nodes = nodesBelow(roots)
    if nodes.contains(where: \.isStandInOfThePast) {
      programmingError("scan: a derivative reads the state or the step of a loop's body; give it to customGradient as one of its inputs")
    }
    var changing = Set((states.map(\.standIn) + parts.map(\.standIn)).map(\.node.id))
    for node in nodes where node.inputs.contains(where: { changing.contains($0.id) }) { changing.insert(node.id) }
    // What does not change from step to step is computed once, before the loop.
    var captured: [Node] = []
    var seen: Set<Int> = []
    func capture(_ node: Node) {
      if changing.contains(node.id) { return }
      if case .fill = node.operation { return }
      if seen.insert(node.id).inserted { captured.append(node) }
    }
    for node in nodes where changing.contains(node.id) { node.inputs.forEach(capture) }
    roots.forEach(capture)
    let isMet = Set(nodes.map(\.id))
    let used = parts.filter { isMet.contains($0.standIn.node.id) }

    var place: [Int: Tensor] = [:]
    var arguments: [Node] = []
    func argument(for node: Node) {
      let argument = Tensor(.argument(arguments.count), shape: node.shape, dtype: node.dtype)
      place[node.id] = argument
      arguments.append(argument.node)
    }
    for state in states { argument(for: state.standIn.node) }
    for part in used { argument(for: part.standIn.node) }
    captured.forEach(argument)
    let body = Scan.copy(of: roots, with: place).map(\.node)
    let scan = Scan(
      count: count, isReversed: isReversed, isRecomputed: isRecomputed, dtype: roots[0].dtype, states: Array(arguments[..<states.count]),
      parts: Array(arguments[states.count..<(states.count + used.count)]), captures: Array(arguments[(states.count + used.count)...]),
      newStates: Array(body[..<states.count]), results: Array(body[states.count...]), baseNumber: nil)
    return (scan, states.map(\.initial) + used.map(\.input) + captured.map { Tensor($0) })
  }

  /// The same expressions with other tensors in place of some nodes.
  static func copy(of roots: [Node], with place: [Int: Tensor]) -> [Tensor] {
    var place = place
    for node in nodesBelow(roots, isEnd: { place[$0.id] != nil }) where place[node.id] == nil {
      let inputs = node.inputs
      let isChanged = inputs.contains { place[$0.id]!.node !== $0 }
      place[node.id] = isChanged
        ? Tensor(node.operation, inputs.map { place[$0.id]! }, shape: node.shape, dtype: node.dtype, isNumber: node.isNumber) : Tensor(node)
    }
    return roots.map { place[$0.id]! }
  }

  /// The body's results for other arguments, and those of other nodes of it.
  func body(_ arguments: [Tensor], also nodes: [Node] = []) -> (states: [Tensor], results: [Tensor], others: [Tensor]) {
    var place: [Int: Tensor] = [:]
    for (node, argument) in zip(self.arguments, arguments) { place[node.id] = argument }
    let all = Scan.copy(of: newStates + results + nodes, with: place)
    let (first, second) = (newStates.count, newStates.count + results.count)
    return (Array(all[..<first]), Array(all[first..<second]), Array(all[second...]))
  }

  /// The loop with the states before each step, and what is worth keeping of each, among its results.
  var withHistory: Extension {
    extended.withLock { known in
      if let known { return known }
      var all = results
      func place(_ node: Node) -> Int {
        if let index = all.firstIndex(where: { $0.id == node.id }) { return index }
        all.append(node)
        return all.count - 1
      }
      let places = states.map(place)
      let products = isRecomputed ? [] : nodesBelow(newStates + results).filter { $0.dtype == dtype && $0.isProduct }.map { ($0, place($0)) }
      let scan = all.count == results.count
        ? self
        : Scan(
          count: count, isReversed: isReversed, isRecomputed: isRecomputed, dtype: dtype, states: states, parts: parts, captures: captures,
          newStates: newStates, results: all, baseNumber: number)
      // A loop that has all is not kept by itself.
      let made = Extension(scan: scan, states: places, products: products)
      if scan !== self { known = made }
      return made
    }
  }
}

extension Node {
  /// Computing it again costs more than keeping it.
  fileprivate var isProduct: Bool {
    switch operation {
    case .matrixProduct, .convolution, .fourier, .scan, .host: true
    default: false
    }
  }
}

import Synchronization

/// One operation of the graph. To its users it is immutable: its elements, once they are known, stay, and its inputs are let go
/// only where nobody can ask for a derivative through them. Threads may share it.
package final class Node: Sendable {
  package let operation: Operation
  package let shape: [Int]
  package let dtype: DType
  /// Grows with every node made, so inputs always have smaller ones: sorting by it is a topological order.
  package let id: Int
  /// A number rather than data (a learning rate, a step count): takes the dtype of what it meets.
  package let isNumber: Bool

  /// What an operation was applied to, and how far back that goes.
  private struct Past {
    var inputs: [Node]
    /// Depends on a variable, so a derivative may be asked for.
    var isTracked: Bool
    /// How many nodes lie on the longest path below, and past how many of them it is asked which may be forgotten.
    var length: Int
    var limit: Int
    /// The inputs were let go; what lies below cannot be differentiated any more. The smallest number there was.
    var releasedFrom: Int?
  }

  private let past: Mutex<Past>
  private let elements = AtomicLazyReference<Buffer>()
  /// Was computed on the way to another node's elements, and not kept.
  private let isComputedInPassing = Atomic<Bool>(false)
  /// Stands for what a variable held before it was changed, or for the state or step of a loop that is made.
  private let isOfThePast = Atomic<Bool>(false)
  /// How many nodes without a value lie on the longest path below.
  private let depth: Int
  /// Depends on a stand-in for what is not there yet, and so has no elements.
  package let isOpen: Bool

  private static let counter = Atomic<Int>(0)

  /// Past this, an untraced expression is computed so that a long loop does not build an endless unevaluated graph.
  private static let greatestDepth = 400
  /// Past this, an expression forgets the part of its history that no variable's present value takes part in, so that a long loop
  /// does not keep all its past.
  private static let greatestHistory = 4000

  /// - Parameter isReadWhileTracing: whether it stands for what a variable holds whenever the function that is traced runs.
  init(
    _ operation: Operation, _ inputs: [Node] = [], shape: [Int], dtype: DType, isNumber: Bool = false, isReadWhileTracing: Bool = false
  ) {
    let isTracing = Trace.current != nil
    var depth = 1 + (inputs.lazy.map { $0.value == nil ? $0.depth : 0 }.max() ?? -1)
    var isOpen = isReadWhileTracing || inputs.contains(where: \.isOpen)
    if case .argument = operation { isOpen = true }
    if depth > Node.greatestDepth && !isTracing && !isOpen {
      evaluate(inputs)
      depth = 1
    }
    var past = Node.past(of: inputs)
    if case .variable = operation { past.isTracked = true }
    if past.length > past.limit && !isTracing && !isOpen {
      Node.forget(below: inputs)
      past = Node.past(of: inputs)
      past.limit = max(past.limit, 2 * past.length)
    }
    self.operation = operation
    self.past = Mutex(past)
    self.shape = shape
    self.dtype = dtype
    self.isNumber = isNumber
    self.depth = depth
    self.isOpen = isOpen
    id = Node.counter.add(1, ordering: .relaxed).newValue
    if case .constant(let buffer) = operation { _ = elements.storeIfNil(buffer) }
  }

  /// Lets go of what was only reached from here, one node after the other: a chain as long as a program's loop would overflow the
  /// stack if each node released the next.
  deinit {
    var waiting = past.withLock { exchange(&$0.inputs, []) }
    while var node = waiting.popLast() {
      if isKnownUniquelyReferenced(&node) { waiting += node.past.withLock { exchange(&$0.inputs, []) } }
    }
  }

  var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementCount * dtype.byteCount }
}

// MARK: - Elements

extension Node {
  /// The elements, once computed.
  package var value: Buffer? { elements.load() }

  /// Keeps the elements; the first to do so wins.
  package func keep(_ value: Buffer) { _ = elements.storeIfNil(value) }

  /// Whether the elements were computed on the way to others and not kept.
  var wasComputedInPassing: Bool { isComputedInPassing.load(ordering: .relaxed) }
  func noteComputedInPassing() { isComputedInPassing.store(true, ordering: .relaxed) }

  /// Says that the variable this node stands for is about to hold something else.
  /// Stood for the state or step of a loop's body, which has arguments of its own by now.
  var isStandInOfThePast: Bool {
    if case .argument = operation { return isOfThePast.load(ordering: .relaxed) }
    return false
  }

  func becomePast() { isOfThePast.store(true, ordering: .relaxed) }
  /// Whether this node stands for what a variable holds or held.
  var isVariable: Bool { if case .variable = operation { true } else { false } }
  /// Whether this node stands for what a variable holds.
  var isPresentVariable: Bool {
    if case .variable = operation { return !isOfThePast.load(ordering: .relaxed) }
    return false
  }
}

// MARK: - History

extension Node {
  package var inputs: [Node] { past.withLock { $0.inputs } }

  /// The smallest number of a node that this one's inputs were computed from, if they were let go.
  var releasedFrom: Int? { past.withLock { $0.releasedFrom } }

  private static func past(of inputs: [Node]) -> Past {
    var past = Past(inputs: inputs, isTracked: false, length: 0, limit: greatestHistory, releasedFrom: nil)
    for input in inputs {
      let (isTracked, length, limit) = input.past.withLock { ($0.isTracked, $0.length, $0.limit) }
      past.isTracked = past.isTracked || isTracked
      past.length = max(past.length, length + 1)
      past.limit = max(past.limit, limit)
    }
    return past
  }

  /// Forgets how those nodes came about that depend on no variable's present value. Nobody asks for a derivative with respect to
  /// what a variable no longer holds, but for who kept a tensor of it, and is told.
  private static func forget(below roots: [Node]) {
    let nodes = nodesBelow(roots)
    var isPresent: [Int: Bool] = [:]
    var first: [Int: Int] = [:]
    var frontier: [Node] = []
    var isWanted = Set(roots.map(\.id))
    for node in nodes {
      let inputs = node.inputs
      let present = node.isPresentVariable || inputs.contains { isPresent[$0.id]! }
      isPresent[node.id] = present
      first[node.id] = inputs.reduce(min(node.id, node.releasedFrom ?? node.id)) { min($0, first[$1.id]!) }
      if present { inputs.forEach { isWanted.insert($0.id) } }
    }
    for node in nodes where isWanted.contains(node.id) && !isPresent[node.id]! && !node.inputs.isEmpty { frontier.append(node) }
    evaluate(frontier)
    for node in frontier {
      let from = first[node.id]!
      // What is let go is released here, outside of the lock.
      let inputs = node.past.withLock { past in
        (past.isTracked, past.length, past.limit, past.releasedFrom) = (false, 0, greatestHistory, from)
        return exchange(&past.inputs, [])
      }
      withExtendedLifetime(inputs) {}
    }
    // Lengths are those of what is left.
    for node in nodes where isPresent[node.id]! {
      node.past.withLock { past in
        past.length = past.inputs.reduce(0) { max($0, 1 + $1.past.withLock { $0.length }) }
      }
    }
  }
}

/// All nodes below some, and these, earlier ones first.
package func nodesBelow(_ roots: [Node], isEnd: (Node) -> Bool = { _ in false }) -> [Node] {
  var seen: Set<Int> = []
  var nodes = roots.filter { seen.insert($0.id).inserted }
  var next = 0
  while next < nodes.count {
    let node = nodes[next]
    next += 1
    if isEnd(node) { continue }
    for input in node.inputs where seen.insert(input.id).inserted { nodes.append(input) }
  }
  return nodes.sorted { $0.id < $1.id }
}

private func exchange<Value>(_ place: inout Value, _ value: Value) -> Value {
  let old = place
  place = value
  return old
}

import Synchronization

/// One operation of the graph. Immutable but for `value`, which holds the elements once they are known.
package final class Node {
  package let operation: Operation
  package private(set) var inputs: [Node]
  package let shape: [Int]
  package let dtype: DType
  /// Grows with every node made, so inputs always have smaller ones: sorting by it is a topological order.
  package let id: Int
  /// A number rather than data (a learning rate, a step count): takes the dtype of what it meets.
  package let isNumber: Bool
  /// The elements, once computed.
  package var value: Buffer?

  /// Depends on a variable, so a derivative may be asked for however long the history is.
  private let isTracked: Bool
  /// How many nodes without a value lie on the longest path below.
  private let depth: Int
  /// The same, with a value or without.
  private var history: Int
  /// The inputs were let go; what lies below cannot be differentiated any more.
  private(set) var isReleased = false

  private static let counter = Atomic<Int>(0)

  /// Past this, an untraced expression is computed so that a long loop does not build an endless unevaluated graph.
  private static let greatestDepth = 400
  /// Past this, an expression of constants alone forgets where it came from, so that a long loop does not keep all its past.
  private static let greatestHistory = 4000

  init(_ operation: Operation, _ inputs: [Node] = [], shape: [Int], dtype: DType, isNumber: Bool = false) {
    var tracked = inputs.contains(where: \.isTracked)
    if case .variable = operation { tracked = true }
    let isTracing = Trace.current != nil
    var depth = 1 + (inputs.lazy.map { $0.value == nil ? $0.depth : 0 }.max() ?? -1)
    if depth > Node.greatestDepth && !isTracing {
      evaluate(inputs)
      depth = 1
    }
    history = 1 + (inputs.lazy.map(\.history).max() ?? -1)
    if history > Node.greatestHistory && !isTracing && !tracked {
      evaluate(inputs)
      inputs.forEach { $0.release() }
      history = 1
    }
    self.operation = operation
    self.inputs = inputs
    self.shape = shape
    self.dtype = dtype
    self.isNumber = isNumber
    self.isTracked = tracked
    self.depth = depth
    id = Node.counter.add(1, ordering: .relaxed).newValue
    if case .constant(let buffer) = operation { value = buffer }
  }

  private func release() {
    if inputs.isEmpty { return }
    inputs = []
    history = 0
    isReleased = true
  }

  var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementCount * dtype.byteCount }
}

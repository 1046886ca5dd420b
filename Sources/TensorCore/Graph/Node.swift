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
  /// How many nodes without a value lie on the longest path below.
  package private(set) var depth: Int

  package var value: Buffer? {
    didSet {
      if value != nil {
        inputs = []
        depth = 0
      }
    }
  }

  private static let counter = Atomic<Int>(0)

  /// Past this, an untraced expression is computed so that a long loop does not build an endless graph.
  static let greatestDepth = 400

  init(_ operation: Operation, _ inputs: [Node] = [], shape: [Int], dtype: DType, isNumber: Bool = false) {
    self.operation = operation
    self.inputs = inputs
    self.shape = shape
    self.dtype = dtype
    self.isNumber = isNumber
    depth = 1 + (inputs.lazy.map(\.depth).max() ?? -1)
    id = Node.counter.add(1, ordering: .relaxed).newValue
    if case .constant(let buffer) = operation { value = buffer }
    if depth > Node.greatestDepth && Trace.current == nil {
      evaluate(inputs)
      depth = 1
    }
  }

  var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementCount * dtype.byteCount }
}

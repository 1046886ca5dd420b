import Foundation

/// The nodes of a plan in topological order, each computed once: common subexpression elimination, constant folding and shorter
/// ways round (algebraic simplification) while nodes are added; then products are turned round as they are read.
struct SimplifiedGraph {
  struct Value {
    var operation: Operation
    var inputs: [Int]
    var shape: [Int]
    var dtype: DType

    var count: Int { shape.reduce(1, *) }
  }

  var values: [Value] = []
  private var known: [Key: Int] = [:]

  /// Adds everything below the given nodes; returns where each of them ended up.
  init(_ outputs: [Node]) {
    var place: [Int: Int] = [:]
    let nodes = SimplifiedGraph.nodes(below: outputs)
    let scans = LargerScans(nodes)
    for node in nodes {
      // A node that has its elements is a constant whatever it was computed from.
      if let buffer = node.value {
        place[node.id] = add(.constant(buffer), [], node.shape, node.dtype)
      } else if let larger = scans.larger(than: node) {
        // A loop that is run once more for what its derivative needs of it is run only so.
        let all = add(.scan(larger), node.inputs.map { place[$0.id]! }, [larger.elementCount], node.dtype)
        place[node.id] = add(.slice(starts: [0], strides: [1]), [all], node.shape, node.dtype)
      } else {
        place[node.id] = add(node.operation, node.inputs.map { place[$0.id]! }, node.shape, node.dtype)
      }
    }
    self.outputs = outputs.map { place[$0.id]! }
    dropUnused()
    turnProducts()
  }

  /// Shortening leaves behind what it went round.
  private mutating func dropUnused() {
    var isUsed = [Bool](repeating: false, count: values.count)
    for output in outputs { isUsed[output] = true }
    for index in values.indices.reversed() where isUsed[index] {
      for input in values[index].inputs { isUsed[input] = true }
    }
    var place: [Int] = []
    var kept: [Value] = []
    for index in values.indices {
      place.append(kept.count)
      if !isUsed[index] { continue }
      values[index].inputs = values[index].inputs.map { place[$0] }
      kept.append(values[index])
    }
    values = kept
    known = [:]
    outputs = outputs.map { place[$0] }
  }

  private(set) var outputs: [Int] = []

  /// Loops that give all that others give, and more.
  private struct LargerScans {
    private struct Call: Hashable {
      let scan: Int
      let inputs: [Int]
    }
    private var larger: [Call: Scan] = [:]

    init(_ nodes: [Node]) {
      for node in nodes where node.value == nil {
        if case .scan(let scan) = node.operation, let base = scan.baseNumber {
          larger[Call(scan: base, inputs: node.inputs.map(\.id))] = scan
        }
      }
    }

    func larger(than node: Node) -> Scan? {
      guard !larger.isEmpty, case .scan(var scan) = node.operation else { return nil }
      let inputs = node.inputs.map(\.id), first = scan
      while let next = larger[Call(scan: scan.number, inputs: inputs)] { scan = next }
      return scan === first ? nil : scan
    }
  }

  private static func nodes(below outputs: [Node]) -> [Node] {
    var seen: Set<Int> = []
    var stack: [Node] = []
    for node in outputs where seen.insert(node.id).inserted { stack.append(node) }
    var nodes: [Node] = []
    while let node = stack.popLast() {
      nodes.append(node)
      if node.value != nil { continue }
      for input in node.inputs where seen.insert(input.id).inserted { stack.append(input) }
    }
    return nodes.sorted { $0.id < $1.id }
  }

  func fill(_ index: Int) -> Double? {
    if case .fill(let value) = values[index].operation { return value }
    return nil
  }

  private func negated(_ index: Int) -> Int? {
    if case .unary(.negate) = values[index].operation { return values[index].inputs[0] }
    return nil
  }

  mutating func add(_ operation: Operation, _ inputs: [Int], _ shape: [Int], _ dtype: DType) -> Int {
    if let shorter = simplified(operation, inputs, shape, dtype) { return shorter }
    let key = Key(operation, inputs, shape, dtype)
    if let index = known[key] { return index }
    values.append(Value(operation: operation, inputs: inputs, shape: shape, dtype: dtype))
    known[key] = values.count - 1
    return values.count - 1
  }

  private mutating func simplified(_ operation: Operation, _ inputs: [Int], _ shape: [Int], _ dtype: DType) -> Int? {
    func constant(_ value: Double) -> Int { add(.fill(value), [], shape, dtype) }
    switch operation {
    case .stopGradient, .customGradient:
      return inputs[0]
    case .reshape, .broadcast:
      if values[inputs[0]].shape == shape { return inputs[0] }
      if let value = fill(inputs[0]) { return constant(value) }
      if case .reshape = operation, case .reshape = values[inputs[0]].operation {
        return add(.reshape, values[inputs[0]].inputs, shape, dtype)
      }
      return nil
    case .transpose(let order):
      if order == Array(order.indices) { return inputs[0] }
      if let value = fill(inputs[0]) { return constant(value) }
      if case .transpose(let inner) = values[inputs[0]].operation {
        return add(.transpose(order.map { inner[$0] }), values[inputs[0]].inputs, shape, dtype)
      }
      // Moving axes of size 1 about moves no element.
      let moved = order.filter { values[inputs[0]].shape[$0] != 1 }
      return moved == moved.sorted() ? add(.reshape, inputs, shape, dtype) : nil
    case .slice:
      return fill(inputs[0]).map(constant)
    case .cast:
      if values[inputs[0]].dtype == dtype { return inputs[0] }
      guard let value = fill(inputs[0]) else { return nil }
      if dtype == .bool { return constant(value == 0 ? 0 : 1) }
      return dtype.isFloatingPoint || value == value.rounded() ? constant(value) : nil
    case .unary(let function):
      return simplified(function, inputs[0], shape, dtype)
    case .binary(let function):
      return simplified(function, inputs[0], inputs[1], shape, dtype)
    case .select:
      if let condition = fill(inputs[0]) { return condition != 0 ? inputs[1] : inputs[2] }
      if inputs[1] == inputs[2] { return inputs[1] }
      return simplifiedChoice(inputs[0], inputs[1], inputs[2], shape, dtype)
    case .pooling(let pooling, let part):
      return simplified(pooling, part, inputs, shape, dtype)
    case .reduce(let reduction, let axes):
      let source = values[inputs[0]]
      let reduced = axes.reduce(1) { $0 * source.shape[$1] }
      if source.count == 0 && reduction == .sum { return constant(0) }
      if reduced == 1 { return add(.reshape, inputs, shape, dtype) }
      if let value = fill(inputs[0]) { return constant(reduction == .sum ? value * Double(reduced) : value) }
      return reduction == .sum ? simplifiedSum(inputs[0], axes: axes, shape, dtype) : nil
    case .matrixProduct(let transposeA, let transposeB):
      if inputs.contains(where: { values[$0].count == 0 }) { return constant(0) }
      let (a, flipA) = withoutMatrixTranspose(inputs[0])
      let (b, flipB) = withoutMatrixTranspose(inputs[1])
      if !flipA && !flipB { return nil }
      return add(
        .matrixProduct(transposeA: transposeA != flipA, transposeB: transposeB != flipB), [a, b], shape, dtype)
    case .scatterAdd where values[inputs[0]].count == 0:
      return constant(0)
    case .convolution where inputs.contains(where: { values[$0].count == 0 }):
      return constant(0)
    default:
      return nil
    }
  }

  /// A matrix whose last two axes were swapped, from before that.
  private func withoutMatrixTranspose(_ index: Int) -> (Int, Bool) {
    guard case .transpose(let order) = values[index].operation, order.count >= 2 else { return (index, false) }
    var swapped = Array(order.indices)
    swapped.swapAt(order.count - 1, order.count - 2)
    return order == swapped ? (values[index].inputs[0], true) : (index, false)
  }

  private mutating func simplified(_ function: UnaryFunction, _ input: Int, _ shape: [Int], _ dtype: DType) -> Int? {
    if function == .negate, let inner = negated(input) { return inner }
    guard let x = fill(input), dtype.isFloatingPoint else { return nil }
    let result: Double? =
      switch function {
      case .negate: -x
      case .abs: Swift.abs(x)
      case .sqrt: x.squareRoot()
      case .reciprocal: 1 / x
      case .exp: Foundation.exp(x)
      case .log: Foundation.log(x)
      default: nil
      }
    return result.map { add(.fill($0), [], shape, dtype) }
  }

  private mutating func simplified(
    _ function: BinaryFunction, _ a: Int, _ b: Int, _ shape: [Int], _ dtype: DType
  ) -> Int? {
    let x = fill(a), y = fill(b)
    if let x, let y, dtype.isFloatingPoint {
      let result: Double? =
        switch function {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .power: Foundation.pow(x, y)
        default: nil
        }
      return result.map { add(.fill($0), [], shape, dtype) }
    }
    func binary(_ function: BinaryFunction, _ a: Int, _ b: Int) -> Int { add(.binary(function), [a, b], shape, dtype) }
    switch function {
    case .add:
      if y == 0 { return a }
      if x == 0 { return b }
      if let inner = negated(b) { return binary(.subtract, a, inner) }
      if let inner = negated(a) { return binary(.subtract, b, inner) }
      return sideBySide(a, b, shape, dtype)
    case .subtract:
      if y == 0 { return a }
      if x == 0 { return add(.unary(.negate), [b], shape, dtype) }
      if let inner = negated(b) { return binary(.add, a, inner) }
    case .multiply:
      if y == 1 { return a }
      if x == 1 { return b }
      if y == -1 { return add(.unary(.negate), [a], shape, dtype) }
      if x == -1 { return add(.unary(.negate), [b], shape, dtype) }
    case .divide:
      if y == 1 { return a }
      // Strength reduction: dividing by a power of two is multiplying by one, to the bit.
      if let y, y != 0, dtype.isFloatingPoint, Foundation.frexp(y).0.magnitude == 0.5, (1 / y).isNormal {
        return binary(.multiply, a, add(.fill(1 / y), [], shape, dtype))
      }
    case .power:
      switch y {
      case 1: return a
      case 2: return binary(.multiply, a, a)
      case 3: return binary(.multiply, binary(.multiply, a, a), a)
      case 0.5: return add(.unary(.sqrt), [a], shape, dtype)
      case -1: return add(.unary(.reciprocal), [a], shape, dtype)
      default: break
      }
    default: break
    }
    return nil
  }

  /// Equal for two values exactly when they are computed in the same way from the same values.
  private struct Key: Hashable {
    let operation: Operation
    /// Which number a `fill` is: equality of numbers would take 0 for −0, and NaN for no number at all.
    let fill: UInt64?
    let inputs: [Int]
    let shape: [Int]
    let dtype: DType

    init(_ operation: Operation, _ inputs: [Int], _ shape: [Int], _ dtype: DType) {
      if case .fill(let value) = operation {
        (self.operation, fill) = (.fill(0), value.bitPattern)
      } else {
        (self.operation, fill) = (operation, nil)
      }
      (self.inputs, self.shape, self.dtype) = (inputs, shape, dtype)
    }
  }
}

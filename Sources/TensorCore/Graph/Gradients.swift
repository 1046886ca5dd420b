// Reverse-mode differentiation (the chain rule): from the output back to the targets, once; each primitive's derivative is made of primitives.

/// The derivatives of `output` (summed over its elements) with respect to tensors it was computed from.
///
/// The results are tensors of the same graph, so they can be differentiated again. A target that `output` does not depend on
/// has a derivative of zeros.
/// - Precondition: `output` and all targets are of a floating-point dtype.
public func gradients(of output: Tensor, withRespectTo targets: [Tensor]) -> [Tensor] {
  for tensor in targets + [output] where !tensor.dtype.isFloatingPoint {
    programmingError("gradients: \(tensor.dtype) \(tensor.shape) has no derivative")
  }
  let found = Adjoints(of: [(output, Tensor.ones(output.shape, dtype: output.dtype))], targets: targets.map(\.node))
  return targets.map { found[$0.node] ?? Tensor.zeros($0.shape, dtype: $0.dtype) }
}

/// The derivatives of `output` with respect to variables, at the values that `output` was computed from: of a variable that was
/// assigned in between, before and after, the sum.
public func gradients(of output: Tensor, withRespectTo variables: [Variable]) -> [Tensor] {
  let reads = variables.map(\.allReads)
  var found = gradients(of: output, withRespectTo: reads.flatMap { $0 })[...]
  return reads.map { reads in
    defer { found = found.dropFirst(reads.count) }
    return found.prefix(reads.count).dropFirst().reduce(found.first!, +)
  }
}

/// The value of a function and its derivatives with respect to its arguments.
public func valueAndGradients(at arguments: [Tensor], _ body: ([Tensor]) -> Tensor) -> (value: Tensor, gradients: [Tensor]) {
  // Fresh handles, so that the derivative is taken at the arguments even if they were computed from one another.
  let copies = arguments.map { stopGradient($0) }
  let value = body(copies)
  return (value, gradients(of: value, withRespectTo: copies))
}

/// The same value, through which no derivative flows.
public func stopGradient(_ a: Tensor) -> Tensor {
  Tensor(.stopGradient, [a], shape: a.shape, dtype: a.dtype, isNumber: a.node.isNumber)
}

/// One reverse sweep over the graph: what reaches the targets, given what reaches the outputs.
struct Adjoints {
  private var adjoints: [Int: Tensor] = [:]

  subscript(_ node: Node) -> Tensor? { adjoints[node.id] }

  init(of outputs: [(output: Tensor, adjoint: Tensor)], targets: [Node]) {
    let wanted = Set(targets.map(\.id))
    // What is older than every target depends on none.
    let oldest = targets.lazy.map(\.id).min() ?? Int.max
    let order = Array(nodesBelow(outputs.map(\.output.node)) { $0.id <= oldest }.reversed())
    checkHistory(order, targets)
    // Only the nodes between the targets and the output take part.
    var dependent: Set<Int> = wanted
    for node in order.reversed() where node.inputs.contains(where: { dependent.contains($0.id) }) {
      switch node.operation {
      case .stopGradient where !wanted.contains(node.id): continue
      case .customGradient where !node.inputs.dropFirst().contains(where: { dependent.contains($0.id) }) && !wanted.contains(node.id): continue
      default: break
      }
      dependent.insert(node.id)
    }
    for (output, adjoint) in outputs where dependent.contains(output.node.id) {
      adjoints[output.node.id] = adjoints[output.node.id].map { $0 + adjoint } ?? adjoint
    }
    for node in order where dependent.contains(node.id) {
      guard let adjoint = adjoints[node.id] else { continue }
      if wanted.contains(node.id) && !node.inputs.contains(where: { dependent.contains($0.id) }) { continue }
      let needed = node.inputs.map { dependent.contains($0.id) }
      let parts = derivative(of: Tensor(node), adjoint: adjoint, needed: needed)
      for (input, part) in zip(node.inputs, parts) {
        guard let part, dependent.contains(input.id) else { continue }
        adjoints[input.id] = adjoints[input.id].map { $0 + part } ?? part
      }
    }
  }

  /// Stops where a target may lie in a part of the history that was forgotten.
  private func checkHistory(_ nodes: [Node], _ targets: [Node]) {
    for node in nodes {
      guard let first = node.releasedFrom else { continue }
      if targets.contains(where: { $0.id >= first && $0.id < node.id && !$0.isPresentVariable }) {
        programmingError(
          "gradients: the output's history is longer than is kept for constants; compute it inside valueAndGradients, or from variables")
      }
    }
  }
}

/// What reaches each input of an operation, given what reaches its result.
private func derivative(of result: Tensor, adjoint g: Tensor, needed: [Bool]) -> [Tensor?] {
  let inputs = result.node.inputs.map { Tensor($0) }
  switch result.node.operation {
  case .constant, .fill, .variable, .argument, .stopGradient, .argmax, .random, .distinctRows:
    return inputs.map { _ in nil }
  case .unary(let function):
    return [derivative(of: function, at: inputs[0], result: result, adjoint: g)]
  case .binary(let function):
    return derivative(of: function, inputs[0], inputs[1], result: result, adjoint: g, needed: needed)
  case .select:
    let zero = Tensor.zeros([], dtype: g.dtype)
    return [nil, needed[1] ? select(inputs[0], g, zero) : nil, needed[2] ? select(inputs[0], zero, g) : nil]
  case .customGradient(let function):
    return [nil] + function.derivative(Array(inputs.dropFirst()), result, adjoint: g)
  case .cast:
    return [inputs[0].dtype.isFloatingPoint && result.dtype.isFloatingPoint ? g.cast(to: inputs[0].dtype) : nil]
  case .reduce(let reduction, let axes):
    let kept = inputs[0].shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    let spread = g.reshaped(kept).broadcast(to: inputs[0].shape)
    if reduction == .sum { return [spread] }
    let isGreatest = (inputs[0] .== result.reshaped(kept)).cast(to: g.dtype)
    return [spread * isGreatest / isGreatest.sum(axes: axes, keepDims: true)]
  case .matrixProduct(let transposeA, let transposeB):
    let (a, b) = (inputs[0], inputs[1])
    var parts: [Tensor?] = [nil, nil]
    if needed[0] {
      parts[0] = transposeA
        ? matmul(b, g, transposeA: transposeB, transposeB: true) : matmul(g, b, transposeB: !transposeB)
    }
    if needed[1] {
      parts[1] = transposeB
        ? matmul(g, a, transposeA: true, transposeB: transposeA) : matmul(a, g, transposeA: !transposeA)
    }
    return parts
  case .convolution(let convolution, let part):
    return convolution.derivative(of: part, inputs[0], inputs[1], adjoint: g, needed: needed)
  case .pooling(let pooling, let part):
    return pooling.derivative(of: part, inputs, adjoint: g)
  case .fourier(let transform):
    return transform.derivative(g)
  case .reshape:
    return [g.reshaped(inputs[0].shape)]
  case .broadcast:
    return [g.summed(to: inputs[0].shape)]
  case .transpose(let permutation):
    return [g.transposed(inversePermutation(of: permutation))]
  case .slice(let starts, let strides):
    return [unsliced(g, starts: starts, strides: strides, shape: inputs[0].shape)]
  case .pad(let low, _):
    return [g.sliced(starts: low, sizes: inputs[0].shape)]
  case .concatenate(let axis):
    var start = 0
    return inputs.map { input in
      var starts = [Int](repeating: 0, count: input.rank)
      starts[axis] = start
      start += input.shape[axis]
      return g.sliced(starts: starts, sizes: input.shape)
    }
  case .gather:
    return [g.scatterAdding(at: inputs[1], rows: inputs[0].shape[0]), nil]
  case .scatterAdd:
    return [gatheringInside(g, inputs[1]), nil]
  case .replaceRows:
    let (indices, values) = (inputs[1], inputs[2])
    return [
      needed[0] ? g.replacingRows(at: indices, with: Tensor.zeros(values.shape, dtype: g.dtype)) : nil, nil,
      needed[2] ? gatheringInside(g, indices) : nil,
    ]
  case .scan(let scan):
    return scan.derivative(inputs, adjoint: g, needed: needed)
  case .host(let function):
    guard let derivative = function.derivative else { programmingError("gradients: \(function.name) has no derivative") }
    return derivative(inputs, result, g, needed)
  }
}

/// The rows that a vector of indices names, zeros where there is no such row.
private func gatheringInside(_ table: Tensor, _ indices: Tensor) -> Tensor {
  let isInside = (indices .>= 0 .&& indices .< Tensor(number: Double(table.shape[0])))
  let mask = isInside.reshaped([indices.count] + Array(repeating: 1, count: table.rank - 1))
  return select(mask, table.gathering(indices), Tensor.zeros([], dtype: table.dtype))
}

/// Puts the elements of a slice back where they came from, with zeros around.
private func unsliced(_ g: Tensor, starts: [Int], strides: [Int], shape: [Int]) -> Tensor {
  // Axes read backwards are turned round first.
  let backwards = g.shape.indices.filter { strides[$0] < 0 }
  var spread = backwards.isEmpty ? g : flip(g, axes: backwards)
  var (starts, strides) = (starts, strides)
  for axis in backwards {
    strides[axis] = -strides[axis]
    starts[axis] -= (g.shape[axis] - 1) * strides[axis]
  }
  for axis in 0..<g.rank where strides[axis] > 1 && spread.shape[axis] > 0 {
    // Each element becomes the first of `stride` ones along its axis; the surplus after the last is cut off.
    let size = spread.shape[axis]
    var high = [Int](repeating: 0, count: g.rank + 1)
    high[axis + 1] = strides[axis] - 1
    let wide = spread.expandingShape(at: axis + 1).padded(low: high.map { _ in 0 }, high: high)
    var flat = spread.shape
    flat[axis] = size * strides[axis]
    var kept = flat
    kept[axis] = (size - 1) * strides[axis] + 1
    spread = wide.reshaped(flat).sliced(starts: flat.map { _ in 0 }, sizes: kept)
  }
  let high = shape.indices.map { shape[$0] - starts[$0] - spread.shape[$0] }
  return spread.padded(low: starts, high: high)
}

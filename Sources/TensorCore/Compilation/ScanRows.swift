/// Propagates the batch's axis through a loop's body: which of a loop's arguments have a row for each row of the batch, where the rows of the batch do not meet in its body: then some
/// rows can be taken through all steps without waiting for the others.
package struct ScanRows {
  /// How many rows the batch has.
  let count: Int
  /// For each argument of the body: whether it has the batch's rows on axis 0. The others are the same for all rows.
  let isSplit: [Bool]

  /// The loop, by reference: the body for some of the rows is its graph with other shapes.
  private let scan: Scan

  /// Nil where rows meet.
  init?(_ scan: Scan) {
    guard let count = (scan.states + scan.parts).first?.shape.first else { return nil }
    let nodes = nodesBelow(scan.newStates + scan.results)
    // What is multiplied by from the right is the same for all rows, even where it happens to have as many.
    var factors: Set<Int> = []
    for node in nodes where node.shape.count == 2 {
      if case .matrixProduct = node.operation { factors.insert(node.inputs[1].id) }
    }
    var isSplit: [Int: Bool] = [:]
    for argument in scan.arguments { isSplit[argument.id] = argument.shape.first == count && !factors.contains(argument.id) }
    guard scan.states.allSatisfy({ isSplit[$0.id]! }) else { return nil }
    for node in nodes where isSplit[node.id] == nil {
      guard let split = ScanRows.isSplit(node, node.inputs.map { isSplit[$0.id]! }, count) else { return nil }
      isSplit[node.id] = split
    }
    guard (scan.newStates + scan.results).allSatisfy({ isSplit[$0.id]! }) else { return nil }
    self.scan = scan
    self.count = count
    self.isSplit = scan.arguments.map { isSplit[$0.id]! }
  }

  /// Whether a node's axis 0 is the batch's; nil where rows meet or it is not known.
  private static func isSplit(_ node: Node, _ inputs: [Bool], _ count: Int) -> Bool? {
    let shape = node.shape
    let all = !inputs.contains(false), none = !inputs.contains(true)
    switch node.operation {
    case .fill: return shape.first == count
    case .unary, .binary, .select, .cast, .stopGradient: return all ? true : none ? false : nil
    case .customGradient: return inputs[0]
    case .reduce(_, let axes): return none ? false : axes.contains(0) ? nil : true
    case .argmax(let axis): return none ? false : axis == 0 ? nil : true
    case .matrixProduct(let transposeA, _):
      if none { return false }
      if shape.count == 2 { return inputs == [true, false] && !transposeA ? true : nil }
      return all ? true : nil
    case .reshape: return none ? false : shape.first == count ? true : nil
    case .broadcast:
      let from = node.inputs[0].shape
      if all { return from.count == shape.count ? true : nil }
      return shape.first == count && (from.count < shape.count || from[0] == 1)
    case .transpose(let permutation): return none ? false : permutation[0] == 0 ? true : nil
    case .slice(let starts, let strides): return none ? false : starts[0] == 0 && strides[0] == 1 && shape[0] == count ? true : nil
    case .pad(let low, _): return none ? false : low[0] == 0 && shape[0] == count ? true : nil
    case .concatenate(let axis): return none ? false : all && axis != 0 ? true : nil
    case .gather: return none ? false : inputs == [false, true] ? true : nil
    case .constant, .variable, .argument, .random, .convolution, .pooling, .fourier, .scatterAdd, .distinctRows, .replaceRows, .scan, .host:
      return none && !inputs.isEmpty ? false : nil
    }
  }

  /// What the body does with so many of the rows. It is the one thing that a lowering asks the compiler for: only it knows on how many
  /// threads the loop will run.
  func body(rows: Int) -> Schedule {
    var place: [Int: Tensor] = [:], splitNodes: Set<Int> = []
    for (index, (argument, split)) in zip(scan.arguments, isSplit).enumerated() {
      let shape = split ? [rows] + argument.shape.dropFirst() : argument.shape
      if split { splitNodes.insert(argument.id) }
      place[argument.id] = Tensor(.argument(index), shape: shape, dtype: argument.dtype)
    }
    let roots = scan.newStates + scan.results
    for node in nodesBelow(roots) where place[node.id] == nil {
      let inputs = node.inputs
      let split = ScanRows.isSplit(node, inputs.map { splitNodes.contains($0.id) }, count)!
      if split { splitNodes.insert(node.id) }
      place[node.id] = Tensor(
        node.operation, inputs.map { place[$0.id]! }, shape: split ? [rows] + node.shape.dropFirst() : node.shape, dtype: node.dtype,
        isNumber: node.isNumber)
    }
    return Scheduler.schedule(
      arguments: scan.arguments.map { place[$0.id]!.node }, outputs: roots.map { place[$0.id]!.node }, assignments: [])
  }
}

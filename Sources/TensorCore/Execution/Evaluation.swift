import Foundation

/// Computes nodes outside of any trace and keeps their values.
///
/// What was computed before on the way to something else, and was not kept, is kept this time: a tensor that a loop cuts into
/// batches is computed twice and not once a batch. Threads that need the same value wait for the one that computes it.
func evaluate(_ nodes: [Node]) {
  if let open = nodes.first(where: { $0.isOpen && $0.value == nil }) {
    programmingError("\(open.dtype) \(open.shape) has no elements yet: it is read while the function that computes it is traced")
  }
  // Without the variables' memory changing on the way: what a tensor means was decided when it was made.
  let variables = nodesBelow(nodes) { $0.value != nil }.compactMap { node in
    if node.value == nil, case .variable(let variable) = node.operation { return (variable.lock, VariableLock.Access.reading) }
    return nil
  }
  VariableLock.with(variables) {
    Evaluations.shared.claim(nodes) { wanted in
      let below = nodesBelow(wanted) { $0.value != nil }
      let kept = repeated(in: below, for: wanted)
      let outputs = wanted + kept
      let plan = Plan(arguments: [], outputs: outputs, assignments: [])
      plan.explainIfAsked("values of \(outputs.count) tensors")
      for (node, result) in zip(outputs, plan.run()) {
        node.keep(result.node.value!)
      }
    }
  }
}

/// The nodes on the way to others that are worth keeping: computed before, and what they are read from computed for the first time.
private func repeated(in nodes: [Node], for wanted: [Node]) -> [Node] {
  let isWanted = Set(wanted.map(\.id))
  // From the results down; what lies below a kept node need not be computed again.
  var isRead = isWanted
  var kept: [Node] = []
  for node in nodes.reversed() where isRead.contains(node.id) && node.value == nil {
    if !isWanted.contains(node.id), node.wasComputedInPassing, node.isWorthKeeping {
      kept.append(node)
      continue
    }
    node.inputs.forEach { isRead.insert($0.id) }
  }
  let isKept = Set(kept.map(\.id))
  for node in nodes where !isWanted.contains(node.id) && !isKept.contains(node.id) && isRead.contains(node.id) {
    node.noteComputedInPassing()
  }
  return kept
}

extension Node {
  /// Not where the elements lie elsewhere already, nor where they would take far more memory than what they are made of.
  fileprivate var isWorthKeeping: Bool {
    switch operation {
    case .constant, .fill, .variable, .argument, .stopGradient, .customGradient, .reshape, .broadcast, .transpose, .slice: return false
    default: break
    }
    let sources = nodesBelow([self]) { $0.value != nil }.reduce(0) { sum, node in
      if case .variable = node.operation { return sum + node.byteCount }
      return sum + (node.value?.byteCount ?? 0)
    }
    // Random numbers cost far more than other elements, and always come from next to nothing.
    var bound = 1 << 20
    if case .random = operation { bound = 1 << 26 }
    return byteCount <= max(bound, 8 * sources)
  }
}

/// Which nodes are being computed, by whatever thread.
private final class Evaluations: @unchecked Sendable {
  static let shared = Evaluations()

  private let changed = NSCondition()
  private var inProgress: Set<Int> = []

  /// Runs `body` with those of the nodes that have no value, and that no other thread is computing.
  func claim(_ nodes: [Node], _ body: ([Node]) -> Void) {
    changed.lock()
    while nodes.contains(where: { $0.value == nil && inProgress.contains($0.id) }) { changed.wait() }
    var seen: Set<Int> = []
    let wanted = nodes.filter { $0.value == nil && seen.insert($0.id).inserted }
    inProgress.formUnion(seen)
    changed.unlock()
    if wanted.isEmpty { return }
    body(wanted)
    changed.lock()
    inProgress.subtract(seen)
    changed.broadcast()
    changed.unlock()
  }
}

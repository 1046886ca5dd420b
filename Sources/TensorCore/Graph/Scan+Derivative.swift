/// The derivative of a loop is a loop the other way round, over what was kept of each step.
extension Scan {
  /// What reaches each of the loop's inputs.
  /// - Parameters:
  ///   - inputs: what the loop was called with.
  ///   - adjoint: what reaches its result.
  ///   - needed: which inputs it is wanted for.
  func derivative(_ inputs: [Tensor], adjoint: Tensor, needed: [Bool]) -> [Tensor?] {
    let history = withHistory
    let kept = history.scan.applied(to: inputs)
    let (stateCount, partCount) = (states.count, parts.count)
    func isWanted(_ index: Int) -> Bool { needed[index] && inputs[index].dtype.isFloatingPoint }

    // The body's derivative at one step, from stand-ins for what is known of the step.
    var known: [(standIn: Tensor, input: Tensor)] = []
    func standIn(_ shape: [Int], _ input: Tensor) -> Tensor {
      let standIn = Tensor(.argument(known.count), shape: shape, dtype: input.dtype)
      known.append((standIn, input))
      return standIn
    }
    let before = states.indices.map { standIn(states[$0].shape, history.scan.result(history.states[$0], in: kept)) }
    let steps = parts.indices.map { standIn(parts[$0].shape, inputs[stateCount + $0]) }
    let products = history.products.map { standIn($0.node.shape, history.scan.result($0.result, in: kept)) }
    // Stand-ins too while the derivative is taken: what is outside may have been computed from one another.
    let captured = captures.map { Tensor(.argument(0), shape: $0.shape, dtype: $0.dtype) }
    let body = body(before + steps + captured, also: history.products.map(\.node))

    var seeds: [(output: Tensor, adjoint: Tensor)] = []
    let after = states.map { Tensor(.argument(0), shape: $0.shape, dtype: dtype) }
    seeds += zip(body.states, after).map { ($0, $1) }
    for (index, result) in body.results.enumerated() {
      guard let part = Scan.part(adjoint, range(ofResult: index)) else { continue }
      seeds.append((result, standIn(result.shape, part.reshaped([count] + result.shape))))
    }
    let targets = before + steps + captured
    let wanted = targets.indices.filter { $0 < stateCount || isWanted($0) }
    let found = Adjoints(of: seeds, targets: wanted.map { targets[$0].node })
    // What was kept is not computed again.
    var place: [Int: Tensor] = [:]
    for (standIn, input) in zip(captured, inputs.dropFirst(stateCount + partCount)) { place[standIn.node.id] = input }
    for (product, standIn) in zip(body.others, products) { place[product.node.id] = standIn }
    let present = wanted.filter { found[targets[$0].node] != nil }
    let values = Scan.copy(of: present.map { found[targets[$0].node]!.node }, with: place)
    var contributions: [Int: Tensor] = [:]
    for (index, value) in zip(present, values) { contributions[index] = value }

    // The loop backwards.
    var loopStates = states.indices.map { index in
      (standIn: after[index], initial: Scan.part(adjoint, range(ofState: index))?.reshaped(states[index].shape) ?? zeros(states[index]))
    }
    var newStates = states.indices.map { contributions[$0] ?? zeros(states[$0]) }
    var outer = OuterSums(known)
    for index in wanted where index >= stateCount && index < stateCount + partCount { _ = contributions[index].map { outer.result($0) } }
    let first = stateCount + partCount
    for index in wanted where index >= first { _ = contributions[index].map { outer.takeProducts(of: $0, for: index) } }
    var sums: [Int: Int] = [:]
    for index in wanted where index >= first {
      guard let rest = outer.takeSums(for: index) else { continue }
      sums[index] = loopStates.count
      let sum = Tensor(.argument(0), shape: rest.shape, dtype: dtype)
      loopStates.append((sum, Tensor.zeros(rest.shape, dtype: dtype)))
      newStates.append(sum + rest)
    }
    if newStates.isEmpty && outer.results.isEmpty { return inputs.map { _ in nil } }
    let (scan, arguments) = Scan.make(
      count: count, isReversed: !isReversed, isRecomputed: isRecomputed, states: loopStates, parts: known, newStates: newStates, results: outer.results)
    let packed = scan.applied(to: arguments)

    return inputs.indices.map { index in
      guard isWanted(index), contributions[index] != nil else { return nil }
      if index < stateCount { return scan.state(index, in: packed) }
      if index < first { return scan.result(outer.result(contributions[index]!), in: packed) }
      let after = outer.total(for: index) { scan.result($0, in: packed) }
      guard let sum = sums[index].map({ scan.state($0, in: packed) }) else { return after }
      return after.map { sum + $0 } ?? sum
    }

    func zeros(_ state: Node) -> Tensor { Tensor.zeros(state.shape, dtype: dtype) }
  }

  /// A part of a vector that may be a sum of parts with zeros around; nil if it is all zeros.
  private static func part(_ g: Tensor, _ range: Range<Int>) -> Tensor? {
    if range.isEmpty { return nil }
    let inputs = g.node.inputs.map { Tensor($0) }
    switch g.node.operation {
    case .fill(0): return nil
    case .binary(.add):
      let parts = inputs.compactMap { part($0, range) }
      return parts.dropFirst().reduce(parts.first) { $0! + $1 }
    case .pad(let low, _):
      let inner = low[0]..<(low[0] + inputs[0].count)
      if !inner.overlaps(range) { return nil }
      if inner.lowerBound <= range.lowerBound && range.upperBound <= inner.upperBound {
        return part(inputs[0], (range.lowerBound - low[0])..<(range.upperBound - low[0]))
      }
    default: break
    }
    return g.sliced(starts: [range.lowerBound], sizes: [range.count])
  }
}

/// Sums over all steps that are one operation after the loop: the sum of the products aᵀb is the product of all a, one below the other,
/// and all b.
private struct OuterSums {
  /// What the loop has to give of each step.
  private(set) var results: [Tensor] = []
  private let known: [(standIn: Tensor, input: Tensor)]
  private var products: [Int: [(a: Tensor, b: Tensor)]] = [:]
  private var columns: [Int: [(of: Tensor, axes: [Int])]] = [:]
  private var rest: [Int: [Tensor]] = [:]

  init(_ known: [(standIn: Tensor, input: Tensor)]) { self.known = known }

  /// Which of the results a value is.
  mutating func result(_ value: Tensor) -> Int {
    if let index = results.firstIndex(where: { $0.node === value.node }) { return index }
    results.append(value)
    return results.count - 1
  }

  private func input(_ value: Tensor) -> Tensor? { known.first { $0.standIn.node === value.node }?.input }

  /// Takes the products out of a sum.
  mutating func takeProducts(of sum: Tensor, for index: Int) {
    var waiting = [sum]
    while let term = waiting.popLast() {
      let inputs = term.node.inputs.map { Tensor($0) }
      switch term.node.operation {
      case .binary(.add) where inputs.allSatisfy({ $0.shape == term.shape }): waiting += inputs
      case .matrixProduct(transposeA: true, transposeB: false) where inputs.allSatisfy({ $0.rank == 2 }):
        for value in inputs where input(value) == nil { _ = result(value) }
        products[index, default: []].append((inputs[0], inputs[1]))
      default: rest[index, default: []].append(term)
      }
    }
  }

  /// Takes out what sums up a result over some axes; gives what is left to be added up in the loop.
  mutating func takeSums(for index: Int) -> Tensor? {
    var left: Tensor?
    for term in rest[index] ?? [] {
      if case .reduce(.sum, let axes) = term.node.operation, let value = term.node.inputs.first.map({ Tensor($0) }),
        results.contains(where: { $0.node === value.node })
      {
        columns[index, default: []].append((value, axes))
      } else {
        left = left.map { $0 + term } ?? term
      }
    }
    return left
  }

  /// What was taken out, for all steps.
  mutating func total(for index: Int, _ all: (Int) -> Tensor) -> Tensor? {
    func stacked(_ value: Tensor) -> Tensor { input(value) ?? all(results.firstIndex { $0.node === value.node }!) }
    var sum: Tensor?
    for (a, b) in products[index] ?? [] {
      let (x, y) = (stacked(a), stacked(b))
      let product = matmul(
        x.reshaped([x.shape[0] * x.shape[1], x.shape[2]]), y.reshaped([y.shape[0] * y.shape[1], y.shape[2]]), transposeA: true)
      sum = sum.map { $0 + product } ?? product
    }
    for (value, axes) in columns[index] ?? [] {
      let part = stacked(value).sum(axes: [0] + axes.map { $0 + 1 })
      sum = sum.map { $0 + part } ?? part
    }
    return sum
  }
}

/// ``LBFGS`` at work on the parameters of an ``OptimizerState``, whose slots hold what it remembers.
final class LBFGSSearch {
  private let settings: LBFGS
  private let state: OptimizerState
  /// The loss and its derivatives at the parameters' present values.
  private let evaluate: () -> [Tensor]
  /// What is known of a point.
  private var known: (position: [Double], value: Double, gradient: [Double])?
  /// The last step showed that nothing more is to be gained.
  private(set) var hasConverged = false

  init(_ settings: LBFGS, _ state: OptimizerState, evaluate: @escaping () -> [Tensor]) {
    self.settings = settings
    self.state = state
    self.evaluate = evaluate
  }

  /// One step.
  /// - Returns: the loss before it.
  /// - Throws: ``DescentError`` of kind `numerics` if a derivative is not finite and the optimizer is to stop then.
  func step() throws -> Double {
    let position = self.position
    if let known, known.position != position { hasConverged = false }
    let (value, gradient) = lossAndGradient(at: position)
    if try !state.isStep(from: gradient) { return value }
    if hasConverged || greatest(gradient) <= settings.toleranceGrad {
      hasConverged = true
      return value
    }

    remember(gradient)
    let direction = direction(gradient)
    let slope = dot(gradient, direction)
    if slope > -settings.toleranceChange {
      hasConverged = true
      return value
    }
    let rate = state.effectiveLearningRate
    let isFirst = state.iterations == 0
    let first = isFirst ? min(1, 1 / gradient.reduce(0) { $0 + abs($1) }) * rate : rate

    let end: StrongWolfe.Point
    func point(_ step: Double) -> StrongWolfe.Point {
      let place = zip(position, direction).map { $0 + step * $1 }
      let (value, gradient) = lossAndGradient(at: place)
      return StrongWolfe.Point(step: step, value: value, gradient: gradient, slope: dot(gradient, direction))
    }
    switch settings.lineSearch {
    case .none: end = point(first)
    case .strongWolfe:
      let origin = StrongWolfe.Point(step: 0, value: value, gradient: gradient, slope: slope)
      let search = StrongWolfe(
        evaluate: point, directionSize: greatest(direction), toleranceChange: settings.toleranceChange,
        maxEvaluations: settings.maxEvaluations)
      end = search.search(from: origin, first: first)
    }

    let place = zip(position, direction).map { $0 + end.step * $1 }
    write(place)
    // Read back, because a narrower dtype may have rounded.
    known = (self.position, end.value, end.gradient)
    store("direction", 0, direction)
    store("previousGradient", 0, gradient)
    setNumber("stepLength", end.step)
    state.countUpdate()
    let isSmall =
      greatest(end.gradient) <= settings.toleranceGrad || greatest(direction) * abs(end.step) <= settings.toleranceChange
      || abs(end.value - value) < settings.toleranceChange
    hasConverged = isSmall && gradient.allSatisfy(\.isFinite)
    return value
  }

  private func lossAndGradient(at position: [Double]) -> (value: Double, gradient: [Double]) {
    if let known, known.position == position { return (known.value, known.gradient) }
    write(position)
    let results = evaluate()
    let gradient = results.dropFirst().flatMap(\.doubles)
    let value = results[0].item()
    known = (position, value, gradient)
    return (value, gradient)
  }

  // MARK: - The inverse Hessian

  /// How many steps are remembered, and in which row the first of them: none where numbers that were read cannot be right.
  private var history: (count: Int, start: Int) {
    let count = number("historyCount"), start = number("historyStart"), size = Double(settings.historySize)
    guard count >= 0, count <= size, start >= 0, start < size else { return (0, 0) }
    return (Int(count), Int(start))
  }

  /// Takes up the last step and what it did to the gradient.
  private func remember(_ gradient: [Double]) {
    if state.iterations == 0 { return }
    var change = gradient
    add("previousGradient", 0, times: -1, to: &change)
    var step = [Double](repeating: 0, count: gradient.count)
    add("direction", 0, times: number("stepLength"), to: &step)
    let product = dot(change, step)
    if !(product > 1e-10) { return }
    let (count, start) = history
    let row = (start + count) % settings.historySize
    store("steps", row, step)
    store("changes", row, change)
    let isFull = count == settings.historySize
    setNumber("historyCount", Double(isFull ? count : count + 1))
    setNumber("historyStart", Double(isFull ? (start + 1) % settings.historySize : start))
    setNumber("scale", product / dot(change, change))
  }

  /// −H · g (Nocedal & Wright, 2006, algorithm 7.4).
  private func direction(_ gradient: [Double]) -> [Double] {
    let (count, start) = history
    let rows = (0..<count).map { (start + $0) % settings.historySize }
    let inverse = rows.map { 1 / dot("changes", "steps", $0) }
    var result = gradient.map { -$0 }
    var factors = [Double](repeating: 0, count: count)
    for index in rows.indices.reversed() {
      factors[index] = dot("steps", rows[index], result) * inverse[index]
      add("changes", rows[index], times: -factors[index], to: &result)
    }
    let scale = number("scale")
    for index in result.indices { result[index] *= scale }
    for index in rows.indices {
      let factor = dot("changes", rows[index], result) * inverse[index]
      add("steps", rows[index], times: factors[index] - factor, to: &result)
    }
    return result
  }

  // MARK: - Vectors over all parameters

  private var entries: [OptimizerState.Entry] { state.entries.filter(\.isTrained) }

  private var position: [Double] { entries.flatMap { $0.variable.value.doubles } }

  private func write(_ position: [Double]) {
    var start = 0
    for entry in entries {
      let values = Array(position[start..<start + entry.variable.count])
      entry.variable.assign(Tensor(shape: entry.variable.shape, scalars: values).cast(to: entry.variable.dtype))
      start += values.count
    }
  }

  private func number(_ name: String) -> Double { state.sharedNumber(name).value }
  private func setNumber(_ name: String, _ value: Double) { state.sharedNumber(name).value = value }

  /// The greatest absolute value; NaN if any is.
  private func greatest(_ a: [Double]) -> Double { a.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, abs($1)) } }

  private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  /// Calls `body` with each parameter's row of a slot and where it stands in a vector over all parameters.
  private func forEachRow(_ name: String, _ row: Int, _ body: (UnsafeMutableBufferPointer<Double>, Int) -> Void) {
    var start = 0
    for entry in entries {
      let count = entry.variable.count
      entry.slotVariables[name]!.withMutableBytes { bytes in
        let all = bytes.bindMemory(to: Double.self)
        body(UnsafeMutableBufferPointer(rebasing: all[row * count..<(row + 1) * count]), start)
      }
      start += count
    }
  }

  private func dot(_ name: String, _ row: Int, _ a: [Double]) -> Double {
    var sum = 0.0
    forEachRow(name, row) { values, start in for index in values.indices { sum += values[index] * a[start + index] } }
    return sum
  }

  private func dot(_ name: String, _ other: String, _ row: Int) -> Double {
    var vector = [Double](repeating: 0, count: entries.reduce(0) { $0 + $1.variable.count })
    add(other, row, times: 1, to: &vector)
    return dot(name, row, vector)
  }

  private func add(_ name: String, _ row: Int, times factor: Double, to a: inout [Double]) {
    forEachRow(name, row) { values, start in for index in values.indices { a[start + index] += factor * values[index] } }
  }

  private func store(_ name: String, _ row: Int, _ a: [Double]) {
    forEachRow(name, row) { values, start in for index in values.indices { values[index] = a[start + index] } }
  }
}

extension OptimizerState {
  /// A number that the first part's parameters share.
  func sharedNumber(_ name: String) -> HostNumber { parts[0].shared.first { $0.slot.name == name }!.number }

  /// Whether the host may make an update from these derivatives of the parameters that are trained, one after the other: not where some are
  /// not finite and steps are to be skipped then.
  /// - Throws: ``DescentError`` of kind `numerics` where training is to stop then.
  func isStep(from gradient: [Double]) throws -> Bool {
    if policy == .propagate { return true }
    var start = 0, bad: [String] = []
    for entry in entries where entry.isTrained {
      if !gradient[start..<start + entry.variable.count].allSatisfy(\.isFinite) { bad.append(entry.variable.path) }
      start += entry.variable.count
    }
    return try isStep(nonFinite: bad)
  }

  /// Counts an update that was made by the host.
  func countUpdate() {
    parts[0].iterations += 1
    parts[0].counters.allSteps += 1
  }
}

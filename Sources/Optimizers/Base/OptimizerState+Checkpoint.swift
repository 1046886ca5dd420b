extension OptimizerState {
  /// Everything that continues a run bit for bit, by name: counters, rates, and for each parameter, by its path, its slots.
  ///
  /// The parameters themselves are not in it; nor is the configuration, which ``OptimizerRegistry/configuration(of:)`` writes.
  ///
  /// Where processes keep parts of it each, rank 0 fetches the others', which it can in the callbacks' `onTrainBatchEnd` and `onEpochEnd`.
  public func checkpoint() -> [String: Tensor] {
    requireWhole("checkpoint")
    var result: [String: Tensor] = [:]
    for (name, read, _) in scalars() { result[name] = Tensor(read()) }
    for (name, variable) in namedVariables() { result[name] = Tensor(copying: variable) }
    for entry in entries where entry.average != nil && !entry.hasAverage {
      result[name(entry, "average")] = Tensor(copying: entry.variable)
    }
    for entry in entriesWithTrainingValues { result[name(entry, "training_value")] = trainingValue(of: entry) }
    return result
  }

  /// Takes up what ``checkpoint()`` returned.
  /// - Throws: ``DescentError`` listing everything that is missing, left over, or of another shape or dtype. Nothing is changed then.
  public func restore(_ checkpoint: [String: Tensor]) throws {
    let variables = namedVariables()
    let scalars = scalars(overrides: parts.indices.map { checkpoint[name($0, "learning_rate_override")] != nil })
    var faults: [String] = []
    var known: Set<String> = []
    for (name, variable) in variables {
      known.insert(name)
      check(checkpoint[name], name, variable.shape, variable.dtype, &faults)
    }
    for entry in entriesWithTrainingValues {
      let name = name(entry, "training_value")
      known.insert(name)
      check(checkpoint[name], name, entry.variable.shape, entry.variable.dtype, &faults)
    }
    for (name, _, _) in scalars {
      known.insert(name)
      check(checkpoint[name], name, [], .float64, &faults)
    }
    for name in checkpoint.keys.sorted() where !known.contains(name) { faults.append("\(name) is left over") }
    guard faults.isEmpty else {
      throw DescentError(
        .state, "the optimizer's state does not fit \(type(of: optimizer).className): \(faults.joined(separator: "; "))")
    }
    for (name, variable) in variables { variable.assign(checkpoint[name]!) }
    for part in parts {
      part.learningRate = part.options.learningRate
      part.isRateOverridden = false
    }
    for (name, _, write) in scalars { write(checkpoint[name]!.item()) }
    for entry in entries { entry.hasAverage = entry.average != nil && entry.part.averageCount > 0 }
    restoreTrainingValues(
      from: Dictionary(
        uniqueKeysWithValues: entriesWithTrainingValues.map { (ObjectIdentifier($0), checkpoint[name($0, "training_value")]!) }))
  }

  private func name(_ entry: Entry, _ slot: String) -> String { "parameters/\(entry.variable.path)/\(slot)" }

  private func check(_ given: Tensor?, _ name: String, _ shape: [Int], _ dtype: DType, _ faults: inout [String]) {
    guard let given else { return faults.append("\(name) is missing") }
    if given.shape != shape || given.dtype != dtype {
      faults.append("\(name) is \(given.dtype) \(given.shape), expected \(dtype) \(shape)")
    }
  }

  private func name(_ part: Int, _ key: String) -> String {
    parts.count == 1 ? "optimizer/\(key)" : "optimizer/\(part)/\(key)"
  }

  /// The numbers the host keeps, with how to read and write them. `overrides` says of which parts the rate was set although
  /// they have a schedule; by default of those it is so now.
  private func scalars(overrides: [Bool]? = nil) -> [(name: String, read: () -> Double, write: (Double) -> Void)] {
    var result: [(String, () -> Double, (Double) -> Void)] = []
    func add(_ name: String, _ read: @escaping () -> Double, _ write: @escaping (Double) -> Void) {
      result.append((name, read, write))
    }
    for (index, part) in parts.enumerated() {
      add(name(index, "iterations"), { Double(part.iterations) }, { part.iterations = OptimizerState.count($0) })
      add(name(index, "micro_step"), { Double(part.counters.microStep) }, { part.counters.microStep = OptimizerState.count($0) })
      add(name(index, "all_steps"), { Double(part.counters.allSteps) }, { part.counters.allSteps = OptimizerState.count($0) })
      if !part.options.learningRate.isSchedule {
        add(name(index, "learning_rate"), { part.plainRate }, { part.learningRate = .constant($0) })
      } else if overrides?[index] ?? part.isRateOverridden {
        add(name(index, "learning_rate_override"), { part.plainRate }) {
          part.learningRate = .constant($0)
          part.isRateOverridden = true
        }
      }
      for (slot, number) in part.shared {
        add(name(index, snakeCase(slot.name)), { number.value }, { number.value = $0 })
      }
    }
    add("optimizer/skipped_steps", { [self] in Double(skippedSteps) }, { [self] in skippedSteps = OptimizerState.count($0) })
    if let lossScale, lossScale.growthSteps != nil {
      add("optimizer/dynamic_scale", { lossScale.value }, { lossScale.restore(value: $0, counter: lossScale.counter) })
      add(
        "optimizer/step_counter", { Double(lossScale.counter) },
        { lossScale.restore(value: lossScale.value, counter: OptimizerState.count($0)) })
    }
    return result
  }

  /// A counter from a file: whatever the file says, it is one.
  static func count(_ value: Double) -> Int {
    value >= 0 && value < 0x1p53 ? Int(value) : 0
  }

  private func namedVariables() -> [(name: String, variable: Variable)] {
    entries.flatMap { entry -> [(name: String, variable: Variable)] in
      let slots = entry.slots.compactMap { slot in entry.slotVariables[slot.name].map { (snakeCase(slot.name), $0) } }
      let others = [("average", entry.average), ("gradient_accumulator", entry.accumulator)]
      return (slots + others.compactMap { name, variable in variable.map { (name, $0) } })
        .map { (name: name(entry, $0.0), variable: $0.1) }
    }
  }
}

extension Tensor {
  /// What a variable holds now, in memory of its own.
  init(copying variable: Variable) {
    self.init(shape: variable.shape, dtype: variable.dtype) { bytes in
      variable.withBytes { bytes.copyMemory(from: $0) }
    }
  }
}

/// One of an optimizer's own variables as Keras's files hold them: `optimizer/vars/0`, `1` …
struct KerasVariable {
  /// What it is: `iteration`, `learning_rate`, `dense/kernel/momentum`.
  let name: String
  let shape: [Int]
  /// The dtype Keras gives it.
  let dtype: DType
  /// Whether Keras makes it with the optimizer, before the parameters are known.
  var isHead = false
  let read: () -> Tensor
  /// Nil for what is worked out from the others.
  let write: ((Tensor) -> Void)?
  /// The parameter whose value to train on from it is.
  var trainingValueOf: OptimizerState.Entry?
}

extension OptimizerState {
  /// The state as Keras's files hold it (`optimizer/vars/0`, `1` …).
  ///
  /// The files say neither names nor paths, only positions, so that a file fits only an optimizer of the same kind and settings
  /// on the same parameters in the same order.
  ///
  /// As in Keras, an optimizer keeps nothing of parameters that are not trained: they are left out.
  public func kerasVariables() -> [Tensor] { kerasVariables { $0.isTrainable } }

  /// The same with the parameters that are trained as the caller sees it.
  package func kerasVariables(ofTrained trained: Set<ObjectIdentifier>) -> [Tensor] {
    kerasVariables { trained.contains(ObjectIdentifier($0.variable)) }
  }

  /// The same with what each is: `iteration`, `dense/kernel/momentum`.
  package func namedKerasVariables(ofTrained trained: Set<ObjectIdentifier>) -> [(name: String, tensor: Tensor)] {
    kerasLayout(of: entries.filter { trained.contains(ObjectIdentifier($0.variable)) }).map { ($0.name, $0.read()) }
  }

  private func kerasVariables(where isTrained: (Entry) -> Bool) -> [Tensor] {
    requireWhole("kerasVariables")
    return kerasLayout(of: entries.filter(isTrained)).map { $0.read() }
  }

  /// Takes up a state that Keras's files hold: of the parameters that are trained, or of all. One of an optimizer that has not made a
  /// step, which Keras writes without slots, is that of a new optimizer.
  /// - Throws: ``DescentError`` listing what does not fit. Nothing is changed then.
  public func restore(kerasVariables values: [Tensor]) throws {
    try restore(kerasVariables: values, of: entries.filter(\.isTrainable))
  }

  /// The same with the parameters that are trained as the caller sees it.
  package func restore(kerasVariables values: [Tensor], ofTrained trained: Set<ObjectIdentifier>) throws {
    try restore(kerasVariables: values, of: entries.filter { trained.contains(ObjectIdentifier($0.variable)) })
  }

  /// Takes up what Keras 2's whole-model files hold: each kind of slot as a list in the order of the parameters that are trained.
  /// - Parameters:
  ///   - slots: by the names that this optimizer's slots have in Keras 3's spelling (`velocity_hat`); of a number that all parameters
  ///     share, a list of one.
  ///   - iterations: how many steps were made.
  ///   - trained: the parameters that are trained, as the caller sees it.
  /// - Throws: ``DescentError`` listing what does not fit. Nothing is changed then.
  package func restore(kerasSlots slots: [String: [Tensor]], iterations: Tensor, ofTrained trained: Set<ObjectIdentifier>) throws {
    let chosen = entries.filter { trained.contains(ObjectIdentifier($0.variable)) }
    var used: [String: Int] = [:]
    var missing: [String] = []
    let values = kerasLayout(of: chosen).map { place -> Tensor in
      if place.isHead { return place.name == "iteration" ? iterations : place.read() }
      let slot = place.name.split(separator: "/").last.map(String.init) ?? place.name
      let number = used[slot, default: 0]
      used[slot] = number + 1
      if let list = slots[slot], number < list.count { return list[number] }
      // Numbers that all share are not in every file; they begin as at the start.
      if place.name.contains("/") && place.write != nil { missing.append(place.name) }
      return place.read()
    }
    let left = slots.filter { $0.value.count > used[$0.key, default: 0] }.keys.sorted()
    guard missing.isEmpty, left.isEmpty else {
      let faults = (missing.isEmpty ? [] : ["missing: \(missing.joined(separator: ", "))"]) + (left.isEmpty ? [] : ["left over: \(left.joined(separator: ", "))"])
      throw DescentError(
        .state, "the file's optimizer state does not fit \(type(of: optimizer).className): \(faults.joined(separator: "; "))")
    }
    try restore(kerasVariables: values, of: chosen)
  }

  private func restore(kerasVariables values: [Tensor], of trained: [Entry]) throws {
    var layout = kerasLayout(of: trained)
    var owners = trained
    // A layer may have been frozen after the optimizer was made.
    if trained.count < entries.count && values.count != layout.count {
      let whole = kerasLayout(of: entries)
      if values.count == whole.count { (layout, owners) = (whole, entries) }
    }
    let head = layout.filter(\.isHead)
    if values.count == head.count, values.count < layout.count, values.allSatisfy({ $0.count == 1 }), values[0].item() == 0 {
      layout = head
    }
    var faults: [String] = []
    if values.count != layout.count {
      faults.append(
        "there are \(values.count) variables, expected \(layout.count): \(layout.map(\.name).joined(separator: ", "))")
    }
    for (index, (value, place)) in zip(values, layout).enumerated()
    where value.shape != place.shape || value.dtype.isFloatingPoint != place.dtype.isFloatingPoint {
      faults.append("\(index) is \(value.dtype) \(value.shape), expected \(place.name), \(place.dtype) \(place.shape)")
    }
    guard faults.isEmpty else {
      throw DescentError(
        .state, "the file's optimizer state does not fit \(type(of: optimizer).className): \(faults.joined(separator: "; "))")
    }
    for (value, place) in zip(values, layout) { place.write?(value) }
    for entry in entries { entry.hasAverage = false }
    for entry in owners { entry.hasAverage = entry.average != nil && entry.part.averageCount > 0 }
    let trainingValues = zip(values, layout).compactMap { value, place in
      place.trainingValueOf.map { (ObjectIdentifier($0), value.cast(to: $0.variable.dtype)) }
    }
    restoreTrainingValues(from: Dictionary(uniqueKeysWithValues: trainingValues))
  }

  /// All variables of some parameters in Keras's order.
  private func kerasLayout(of chosen: [Entry]) -> [KerasVariable] {
    var result: [KerasVariable] = []
    if let lossScale, lossScale.growthSteps != nil {
      // Nothing depends on the wrapper's own counter and rate.
      result += [scalar("iteration", .int32, isHead: true, { 0 }), scalar("learning_rate", dtype(of: entries), isHead: true, { 0 })]
      result.append(
        scalar("step_counter", .int32, { Double(lossScale.counter) }) {
          lossScale.restore(value: lossScale.value, counter: OptimizerState.count($0))
        })
      result.append(
        scalar("dynamic_scale", .float32, { lossScale.value }) { lossScale.restore(value: $0, counter: lossScale.counter) })
    }
    if hasSeveralParts {
      result.append(scalar("iteration", .int32, isHead: true, { [self] in Double(parts.map(\.counters.allSteps).max() ?? 0) }))
      result.append(scalar("learning_rate", dtype(of: entries), isHead: true, { 0 }))
    }
    return result + parts.flatMap { part in kerasLayout(of: part, chosen.filter { $0.part === part }) }
  }

  private func dtype(of entries: [Entry]) -> DType { entries.first?.variable.dtype ?? .float32 }

  private func kerasLayout(of part: Part, _ entries: [Entry]) -> [KerasVariable] {
    // Keras counts every step, those that only accumulate among them.
    let iteration = scalar("iteration", .int32, isHead: true, { Double(part.counters.allSteps) }) { value in
      part.counters.allSteps = OptimizerState.count(value)
      part.iterations = part.counters.allSteps / part.accumulationSteps
      part.counters.microStep = part.counters.allSteps % part.accumulationSteps
    }
    var result = [iteration]
    // A time decay is the schedule InverseTimeDecay to Keras.
    if !part.learningRate.isSchedule && part.options.decay == 0 {
      let rate = scalar("learning_rate", dtype(of: entries), isHead: true, { part.plainRate }) {
        part.learningRate = .constant($0)
      }
      result.append(rate)
    }
    result += entries.compactMap { entry in
      // Of a parameter that has stood still so far, the average is the value.
      entry.average.map { stored("average", $0, entry, readAs: part.averageCount > 0 && !entry.hasAverage ? entry.variable : $0) }
    }
    result += entries.compactMap { entry in entry.accumulator.map { stored("gradient_accumulator", $0, entry) } }
    for group in Set(entries.flatMap { $0.slots.map(\.fileGroup) }).sorted() {
      for entry in entries {
        result += entry.slots.filter { $0.fileGroup == group }.map { kerasVariable($0, entry) }
      }
    }
    result += part.shared.map { slot, number in
      scalar(snakeCase(slot.name), dtype(of: entries), { number.value }) { number.value = $0 }
    }
    // The model's own weights in a file are those to judge it by.
    let twofold = Set(entriesWithTrainingValues.map(ObjectIdentifier.init))
    return result
      + entries.filter { twofold.contains(ObjectIdentifier($0)) }.map { entry in
        KerasVariable(
          name: "\(entry.variable.path)/training_value", shape: entry.variable.shape, dtype: entry.variable.dtype,
          read: { self.trainingValue(of: entry) }, write: nil, trainingValueOf: entry)
      }
  }

  private func kerasVariable(_ slot: Slot, _ entry: Entry) -> KerasVariable {
    let name = snakeCase(slot.name)
    guard let fileValue = slot.fileValue else { return stored(name, entry.slotVariables[slot.name]!, entry) }
    let dtype = slot.dtype ?? entry.variable.dtype
    return KerasVariable(
      name: "\(entry.variable.path)/\(name)", shape: slot.shape(for: entry.variable.shape), dtype: dtype,
      read: { fileValue(entry.slotValues).cast(to: dtype) }, write: nil)
  }

  private func stored(_ name: String, _ variable: Variable, _ entry: Entry, readAs read: Variable? = nil) -> KerasVariable {
    KerasVariable(
      name: "\(entry.variable.path)/\(name)", shape: variable.shape, dtype: variable.dtype,
      read: { Tensor(copying: read ?? variable) }, write: { variable.assign($0.cast(to: variable.dtype)) })
  }

  private func scalar(
    _ name: String, _ dtype: DType, isHead: Bool = false, _ read: @escaping () -> Double, _ write: ((Double) -> Void)? = nil
  ) -> KerasVariable {
    KerasVariable(
      name: name, shape: [], dtype: dtype, isHead: isHead, read: { Tensor(read()).cast(to: dtype) },
      write: write.map { write in { write($0.item()) } })
  }
}

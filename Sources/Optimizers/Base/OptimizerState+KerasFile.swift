extension OptimizerState {
  /// One of Keras's variables: how its value is made, and how one is taken up.
  private struct KerasVariable {
    let name: String
    let shape: [Int]
    let isInteger: Bool
    let read: () -> Tensor
    /// Nil for what Keras keeps and this optimizer works out.
    let write: ((Tensor) -> Void)?
  }

  /// The state as Keras's files hold it (`optimizer/vars/0`, `1`, …): the number of steps, the learning rate unless it is a
  /// schedule, averages, accumulated gradients, and the slots, group by group.
  /// - Throws: ``DescentError`` if Keras has no such optimizer.
  package func kerasVariables() throws -> [Tensor] { try layout().map { $0.read() } }

  /// Takes up a state that Keras's files hold. One of an optimizer that has not made a step, which Keras writes without slots, is
  /// that of a new optimizer.
  /// - Throws: ``DescentError`` telling what does not fit. Nothing is changed then.
  package func restore(kerasVariables variables: [Tensor]) throws {
    var layout = try layout()
    let headCount = try headCount()
    let isUnused = variables.count == headCount && layout.count > headCount && variables[0].count == 1 && variables[0].item() == 0
    if isUnused { layout.removeLast(layout.count - headCount) }
    guard variables.count == layout.count else {
      throw DescentError(
        .state,
        "the file holds \(variables.count) variables of the optimizer; \(type(of: optimizer).className) has \(layout.count): \(layout.map(\.name).joined(separator: ", "))"
      )
    }
    var faults: [String] = []
    for (index, (variable, place)) in zip(variables, layout).enumerated() {
      let isOfKind = place.isInteger ? variable.dtype == .int32 : variable.dtype.isFloatingPoint
      if variable.shape != place.shape || !isOfKind {
        faults.append("\(index) (\(place.name)) is \(variable.dtype) \(variable.shape), expected \(place.shape)")
      }
    }
    guard faults.isEmpty else {
      throw DescentError(.state, "the optimizer's variables do not fit: \(faults.joined(separator: "; "))")
    }
    for (variable, place) in zip(variables, layout) { place.write?(variable) }
  }

  /// How many variables come before those that belong to parameters.
  private func headCount() throws -> Int { try lossScaleVariables().count + head(onlyPart).count }

  private var onlyPart: Part {
    get throws {
      guard parts.count == 1 else {
        throw DescentError(.state, "Keras's files cannot hold the state of a \(type(of: optimizer).className) yet")
      }
      return parts[0]
    }
  }

  private func layout() throws -> [KerasVariable] {
    let part = try onlyPart
    return lossScaleVariables() + head(part) + entries.compactMap { variable($0.average, "average", of: $0) }
      + entries.compactMap { variable($0.accumulator, "gradient_accumulator", of: $0) } + slots() + shared(part)
  }

  /// The counter and the rate.
  private func head(_ part: Part) -> [KerasVariable] {
    let every = part.accumulationSteps
    // Keras counts every step, also those that only accumulate.
    let iteration = integer("iteration", { part.iterations * every + part.microStep }) { count in
      part.iterations = count / every
      part.microStep = count % every
      part.allSteps = count
    }
    if part.options.learningRate.isSchedule || part.options.decay > 0 { return [iteration] }
    let dtype = part.entries.first?.variable.dtype ?? .float32
    return [iteration, number("learning_rate", dtype, { part.plainRate }) { part.learningRate = .constant($0) }]
  }

  private func lossScaleVariables() -> [KerasVariable] {
    guard let lossScale, lossScale.growthSteps != nil, let part = parts.first else { return [] }
    // The wrapper has a counter and a rate too, which nothing depends on.
    return [
      integer("iteration", { part.iterations + self.skippedSteps }) { _ in }, number("learning_rate", .float32, { 0 }) { _ in },
      integer("step_counter", { lossScale.counter }) { lossScale.restore(value: lossScale.value, counter: $0) },
      number("dynamic_scale", .float32, { lossScale.value }) { lossScale.restore(value: $0, counter: lossScale.counter) },
    ]
  }

  private func slots() -> [KerasVariable] {
    var groups: [Int: [KerasVariable]] = [:]
    for entry in entries {
      for slot in entry.slots {
        let found: KerasVariable?
        if let fileValue = slot.fileValue {
          let shape = slot.shape(for: entry.variable.shape)
          found = KerasVariable(
            name: "\(entry.variable.path) \(snakeCase(slot.name))", shape: shape, isInteger: false,
            read: { fileValue(entry.slotValues) }, write: nil)
        } else {
          found = variable(entry.slotVariables[slot.name], snakeCase(slot.name), of: entry)
        }
        if let found { groups[slot.fileGroup, default: []].append(found) }
      }
    }
    return groups.sorted { $0.key < $1.key }.flatMap(\.value)
  }

  private func shared(_ part: Part) -> [KerasVariable] {
    let dtype = part.entries.first?.variable.dtype ?? .float32
    return part.shared.map { slot, host in number(snakeCase(slot.name), dtype, { host.value }) { host.value = $0 } }
  }

  private func variable(_ variable: Variable?, _ name: String, of entry: Entry) -> KerasVariable? {
    guard let variable else { return nil }
    return KerasVariable(
      name: "\(entry.variable.path) \(name)", shape: variable.shape, isInteger: false, read: { variable.value },
      write: { variable.assign($0.dtype == variable.dtype ? $0 : $0.cast(to: variable.dtype)) })
  }

  private func integer(_ name: String, _ read: @escaping () -> Int, _ write: @escaping (Int) -> Void) -> KerasVariable {
    KerasVariable(
      name: name, shape: [], isInteger: true, read: { Tensor(Int32(clamping: read())) }, write: { write(max(0, Int($0.item()))) })
  }

  private func number(
    _ name: String, _ dtype: DType, _ read: @escaping () -> Double, _ write: @escaping (Double) -> Void
  ) -> KerasVariable {
    KerasVariable(
      name: name, shape: [], isInteger: false, read: { Tensor(repeating: read(), dtype: dtype) }, write: { write($0.item()) })
  }
}

/// One of an optimizer's own variables as Keras's files hold them: `optimizer/vars/0`, `1` …
public struct KerasVariable {
  /// What it is: `iteration`, `learning_rate`, `dense/kernel/momentum`.
  public let name: String
  public let shape: [Int]
  /// The dtype Keras gives it.
  public let dtype: DType
  let read: () -> Tensor
  /// Nil for what is worked out from the others.
  let write: ((Tensor) -> Void)?

  /// The present value.
  public var value: Tensor { read() }
}

extension OptimizerState {
  /// The optimizer's own variables in the order in which Keras saves them.
  ///
  /// Keras's files say neither names nor paths, only positions, so that a file fits only an optimizer of the same kind and
  /// settings on the same parameters in the same order.
  public var kerasVariables: [KerasVariable] {
    var result: [KerasVariable] = []
    if let lossScale, lossScale.growthSteps != nil {
      // The wrapper's own counter and rate are not used.
      result += [constant("iteration", .int32, 0), constant("learning_rate", .float32, 0)]
      result.append(
        scalar("step_counter", .int32, { Double(lossScale.counter) }) {
          lossScale.restore(value: lossScale.value, counter: OptimizerState.count($0))
        })
      result.append(
        scalar("dynamic_scale", .float32, { lossScale.value }) { lossScale.restore(value: $0, counter: lossScale.counter) })
    }
    if parts.count > 1 || optimizer is MultiOptimizer {
      result += [steps(of: parts[0], canWrite: false), constant("learning_rate", .float32, 0)]
    }
    for part in parts { result += kerasVariables(of: part) }
    return result
  }

  private func kerasVariables(of part: Part) -> [KerasVariable] {
    let dtype = part.entries.first?.variable.dtype ?? .float32
    var result = [steps(of: part, canWrite: true)]
    if !part.options.learningRate.isSchedule {
      result.append(scalar("learning_rate", .float32, { part.plainRate }) { part.learningRate = .constant($0) })
    }
    result += part.entries.compactMap { entry in entry.average.map { stored("average", $0, entry) } }
    result += part.entries.compactMap { entry in entry.accumulator.map { stored("gradient_accumulator", $0, entry) } }
    let groups = Set(part.entries.flatMap { $0.slots.map(\.fileGroup) }).sorted()
    for group in groups {
      for entry in part.entries {
        for slot in entry.slots where slot.fileGroup == group {
          if let variable = entry.slotVariables[slot.name] {
            result.append(stored(snakeCase(slot.name), variable, entry))
          } else if let fileValue = slot.fileValue {
            let dtype = slot.dtype ?? entry.variable.dtype
            result.append(
              KerasVariable(
                name: "\(entry.variable.path)/\(snakeCase(slot.name))", shape: slot.shape(for: entry.variable.shape), dtype: dtype,
                read: { fileValue(entry.slotValues).cast(to: dtype) }, write: nil))
          }
        }
      }
    }
    for (slot, number) in part.shared {
      result.append(scalar(snakeCase(slot.name), dtype, { number.value }) { number.value = $0 })
    }
    return result
  }

  private func stored(_ name: String, _ variable: Variable, _ entry: Entry) -> KerasVariable {
    KerasVariable(
      name: "\(entry.variable.path)/\(name)", shape: variable.shape, dtype: variable.dtype,
      read: { Tensor(copying: variable) }, write: { variable.assign($0) })
  }

  private func scalar(
    _ name: String, _ dtype: DType, _ read: @escaping () -> Double, _ write: ((Double) -> Void)?
  ) -> KerasVariable {
    KerasVariable(
      name: name, shape: [], dtype: dtype, read: { Tensor(read()).cast(to: dtype) },
      write: write.map { write in { write($0.item()) } })
  }

  private func constant(_ name: String, _ dtype: DType, _ value: Double) -> KerasVariable { scalar(name, dtype, { value }, nil) }

  /// Keras counts every step, those that only accumulate among them.
  private func steps(of part: Part, canWrite: Bool) -> KerasVariable {
    let write: (Double) -> Void = { value in
      part.allSteps = OptimizerState.count(value)
      part.iterations = part.allSteps / part.accumulationSteps
      part.microStep = part.allSteps % part.accumulationSteps
    }
    return scalar("iteration", .int32, { Double(part.allSteps) }, canWrite ? write : nil)
  }

  /// Takes up the variables of a Keras file.
  /// - Parameter values: `optimizer/vars/0`, `1` …, of any numeric dtype.
  /// - Throws: ``DescentError`` listing what does not fit. Nothing is changed then.
  public func setKerasVariables(_ values: [Tensor]) throws {
    let variables = kerasVariables
    var faults: [String] = []
    if values.count != variables.count {
      faults.append("there are \(values.count) variables, expected \(variables.count)")
    }
    for (index, (value, variable)) in zip(values, variables).enumerated() where value.shape != variable.shape {
      faults.append("\(index) is \(value.shape), expected \(variable.name) \(variable.shape)")
    }
    guard faults.isEmpty else {
      throw DescentError(
        .state, "the file's optimizer state does not fit \(type(of: optimizer).className): \(faults.joined(separator: "; "))")
    }
    for (value, variable) in zip(values, variables) {
      guard let write = variable.write else { continue }
      // A counter or a rate is read as it stands; it may be finer than its dtype here.
      write(variable.shape.isEmpty && variable.dtype == .float32 ? value : value.cast(to: variable.dtype))
    }
  }
}

/// A parameter that holds the value to judge it by, which is not the one that training goes on from.
struct JudgedParameter {
  let entry: OptimizerState.Entry
  /// Where training goes on.
  let training: Tensor
  /// What the parameter holds if nobody has changed it meanwhile.
  let judged: [Tensor]

  /// Whether somebody has put other weights in its place.
  var isReplaced: Bool {
    !entry.variable.holds(training) && !judged.contains { entry.variable.holds($0) }
  }
}

/// The values to judge parameters by, as one compiled function.
struct EvaluationValues {
  let entries: [OptimizerState.Entry]
  let function: CompiledFunction

  /// - Parameter entries: those that are judged by another value than the one they train.
  init(_ entries: [OptimizerState.Entry]) {
    self.entries = entries
    function = compile { (_: [Tensor]) in
      entries.map { $0.part.optimizer.evaluationValue(of: $0.variable.value, slots: $0.slotValues) ?? $0.variable.value }
    }
  }
}

// Some optimizers train other weights than those a model is to be judged by: they take gradients at y and are to be judged at an
// average x. A model holds the weights to judge by whenever anybody looks, and those to train only while it takes steps: beginStep()
// calls restoreTrainingValues(), and whatever shows weights calls useEvaluationValues(). So predictions, scores, files and weights
// given by hand all mean the same, and weights that somebody has replaced meanwhile are noticed.
extension OptimizerState {
  /// Whether evaluation takes other values than training; see ``Optimizer/evaluationValue(of:slots:)``.
  public var hasEvaluationValues: Bool { !evaluationValues.entries.isEmpty }

  private var evaluationValues: EvaluationValues {
    if let evaluation { return evaluation }
    let made = EvaluationValues(
      entries.filter { $0.part.optimizer.evaluationValue(of: $0.variable.value, slots: $0.slotValues) != nil })
    evaluation = made
    return made
  }

  /// The parameters that files have to hold twice: as they are judged, and as they are trained.
  var entriesWithTrainingValues: [Entry] { evaluationValues.entries }

  /// Puts the values to evaluate with in the place of the parameters, until ``restoreTrainingValues()`` or the next step. Does nothing
  /// for optimizers that evaluate what they train.
  public func useEvaluationValues() {
    if judged != nil || !hasEvaluationValues { return }
    requireWhole("useEvaluationValues")
    judged = zip(evaluationValues.entries, evaluationValues.function.call([])).compactMap { entry, value in
      if entry.part.iterations == 0 { return nil }
      let training = Tensor(copying: entry.variable)
      entry.variable.assign(value)
      return JudgedParameter(entry: entry, training: training, judged: [value])
    }
  }

  /// Undoes ``useEvaluationValues()``. A parameter that was changed since keeps its new value, and its average begins anew with it.
  public func restoreTrainingValues() {
    guard let judged else { return }
    self.judged = nil
    for parameter in judged {
      if parameter.isReplaced {
        restart(parameter.entry)
      } else {
        parameter.entry.variable.assign(parameter.training)
      }
    }
  }

  /// Says that the parameters may hold other weights than before, all or some of them: what started from a parameter's value (an average,
  /// slow weights) starts again from the present one. Slots that know of gradients only stay.
  /// - Parameter byAverages: whether the new weights are their averages, of optimizers that judge by others.
  package func weightsWereReplaced(byAverages: Bool = false) {
    if byAverages && !hasEvaluationValues { return }
    guard hasEvaluationValues else {
      entries.forEach(restart)
      return parts.forEach(restartNumbers)
    }
    let before = judged ?? []
    for parameter in before where parameter.isReplaced { restart(parameter.entry) }
    let kept = before.filter { !$0.isReplaced }
    judged = kept
    let known = Set(before.map { ObjectIdentifier($0.entry) })
    for entry in entries where !known.contains(ObjectIdentifier(entry)) { restart(entry) }
    let old = Set(kept.map { ObjectIdentifier($0.entry) })
    for part in parts where part.entries.allSatisfy({ !old.contains(ObjectIdentifier($0)) }) { restartNumbers(part) }
  }

  private func restart(_ entry: Entry) {
    for slot in entry.slots {
      guard let variable = entry.slotVariables[slot.name] else { continue }
      if slot.start == .parameter { variable.assign(entry.variable.value) }
      if slot.restartsWithWeights { variable.assign(Tensor.zeros(variable.shape, dtype: variable.dtype)) }
    }
  }

  private func restartNumbers(_ part: Part) {
    for (slot, number) in part.shared where slot.restartsWithWeights {
      if case .number(let start) = slot.start { number.value = start }
    }
  }

  /// The value that training goes on from.
  func trainingValue(of entry: Entry) -> Tensor {
    judged?.first { $0.entry === entry }?.training ?? Tensor(copying: entry.variable)
  }

  /// Takes up the values that training goes on from. What the parameters hold now is taken for the values to judge by: a file has both.
  func restoreTrainingValues(from values: [ObjectIdentifier: Tensor]) {
    judged = nil
    let present = evaluationValues.entries.map { Tensor(copying: $0.variable) }
    for entry in evaluationValues.entries { entry.variable.assign(values[ObjectIdentifier(entry)] ?? entry.variable.value) }
    let computed = evaluationValues.function.call([])
    judged = evaluationValues.entries.indices.compactMap { index in
      let entry = evaluationValues.entries[index]
      let training = Tensor(copying: entry.variable)
      entry.variable.assign(present[index])
      if entry.part.iterations == 0 { return nil }
      return JudgedParameter(entry: entry, training: training, judged: [present[index], computed[index]])
    }
  }
}

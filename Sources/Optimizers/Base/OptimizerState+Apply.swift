extension OptimizerState {
  /// The loss, multiplied by the loss scale if there is one. Gradients given to ``apply(gradients:phase:)`` are those of this.
  package func scaled(loss: Tensor) -> Tensor {
    lossScale.map { loss * $0.number } ?? loss
  }

  /// The parameters that gradients are expected for, in order.
  package var trainableVariables: [Variable] { entries.filter(\.isTrainable).map(\.variable) }

  /// One step, within a trace. This is the one place where the order of operations is written; see ``OptimizerOptions``.
  /// - Parameters:
  ///   - gradients: of ``scaled(loss:)``, one for each of ``trainableVariables``; nil for those that other processes own.
  ///   - phase: what ``beginStep()`` said.
  ///   - numbers: what each part's formulas read of the step; nil for those of the first in a run.
  /// - Returns: whether the step is one, where the optimizer looks: if not, it changes nothing, and whoever traces it leaves alone what
  ///   else the step would change. Nil where nobody looks.
  @discardableResult
  package func apply(gradients: [Tensor?], phase: StepPhase, numbers: [StepNumbers]? = nil) -> Tensor? {
    let trainable = entries.indices.filter { entries[$0].isTrainable }
    guard gradients.count == trainable.count else {
      programmingError("apply: \(gradients.count) gradients were given for \(trainable.count) trainable parameters")
    }
    let trained = trainable.filter { entries[$0].isTrained }
    var work = zip(trainable, gradients).filter { entries[$0.0].isTrained }.compactMap { index, gradient in
      gradient.map { Work(index: index, entry: entries[index], gradient: $0, origin: GradientOrigin(entries[index].variable, gradient: $0)) }
    }
    for item in work where item.gradient.shape != item.entry.variable.shape || item.gradient.dtype != item.entry.variable.dtype {
      let (g, variable) = (item.gradient, item.entry.variable)
      programmingError(
        "apply: the gradient of \(variable.path) is \(g.dtype) \(g.shape), expected \(variable.dtype) \(variable.shape)")
    }
    for index in work.indices {
      guard let touched = TouchedRows(of: work[index].entry, gradient: work[index].gradient) else { continue }
      work[index].touched = touched
      work[index].gradient = touched.gradient
    }

    if let lossScale {
      let inverse = 1 / lossScale.number
      for index in work.indices { work[index].gradient *= inverse }
    }
    for part in parts {
      let mine = work.indices.filter { work[$0].entry.part === part }
      let moved = GradientOrigin.moved(mine.map { work[$0].origin.with(work[$0].gradient) }, by: part.optimizer)
      for (index, origin) in zip(mine, moved) {
        work[index].origin = origin
        work[index].gradient = origin.gradient
      }
    }
    let isFinite = nonFiniteCounts.map { counts in withTerms(of: trained) { countNonFinite(work, of: trained, in: counts) } }

    var changed: [Int] = []
    for ((part, numbers), digit) in zip(zip(parts, numbers ?? parts.map(\.numbers)), phases(of: phase)) {
      let all = trained.filter { entries[$0].part === part }
      if all.isEmpty { continue }
      let mine = work.filter { $0.entry.part === part }
      if digit == 0 || digit == part.phaseCount - 1 {
        accumulate(mine, part, numbers, overwrites: digit != 0, isFinite)
      } else {
        withTerms(of: all) { update(mine, part, numbers, variant: (digit - 1) / 2, overwrites: (digit - 1) % 2 == 1, isFinite) }
        // What a parameter has added up that took no part in the end of the group would go into the next one.
        for entry in part.entries where !entry.isTrained && ownership?.isOwn(entry) != false {
          if let accumulator = entry.accumulator { clear(accumulator, unless: isFinite) }
        }
      }
      if digit != 0 || (part.options.countsMicroSteps && constraint != nil) { changed += all }
    }
    takeOthersValues(of: changed)
    return isFinite
  }

  /// Runs `body`, in which sums over all parameters have a term for each of those entries.
  private func withTerms<Result>(of places: [Int], _ body: () -> Result) -> Result {
    guard let ownership, let step = GroupStep.current else { return body() }
    return ModelWideTerms.$current.withValue(
      .owned(step: step, owners: places.map { ownership.owner(of: entries[$0]) }), operation: body)
  }

  /// Parameters that other processes own take the values that their owners have given them in the step.
  private func takeOthersValues(of places: [Int]) {
    guard let ownership, let step = GroupStep.current, !places.isEmpty else { return }
    let variables = places.map { entries[$0].variable }, owners = places.map { ownership.owner(of: entries[$0]) }
    let values = step.gathered(
      zip(variables, owners).map { $1 == step.group.rank ? $0.value : nil }, like: variables.map { ($0.shape, $0.dtype) }, owners: owners)
    for (variable, (value, owner)) in zip(variables, zip(values, owners)) where owner != step.group.rank { variable.assign(value) }
  }

  private func clear(_ accumulator: Variable, unless isFinite: Tensor?) {
    assign(accumulator, Tensor.zeros(accumulator.shape, dtype: accumulator.dtype), unless: isFinite)
  }

  /// A parameter and its gradient on the way through a step.
  private struct Work {
    let index: Int
    let entry: Entry
    /// Of the whole parameter, or of the rows that are touched.
    var gradient: Tensor
    var origin: GradientOrigin
    /// Nil if all rows take part in the step.
    var touched: TouchedRows?
  }

  /// Counts, for each parameter, the elements of its gradient that are not finite. The result is true if there are none.
  private func countNonFinite(_ work: [Work], of trained: [Int], in counts: Variable) -> Tensor {
    var all = [Tensor](repeating: Tensor.zeros([], dtype: .float64), count: entries.count)
    let own = work.map { select(isFinite($0.gradient), Tensor.zeros([], dtype: $0.gradient.dtype), 1).sum().cast(to: .float64) }
    for (index, count) in zip(trained, ModelWideTerms.current.all(of: own)) { all[index] = count }
    let vector = stack(all)
    counts.assign(vector)
    return vector.sum() .== 0
  }

  /// Assigns a new value, unless the step is to change nothing.
  private func assign(_ variable: Variable, _ value: Tensor, unless isFinite: Tensor?) {
    variable.assign(isFinite.map { select($0, value, variable.value) } ?? value)
  }

  private func accumulate(_ work: [Work], _ part: Part, _ numbers: StepNumbers, overwrites: Bool, _ isFinite: Tensor?) {
    for item in work {
      let accumulator = item.entry.accumulator!
      assign(accumulator, accumulator.value + item.gradient, unless: isFinite)
      if part.options.countsMicroSteps, let average = item.entry.average {
        let mean = averaged(average, item.entry.variable.value, numbers)
        assign(average, mean, unless: isFinite)
        if overwrites { assign(item.entry.variable, mean, unless: isFinite) }
      }
      if part.options.countsMicroSteps, let constraint {
        let variable = item.entry.variable, value = variable.value, constrained = constraint(variable, value)
        if constrained.node !== value.node { assign(variable, constrained, unless: isFinite) }
      }
    }
  }

  private func update(_ given: [Work], _ part: Part, _ numbers: StepNumbers, variant: Int, overwrites: Bool, _ isFinite: Tensor?) {
    var work = given
    let options = part.options
    let step = Step(learningRate: numbers.rate.number, number: numbers.number.number, variant: variant)

    if part.accumulationSteps > 1 {
      for index in work.indices {
        let accumulator = work[index].entry.accumulator!
        let sum = work[index].gradient + accumulator.value
        clear(accumulator, unless: isFinite)
        work[index].gradient = sum / Double(part.accumulationSteps)
      }
    }

    let clipped = clip(work.map(\.gradient), part)
    for index in work.indices { work[index].gradient = clipped[index] }

    let old = work.map { $0.entry.values(at: $0.touched) }
    var parameters = zip(work, old).map { item, old in
      var w = old.value
      var g = item.gradient
      if !part.optimizer.decaysWeightsItself { decay(&w, &g, item.entry, options, step) }
      return ParameterUpdate(
        parameter: item.entry.description, value: w, gradient: g, slots: old.slots,
        rateMultiplier: item.entry.rateMultiplier, weightDecay: item.entry.weightDecay, origin: item.origin)
    }

    var shared = Slots(
      owner: type(of: part.optimizer).className,
      values: Dictionary(uniqueKeysWithValues: part.shared.map { ($0.slot.name, $0.number.number) }))
    let before = shared
    part.optimizer.update(&parameters, shared: &shared, step: step)

    for (slot, number) in part.shared where shared[slot.name].node !== before[slot.name].node {
      let value = shared[slot.name]
      number.variable.assign(isFinite.map { select($0, value, before[slot.name]) } ?? value)
    }
    for (index, result) in parameters.enumerated() {
      store(result, of: work[index], before: old[index].slots, numbers, overwrites, isFinite)
    }
  }

  private func decay(_ w: inout Tensor, _ g: inout Tensor, _ entry: Entry, _ options: OptimizerOptions, _ step: Step) {
    let strength = entry.weightDecay
    if strength == 0 { return }
    switch options.weightDecayMode {
    case .decoupled: w -= strength * entry.rateMultiplier * step.learningRate * w
    case .independent: w -= strength * w
    case .l2: g += strength * w
    }
  }

  private func store(_ result: ParameterUpdate, of item: Work, before: Slots, _ numbers: StepNumbers, _ overwrites: Bool, _ isFinite: Tensor?) {
    let entry = item.entry
    // A step that is to change nothing names no row.
    let rows = item.touched.map { touched in
      isFinite.map { select($0, touched.indices, Tensor(repeating: -1, dtype: .int32)) } ?? touched.indices
    }
    for name in entry.slots.map(\.name) {
      guard let variable = entry.slotVariables[name] else { continue }
      let value = result.slots[name]
      if value.node === before[name].node { continue }
      if let rows, entry.isByRow(name) {
        variable.assignRows(at: rows, value)
      } else {
        assign(variable, value, unless: isFinite)
      }
    }
    let updated = rows.map { entry.variable.value.replacingRows(at: $0, with: result.value) } ?? result.value
    var w = updated
    if let average = entry.average {
      let mean = averaged(average, w, numbers)
      assign(average, mean, unless: isFinite)
      if overwrites { w = mean }
    }
    if let constraint { w = constraint(entry.variable, w) }
    if rows != nil, w.node === updated.node {
      entry.variable.assign(w)
    } else {
      assign(entry.variable, w, unless: isFinite)
    }
  }

  /// At the first update the momentum is 0, so that the average begins with the weights.
  private func averaged(_ average: Variable, _ w: Tensor, _ numbers: StepNumbers) -> Tensor {
    let momentum = numbers.averageMomentum.number
    return momentum * average.value + (1 - momentum) * w
  }

  // MARK: - Clipping

  private func clip(_ gradients: [Tensor], _ part: Part) -> [Tensor] {
    let options = part.options
    func isOn(_ limit: Double?) -> Double? { limit.flatMap { $0 > 0 ? $0 : nil } }
    var result = gradients
    if let limit = isOn(options.globalClipnorm) ?? (options.clipnormScope == .global ? isOn(options.clipnorm) : nil) {
      result = clipByGlobalNorm(result, limit, part)
    } else if let limit = isOn(options.clipnorm) {
      result = result.map { clipByNorm($0, limit) }
    }
    if let limit = isOn(options.clipvalue) {
      result = result.map { TensorCore.clip($0, Tensor(number: -limit), Tensor(number: limit)) }
    }
    return result
  }

  private func clipByNorm(_ g: Tensor, _ limit: Double) -> Tensor {
    g * (limit / maximum(sqrt((g * g).sum()), Tensor(number: limit)))
  }

  private func clipByGlobalNorm(_ gradients: [Tensor], _ limit: Double, _ part: Part) -> [Tensor] {
    let norm = sqrt(modelWideSum(gradients.map { ($0 * $0).sum() }))
    part.gradientNorm.variable.assign(norm)
    // An infinite norm would make finite gradients zero and so hide that something is wrong.
    let scale = select(isFinite(norm), limit / maximum(norm, Tensor(number: limit)), Tensor(Double.nan))
    return gradients.map { $0 * scale.cast(to: $0.dtype) }
  }
}

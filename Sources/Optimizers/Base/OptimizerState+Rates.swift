extension OptimizerState {
  /// Updates done; of a ``MultiOptimizer``, the most that one of its optimizers has done.
  public var iterations: Int { parts.reduce(0) { Swift.max($0, $1.iterations) } }

  /// The learning rate: the number that is set, or the schedule's at the next update. Setting it replaces either.
  ///
  /// Time decay (``OptimizerOptions/decay``) is applied on top; see ``effectiveLearningRate``. Of a ``MultiOptimizer`` it is the
  /// default optimizer's rate; see ``learningRates``.
  public var learningRate: Double {
    get { parts[parts.count - 1].plainRate }
    set { set(newValue, of: parts[parts.count - 1]) }
  }

  /// The rate of the next update, time decay included.
  public var effectiveLearningRate: Double { parts[parts.count - 1].nextRate }

  /// The learning rates of a ``MultiOptimizer``'s optimizers, the default's last. One rate of any other optimizer.
  public var learningRates: [Double] {
    get { parts.map(\.plainRate) }
    set {
      guard newValue.count == parts.count else {
        programmingError("learningRates: \(newValue.count) rates were given for \(parts.count) optimizers")
      }
      for (part, rate) in zip(parts, newValue) { set(rate, of: part) }
    }
  }

  /// Sets the default optimizer's rate, and those of a ``MultiOptimizer``'s others in the ratio to it that they have; where it is 0 at present,
  /// the ratio they were given. Others that go by a schedule go on by it.
  /// - Returns: false, with nothing changed, if there is no ratio to a rate of 0.
  package func setLearningRates(inRatioTo rate: Double) -> Bool {
    let last = parts[parts.count - 1], others = parts.dropLast().filter { !$0.learningRate.isSchedule }
    if !last.learningRate.isSchedule && last.plainRate == rate { return true }
    var rates = (others + [last]).map(\.plainRate)
    if last.plainRate == 0 { rates = (others + [last]).map { $0.options.learningRate(step: $0.averageCount) } }
    let present = rates.removeLast()
    if present == 0 && !others.isEmpty { return false }
    for (part, own) in zip(others, rates) { set(own * (rate / present), of: part) }
    set(rate, of: last)
    return true
  }

  private func set(_ rate: Double, of part: Part) {
    if part.options.learningRate.isSchedule { part.isRateOverridden = true }
    part.learningRate = .constant(rate)
  }

  /// The optimizer with the learning rates that are set now, where those are numbers.
  package var presentOptimizer: any Optimizer {
    func present(_ optimizer: any Optimizer, _ part: Part) -> any Optimizer {
      guard case .constant(let rate) = part.learningRate else { return optimizer }
      var result = optimizer
      result.options.learningRate = .constant(rate)
      return result
    }
    func present(_ multi: MultiOptimizer) -> MultiOptimizer {
      var result = multi
      for index in result.rules.indices { result.rules[index].optimizer = present(result.rules[index].optimizer, parts[index]) }
      result.defaultOptimizer = present(result.defaultOptimizer, parts[parts.count - 1])
      return result
    }
    if let multi = optimizer as? MultiOptimizer { return present(multi) }
    if var wrapper = optimizer as? LossScaleOptimizer, let multi = wrapper.innerOptimizer as? MultiOptimizer {
      wrapper.innerOptimizer = present(multi)
      return wrapper
    }
    return present(optimizer, parts[0])
  }

  /// What the loss is multiplied by before its gradients are taken; 1 if nothing.
  public var currentLossScale: Double { lossScale?.value ?? 1 }

  /// The norm of all gradients at the last update, before clipping. Known where the optimizer clips by the norm of all.
  public var gradientNorm: Double? {
    let norm = parts[parts.count - 1].gradientNorm.value
    return norm.isNaN ? nil : norm
  }

  /// The paths of the parameters whose weights decay.
  public var decayedParameters: [String] { entries.filter { $0.weightDecay > 0 }.map(\.variable.path) }

  /// Bytes of memory that the state takes.
  public var byteCount: Int {
    entries.reduce(0) { sum, entry in
      let variables = Array(entry.slotVariables.values) + [entry.average, entry.accumulator].compactMap { $0 }
      return sum + variables.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
    }
  }
}

/// Who of a group of processes keeps what is remembered of each parameter, and updates it.
///
/// The sums of gradients go to the owners, and the new values from the owners to all. The memory of what others own is given back
/// to the system from the first step on, until ``gather()`` fetches it for a file, or for the end of training.
package final class StateOwnership {
  package let group: any ProcessGroup
  private unowned let state: OptimizerState
  private let owners: [ObjectIdentifier: Int]
  /// Whether everything is here.
  package private(set) var isWhole = true
  /// Where the others wait to be asked: asks them, and gathers.
  package var request: (() throws -> Void)?

  /// Parameters are dealt out by size, the largest first, each to the rank that has least.
  init(_ state: OptimizerState, _ group: any ProcessGroup) {
    self.state = state
    self.group = group
    var loads = [Int](repeating: 0, count: group.size)
    var owners: [ObjectIdentifier: Int] = [:]
    let order = state.entries.enumerated().sorted { ($1.element.variable.count, $0.offset) < ($0.element.variable.count, $1.offset) }
    for (_, entry) in order {
      let rank = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) }!
      owners[ObjectIdentifier(entry.variable)] = rank
      loads[rank] += entry.variable.count * entry.variable.dtype.byteCount
    }
    self.owners = owners
  }

  func owner(of entry: OptimizerState.Entry) -> Int { owners[ObjectIdentifier(entry.variable)] ?? 0 }
  func isOwn(_ entry: OptimizerState.Entry) -> Bool { owner(of: entry) == group.rank }

  /// Gives back the memory of what others own, before a step.
  func release() {
    if !isWhole { return }
    isWhole = false
    for entry in state.entries where !isOwn(entry) { entry.stateVariables.forEach { $0.giveBackMemory() } }
  }

  /// Fetches what others own; all members call it.
  package func gather() throws {
    if isWhole { return }
    for entry in state.entries {
      for variable in entry.stateVariables { try group.broadcast(variable, from: owner(of: entry)) }
    }
    isWhole = true
  }

  /// Sees to it that everything is here, on the rank that wants to read it.
  /// - Throws: ``DescentError`` where the others cannot be asked.
  package func fetch(_ caller: String) throws {
    if isWhole { return }
    guard let request else {
      throw DescentError(
        .state,
        "\(caller): what the optimizer remembers is spread over \(group.size) processes; while they train, callbacks of rank 0 can read it in onTrainBatchEnd and onEpochEnd")
    }
    try request()
  }
}

extension OptimizerState.Entry {
  /// What is remembered of the parameter: slots, average and accumulated gradients.
  var stateVariables: [Variable] { slots.compactMap { slotVariables[$0.name] } + [average, accumulator].compactMap { $0 } }
}

extension OptimizerState {
  /// Spreads what is remembered over the members of a group, all of which call it, until ``endSpreading()``.
  /// - Throws: ``DescentError`` if the optimizer computes a parameter's step from other parameters in a way that processes cannot do.
  package func spread(over group: any ProcessGroup) throws -> StateOwnership {
    for part in parts { try part.requireIndependentParameters() }
    let made = StateOwnership(self, group)
    ownership = made
    return made
  }

  package func endSpreading() { ownership = nil }

  /// The owner of each of ``trainableVariables``; nil if all members keep all.
  package var ownersOfTrainableVariables: [Int]? {
    ownership.map { ownership in entries.filter(\.isTrainable).map { ownership.owner(of: $0) } }
  }

  /// Sees to it that everything that is remembered is here.
  /// - Throws: ``DescentError`` if other processes have parts of it and cannot be asked.
  package func fetch(_ caller: String) throws { try ownership?.fetch(caller) }

  /// Where nothing can be thrown.
  func requireWhole(_ caller: String) {
    do { try fetch(caller) } catch { programmingError("\(error)") }
  }
}

extension OptimizerState.Part {
  /// - Throws: ``DescentError`` if a parameter's new value or slots depend on other parameters, but for ``modelWideSum(_:)``.
  func requireIndependentParameters() throws {
    try Trace.discarding {
      var parameters: [ParameterUpdate] = [], sources: [Set<Int>] = []
      for entry in entries {
        let (w, slots) = entry.values(at: nil)
        let gradient = Tensor.placeholder(sources.count, shape: w.shape, dtype: w.dtype)
        sources.append(Set(([w, gradient] + slots.tensors).map(\.node.id)))
        parameters.append(
          ParameterUpdate(
            parameter: entry.description, value: w, gradient: gradient, slots: slots, rateMultiplier: entry.rateMultiplier,
            weightDecay: entry.weightDecay, origin: GradientOrigin(entry.variable, gradient: gradient)))
      }
      let name = type(of: optimizer).className
      for variant in 0..<optimizer.variantCount {
        var results = parameters
        var numbers = Slots(owner: name, values: Dictionary(uniqueKeysWithValues: shared.map { ($0.slot.name, $0.number.number) }))
        ModelWideTerms.$current.withValue(.ignored) {
          optimizer.update(&results, shared: &numbers, step: Step(learningRate: self.numbers.rate.number, number: self.numbers.number.number, variant: variant))
        }
        for (place, result) in results.enumerated() {
          let used = Set(nodesBelow(([result.value] + result.slots.tensors + numbers.tensors).map(\.node)).map(\.id))
          if let other = sources.indices.first(where: { $0 != place && !sources[$0].isDisjoint(with: used) }) {
            throw DescentError(
              .invalidArgument,
              "\(name) computes the step of \(result.parameter.path) from \(parameters[other].parameter.path) too, so its state cannot be spread over processes")
          }
        }
      }
    }
  }
}

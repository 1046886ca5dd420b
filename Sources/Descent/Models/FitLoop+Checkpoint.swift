import Optimizers
import TensorCore

/// Where a run of `fit` stands: the epoch, and how many of its batches are done.
struct FitPosition: Equatable {
  let epoch: Int
  let step: Int
}

extension FitLoop {
  /// Goes on where the first checkpoint that is found was written; nil if there is none.
  func resume() throws -> FitPosition? {
    // As the run begins: callbacks may freeze and thaw layers on its way.
    if !backups.isEmpty { _ = givenConditions }
    var found: TrainingCheckpoint?
    for backup in backups where found == nil {
      found = try backup.latest()
      let written = found?.state["instruction_set"]?.string
      backup.otherInstructionSet = written == instructionSet ? nil : written
    }
    if let group = runner.group { found = try TrainingCheckpoint.shared(found, group) }
    guard let found else { return nil }
    if let pass = found.state["data_pass"]?.int, (0...ElementCount.limit).contains(pass) {
      // What rank 0 finds holds for all. A sequence begins alike in each pass, and an iterator cannot begin again.
      let isSame = !isFollower && (pass == comparedPass || stream?.reader.passesAreAlike == true && found.state["run"] == conditions)
      if try runner.group.map({ try $0.union(isSame ? 1 : 0) != 0 }) ?? isSame {
        comparedPass = pass
        stream?.reader.countAs(pass: pass)
      } else {
        try compare(pass: pass)
      }
    }
    let putBack = self.putBack()
    do { return try restore(found) } catch {
      try putBack()
      throw error
    }
  }

  /// Makes what is compared of a stream its first batch in that pass, which the checkpoint has: one that is shuffled begins otherwise in each.
  private func compare(pass: Int) throws {
    guard let stream, let batch = try stream.reader.peek(pass: pass) else { return }
    comparedPass = pass
    comparedData = try model.checked(batch, stream.classWeight, "fit: batch 0")
    givenConditions = conditionsOfTheRun()
  }

  /// Whether it is for rank 0 to look whether a checkpoint is of this run: it has the callbacks that write.
  private var isFollower: Bool { (runner.group?.rank ?? 0) != 0 }

  func backUp(batchAt position: FitPosition, count: Int, isInterrupted: Bool) throws {
    for backup in backups where backup.isDue(afterBatches: count, isInterrupted: isInterrupted) { try backup.write(checkpoint(at: position)) }
  }

  func backUp(epochAt position: FitPosition) throws {
    for backup in backups where backup.saveFrequency == .epoch { try backup.write(checkpoint(at: position)) }
  }

  /// After an epoch that came to its end; those that are written after each epoch are.
  func backUp(interruptedAfter position: FitPosition) throws {
    for backup in backups where backup.saveFrequency != .epoch { try backup.write(checkpoint(at: position)) }
  }

  // MARK: - What a checkpoint holds

  /// Everything that the rest of the run depends on.
  private func checkpoint(at place: FitPosition) throws -> TrainingCheckpoint {
    var checkpoint = TrainingCheckpoint()
    // The weights that training goes on from, to the bit.
    let showsAverages = optimizerState.isExchanged
    if showsAverages { optimizerState.exchangeAveragedValues() }
    optimizerState.restoreTrainingValues()
    defer {
      if place.step == 0 { model.showWeightsToJudge() }
      if showsAverages { optimizerState.exchangeAveragedValues() }
    }
    checkpoint.state["averages_before"] = JSONValue(averagesBefore)
    checkpoint.state["run"] = conditions
    checkpoint.state["compile"] = compileSettings
    checkpoint.state["instruction_set"] = .string(instructionSet)
    checkpoint.state["epoch"] = JSONValue(place.epoch)
    checkpoint.state["step"] = JSONValue(place.step)
    checkpoint.state["position"] = JSONValue(position)
    checkpoint.state["pass"] = JSONValue(model.passCount)
    if stream != nil { checkpoint.state["data_pass"] = JSONValue(comparedPass) }
    // A number of 64 bits does not fit a number of JSON's.
    checkpoint.state["seed"] = .string(String(model.seed))
    checkpoint.state["stop"] = .bool(model.stopTraining && place.step == 0)
    checkpoint.state["counted_rows"] = JSONValue(runner.totals.rows)
    checkpoint.state["counted"] = runner.totals.noted
    for (name, variable) in variables { checkpoint.tensors.append((name, variable.value.evaluated())) }
    for (name, layer) in statefulLayers {
      for (place, state) in (layer.states ?? []).enumerated() { checkpoint.tensors.append(("\(name)/\(place)", state.value.evaluated())) }
    }
    for (name, tensor) in optimizerState.checkpoint().sorted(by: { $0.key < $1.key }) {
      checkpoint.tensors.append((FitLoop.optimizerPrefix + name, tensor))
    }
    for (place, stepper) in model.heldSteppers.enumerated() {
      for (name, tensor) in stepper.state.checkpoint().sorted(by: { $0.key < $1.key }) {
        checkpoint.tensors.append(("\(FitLoop.stepperPrefix)\(place):\(name)", tensor))
      }
    }
    if let other = ownStepperThatIsNotHeld {
      throw DescentError(
        .state,
        "BackupAndRestore: \(model.name): trainStep steps \(other), which no stored property of the model holds, and so a checkpoint could not keep its state")
    }
    if let other = changedVariableThatIsNotHeld {
      throw DescentError(
        .state,
        "BackupAndRestore: \(model.name): trainStep changes the variable '\(other.path)', which no stored property of the model or of its metrics holds, and so a checkpoint could not keep it")
    }
    var states = JSONObject()
    for (name, callback) in namedCallbacks {
      guard let state = try callback.state() else { continue }
      states[name] = .object(state.values)
      checkpoint.tensors += state.tensors.map { ("\(FitLoop.callbackPrefix)\(name)/\($0.name)", $0.tensor) }
    }
    checkpoint.state["callbacks"] = .object(states)
    return checkpoint
  }

  /// Makes everything that ``restore(_:)`` changes what it is now: a checkpoint is taken up as a whole or not at all.
  private func putBack() -> () throws -> Void {
    let values = variables.map { (variable: $0.variable, value: $0.variable.value.evaluated()) }
    let optimizers = ([optimizerState] + model.heldSteppers.map(\.state)).map { (state: $0, checkpoint: $0.checkpoint()) }
    let states = statefulLayers.map { (layer: $0.layer, states: ($0.layer.states ?? []).map { $0.value.evaluated() }) }
    let (seed, passCount, stopTraining) = (model.seed, model.passCount, model.stopTraining)
    let (rows, noted) = (runner.totals.rows, runner.totals.noted)
    let (averagesBefore, position, order) = (averagesBefore, position, order)
    return { [self] in
      model.takeUp(seed: seed)
      for (variable, value) in values { variable.assign(value) }
      for (state, checkpoint) in optimizers { try state.restore(checkpoint) }
      for (layer, states) in states { layer.restoreStates(states) }
      (model.passCount, model.stopTraining) = (passCount, stopTraining)
      runner.totals.restore(rows: rows, noted)
      (self.averagesBefore, self.position, self.order) = (averagesBefore, position, order)
    }
  }

  private func restore(_ checkpoint: TrainingCheckpoint) throws -> FitPosition {
    let state = checkpoint.state
    let present: JSONValue = ["run": conditions, "compile": compileSettings]
    let written: JSONValue = ["run": state["run"] ?? .null, "compile": state["compile"] ?? .null]
    if present != written && !isFollower {
      let differences = RunConditions.differences(from: written["run"], to: conditions)
        + RunConditions.differences(from: written["compile"], to: compileSettings)
      throw DescentError(
        .state, "\(checkpoint.name): fit: it is of another run, whose \(differences.prefix(3).joined(separator: "; "))")
    }
    guard let epoch = state["epoch"]?.int, let step = state["step"]?.int, let position = state["position"]?.int,
      let pass = state["pass"]?.int, let seed = state["seed"]?.string.flatMap(UInt64.init), let stop = state["stop"]?.bool,
      let rows = state["counted_rows"]?.int, (0...batches.stepsPerEpoch).contains(step),
      [epoch, step, position, pass, rows].allSatisfy((0...ElementCount.limit).contains), stream != nil || position <= batches.rows
    else { throw DescentError(.file, "\(checkpoint.name): a part of its state is missing, or is no number of epochs, batches or rows") }
    let layerStates = statefulLayers.map { name, layer in
      (layer: layer, states: checkpoint.tensors.filter { $0.name.hasPrefix(name + "/") }.map(\.tensor))
    }
    for (layer, states) in layerStates where !layer.canTake(states) {
      throw DescentError(.file, "\(checkpoint.name): its states of the layer '\(layer.name)' have the shapes \(states.map(\.shape)), which are none of its own")
    }
    let own = checkpoint.tensors.filter { tensor in
      ![FitLoop.optimizerPrefix, FitLoop.callbackPrefix, FitLoop.stepperPrefix, FitLoop.recurrentPrefix].contains { tensor.name.hasPrefix($0) }
    }
    let callbacks = namedCallbacks
    let states = state["callbacks"]?.object ?? JSONObject()
    let names = callbacks.map(\.name)
    for name in states.keys where !names.contains(name) && !isFollower {
      throw DescentError(.state, "fit: \(checkpoint.name) holds the state of a callback \(name), which this run does not have")
    }
    let optimizer = checkpoint.tensors.filter { $0.name.hasPrefix(FitLoop.optimizerPrefix) }
      .map { (String($0.name.dropFirst(FitLoop.optimizerPrefix.count)), $0.tensor) }
    try optimizerState.restore(Dictionary(optimizer) { $1 })
    for (place, stepper) in model.heldSteppers.map(\.state).enumerated() {
      let prefix = "\(FitLoop.stepperPrefix)\(place):"
      let tensors = checkpoint.tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
      try stepper.restore(Dictionary(tensors) { $1 })
    }
    model.takeUp(seed: seed)
    let tensors = Dictionary(own.map { ($0.name, $0.tensor) }) { $1 }
    try NamedVariables(variables).load(from: checkpoint.name, names: own.map(\.name), skipMismatch: false) { tensors[$0]! }
    for (layer, states) in layerStates { layer.restoreStates(states) }
    model.passCount = pass
    averagesBefore = state["averages_before"]?.int ?? 0
    self.position = position
    if position < batches.rows && shuffle && pass > 0 {
      order = RowOrder.shuffled(batches.rows, seed: seed, pass: pass - 1)
    }
    // The pass that was begun last, from the next batch on.
    if position > 0, pass > 0 { try stream?.reader.resume(pass: pass - 1, taken: position) }
    runner.totals.restore(rows: rows, state["counted"] ?? .null)
    model.stopTraining = stop
    for (name, callback) in callbacks {
      guard let values = states[name]?.object else { continue }
      let prefix = "\(FitLoop.callbackPrefix)\(name)/"
      let tensors = checkpoint.tensors.filter { $0.name.hasPrefix(prefix) }
        .map { (name: String($0.name.dropFirst(prefix.count)), tensor: $0.tensor) }
      try callback.restore(CallbackState(values, tensors: tensors))
    }
    return FitPosition(epoch: epoch, step: step)
  }

  private static let optimizerPrefix = "optimizer:"
  private static let callbackPrefix = "callback:"
  private static let stepperPrefix = "stepper:"
  private static let recurrentPrefix = "recurrent:"

  /// The layers whose states a batch leaves to the next, with what checkpoints call them.
  private var statefulLayers: [(name: String, layer: RecurrentLayer)] {
    model.allLayers.compactMap { $0 as? RecurrentLayer }.filter(\.isStateful).enumerated()
      .map { (FitLoop.recurrentPrefix + String($0.offset), $0.element) }
  }

  /// The class of an optimizer that a step of the model's steps and that cannot be found from the model.
  private var ownStepperThatIsNotHeld: String? {
    let held = Set(model.heldSteppers.map { ObjectIdentifier($0.state) })
    let steppers = runner.training.ownSteppers.map { ($0 as? LaterStep)?.state ?? $0 }
    let other = steppers.first { !held.contains(ObjectIdentifier($0)) }
    return other.map { ($0 as? OptimizerState).map { "a Stepper of \(type(of: $0.optimizer))" } ?? "an optimizer" }
  }

  /// A variable that a step of the model's changes and that is no part of a checkpoint.
  private var changedVariableThatIsNotHeld: Variable? {
    let held = variables.map(\.variable) + model.heldSteppers.flatMap(\.state.allVariables)
      + statefulLayers.flatMap { $0.layer.states ?? [] }
    let known = Set(held.map(ObjectIdentifier.init))
    return runner.training.changedVariables.first { !known.contains(ObjectIdentifier($0)) }
  }

  /// What must be the same for the rest of the run to be the rest of that run.
  private var conditions: JSONValue {
    let own = JSONObject([
      ("rows", JSONValue(batches.rows)), ("batch_size", JSONValue(batches.batchSize)),
      ("steps_per_epoch", JSONValue(batches.stepsPerEpoch)), ("shuffle", .bool(shuffle)),
    ])
    return .object(JSONObject(own.members + givenConditions.members))
  }

  /// The model and the data, and what the callbacks want to be the same.
  func conditionsOfTheRun() -> JSONObject {
    var conditions = JSONObject([("model", RunConditions.model(model))])
    let trained = comparedData ?? runner.data
    for (part, data) in [("", trained), ("validation ", validation?.data)] {
      guard let data, part.isEmpty || data.inputs[0].buffer !== trained.inputs[0].buffer else { continue }
      for (name, parts) in [("x", data.inputs), ("y", data.targets), ("sampleWeight", data.weights)] as [(String, [CheckedData.Rows?])] {
        for (place, rows) in parts.enumerated() {
          let number = parts.count > 1 ? "[\(place)]" : ""
          if let rows { conditions[part + name + number] = RunConditions.data(rows.tensor) }
        }
      }
    }
    if let validation { conditions["validation rows"] = .string("\(validation.rows)") }
    for backup in backups { conditions = JSONObject(conditions.members + backup.conditions.members) }
    return conditions
  }

  /// Optimizer, loss and metrics; null if they cannot be written.
  private var compileSettings: JSONValue {
    // The rate may have been changed since; the optimizer's state has the present one.
    (try? model.training?.json(isCompared: true, of: model)) ?? .null
  }

  /// The model's variables, the states of its generators of random numbers, and the running totals.
  private var variables: [(name: String, variable: Variable)] {
    let weights = model.namedVariables.map { (name: "weight:" + $0.name, variable: $0.variable) }
    let random = model.allRandomStates.enumerated().map { (name: "random:\($0.offset)", variable: $0.element) }
    let totals = runner.totals.variables.enumerated().map { (name: "total:\($0.offset)", variable: $0.element) }
    return weights + random + totals
  }

  /// The callbacks by their classes, with numbers where there are several of one.
  private var namedCallbacks: [(name: String, callback: Callback)] {
    var counts: [String: Int] = [:]
    return callbacks.callbacks.map { callback in
      let name = String(describing: type(of: callback))
      let number = counts[name, default: 0]
      counts[name] = number + 1
      return (number == 0 ? name : "\(name)_\(number)", callback)
    }
  }
}

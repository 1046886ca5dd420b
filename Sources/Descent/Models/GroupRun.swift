import Optimizers
import TensorCore

/// What the members of a group of processes see to before they train, judge or predict together: that they are about to do the same, with the
/// same weights.
struct GroupRun {
  private let model: Model
  private let group: any ProcessGroup
  private let caller: String

  init(_ model: Model, _ group: any ProcessGroup, _ caller: String) { (self.model, self.group, self.caller) = (model, group, caller) }

  /// Runs `body`, whose error the other members are told of; a group of one is none, unless it computes in shards.
  static func telling<Result>(
    _ group: (any ProcessGroup)?, shards: Int? = nil, spreadsOptimizerState: Bool = false, _ caller: String, _ body: (GroupSharing?) throws -> Result
  ) throws -> Result {
    do {
      return try body(GroupSharing(group, shards: shards, spreadsOptimizerState: spreadsOptimizerState, caller))
    } catch {
      if let group, group.size > 1 { group.fail("\(error)") }
      throw error
    }
  }

  /// - Parameters:
  ///   - data: what is gone through, with what stands before its names in errors.
  ///   - settings: what else has to be the same.
  ///   - optimizerState: in training.
  /// - Throws: ``DescentError`` naming a rank and what is not the same there as on rank 0, or what a group cannot do.
  func begin(data: [(prefix: String, data: CheckedData)], settings: JSONObject, optimizerState: OptimizerState? = nil) throws {
    try refuseWhatCannotBeShared(optimizerState)
    try compare(items(data, settings, optimizerState))
    try shareState(optimizerState)
  }

  // MARK: - The same run

  private func items(_ data: [(prefix: String, data: CheckedData)], _ settings: JSONObject, _ optimizerState: OptimizerState?) -> JSONValue {
    var items = JSONObject([
      ("caller", .string(caller)), ("version", .string(descentVersion)), ("instruction set", .string(instructionSet)),
    ])
    for (name, value) in settings.members { items[name] = value }
    for (prefix, data) in data {
      for (name, parts) in [("x", data.inputs), ("y", data.targets), ("sampleWeight", data.weights)] as [(String, [CheckedData.Rows?])] {
        for (place, rows) in parts.enumerated() {
          let number = parts.count > 1 ? "[\(place)]" : ""
          if let rows { items[prefix + name + number] = .string("\(rows.dtype) \(rows.tensor.shape)") }
        }
      }
    }
    items["parameters"] = .array(model.namedVariables.map { .string("\($0.name) \($0.variable.dtype) \($0.variable.shape)") })
    items["trained"] = optimizerState.map { .array($0.trainableVariables.map { .string("\($0.path) \($0.shape)") }) } ?? .null
    items["model"] = RunConditions.model(model)
    items["compile"] = (try? model.training?.json(isCompared: true, of: model)) ?? .null
    items["optimizer state"] = optimizerState.map { state in
      .array(state.checkpoint().sorted { $0.key < $1.key }.map { .string("\($0.key) \($0.value.shape)") })
    } ?? .null
    return .object(items)
  }

  /// - Throws: ``DescentError`` naming a rank and what is not the same there as on rank 0.
  func compare(_ settings: JSONObject) throws { try compare(.object(settings)) }

  private func compare(_ items: JSONValue) throws {
    let all = try group.gather(items.text())
    for (rank, text) in all.enumerated() where text != all[0] {
      let first = try JSONValue(parsing: Array(all[0].utf8), name: "rank 0"), other = try JSONValue(parsing: Array(text.utf8), name: "rank \(rank)")
      let differences = RunConditions.differences(from: first, to: other, words: ("on rank 0", "on rank \(rank)"))
      if differences.isEmpty { continue }
      throw DescentError(.state, "\(caller): rank \(rank) is not about to do what rank 0 does: \(differences.joined(separator: "; "))")
    }
  }

  // MARK: - The same numbers

  /// Everybody takes the seed, the weights and what the optimizer remembers from rank 0.
  private func shareState(_ optimizerState: OptimizerState?) throws {
    let numbers = try group.broadcast(text: "\(model.seed) \(model.passCount)").split(separator: " ")
    if let seed = UInt64(numbers[0]), seed != model.seed { model.seed = seed }
    model.passCount = Int(numbers[1]) ?? model.passCount
    try model.access.stepping {
      optimizerState?.restoreTrainingValues()
      for (_, variable) in model.namedVariables { try group.broadcast(variable) }
      for variable in model.allRandomStates { try group.broadcast(variable) }
      guard let optimizerState else { return }
      var state: [String: Tensor] = [:]
      for (name, tensor) in optimizerState.checkpoint().sorted(by: { $0.key < $1.key }) {
        state[name] = try group.broadcast(tensor, shape: tensor.shape, dtype: tensor.dtype, from: 0)
      }
      if group.rank != 0 {
        try optimizerState.restore(state)
        optimizerState.restoreTrainingValues()
      }
    }
    model.showWeightsToJudge()
  }

  // MARK: - What cannot be shared

  private func refuseWhatCannotBeShared(_ optimizerState: OptimizerState?) throws {
    func refuse(_ what: String) -> DescentError { DescentError(.state, "\(caller): \(what), which a group of processes cannot share") }
    if let layer = model.allLayers.first(where: { ($0 as? RecurrentLayer)?.isStateful == true }) {
      throw refuse("layer \(layer.name) hands its state from the rows of a batch to those of the next")
    }
    let metrics: [Metric] = model.training.map { $0.choices.metrics.all + $0.choices.weightedMetrics.all } ?? []
    let own: [String] = metrics.filter { $0.statefulMetric != nil }.map(\.name)
    if let name = own.first ?? model.heldMetrics.first?.name {
      throw refuse("the metric '\(name)' has a state of its own")
    }
    guard let optimizerState else { return }
    if !optimizerState.isWhole {
      throw DescentError(
        .state, "\(caller): what the optimizer remembers was spread over processes when the last fit failed, and is lost; compile the model again, or restore a checkpoint")
    }
    if !model.heldSteppers.isEmpty { throw refuse("the model has a Stepper of its own") }
    if !optimizerState.optimizer.takesGivenGradients {
      throw refuse("\(type(of: optimizerState.optimizer).className) needs more of the loss than its gradient")
    }
    if optimizerState.hasLazyParameters { throw refuse("a parameter is updated lazily, by the rows that a process's own batch touches") }
  }
}

extension TrainingCheckpoint {
  /// The checkpoint that rank 0 has found, on all ranks; nil if it has found none.
  static func shared(_ found: TrainingCheckpoint?, _ group: any ProcessGroup) throws -> TrainingCheckpoint? {
    var heading = JSONObject()
    if let found {
      heading["state"] = .object(found.state)
      heading["name"] = .string(found.name)
      heading["tensors"] = .array(
        found.tensors.map { .array([.string($0.name), .string($0.tensor.dtype.rawValue), .array($0.tensor.shape.map { JSONValue($0) })]) })
    }
    let text = try group.broadcast(text: JSONValue.object(heading).text())
    let given = try JSONValue(parsing: Array(text.utf8), name: "the checkpoint of rank 0")
    guard let state = given["state"]?.object, let entries = given["tensors"]?.array else { return nil }
    var checkpoint = TrainingCheckpoint(name: given["name"]?.string ?? "checkpoint")
    checkpoint.state = state
    for (place, entry) in entries.enumerated() {
      guard let parts = entry.array, parts.count == 3, let name = parts[0].string, let dtype = parts[1].string.flatMap(DType.init(rawValue:)),
        let shape = parts[2].array?.compactMap(\.int)
      else { throw DescentError(.state, "fit: the checkpoint that rank 0 sent is not understood") }
      checkpoint.tensors.append((name, try group.broadcast(found?.tensors[place].tensor, shape: shape, dtype: dtype, from: 0)))
    }
    return checkpoint
  }
}

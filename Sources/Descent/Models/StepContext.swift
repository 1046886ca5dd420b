import Optimizers
import TensorCore

/// A batch inside a step, for ``Model/trainStep(_:)`` and ``Model/testStep(_:)``: its tensors, and what can be done with them.
///
/// A step is traced, once for each shape of batch, and replayed; it must not read elements.
public final class StepContext {
  /// The batch's rows, one tensor for each input of the model, in the dtypes that the model takes.
  public let inputs: [Tensor]
  /// What should be predicted, one for each output; nil where there is none.
  public let targets: [Tensor?]
  /// How much each row counts, one number a row for each output; nil where all count alike.
  public let sampleWeights: [Tensor?]
  /// What layers are called with; it also carries masks, random numbers, and what layers add to the loss.
  public let context: ForwardContext

  let model: Model
  let outputs: [OutputTraining]
  let totals: RunningTotals
  let trainability: Trainability
  private let optimizer: (state: OptimizerState, phase: StepPhase)?
  /// What the step is shared with, if it is.
  let group: GroupStep?
  /// The step is the one that models have if they do not override it.
  var isStandard = false

  /// What the step does to totals and weights, as its trace tells.
  private(set) var counted: RunningTotals.Counted = []
  private(set) var appliesOptimizer = false
  /// Whether the optimizer's step is one, where it looks.
  private var isStep: Tensor?
  private var changedByOptimizer: Set<ObjectIdentifier> = []
  /// What the step changes so far but for what its optimizer does: statistics, totals, generators, variables of the program's own.
  var changedBesideOptimizer: [Variable] { Trace.assignedVariables.filter { !changedByOptimizer.contains(ObjectIdentifier($0)) } }
  /// What a shard would have given to the optimizer.
  private(set) var shardGradients: [Tensor] = []
  private var outputLosses: [Tensor?]

  init(
    _ model: Model, inputs: [Tensor], targets: [Tensor?], sampleWeights: [Tensor?], outputs: [OutputTraining], totals: RunningTotals,
    trainability: Trainability, optimizer: (state: OptimizerState, phase: StepPhase)?, group: GroupStep? = nil
  ) {
    (self.model, self.inputs, self.outputs, self.totals, self.trainability) = (model, inputs, outputs, totals, trainability)
    // Without targets there are none for any output.
    self.targets = outputs.indices.map { targets.indices.contains($0) ? targets[$0] : nil }
    self.sampleWeights = outputs.indices.map { sampleWeights.indices.contains($0) ? sampleWeights[$0] : nil }
    self.optimizer = optimizer
    self.group = group
    outputLosses = outputs.map { _ in nil }
    context = ForwardContext(
      builder: model.modelBuilder, isTraining: optimizer != nil, isStep: true, frozenLayers: trainability.frozenLayers)
  }

  /// True in a training step, false when evaluating.
  public var isTraining: Bool { context.isTraining }
  /// The rows of the first input.
  public var x: Tensor { inputs[0] }
  /// How much each row counts for the first output, if they do not count alike.
  public var sampleWeight: Tensor? { sampleWeights.first ?? nil }
  /// What the first output should be.
  /// - Throws: ``DescentError`` if the data has no targets.
  public var y: Tensor {
    get throws {
      guard let y = targets.first ?? nil else { throw DescentError(.data, "\(caller): the data has no targets") }
      return y
    }
  }

  private var caller: String { "\(model.name): \(isTraining ? "trainStep" : "testStep")" }

  // MARK: - Training

  /// The variables that the model's optimizer changes, in order: those of layers that are not frozen.
  public var trainableVariables: [Variable] { optimizer?.state.trainableVariables ?? [] }

  /// The derivatives of a loss with respect to ``trainableVariables``, multiplied by the loss scale if the optimizer has one.
  /// - Throws: ``DescentError`` outside of a training step, or if the loss is not one number.
  public func gradients(of loss: Tensor) throws -> [Tensor] {
    guard let optimizer else { throw DescentError(.state, "\(caller): nothing is trained in it") }
    guard loss.shape.isEmpty, loss.dtype.isFloatingPoint else {
      throw DescentError(.invalidArgument, "\(caller): the loss is \(loss.dtype) \(loss.shape); expected one number, \(model.dtype) []")
    }
    let variables = Set(trainableVariables.map(ObjectIdentifier.init))
    let isReached = nodesBelow([loss.node]).contains { node in
      if case .variable(let variable) = node.operation { variables.contains(ObjectIdentifier(variable)) } else { false }
    }
    if !variables.isEmpty && !isReached && !appliesOptimizer {
      throw DescentError(.state, "\(caller): the loss depends on none of the variables that are trained, and so would change none")
    }
    // The mean over a batch is the mean of its parts' means, each weighted by its rows.
    let part = group.map { loss * $0.weight } ?? loss
    return TensorCore.gradients(of: optimizer.state.scaled(loss: part), withRespectTo: optimizer.state.trainableVariables)
  }

  /// A step of the model's optimizer, that which `compile` was given: once a step. (Keras: `optimizer.apply`.)
  /// - Parameter gradients: as ``gradients(of:)`` gives them, one for each of ``trainableVariables``.
  /// - Throws: ``DescentError`` outside of a training step, the second time, or if the gradients do not fit the variables.
  public func apply(gradients: [Tensor]) throws {
    guard let optimizer else { throw DescentError(.state, "\(caller): nothing is trained in it") }
    if appliesOptimizer {
      throw DescentError(.state, "\(caller): the model's optimizer made its step already; others of one's own are Steppers")
    }
    let variables = optimizer.state.trainableVariables
    guard gradients.count == variables.count else {
      throw DescentError(.invalidArgument, "\(caller): \(gradients.count) gradients for \(variables.count) trainable variables")
    }
    for (gradient, variable) in zip(gradients, variables) where gradient.shape != variable.shape || gradient.dtype != variable.dtype {
      throw DescentError(
        .invalidArgument,
        "\(caller): the gradient of \(variable.path) is \(gradient.dtype) \(gradient.shape); expected \(variable.dtype) \(variable.shape)")
    }
    appliesOptimizer = true
    if group?.isShard == true { shardGradients = gradients } else { update(.tensors(gradients), by: optimizer) }
  }

  private func update(_ gradients: GroupStep.Summands, by optimizer: (state: OptimizerState, phase: StepPhase)) {
    let before = Set(Trace.assignedVariables.map(ObjectIdentifier.init))
    isStep = optimizer.state.apply(gradients: summed(gradients, for: optimizer.state), phase: optimizer.phase)
    changedByOptimizer = Set(Trace.assignedVariables.map(ObjectIdentifier.init)).subtracting(before)
  }

  /// Those of the batch; nil where they are for another member to apply.
  private func summed(_ gradients: GroupStep.Summands, for state: OptimizerState) -> [Tensor?] {
    if let group, let owners = state.ownersOfTrainableVariables { return group.sums(of: gradients, for: owners) }
    switch gradients {
    case .tensors(let tensors): return group.map { $0.sums(ofGradients: tensors) } ?? tensors
    case .shards: return group!.sums(of: gradients)
    }
  }

  /// ``gradients(of:)`` and ``apply(gradients:)`` in one.
  public func minimize(_ loss: Tensor) throws { try apply(gradients: gradients(of: loss)) }

  /// In a step that is shared by a group: what the step changed from the member's rows becomes what the batch changes, the same for all members.
  /// Totals become sums over the group, and what layers keep, such as moving averages, the mean weighted by rows.
  /// - Parameter totals: with what they held before.
  func shareWhatChanged(with group: GroupStep, totals: [(variable: Variable, value: Tensor)], logs: [String]) throws {
    let (changed, parts) = try whatChanged(in: group, totals: totals, logs: logs)
    assign(group.sums(of: .tensors(parts)), to: changed, totals: totals)
  }

  /// In a step on a shard: what it would change, and the shard's part in it. The step itself leaves all as it is, but for generators of random numbers.
  func takeWhatChanged(
    in group: GroupStep, totals: [(variable: Variable, value: Tensor)], logs: [String]
  ) throws -> (variables: [Variable], parts: [Tensor]) {
    let result = try whatChanged(in: group, totals: totals, logs: logs)
    Trace.undoAssignments(of: result.variables)
    return result
  }

  /// In the step that ends one made of shards: the optimizer's update, and the changes that the shards have found.
  func end(gradients: ShardSums, changes: ShardSums, of changed: [Variable], totals: [Variable]) throws {
    let before = totals.map { (variable: $0, value: $0.value) }
    if let optimizer { update(.shards(gradients), by: optimizer) }
    if let group { assign(group.sums(of: .shards(changes)), to: changed, totals: before) }
  }

  private func whatChanged(
    in group: GroupStep, totals: [(variable: Variable, value: Tensor)], logs: [String]
  ) throws -> (variables: [Variable], parts: [Tensor]) {
    guard isStandard, logs.isEmpty else {
      throw DescentError(
        .state,
        "\(caller): a step of the model's own, or logs of its own, cannot be shared by a group of processes; models that leave trainStep, testStep and computeMetrics as they are can")
    }
    let before = Dictionary(totals.map { (ObjectIdentifier($0.variable), $0.value) }) { $1 }
    let changed = changedBesideOptimizer.filter { !$0.isRandomState }
    if let variable = changed.first(where: { !$0.dtype.isFloatingPoint }) {
      throw DescentError(
        .state, "\(caller): the variable \(variable.path) is \(variable.dtype) and is changed in the step, which a group of processes cannot share")
    }
    let parts = changed.map { variable in
      let value = variable.value.cast(to: .float64)
      return before[ObjectIdentifier(variable)].map { value - $0.cast(to: .float64) } ?? value * group.weight
    }
    return (changed, parts)
  }

  private func assign(_ sums: [Tensor], to changed: [Variable], totals: [(variable: Variable, value: Tensor)]) {
    let before = Dictionary(totals.map { (ObjectIdentifier($0.variable), $0.value) }) { $1 }
    for (variable, sum) in zip(changed, sums) {
      let value = before[ObjectIdentifier(variable)].map { $0.cast(to: .float64) + sum } ?? sum
      variable.assign(value.cast(to: variable.dtype))
    }
  }

  /// A step that the optimizer skips leaves alone what else the step would have changed: statistics, totals, generators.
  func keepWhatASkippedStepWouldChange() {
    guard let isStep else { return }
    Trace.keepOldValues(of: changedBesideOptimizer, unless: isStep)
  }

  // MARK: - What compile was given

  /// The sum of the losses that `compile` was given, each times its weight, of what layers added and of penalties on weights.
  func compiledLoss(_ predictions: [Tensor]) throws -> Tensor {
    try check(predictions)
    var total: Tensor?
    func add(_ loss: Tensor) { total = total.map { $0 + loss } ?? loss }
    for (place, prediction) in predictions.enumerated() {
      let settings = outputs[place]
      guard let function = settings.loss else { continue }
      let value = try function.reduced(
        target: try target(place, "loss \(function.name)"), prediction: prediction, sampleWeight: weight(place),
        logits: context.logits(of: prediction), mask: context.mask(of: prediction))
      outputLosses[place] = value
      add(settings.weight == 1 ? value : value * settings.weight)
    }
    counted.insert(.outputLosses)
    context.losses.forEach(add)
    try model.penalties(trained: trainability.trained).forEach(add)
    guard let total else {
      throw DescentError(
        .state, "\(caller): there is no loss: compile was given none, and no layer adds one; give compile a loss, or override computeLoss")
    }
    return total
  }

  /// Counts the loss of a batch, and the metrics that `compile` was given.
  func count(_ predictions: [Tensor], loss: Tensor?) throws {
    try check(predictions)
    if let loss {
      guard loss.shape.isEmpty else {
        throw DescentError(.invalidArgument, "\(caller): the loss has shape \(loss.shape); expected one number, []")
      }
      counted.insert(.loss)
    }
    counted.insert(.metrics)
    try totals.add(
      loss: loss, rows: inputs[0].shape[0],
      try predictions.enumerated().map { place, prediction in
        RunningTotals.Output(
          loss: outputLosses[place], target: outputs[place].allMetrics.isEmpty ? nil : try target(place, "metrics"),
          prediction: prediction, sampleWeight: weight(place), logits: context.logits(of: prediction), mask: context.mask(of: prediction))
      })
  }

  private func check(_ predictions: [Tensor]) throws {
    guard predictions.count == outputs.count else {
      throw DescentError(
        .invalidArgument, "\(caller): \(predictions.count) predictions for \(outputs.count) outputs; losses and metrics are of each output")
    }
  }

  private func target(_ place: Int, _ use: String) throws -> Tensor {
    guard let target = targets[place] else {
      let output = outputs[place].name.map { " of output '\($0)'" } ?? ""
      throw DescentError(.data, "\(caller): \(use)\(output): the data has no targets")
    }
    return target
  }

  private func weight(_ place: Int) -> Tensor? { sampleWeights[place]?.cast(to: model.dtype) }
}

import Optimizers
import TensorCore

/// The traced steps of a model on some data: what runs once a batch.
///
/// Training picks the rows of a batch out of the whole data by their numbers, which lie in the epoch's permutation; evaluating and
/// predicting look through a window that moves over the data. Neither copies a row on the way in, and neither allocates.
struct StepRunner {
  let model: Model
  let training: TrainingState
  let data: CheckedData
  let totals: RunningTotals
  let trainability: Trainability

  private let outputs: [OutputTraining]
  /// The arguments of a step, but for the rows' numbers: inputs, targets, weights.
  private let inputs: [CheckedData.Rows]
  /// The number of the argument that holds the rows' numbers.
  let indexArgument: Int

  init(model: Model, training: TrainingState, data: CheckedData, trainability: Trainability) throws {
    self.model = model
    self.training = training
    self.data = data
    self.trainability = trainability
    training.notice(trainability)
    outputs = try training.outputs(of: model)
    inputs = data.inputs + data.targets.compactMap { $0 } + data.weights.compactMap { $0 }
    indexArgument = inputs.count
    let predictions = model.outputShapes ?? []
    totals = try training.totals(
      outputs, targetShapes: data.targets.map { $0?.rowShape }, predictionShapes: predictions)
  }

  // MARK: - Training

  /// The plan for a training step on so many rows, with all but the rows' numbers bound.
  func trainingPlan(rows: Int, phase: StepPhase, optimizerState: OptimizerState) throws -> Plan {
    let plan = try training.plans.plan(for: key(.train(phase), rows: rows, shapes: inputs.map(\.tensor.shape))) {
      optimizerState.train(only: trainability.trained)
      return try tracedPlan(inputs.map { ($0.tensor.shape, $0.dtype) } + [([rows], .int32)]) { arguments in
        let indices = arguments[arguments.count - 1]
        let batch = zip(inputs, arguments).map { $0.input.prepared($1.gathering(indices)) }
        let loss = optimizerState.scaled(loss: try forward(batch, isTraining: true))
        let gradients = gradients(of: loss, withRespectTo: optimizerState.trainableVariables)
        // What the forward pass leaves behind: statistics, totals, the states of random numbers.
        let changed = Trace.assignedVariables
        if let isStep = optimizerState.apply(gradients: gradients, phase: phase) {
          Trace.keepOldValues(of: changed, unless: isStep)
        }
        return []
      }
    }
    for (index, input) in inputs.enumerated() { plan.bind(argument: index, to: input.buffer) }
    return plan
  }

  /// Runs `body` with the totals at zero. If a callback of a loop that is counting asks for it, the loop's totals are put back after.
  func counting<Result>(from zero: Bool = true, _ body: () throws -> Result) rethrows -> Result {
    func run() throws -> Result {
      if zero { totals.reset() }
      training.activeLoops += 1
      defer { training.activeLoops -= 1 }
      return try body()
    }
    return try training.activeLoops > 0 ? totals.setAside(run) : run()
  }

  // MARK: - Evaluating

  /// The plan that judges so many rows; bind the window with ``bind(_:at:)``.
  func testPlan(rows: Int) throws -> Plan {
    let shapes = inputs.map { [rows] + $0.rowShape }
    let plan = try training.plans.plan(for: key(.test, rows: rows, shapes: shapes)) {
      try tracedPlan(zip(inputs, shapes).map { ($1, $0.dtype) }) { arguments in
        _ = try forward(zip(inputs, arguments).map { $0.input.prepared($1) }, isTraining: false)
        return []
      }
    }
    for (index, input) in inputs.enumerated() { plan.bind(argument: index, to: input.buffer) }
    return plan
  }

  func bind(_ plan: Plan, at row: Int) {
    for (index, input) in inputs.enumerated() { plan.bind(argument: index, offset: row * input.rowBytes) }
  }

  // MARK: - Both

  /// Loss and metrics of a batch; gives the loss.
  private func forward(_ batch: [Tensor], isTraining: Bool) throws -> Tensor {
    let context = ForwardContext(
      builder: model.modelBuilder, isTraining: isTraining, frozenLayers: trainability.frozenLayers)
    var rest = batch[...]
    func take(_ parts: [CheckedData.Rows?]) -> [Tensor?] { parts.map { $0.map { _ in rest.removeFirst() } } }
    let x = take(data.inputs).enumerated().map { model.castInput($1!, $0) }
    let targets = take(data.targets), weights = take(data.weights)
    let predictions = try model.outputs(x, context)
    var total: Tensor?
    let results = try predictions.enumerated().map { place, prediction in
      let settings = outputs[place], target = targets[place], weight = weights[place]?.cast(to: model.dtype)
      let logits = context.logits(of: prediction), mask = context.mask(of: prediction)
      var loss: Tensor?
      if let function = settings.loss, let target {
        let value = try function.reduced(target: target, prediction: prediction, sampleWeight: weight, logits: logits, mask: mask)
        loss = value
        let weighted = settings.weight == 1 ? value : value * settings.weight
        total = total.map { $0 + weighted } ?? weighted
      }
      return RunningTotals.Output(
        loss: loss, target: target, prediction: prediction, sampleWeight: weight, logits: logits, mask: mask)
    }
    for loss in context.losses { total = total.map { $0 + loss } ?? loss }
    for (variable, regularizer) in penalties {
      let penalty = try regularizer.penalty(of: variable)
      total = total.map { $0 + penalty } ?? penalty
    }
    let loss = total ?? Tensor.zeros([], dtype: model.dtype)
    try totals.add(loss: loss, results)
    return loss
  }

  /// The penalties on weights, each once however often its layer is called. As in Keras, weights that are not trained have none.
  private var penalties: [(variable: Variable, regularizer: Regularizer)] {
    var seen: Set<ObjectIdentifier> = []
    return model.allLayers.filter { seen.insert(ObjectIdentifier($0)).inserted }.flatMap(\.regularizers)
      .filter { trainability.trained.contains(ObjectIdentifier($0.variable)) }
  }

  private func key(_ purpose: PlanKey.Purpose, rows: Int, shapes: [[Int]]) -> PlanKey? {
    var arguments: [PlanKey.Argument] = []
    for (input, shape) in zip(inputs, shapes) {
      guard let preparation = input.preparation else { return nil }
      arguments.append(.init(shape: shape, dtype: input.dtype, preparation: preparation))
    }
    let layout = (data.targets + data.weights).map { $0 != nil }
    return PlanKey(purpose: purpose, rows: rows, arguments: arguments, layout: layout)
  }
}

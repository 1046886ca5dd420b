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

  /// The arguments of a step, but for the rows' numbers.
  private let inputs: [CheckedData.Rows]
  /// The number of the argument that holds the rows' numbers.
  let indexArgument: Int

  init(model: Model, training: TrainingState, data: CheckedData, trainability: Trainability) throws {
    self.model = model
    self.training = training
    self.data = data
    self.trainability = trainability
    training.notice(trainability)
    inputs = [data.x, data.y, data.sampleWeight].compactMap { $0 }
    indexArgument = inputs.count
    totals = try training.totals(targetShape: data.y?.rowShape ?? [], predictionShape: model.outputShape ?? [])
  }

  // MARK: - Training

  /// The plan for a training step on so many rows, with all but the rows' numbers bound.
  func trainingPlan(rows: Int, phase: StepPhase, optimizerState: OptimizerState) throws -> Plan {
    let plan = try model.access.tracing {
      try training.plans.plan(for: key(.train(phase), rows: rows, shapes: inputs.map(\.tensor.shape))) {
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
    let plan = try model.access.tracing {
      try training.plans.plan(for: key(.test, rows: rows, shapes: shapes)) {
        try tracedPlan(zip(inputs, shapes).map { ($1, $0.dtype) }) { arguments in
          _ = try forward(zip(inputs, arguments).map { $0.input.prepared($1) }, isTraining: false)
          return []
        }
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
    let prediction = try model(model.castInput(batch[0]), context)
    let (target, weight) = (batch[1], batch.count > 2 ? batch[2].cast(to: model.dtype) : nil)
    let logits = context.logits(of: prediction)
    var total = try training.loss.reduced(target: target, prediction: prediction, sampleWeight: weight, logits: logits)
    for loss in context.losses { total += loss }
    total = try penalties.reduce(total) { try $0 + $1.regularizer.penalty(of: $1.variable) }
    try totals.add(loss: total, target: target, prediction: prediction, sampleWeight: weight, logits: logits)
    return total
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
    return PlanKey(purpose: purpose, rows: rows, arguments: arguments)
  }
}

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

  /// The arguments of a step, but for the rows' numbers.
  private let inputs: [CheckedData.Rows]
  /// The number of the argument that holds the rows' numbers.
  let indexArgument: Int

  init(model: Model, training: TrainingState, data: CheckedData) throws {
    self.model = model
    self.training = training
    self.data = data
    inputs = [data.x, data.y, data.sampleWeight].compactMap { $0 }
    indexArgument = inputs.count
    totals = try training.totals(targetShape: data.y?.rowShape ?? [], predictionShape: model.outputShape ?? [])
  }

  // MARK: - Training

  /// The plan for a training step on so many rows, with all but the rows' numbers bound.
  func trainingPlan(rows: Int, phase: StepPhase, optimizerState: OptimizerState) throws -> Plan {
    let plan = try training.plans.plan(for: key(.train(phase), rows: rows, shapes: inputs.map(\.tensor.shape))) {
      try withFrozenLayers {
        try tracedPlan(inputs.map { ($0.tensor.shape, $0.dtype) } + [([rows], .int32)]) { arguments in
          let indices = arguments[arguments.count - 1]
          let batch = zip(inputs, arguments).map { $0.input.prepared($1.gathering(indices)) }
          let loss = optimizerState.scaled(loss: try forward(batch, isTraining: true))
          let trained = optimizerState.trainableVariables
          optimizerState.apply(gradients: gradients(of: loss, withRespectTo: trained), phase: phase)
          return []
        }
      }
    }
    for (index, input) in inputs.enumerated() { plan.bind(argument: index, to: input.buffer) }
    return plan
  }

  /// Runs `body` while the variables of frozen layers are marked, for the optimizer to see.
  private func withFrozenLayers<Result>(_ body: () throws -> Result) rethrows -> Result {
    let frozen = model.nonTrainableVariables.filter(\.isTrainable)
    frozen.forEach { $0.isTrainable = false }
    defer { frozen.forEach { $0.isTrainable = true } }
    return try body()
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
    let context = ForwardContext(builder: model.modelBuilder, isTraining: isTraining)
    let prediction = try model(model.castInput(batch[0]), context)
    let (target, weight) = (batch[1], batch.count > 2 ? batch[2].cast(to: model.dtype) : nil)
    let logits = context.logits(of: prediction)
    var total = training.loss(target: target, prediction: prediction, sampleWeight: weight, logits: logits)
    for loss in context.losses { total += loss }
    for (variable, regularizer) in model.allLayers.flatMap(\.regularizers) { total += regularizer(variable.value) }
    totals.add(loss: total, target: target, prediction: prediction, sampleWeight: weight, logits: logits)
    return total
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

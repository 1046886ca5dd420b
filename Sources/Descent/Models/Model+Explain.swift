import Optimizers
import TensorCore

extension Model {
  /// What a step of training on such rows does, kernel by kernel: which operations became one pass over memory, what is written in place,
  /// how many bytes are moved. The step is traced and not run.
  ///
  ///     print(try model.explainTrainingStep(x, y))
  /// - Parameters:
  ///   - x: rows of input on axis 0, as many as a batch has.
  ///   - y: as many rows of targets; nil as for `fit`.
  ///   - sampleWeight: one number a row.
  /// - Throws: ``DescentError`` if the model is not compiled or the data does not fit it.
  public func explainTrainingStep(
    _ x: any ModelData, _ y: (any ModelData)? = nil, sampleWeight: (any ModelData)? = nil
  ) throws -> PlanExplanation {
    try withTrainingStep(x, y, sampleWeight, "explainTrainingStep") { plan in
      plan.translate()
      return plan.explanation()
    }
  }

  /// The same with the least time of each kernel over some steps. The model is afterwards as it was before: weights, the optimizer's
  /// state, statistics and generators are put back.
  ///
  ///     print(try model.profileTrainingStep(x, y))
  /// - Parameters:
  ///   - x: rows of input on axis 0, as many as a batch has.
  ///   - y: as many rows of targets; nil as for `fit`.
  ///   - sampleWeight: one number a row.
  ///   - runs: how many steps are measured, at least 1; 20 by default.
  /// - Throws: ``DescentError`` if the model is not compiled or the data does not fit it.
  public func profileTrainingStep(
    _ x: any ModelData, _ y: (any ModelData)? = nil, sampleWeight: (any ModelData)? = nil, runs: Int = 20
  ) throws -> PlanExplanation {
    try NumberRange.count.check("runs", runs, "profileTrainingStep")
    return try withTrainingStep(x, y, sampleWeight, "profileTrainingStep") { $0.profile(runs: runs, keepsVariables: true) }
  }

  /// The plan of a step of training on all of the rows as one batch, ready to run.
  private func withTrainingStep<Result>(
    _ x: any ModelData, _ y: (any ModelData)?, _ sampleWeight: (any ModelData)?, _ caller: String, _ body: (Plan) throws -> Result
  ) throws -> Result {
    try access.checkTraining(caller)
    return try access.stepping {
      let training = try compiled(caller)
      let data = try CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: self, caller)
      try prepare(for: data, caller)
      let optimizerState = try readyOptimizerState(caller)
      let runner = try StepRunner(model: self, training: training, data: data, trainability: Trainability(of: self))
      let plan = try runner.trainingStep(
        rows: data.count, phase: optimizerState.beginStep(), optimizerState: optimizerState, runner.beginOwnSteps()
      ).plan
      plan.bind(argument: runner.indexArgument, to: RowOrder.inOrder(data.count))
      return try body(plan)
    }
  }

  /// What predicting such rows does, kernel by kernel. It is traced and not run.
  /// - Parameter x: rows of input on axis 0, as many as a batch has.
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func explainPrediction(_ x: any ModelData) throws -> PlanExplanation {
    try withPrediction(x, "explainPrediction") { try $0.explain($1) }
  }

  /// The same with the least time of each kernel over some runs.
  /// - Parameters:
  ///   - x: rows of input on axis 0, as many as a batch has.
  ///   - runs: how many predictions are measured, at least 1; 20 by default.
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func profilePrediction(_ x: any ModelData, runs: Int = 20) throws -> PlanExplanation {
    try NumberRange.count.check("runs", runs, "profilePrediction")
    return try withPrediction(x, "profilePrediction") { try $0.profile($1, runs: runs) }
  }

  private func withPrediction<Result>(
    _ x: any ModelData, _ caller: String, _ body: (ThrowingCompiledFunction, [Tensor]) throws -> Result
  ) throws -> Result {
    let data = try CheckedData(x: x, y: nil, sampleWeight: nil, of: self, caller)
    try prepare(for: data, caller)
    let function = ThrowingCompiledFunction { [self] arguments in
      let context = ForwardContext(builder: modelBuilder, isTraining: false)
      return try outputs(zip(data.inputs, arguments).enumerated().map { castInput($1.0.input.prepared($1.1), $0) }, context)
    }
    return try access.tracing {
      try body(function, data.inputs.map { Tensor.zeros([data.count] + $0.rowShape, dtype: $0.dtype) })
    }
  }
}

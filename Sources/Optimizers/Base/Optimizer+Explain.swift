import TensorCore

extension Optimizer {
  /// What an update of parameters of such shapes does, kernel by kernel: a formula that became one pass over memory is one kernel.
  ///
  ///     print(try Adam().explainUpdate())
  /// - Parameters:
  ///   - shapes: of the parameters.
  ///   - dtype: of parameters and gradients, `float32` or `float64`.
  /// - Throws: ``DescentError`` if the optimizer's settings are not possible, or it needs more of the loss than gradients.
  public func explainUpdate(shapes: [[Int]] = [[784, 100], [100]], dtype: DType = .float32) throws -> PlanExplanation {
    try withUpdate(of: shapes, dtype) { update, variables in update.explain(variables.map { Tensor.zeros($0.shape, dtype: dtype) }) }
  }

  /// The same with the least time of each kernel over some updates, of random numbers with random gradients.
  /// - Parameters:
  ///   - shapes: of the parameters.
  ///   - dtype: of parameters and gradients, `float32` or `float64`.
  ///   - runs: how many updates are measured, at least 1; 100 by default.
  /// - Throws: ``DescentError`` if the optimizer's settings are not possible, or it needs more of the loss than gradients.
  public func profileUpdate(shapes: [[Int]] = [[784, 100], [100]], dtype: DType = .float32, runs: Int = 100) throws -> PlanExplanation {
    try NumberRange.count.check("runs", runs, "profileUpdate")
    return try withUpdate(of: shapes, dtype) { update, variables in
      let random = RandomGenerator(seed: 1)
      for variable in variables { variable.assign(random.normal(variable.shape, dtype: dtype).evaluated()) }
      return update.profile(variables.map { random.normal($0.shape, dtype: dtype).evaluated() }, runs: runs)
    }
  }

  private func withUpdate<Result>(
    of shapes: [[Int]], _ dtype: DType, _ body: (CompiledFunction, [Variable]) throws -> Result
  ) throws -> Result {
    try requireGivenGradients()
    let variables = shapes.enumerated().map { Variable(Tensor.zeros($1, dtype: dtype), name: "parameter \($0)") }
    let state = try OptimizerState(self, variables: variables)
    let phase = state.beginStep()
    let function = CompiledFunction { gradients in
      state.apply(gradients: gradients, phase: phase)
      return []
    }
    return try body(function, variables)
  }
}

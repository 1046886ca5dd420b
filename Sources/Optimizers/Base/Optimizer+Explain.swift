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
    try requireGivenGradients()
    let variables = shapes.enumerated().map { Variable(Tensor.zeros($1, dtype: dtype), name: "parameter \($0)") }
    let state = try OptimizerState(self, variables: variables)
    let phase = state.beginStep()
    let function = CompiledFunction { gradients in
      state.apply(gradients: gradients, phase: phase)
      return []
    }
    return function.explain(shapes.map { Tensor.zeros($0, dtype: dtype) })
  }
}

/// An optimizer at work on a function of its parameters; the gradients are taken by the library.
///
///     let minimizer = try Minimizer(Adam(learningRate: 0.1), startingAt: ["x": [-7.0, 2.0]]) { p in
///       let x = p["x"]!
///       return (x * x * Tensor([0.05, 1.0])).sum()
///     }
///     try minimizer.minimize(steps: 100)
///     print(minimizer.parameters)
///
/// The function is traced once and then runs as a plan. Not for use from several threads at once.
public final class Minimizer<Parameters: ParameterCollection> {
  /// The counters, the learning rate, and what is remembered of each parameter.
  public let state: OptimizerState
  private let structure: Parameters
  private let variables: [Variable]
  private let oneStep: ThrowingCompiledFunction
  private let search: LBFGSSearch?

  /// - Parameters:
  ///   - optimizer: which rule to step by.
  ///   - start: the starting values; `float32` or `float64`.
  ///   - loss: what to minimize: a tensor without axes, computed from tensors of the parameters' structure.
  /// - Throws: ``DescentError`` if the optimizer's settings are out of range or the parameters cannot be trained.
  public init(
    _ optimizer: any Optimizer, startingAt start: Parameters, loss: @escaping (Parameters.Tensors) -> Tensor
  ) throws {
    structure = start
    let variables = start.variables()
    self.variables = variables
    func checkedLoss() -> Tensor {
      let value = loss(start.tensors(variables.map(\.value)))
      if value.count != 1 { programmingError("Minimizer: the loss has shape \(value.shape), not one element") }
      return value
    }
    let settings = optimizer as? LBFGS
    let state = try settings.map { try OptimizerState(searching: $0, variables: variables) }
      ?? OptimizerState(optimizer, variables: variables)
    self.state = state
    oneStep = ThrowingCompiledFunction { _ in
      let value = checkedLoss()
      let derivatives = gradients(of: state.scaled(loss: value), withRespectTo: state.trainableVariables)
      try state.traceStep(gradients: derivatives, caller: "Minimizer.step")
      return [value]
    }
    let evaluate = compile { (_: [Tensor]) -> [Tensor] in
      let value = checkedLoss()
      return [value] + gradients(of: value, withRespectTo: state.trainableVariables)
    }
    search = settings.map { LBFGSSearch($0, state) { evaluate.call([]) } }
  }

  /// Whether the last step of ``LBFGS`` showed that nothing more is to be gained; further steps change nothing. No other
  /// optimizer knows.
  public var hasConverged: Bool { search?.hasConverged ?? false }

  /// The present values.
  public var parameters: Parameters { structure.replacing(with: variables.map(\.value)) }

  /// One step.
  /// - Returns: the loss before the step.
  /// - Throws: ``DescentError`` of kind `numerics` if a gradient is not finite and the optimizer is to stop then.
  @discardableResult
  public func step() throws -> Double {
    if let search { return try search.step() }
    return try oneStep.call([])[0].item()
  }

  /// Several steps.
  /// - Returns: the loss before each.
  /// - Throws: ``DescentError`` of kind `numerics` if a gradient is not finite and the optimizer is to stop then, of kind `invalidArgument` for a
  ///   negative number.
  @discardableResult
  public func minimize(steps count: Int) throws -> [Double] {
    try NumberRange.nonNegative.check("steps", count, "Minimizer.minimize")
    return try (0..<count).map { _ in try step() }
  }

  /// How many functions were traced so far.
  package var tracedCount: Int { oneStep.planCount }
}

/// The parameters after some steps towards a minimum of a function; see ``Minimizer``.
///
///     let x = try minimize([[-7.0, 2.0]], with: SGD(learningRate: 0.9), steps: 30) { p in square(p[0]).sum() }
public func minimize<Parameters: ParameterCollection>(
  _ start: Parameters, with optimizer: any Optimizer, steps: Int, loss: @escaping (Parameters.Tensors) -> Tensor
) throws -> Parameters {
  let minimizer = try Minimizer(optimizer, startingAt: start, loss: loss)
  try minimizer.minimize(steps: steps)
  return minimizer.parameters
}

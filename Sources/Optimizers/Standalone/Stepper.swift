/// An optimizer at work on parameters whose gradients come from elsewhere.
///
///     var parameters = ["w": [1.0, -2.0], "b": [0.5]]
///     let stepper = try Stepper(Adam(learningRate: 0.1), parameters: parameters)
///     for _ in 0..<100 {
///       try stepper.update(&parameters, gradients: gradients(parameters))
///     }
///
/// Parameters and gradients are tensors or plain arrays; see ``ParameterCollection``. The step is traced at the first update and
/// never again, whatever becomes of the learning rate. Not for use from several threads at once.
public final class Stepper<Parameters: ParameterCollection> {
  /// The counters, the learning rate, and what is remembered of each parameter.
  public let state: OptimizerState
  private let structure: Parameters
  private let variables: [Variable]
  private let steps: CompiledSteps

  /// - Parameters:
  ///   - optimizer: which rule to step by.
  ///   - parameters: the starting values; `float32` or `float64`.
  /// - Throws: ``DescentError`` if the optimizer's settings are out of range or the parameters cannot be trained.
  public init(_ optimizer: any Optimizer, parameters: Parameters) throws {
    structure = parameters
    let variables = parameters.variables()
    self.variables = variables
    try optimizer.requireGivenGradients()
    let state = try OptimizerState(optimizer, variables: variables)
    self.state = state
    steps = CompiledSteps(state) { gradients, phase in
      state.apply(gradients: gradients, phase: phase)
      return []
    }
  }

  /// The present values.
  public var parameters: Parameters {
    get { structure.replacing(with: variables.map(\.value)) }
  }

  /// One step of the stepper's own parameters.
  /// - Throws: ``DescentError`` if the gradients do not fit the parameters, or are not finite and the optimizer is to stop then.
  ///   Nothing is changed then.
  public func update(gradients: Parameters) throws {
    _ = try steps.run(checked(gradients, "gradient"))
  }

  /// One step from the given values, which it changes. They need not be those of the last step.
  /// - Throws: ``DescentError`` if the parameters or gradients do not fit those at the start, or are not finite and the optimizer
  ///   is to stop then. Nothing is changed then.
  public func update(_ parameters: inout Parameters, gradients: Parameters) throws {
    let values = try checked(parameters, "parameter")
    let given = try checked(gradients, "gradient")
    for (variable, value) in zip(variables, values) { variable.assign(value) }
    _ = try steps.run(given)
    parameters = self.parameters
  }

  /// The tensors of a collection that has the structure of the parameters.
  private func checked(_ given: Parameters, _ what: String) throws -> [Tensor] {
    let entries = given.parameterTensors
    let expected = variables.map(\.path)
    guard entries.map(\.path) == expected else {
      throw DescentError(
        .invalidArgument, "the \(what)s are of \(entries.map(\.path)); the optimizer was made for \(expected)")
    }
    for (entry, variable) in zip(entries, variables)
    where entry.tensor.shape != variable.shape || entry.tensor.dtype != variable.dtype {
      throw DescentError(
        .invalidArgument,
        "\(what) \(entry.path) is \(entry.tensor.dtype) \(entry.tensor.shape); expected \(variable.dtype) \(variable.shape)")
    }
    return entries.map(\.tensor)
  }

  /// How many functions were traced so far.
  package var tracedCount: Int { steps.tracedCount }
}

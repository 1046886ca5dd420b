import Foundation

/// What has an optimizer at work.
package protocol OptimizerHolder: AnyObject {
  var state: OptimizerState { get }
}

/// An optimizer at work on parameters, given their gradients.
///
/// Parameters of one's own are tensors or plain arrays; see ``ParameterCollection``:
///
///     var parameters = ["w": [1.0, -2.0], "b": [0.5]]
///     let stepper = try Stepper(Adam(learningRate: 0.1), parameters: parameters)
///     for _ in 0..<100 {
///       try stepper.update(&parameters, gradients: gradients(parameters))
///     }
///
/// Variables, such as a model's, are changed where they are, outside or inside a compiled function, of which the update then is a
/// part, in place and fused with the rest:
///
///     let stepper = try Stepper(Adam(), variables: model.trainableVariables)
///     let step = compile { x, y in
///       let loss = square(try model(x, training: true) - y).mean()
///       try stepper.update(gradients: gradients(of: loss, withRespectTo: stepper.variables))
///       return loss
///     }
///     for (x, y) in batches { print(try step(x, y).item()) }
///
/// The step is traced at the first update and never again, whatever becomes of the learning rate. A compiled function may step each
/// stepper once.
///
/// Threads may share a stepper: its updates, and the calls of a compiled function that steps it, take turns. Two compiled functions
/// that step the same one are for one thread.
public final class Stepper<Parameters: ParameterCollection>: OptimizerHolder {
  /// The counters, the learning rate, and what is remembered of each parameter: ``OptimizerState/checkpoint()`` saves it.
  public let state: OptimizerState
  /// The parameters, in order: gradients are taken with respect to these.
  public let variables: [Variable]
  private let structure: Parameters
  private let oneStep: ThrowingCompiledFunction
  /// Held while a step is made.
  private let turn = NSLock()

  /// - Parameters:
  ///   - optimizer: which rule to step by.
  ///   - parameters: the starting values; `float32` or `float64`.
  /// - Throws: ``DescentError`` if the optimizer's settings are out of range, it needs more than gradients, or the parameters
  ///   cannot be trained.
  public convenience init(_ optimizer: any Optimizer, parameters: Parameters) throws {
    try optimizer.requireGivenGradients()
    try self.init(optimizer, parameters, parameters.variables())
  }

  private init(_ optimizer: any Optimizer, _ structure: Parameters, _ variables: [Variable]) throws {
    self.structure = structure
    self.variables = variables
    let state = try OptimizerState(optimizer, variables: variables)
    self.state = state
    oneStep = ThrowingCompiledFunction { gradients in
      try state.traceStep(gradients: gradients, caller: "Stepper.update")
      return []
    }
  }

  /// The present values.
  public var parameters: Parameters {
    get { structure.replacing(with: variables.map(\.value)) }
  }

  /// What gradients are to be taken of: the loss times the loss scale, if the optimizer has one
  /// (``OptimizerOptions/lossScaleFactor``, ``LossScaleOptimizer``), else the loss itself. (Keras: `Optimizer.scale_loss`.)
  public func scaled(loss: Tensor) -> Tensor { state.scaled(loss: loss) }

  /// One step of the stepper's own parameters. (Keras: `Optimizer.apply`.)
  ///
  /// Inside a compiled function the step is part of each run. There may be several, such as those of a critic between two of a generator, but of
  /// an optimizer that passes over gradients that are not finite (``NonFinitePolicy``, ``LossScaleOptimizer``). A variable that is not trainable
  /// stays as it is.
  /// - Parameter gradients: of ``scaled(loss:)``, one for each parameter.
  /// - Throws: ``DescentError`` if the gradients do not fit the parameters, or are not finite and the optimizer is to stop then
  ///   (inside a compiled function: when it runs). Nothing is changed then.
  public func update(gradients: Parameters) throws {
    let given = try checked(gradients, "gradient")
    try turn.withLock { try update(given) }
  }

  /// One step from the given values, which it changes. They need not be those of the last step.
  /// - Throws: ``DescentError`` if the parameters or gradients do not fit those at the start, or are not finite and the optimizer
  ///   is to stop then. Nothing is changed then.
  public func update(_ parameters: inout Parameters, gradients: Parameters) throws {
    let values = try checked(parameters, "parameter")
    let given = try checked(gradients, "gradient")
    parameters = try turn.withLock {
      for (variable, value) in zip(variables, values) { variable.assign(value) }
      try update(given)
      return self.parameters
    }
  }

  private func update(_ gradients: [Tensor]) throws {
    let trained = zip(variables, gradients).filter { $0.0.isTrainable }.map(\.1)
    if Trace.isRecording { return try state.traceStep(gradients: trained, caller: "Stepper.update") }
    try state.optimizer.requireGivenGradients()
    _ = try oneStep.call(trained)
  }

  /// The tensors of a collection that has the structure of the parameters.
  private func checked(_ given: Parameters, _ what: String) throws -> [Tensor] {
    let entries = given.parameterTensors
    let expected = structure.parameterTensors.map(\.path)
    guard entries.count == expected.count else {
      throw DescentError(
        .invalidArgument,
        "\(entries.count) \(what)s were given for \(expected.count) parameters: \(variables.map(\.path).joined(separator: ", "))")
    }
    guard entries.map(\.path) == expected else {
      throw DescentError(
        .invalidArgument, "the \(what)s are of \(entries.map(\.path)); the optimizer was made for \(expected)")
    }
    for (entry, variable) in zip(entries, variables)
    where entry.tensor.shape != variable.shape || entry.tensor.dtype != variable.dtype {
      throw DescentError(
        .invalidArgument,
        "\(what) \(variable.path) is \(entry.tensor.dtype) \(entry.tensor.shape); expected \(variable.dtype) \(variable.shape)")
    }
    return entries.map(\.tensor)
  }

  /// How many functions were traced so far.
  package var tracedCount: Int { oneStep.planCount }
}

extension Stepper where Parameters == [Tensor] {
  /// An optimizer at work on variables, which it changes where they are.
  /// - Parameters:
  ///   - optimizer: which rule to step by.
  ///   - variables: `float32` or `float64`; of different paths, by which the state's checkpoint knows them.
  /// - Throws: ``DescentError`` if the optimizer's settings are out of range or the variables cannot be trained.
  public convenience init(_ optimizer: any Optimizer, variables: [Variable]) throws {
    try self.init(optimizer, variables.map(\.value), variables)
  }
}

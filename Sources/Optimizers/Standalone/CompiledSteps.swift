/// The compiled functions of an optimizer's phases, made when a phase is first met.
///
/// - Important: not for use from several threads at once.
package final class CompiledSteps {
  package let state: OptimizerState
  private let body: ([Tensor], StepPhase) -> [Tensor]
  private var functions: [StepPhase: CompiledFunction] = [:]
  /// Which parameters the functions were traced to train.
  private var trainable: [Bool] = []

  /// - Parameter body: one step, within a trace: it calls ``OptimizerState/apply(gradients:phase:)``.
  package init(_ state: OptimizerState, body: @escaping ([Tensor], StepPhase) -> [Tensor]) {
    self.state = state
    self.body = body
  }

  /// Runs one step and counts it.
  /// - Throws: ``DescentError`` of kind `numerics` if a gradient is not finite and the optimizer is to stop then.
  package func run(_ arguments: [Tensor]) throws -> [Tensor] {
    if !state.entries.elementsEqual(trainable, by: { $0.variable.isTrainable == $1 }) {
      functions = [:]
      trainable = state.entries.map(\.variable.isTrainable)
    }
    let phase = state.beginStep()
    let function: CompiledFunction
    if let known = functions[phase] {
      function = known
    } else {
      let body = body
      function = compile { body($0, phase) }
      functions[phase] = function
    }
    let results = function.call(arguments)
    try state.endStep()
    return results
  }

  /// How many functions were traced so far.
  package var tracedCount: Int { functions.count }
}

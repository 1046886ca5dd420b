import Optimizers
import TensorCore

/// All that training changes in a model, to put it back to the bit: weights and statistics, the optimizer's state with its learning
/// rate, generators of random numbers, states that layers carry from batch to batch, and the place in the order of rows.
struct ModelSnapshot {
  private let model: Model
  private let variables: [(variable: Variable, value: Tensor)]
  private let optimizers: [(state: OptimizerState, checkpoint: [String: Tensor])]
  private let layers: [(layer: RecurrentLayer, states: [Tensor])]
  private let passCount: Int
  private let stopTraining: Bool
  private let history: History?

  /// - Throws: ``DescentError`` if the model is not compiled and built.
  init(_ model: Model, _ caller: String) throws {
    self.model = model
    let state = try model.readyOptimizerState(caller)
    let states = [state] + model.heldSteppers.map(\.state)
    let layers = model.allLayers.compactMap { $0 as? RecurrentLayer }.filter(\.isStateful)
    let kept = model.access.stepping {
      // Where training goes on, which need not be what the model is judged by.
      states.forEach { $0.restoreTrainingValues() }
      let all = model.variables + model.allRandomStates
      return (
        variables: all.map { (variable: $0, value: $0.value.evaluated()) },
        optimizers: states.map { (state: $0, checkpoint: $0.checkpoint()) },
        layers: layers.map { layer in (layer: layer, states: (layer.states ?? []).map { $0.value.evaluated() }) })
    }
    (variables, optimizers, self.layers) = (kept.variables, kept.optimizers, kept.layers)
    (passCount, stopTraining, history) = (model.passCount, model.stopTraining, model.history)
    model.showWeightsToJudge()
  }

  func restore() throws {
    try model.access.stepping {
      for (state, _) in optimizers { state.restoreTrainingValues() }
      for (variable, value) in variables { variable.assign(value) }
      for (state, checkpoint) in optimizers { try state.restore(checkpoint) }
      // The optimizer takes what the variables hold for what to judge by; here they hold what is trained.
      for (state, _) in optimizers { state.restoreTrainingValues() }
      for (layer, states) in layers { layer.restoreStates(states) }
      (model.passCount, model.stopTraining, model.history) = (passCount, stopTraining, history)
    }
    model.showWeightsToJudge()
  }
}

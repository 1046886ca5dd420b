import Optimizers
import TensorCore

extension Model {
  /// What the optimizer remembers, be it only that nothing has happened; nil if the model is not compiled or has no weights yet.
  package func preparedOptimizerState() throws -> OptimizerState? {
    guard let training, !training.isOutdated else { return nil }
    try buildIfDeclared()
    return isBuilt ? try readyOptimizerState("save") : nil
  }

  /// The optimizer's state as Keras's files hold it.
  package func kerasVariables(of state: OptimizerState) -> [Tensor] {
    state.kerasVariables(ofTrained: Trainability(of: self).trained)
  }

  /// The same with what each is: `iteration`, `dense/kernel/momentum`.
  package func namedKerasVariables(of state: OptimizerState) -> [(name: String, tensor: Tensor)] {
    state.namedKerasVariables(ofTrained: Trainability(of: self).trained)
  }

  /// Takes up the optimizer's state from one of Keras's files.
  /// - Throws: ``DescentError`` telling what does not fit. Nothing is changed then.
  package func restoreOptimizer(kerasVariables: [Tensor]) throws {
    try readyOptimizerState("load").restore(kerasVariables: kerasVariables, ofTrained: Trainability(of: self).trained)
  }

  /// Takes up the optimizer's state from a whole-model file of Keras 2.
  /// - Throws: ``DescentError`` telling what does not fit. Nothing is changed then.
  package func restoreOptimizer(kerasSlots slots: [String: [Tensor]], iterations: Tensor) throws {
    try readyOptimizerState("load").restore(kerasSlots: slots, iterations: iterations, ofTrained: Trainability(of: self).trained)
  }

  /// Takes up what ``OptimizerState/checkpoint()`` of an equal optimizer gave.
  /// - Throws: ``DescentError`` telling what does not fit. Nothing is changed then.
  public func restoreOptimizer(_ checkpoint: [String: Tensor]) throws {
    try readyOptimizerState("restoreOptimizer").restore(checkpoint)
  }
}

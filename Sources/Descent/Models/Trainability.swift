import TensorCore

/// What training changes and what it leaves alone: as it stands when a call of `fit`, `trainOnBatch` or `evaluate` begins, and for all of
/// that call, however layers are marked meanwhile.
struct Trainability: Equatable {
  /// The layers that are marked as frozen; what is below them is frozen with them.
  let frozenLayers: Set<ObjectIdentifier>
  /// The variables that the optimizer changes, and whose penalties are part of the loss.
  let trained: Set<ObjectIdentifier>

  init(of model: Model) {
    trained = Set(model.trainableVariables.map(ObjectIdentifier.init))
    frozenLayers = Set(model.allLayers.lazy.filter { !$0.isTrainable }.map(ObjectIdentifier.init))
  }
}

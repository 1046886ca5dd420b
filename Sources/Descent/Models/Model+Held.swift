import Optimizers
import TensorCore

// What a subclass has in stored properties belongs to the model, as what is assigned to a Keras model's attributes does.
extension Model {
  /// Metrics of the model's own steps.
  var heldMetrics: [StatefulMetric] { held() }

  /// Optimizers of the model's own steps.
  var heldSteppers: [any OptimizerHolder] { held() }

  private func held<Part>() -> [Part] {
    type(of: self) == Model.self || self is Sequential ? [] : storedParts(of: self, upTo: Model.self)
  }

  /// Makes the model's what only its own steps use: layers become sublayers, variables and the states of generators of random numbers its own.
  /// Those that the forward pass uses are known.
  func adoptHeldParts() throws {
    for layer in held() as [Layer] where !allLayers.contains(where: { $0 === layer }) {
      if let model = layer as? Model { try model.buildIfDeclared() }
      // What is called in a step and was not built is told there.
      guard layer.isBuilt else { continue }
      sublayers.append(layer)
      layer.place(under: self)
      for variable in layer.variables + layer.randomStates { _ = modelBuilder.claim(variable) }
    }
    adopt((held() as [Variable]) + (held() as [RandomGenerator]).map(\.state), with: modelBuilder)
  }
}

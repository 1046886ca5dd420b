import Optimizers
import TensorCore

extension Layer {
  /// Whether the class is one of the library's, which keep nothing in stored properties that has to be found.
  final var isBuiltIn: Bool { LayerRegistry.isLibrary(type(of: self)) }

  /// What stored properties of the layer's class hold of some kind.
  final func held<Part>() -> [Part] { storedParts(of: self, upTo: self is Model ? Model.self : Layer.self) }

  /// The layer and all below it, each once: those it calls, and those in stored properties that it has not called yet.
  final var withHeldLayers: [Layer] {
    var all: [Layer] = [self], seen: Set = [ObjectIdentifier(self)], next = 0
    while next < all.count {
      all += (all[next].sublayers + all[next].held()).filter { seen.insert(ObjectIdentifier($0)).inserted }
      next += 1
    }
    return all
  }

  /// Metrics in the stored properties of a layer of the program's own, which its forward pass updates.
  final var ownMetrics: [StatefulMetric] { isBuiltIn ? [] : held() }
}

// What a subclass has in stored properties belongs to the model, as what is assigned to a Keras model's attributes does.
extension Model {
  /// Metrics that the model's own steps or the forward passes of its layers update. As in Keras, those of a model within it are not asked.
  var heldMetrics: [StatefulMetric] {
    var seen: Set<ObjectIdentifier> = []
    return (ownMetrics + allLayers.filter { !($0 is Model) }.flatMap(\.ownMetrics)).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// Optimizers of the model's own steps.
  var heldSteppers: [any OptimizerHolder] { isBuiltIn || self is Sequential ? [] : held() }

  /// Makes the model's what only its own steps use: layers become sublayers, variables and the states of generators of random numbers its own.
  /// Those that the forward pass uses are known.
  func adoptHeldParts() throws {
    if isBuiltIn || self is Sequential { return }
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

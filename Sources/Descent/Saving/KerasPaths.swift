import TensorCore

/// Where Keras's weight files keep what: a group for each layer, named after its class and numbered in the order of the model.
package enum KerasPaths {
  /// A layer's place: its variables are `vars/0`, `vars/1` … under the path.
  package struct Place {
    package let path: String
    package let layer: Layer

    /// The group of the variables.
    package var group: String { path.isEmpty ? "vars" : path + "/vars" }

    /// The variables with their paths, those that are trained first, as Keras keeps them.
    package var variables: [(name: String, variable: Variable)] {
      let own = layer.ownVariables
      let ordered = own.filter(\.isTrainable) + own.filter { !$0.isTrainable }
      return ordered.enumerated().map { ("\(group)/\($0.offset)", $0.element) }
    }
  }

  /// The model's place and those of all its layers, each once. (Keras: `_walk_saveable`.)
  package static func places(in model: Model) -> [Place] {
    var places: [Place] = []
    var visited: Set<ObjectIdentifier> = []
    visit(model, "", &places, &visited)
    return places
  }

  private static func visit(_ layer: Layer, _ path: String, _ places: inout [Place], _ visited: inout Set<ObjectIdentifier>) {
    guard visited.insert(ObjectIdentifier(layer)).inserted else { return }
    places.append(Place(path: path, layer: layer))
    let prefix = path.isEmpty ? "" : path + "/"
    if let model = layer as? Model, model is Sequential || model.graph != nil {
      visit(list: model.layers, prefix + "layers", &places, &visited)
      return
    }
    // A layer of the program's own keeps others in properties, which Keras calls by their names.
    var mirror: Mirror? = Mirror(reflecting: layer)
    var properties: [(name: String, layers: [Layer], isList: Bool)] = []
    while let present = mirror {
      for case (let label?, let value) in present.children {
        if let layer = value as? Layer { properties.append((snakeCase(label), [layer], false)) }
        if let layers = value as? [Layer] { properties.append((snakeCase(label), layers, true)) }
      }
      mirror = present.superclassMirror.flatMap { $0.subjectType == Layer.self || $0.subjectType == Model.self ? nil : $0 }
    }
    for property in properties.sorted(by: { $0.name < $1.name }) {
      if property.isList {
        visit(list: property.layers, prefix + property.name, &places, &visited)
      } else {
        visit(property.layers[0], prefix + property.name, &places, &visited)
      }
    }
    visit(list: layer.sublayers.filter { !visited.contains(ObjectIdentifier($0)) }, prefix + "layers", &places, &visited)
  }

  private static func visit(list layers: [Layer], _ path: String, _ places: inout [Place], _ visited: inout Set<ObjectIdentifier>) {
    var used: [String: Int] = [:]
    for layer in layers {
      let className = layer.kerasClassName
      let base = Layer.kerasName(ofClass: className)
      let number = used[base].map { $0 + 1 } ?? 0
      used[base] = number
      visit(layer, "\(path)/\(number == 0 ? base : "\(base)_\(number)")", &places, &visited)
    }
  }
}

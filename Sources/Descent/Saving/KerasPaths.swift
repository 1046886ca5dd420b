import TensorCore

/// Where Keras's weight files keep what: a group for each layer, named after its class and numbered in the order of the model.
package enum KerasPaths {
  /// A layer's place: its variables are `vars/0`, `vars/1` … under the path.
  package struct Place {
    package let path: String
    package let layer: Layer

    /// The group of the variables.
    package var group: String { path.isEmpty ? "vars" : path + "/vars" }

    /// The variables with their paths, those that were made to be trained first, as Keras keeps them.
    package var variables: [(name: String, variable: Variable)] {
      layer.orderedVariables.enumerated().map { ("\(group)/\($0.offset)", $0.element) }
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
      visit(list: model.layers.map { .one($0) }, prefix + "layers", &places, &visited)
      return
    }
    // A layer of the program's own keeps others in properties, which Keras calls by their names.
    var properties = HeldLayers.properties(of: layer)
    // `layers`, all that a model holds, is a property of its own, and what comes behind it in the alphabet is found there.
    if let model = layer as? Model { properties.append(("layers", .several(model.layers.map { .one($0) }))) }
    for (name, held) in properties.sorted(by: { order($0.name) < order($1.name) }) {
      switch held {
      case .one(let held): visit(held, prefix + name, &places, &visited)
      case .several(let held): visit(list: held, prefix + name, &places, &visited)
      }
    }
    let others = layer.sublayers.filter { !visited.contains(ObjectIdentifier($0)) }
    visit(list: others.map { .one($0) }, prefix + "layers", &places, &visited)
  }

  /// What properties are ordered by: those with an underscore in front come last. (Keras: `_name_key`.)
  private static func order(_ name: String) -> String { name.hasPrefix("_") ? "~" + name : name }

  private static func visit(list: [HeldLayers], _ path: String, _ places: inout [Place], _ visited: inout Set<ObjectIdentifier>) {
    var used: [String: Int] = [:]
    for held in list {
      var base = "container"
      if case .one(let layer) = held { base = layer.kerasPathName }
      let number = used[base].map { $0 + 1 } ?? 0
      used[base] = number
      let path = "\(path)/\(number == 0 ? base : "\(base)_\(number)")"
      switch held {
      case .one(let layer): visit(layer, path, &places, &visited)
      case .several(let list): visit(list: list, path, &places, &visited)
      }
    }
  }
}

/// Layers as a property holds them: one, or several in an array, a tuple or a dictionary (in the order of its keys), which may lie in one
/// another.
private indirect enum HeldLayers {
  case one(Layer)
  case several([HeldLayers])

  /// The properties of a layer of the program's own that hold others, by Keras's spelling of their names.
  static func properties(of layer: Layer) -> [(name: String, held: HeldLayers)] {
    var properties: [(name: String, held: HeldLayers)] = []
    var mirror: Mirror? = Mirror(reflecting: layer)
    while let level = mirror, level.subjectType != Layer.self, level.subjectType != Model.self {
      for case (let label?, let value) in level.children {
        // A lazy property is stored under another name.
        let name = label.hasPrefix("$__lazy_storage_$_") ? String(label.dropFirst(18)) : label
        if let held = HeldLayers(value) { properties.append((snakeCase(name), held)) }
      }
      mirror = level.superclassMirror
    }
    return properties
  }

  private init?(_ value: Any) {
    if let layer = value as? Layer {
      self = .one(layer)
      return
    }
    let mirror = Mirror(reflecting: value)
    guard let first = mirror.children.first else { return nil }
    // Numbers and texts by the million hold nothing.
    func isPlain(_ value: Any) -> Bool { Mirror(reflecting: value).displayStyle == nil }
    let held: [HeldLayers]
    switch mirror.displayStyle {
    case .optional:
      guard let wrapped = HeldLayers(first.value) else { return nil }
      self = wrapped
      return
    case .collection where isPlain(first.value): return nil
    case .collection, .tuple: held = mirror.children.compactMap { HeldLayers($0.value) }
    case .dictionary:
      if let first = first.value as? (key: AnyHashable, value: Any), isPlain(first.value) { return nil }
      let entries = mirror.children.compactMap { $0.value as? (key: AnyHashable, value: Any) }
      held = entries.map { ("\($0.key.base)", $0.value) }.sorted { $0.0 < $1.0 }.compactMap { HeldLayers($0.1) }
    default: return nil
    }
    guard !held.isEmpty else { return nil }
    self = .several(held)
  }
}

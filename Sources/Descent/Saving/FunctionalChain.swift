import TensorCore

/// Keras's `Functional` models whose layers follow one another, which are `Sequential` ones in other words.
enum FunctionalChain {
  /// The options of the `Sequential` model that computes the same.
  /// - Throws: ``DescentError`` naming the layer that takes more or something else than the one before it.
  static func sequentialConfig(_ config: JSONObject, owner: String) throws -> JSONObject {
    guard let layers = config["layers"]?.array else {
      throw DescentError(.file, "\(owner): 'layers' is missing; expected a list")
    }
    var byName: [String: JSONValue] = [:]
    var follower: [String: String] = [:]
    for layer in layers {
      guard let name = layer["name"]?.string, byName.updateValue(layer, forKey: name) == nil else {
        throw DescentError(.file, "\(owner): \(layer.shortText) is not a layer with a name of its own")
      }
      guard let source = try source(of: layer, "\(owner): layer '\(name)'") else { continue }
      if let other = follower.updateValue(name, forKey: source) {
        throw DescentError(
          .file, "\(owner): layers '\(other)' and '\(name)' both take what '\(source)' gives; Descent reads models of one layer after another")
      }
    }
    let first = try end(config["input_layers"], "input_layers", owner), last = try end(config["output_layers"], "output_layers", owner)
    var chain: [JSONValue] = []
    var place: String? = first
    while let name = place, let layer = byName.removeValue(forKey: name) {
      chain.append(layer)
      place = follower[name]
    }
    guard byName.isEmpty, chain.last?["name"]?.string == last else {
      throw DescentError(
        .file, "\(owner): its layers are not one after another from '\(first)' to '\(last)'; Descent reads no other Functional models")
    }
    return JSONObject([
      ("name", config["name"] ?? .null), ("trainable", config["trainable"] ?? true), ("layers", .array(chain)),
    ])
  }

  /// Layers that compute the same while training.
  private static let indifferent = ["Activation", "Dense", "Embedding", "Flatten", "Permute", "RepeatVector", "Rescaling", "Reshape"]

  /// Whether a call that says so computes what one that does not would: Keras notes what a layer takes for granted as if it had been said.
  private static func isOfNoUse(_ training: Bool, for layer: JSONValue, _ owner: String) throws -> Bool {
    let object = try LayerJSON.objectAndConfig(layer, owner).object, className = object.className
    if indifferent.contains(className) || className.hasPrefix("Conv") || className.contains("Pooling") { return true }
    return try LayerRegistry.type(object, owner: owner).trainingByDefault == training
  }

  /// The layer whose result a layer is called with; nil for an input.
  private static func source(of layer: JSONValue, _ owner: String) throws -> String? {
    let calls = layer["inbound_nodes"]?.array ?? []
    if calls.isEmpty && layer["class_name"]?.string == "InputLayer" { return nil }
    guard calls.count == 1, let arguments = calls[0]["args"]?.array else {
      throw DescentError(.file, "\(owner) is called \(calls.count) times; Descent reads models of one layer after another")
    }
    for (name, value) in calls[0]["kwargs"]?.object?.members ?? [] where value != .null {
      if name == "training", let training = value.bool ?? FunctionalJSON.truth(value) {
        if try isOfNoUse(training, for: layer, owner) { continue }
        throw DescentError(.file, "\(owner) is called with 'training' \(training), which chains have no place for; Model.load reads it")
      }
      throw DescentError(.file, "\(owner) is called with '\(name)' \(value.shortText), which Descent has not")
    }
    guard arguments.count == 1, arguments[0]["class_name"]?.string == "__keras_tensor__" else {
      throw DescentError(.file, "\(owner) is called with \(calls[0]["args"]!.shortText); expected the result of one layer")
    }
    return try reference(arguments[0]["config"]?["keras_history"], owner)
  }

  /// The one layer at an end of the model: `["dense", 0, 0]`, or a list of one such.
  private static func end(_ json: JSONValue?, _ key: String, _ owner: String) throws -> String {
    if let list = json?.array, list.first?.array != nil {
      guard list.count == 1 else {
        throw DescentError(.file, "\(owner): it has \(list.count) '\(key)'; Descent reads models with one")
      }
      return try reference(list[0], "\(owner): '\(key)'")
    }
    return try reference(json, "\(owner): '\(key)'")
  }

  /// The name in `[name, node, result]`, both numbers 0.
  private static func reference(_ json: JSONValue?, _ owner: String) throws -> String {
    guard let json, let parts = json.array, parts.count == 3, let name = parts[0].string, parts[1].int == 0, parts[2].int == 0 else {
      throw DescentError(.file, "\(owner): \(json?.shortText ?? "nothing") does not name the only result of a layer")
    }
    return name
  }
}

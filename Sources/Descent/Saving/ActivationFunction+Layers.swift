extension ActivationFunction {
  /// Those of its settings, in that order.
  func options(_ keys: String...) -> JSONObject { JSONObject(keys.map { ($0, config[$0] ?? .null) }) }

  /// As Keras writes the activation of a layer: a function by its name, one with settings as the layer that has them.
  func layerJSON() throws -> JSONValue {
    let json = try json()
    if let standard = try? ActivationFunction(named: name), standard.config == config { return .string(name) }
    let layers = ["relu": ("ReLU", "re_lu"), "leaky_relu": ("LeakyReLU", "leaky_re_lu"), "elu": ("ELU", "elu"), "softmax": ("Softmax", "softmax")]
    guard let (className, layerName) = layers[name] else {
      throw DescentError(
        .invalidArgument, "the activation \(self) has settings that Keras's files cannot hold; \(layers.keys.sorted().joined(separator: ", ")) can")
    }
    var config = JSONObject([("name", .string(layerName)), ("trainable", true)])
    for (key, value) in json["config"]?.object?.members ?? [] { config[key] = value }
    return ["module": "keras.layers", "class_name": .string(className), "config": .object(config), "registered_name": nil]
  }
}

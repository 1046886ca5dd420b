import Descent

/// A model whose input is strings, as Keras describes it: its first layer is a `TextVectorization`. Here that stands before the model, which takes
/// numbers (``Model/texts``).
enum TextFront {
  /// Where Keras keeps how much each word counts, which is no variable here: it writes it twice.
  static let idfWeightsNames = ["layers/text_vectorization/vars/idf_weights", "layers/text_vectorization/_lookup_layer/vars/idf_weights"]

  /// Takes the vectorization off a description.
  /// - Parameters:
  ///   - config: of a whole model.
  ///   - assets: the vocabularies that lie beside it, by the paths of their layers.
  ///   - idfWeights: how much each word counts, where that lies beside it too.
  /// - Returns: the description of the rest and the vectorization; nil if the model does not begin so.
  /// - Throws: ``DescentError`` naming what of the vectorization Descent does not have.
  static func removed(from config: JSONValue, assets: [String: [String]], idfWeights: [Double]?) throws -> (config: JSONValue, vectorize: TextVectorization)? {
    guard var layers = config["config"]?["layers"]?.array,
      let input = layers.firstIndex(where: { $0["class_name"] == "InputLayer" && $0["config"]?["dtype"] == "string" })
    else { return nil }
    let isSequential = config["class_name"] == "Sequential"
    let inputName = layers[input]["config"]?["name"]?.string ?? ""
    let place = isSequential ? input + 1 : layers.firstIndex { history($0).contains(inputName) } ?? layers.count
    // Strings that go elsewhere too, or anything else that takes them, is told by the layers' own reader.
    guard layers.indices.contains(place), layers[place]["class_name"] == "TextVectorization", let own = layers[place]["config"]?.object,
      let name = own["name"]?.string, isSequential || layers.count(where: { history($0).contains(inputName) }) == 1
    else { return nil }
    let vocabulary = assets["layers/text_vectorization"] ?? assets["layers/text_vectorization/_lookup_layer"]
    let vectorize = try TextVectorization(config: own, vocabulary: vocabulary, idfWeights: idfWeights, owner: "layer \(name)")
    let (shape, dtype) = vectorize.rowShape
    var inputConfig = layers[input]["config"]?.object ?? JSONObject()
    inputConfig["batch_shape"] = .array([.null] + shape.map { $0.map { JSONValue($0) } ?? .null })
    inputConfig["batch_input_shape"] = nil
    inputConfig["dtype"] = .string(dtype.rawValue)
    layers[input] = layers[input].setting("config", .object(inputConfig))
    layers.remove(at: place)
    let rest = isSequential ? layers : layers.map { renamed($0, from: name, to: inputName) }
    return (whole(config, layers: rest, shape: inputConfig["batch_shape"] ?? .null), vectorize)
  }

  /// Puts a vectorization in front of a description of a model of one input.
  /// - Throws: ``DescentError`` of kind `state` for a model whose description does not begin with one input.
  static func added(_ vectorize: TextVectorization, to config: JSONValue) throws -> JSONValue {
    guard var layers = config["config"]?["layers"]?.array, layers.count(where: { $0["class_name"] == "InputLayer" }) == 1,
      let input = layers.firstIndex(where: { $0["class_name"] == "InputLayer" }), let inputName = layers[input]["config"]?["name"]?.string
    else {
      throw DescentError(.state, "save: a model of texts is written as Keras has it, with a TextVectorization behind its only input; this one has not one input")
    }
    let isSequential = config["class_name"] == "Sequential"
    let taken = Set(layers.compactMap { $0["config"]?["name"]?.string })
    let name = (0...).lazy.map { $0 == 0 ? "text_vectorization" : "text_vectorization_\($0)" }.first { !taken.contains($0) } ?? "text_vectorization"
    var inputConfig = layers[input]["config"]?.object ?? JSONObject()
    inputConfig["batch_shape"] = .array([.null])
    inputConfig["dtype"] = "string"
    layers[input] = layers[input].setting("config", .object(inputConfig))
    var layer = JSONObject([
      ("module", "keras.layers"), ("class_name", "TextVectorization"), ("config", .object(try vectorize.config(name: name))),
      ("registered_name", .null), ("build_config", .object(JSONObject([("input_shape", .array([.null]))]))),
    ])
    var rest = layers
    if !isSequential {
      rest = layers.map { renamed($0, from: inputName, to: name) }
      let tensor = JSONValue.object(JSONObject([
        ("class_name", "__keras_tensor__"),
        ("config", .object(JSONObject([("shape", .array([.null])), ("dtype", "string"), ("keras_history", .array([.string(inputName), 0, 0]))]))),
      ]))
      layer["name"] = .string(name)
      layer["inbound_nodes"] = .array([.object(JSONObject([("args", .array([tensor])), ("kwargs", .object(JSONObject()))]))])
    }
    rest.insert(.object(layer), at: input + 1)
    return whole(config, layers: rest, shape: .array([.null]))
  }

  private static func whole(_ config: JSONValue, layers: [JSONValue], shape: JSONValue) -> JSONValue {
    var inner = config["config"]?.object ?? JSONObject()
    inner["layers"] = .array(layers)
    if inner["build_input_shape"] != nil { inner["build_input_shape"] = shape }
    var result = config.setting("config", .object(inner))
    if config["build_config"]?["input_shape"] != nil {
      result = result.setting("build_config", .object(JSONObject([("input_shape", shape)])))
    }
    return result
  }

  /// The names of the layers whose results a layer takes.
  private static func history(_ value: JSONValue) -> Set<String> {
    var names: Set<String> = []
    func visit(_ value: JSONValue) {
      if let name = value["keras_history"]?[0]?.string { names.insert(name) }
      if let list = value.array { list.forEach(visit) }
      if let object = value.object { object.members.forEach { visit($0.value) } }
    }
    visit(value["inbound_nodes"] ?? .null)
    return names
  }

  /// The layer with results of another in place of those of one.
  private static func renamed(_ layer: JSONValue, from old: String, to new: String) -> JSONValue {
    func visit(_ value: JSONValue) -> JSONValue {
      if let list = value.array { return .array(list.map(visit)) }
      guard let object = value.object else { return value }
      return .object(JSONObject(object.members.map { key, value in
        if key == "keras_history", let list = value.array, list.first?.string == old { return (key, .array([.string(new)] + list.dropFirst())) }
        return (key, visit(value))
      }))
    }
    return layer["inbound_nodes"].map { layer.setting("inbound_nodes", visit($0)) } ?? layer
  }
}

extension JSONValue {
  /// The object with another value of a key.
  fileprivate func setting(_ key: String, _ value: JSONValue) -> JSONValue {
    var object = object ?? JSONObject()
    object[key] = value
    return .object(object)
  }
}

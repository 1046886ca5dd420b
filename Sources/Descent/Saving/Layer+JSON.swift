import Optimizers
import TensorCore

extension Layer {
  /// The layer as Keras writes it: `{"module": …, "class_name": …, "config": {…}, …}`, without weights. (Keras:
  /// `keras.layers.serialize`.)
  /// - Throws: ``DescentError`` if the layer is no ``ConfigurableLayer`` or holds what cannot be written.
  public func serialize() throws -> JSONValue { try LayerJSON.json(of: self, dtype: builtDType) }

  /// The layer's options by Keras's names, with its name and whether it is trained. (Keras: `get_config`.)
  /// - Throws: as ``serialize()``.
  public func getConfig() throws -> JSONObject { try serialize()["config"]?.object ?? JSONObject() }

  /// The layer that such a description tells of, with no weights yet. (Keras: `keras.layers.deserialize`.)
  /// - Parameters:
  ///   - json: what ``serialize()`` gives.
  ///   - name: what to call the description in errors.
  /// - Throws: ``DescentError`` naming what Descent lacks or what is wrong.
  public static func deserialize(_ json: JSONValue, name: String = "JSON") throws -> Layer {
    try LayerJSON.layer(json, dtype: nil, elementLimit: .max, place: name)
  }
}

extension ConfigurableLayer {
  /// The layer that such options describe, with no weights yet. (Keras: `from_config`.)
  /// - Parameter config: what ``Layer/getConfig()`` gives.
  /// - Throws: ``DescentError`` naming what is wrong.
  public static func fromConfig(_ config: JSONObject) throws -> Self {
    let json = KerasObject(className, module: nil, config: config).json
    guard let layer = try LayerJSON.layer(json, dtype: nil, elementLimit: .max, place: className) as? Self else {
      throw DescentError(.state, "\(className): another class of that name is registered")
    }
    return layer
  }
}

extension Model {
  /// The model that such options describe, with new weights and not compiled: a chain, or a graph of layers. (Keras:
  /// `Model.from_config`.)
  /// - Parameter config: what ``Layer/getConfig()`` of a model gives.
  /// - Throws: ``DescentError`` naming what is wrong, or that the model is not of the class that was asked.
  @_disfavoredOverload
  public static func fromConfig(_ config: JSONObject) throws -> Self {
    let className = config["input_layers"] == nil ? Sequential.className : FunctionalJSON.className
    return try fromJSON(KerasObject(className, module: nil, config: config).json, name: "\(self).fromConfig", compiled: false)
  }
}

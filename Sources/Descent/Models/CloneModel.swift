import TensorCore

/// A model of the same layers with new weights, not compiled. (Keras: `keras.models.clone_model`.)
/// - Throws: ``DescentError`` if the model holds a layer that cannot be written down, such as one that is no ``ConfigurableLayer``.
public func cloneModel<Result: Model>(_ model: Result) throws -> Result {
  let json = try LayerJSON.json(of: model, dtype: model.dtype)
  return try Result.fromJSON(json, name: "cloneModel", compiled: false)
}

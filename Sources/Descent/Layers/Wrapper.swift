/// A layer around another one. (Keras: `keras.layers.Wrapper`.)
open class Wrapper: Layer {
  /// The layer inside.
  public let layer: Layer

  /// - Parameters:
  ///   - layer: the layer inside.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ layer: Layer, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.layer = layer
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }
}

extension Wrapper {
  /// What a file says of the layer inside.
  func layerOption() throws -> JSONValue { try LayerJSON.json(of: layer, dtype: layer.builtDType) }
}

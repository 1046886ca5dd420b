import TensorCore

/// An activation function as a layer of its own. (Keras: `keras.layers.Activation`.)
public final class Activation: Layer {
  /// The function.
  public let activation: ActivationFunction

  /// - Parameters:
  ///   - activation: by value (`.relu`) or by Keras's name (`"relu"`).
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ activation: ActivationFunction, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.activation = activation
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// The function that changes nothing changes no dtype either.
  override var keepsWholeNumbers: Bool { activation.className == "linear" && !activation.keras.isOwn }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

extension Activation: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.optionalNamed("activation") ?? .linear, inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject { JSONObject([("activation", try activation.layerJSON())]) }
}

import TensorCore

/// x where x ≥ 0, `negativeSlope` · x below. The layer's slope is 0.3, the activation function's 0.2. (Keras:
/// `keras.layers.LeakyReLU`.)
public final class LeakyReLU: Layer {
  /// The function with its settings.
  public let activation: ActivationFunction

  /// - Parameters:
  ///   - negativeSlope: the slope below 0.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(negativeSlope: Double = 0.3, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    activation = .leakyReLU(negativeSlope: negativeSlope)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

extension LeakyReLU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: LeakyReLU())
    // Keras 2 calls it alpha.
    let key = options.has("alpha") ? "alpha" : "negative_slope"
    self.init(
      negativeSlope: try options.double(key),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { activation.options("negative_slope") }
}

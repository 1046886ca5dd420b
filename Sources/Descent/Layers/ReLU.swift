import TensorCore

/// x where x ≥ `threshold` (at most `maxValue`), `negativeSlope` · (x − `threshold`) below. (Keras: `keras.layers.ReLU`.)
public final class ReLU: Layer {
  /// The function with its settings.
  public let activation: ActivationFunction

  /// - Parameters:
  ///   - maxValue: the greatest result; nil for none.
  ///   - negativeSlope: the slope below the threshold.
  ///   - threshold: where the function begins.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    maxValue: Double? = nil, negativeSlope: Double = 0, threshold: Double = 0, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    activation = .relu(negativeSlope: negativeSlope, maxValue: maxValue, threshold: threshold)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

extension ReLU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: ReLU())
    self.init(
      maxValue: try options.optionalDouble("max_value"),
      negativeSlope: try options.double("negative_slope"),
      threshold: try options.double("threshold"), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject { activation.options("max_value", "negative_slope", "threshold") }
}

import TensorCore

/// x where x ≥ 0, `alpha` · (eˣ − 1) below. (Clevert et al., 2016; Keras: `keras.layers.ELU`.)
public final class ELU: Layer {
  /// The function with its settings.
  public let activation: ActivationFunction

  /// - Parameters:
  ///   - alpha: the limit for very negative numbers is −alpha.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(alpha: Double = 1, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    activation = .elu(alpha: alpha)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

extension ELU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: ELU())
    self.init(
      alpha: try options.double("alpha"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { activation.options("alpha") }
}

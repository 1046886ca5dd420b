import TensorCore

/// While training, adds normally distributed noise of mean 0; otherwise gives its input back. (Keras: `keras.layers.GaussianNoise`.)
public final class GaussianNoise: Layer {
  /// The standard deviation of the noise, from 0 to 1.
  public let stddev: Double
  /// Of a stream of random numbers of the layer's own; nil if it draws from the model's.
  public var seed: UInt64? { random.seed }
  private let random: LayerRandom

  /// - Parameters:
  ///   - stddev: the standard deviation of the noise, from 0 to 1.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ stddev: Double, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.stddev = stddev
    random = LayerRandom(seed: seed)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("stddev", stddev, .fraction)
  }

  public override var supportsMasking: Bool { true }

  override class var trainingByDefault: Bool? { false }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    if !context.isTraining || stddev == 0 { return x }
    return x + random(context).normal(x.shape, standardDeviation: stddev, dtype: x.dtype)
  }
}

extension GaussianNoise: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      try options.double("stddev"), seed: try options.seed(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("stddev", JSONValue(stddev)), ("seed", .seed(seed))])
  }
}

import TensorCore

/// While training, multiplies by normally distributed noise of mean 1 and standard deviation √(rate / (1 − rate)); otherwise gives
/// its input back. (Srivastava et al., 2014; Keras: `keras.layers.GaussianDropout`.)
public final class GaussianDropout: Layer {
  /// As the probability of ``Dropout`` with the same variance, in 0 ..< 1.
  public let rate: Double
  /// Of a stream of random numbers of the layer's own; nil if it draws from the model's.
  public var seed: UInt64? { random.seed }
  private let random: LayerRandom

  /// - Parameters:
  ///   - rate: as the probability of ``Dropout`` with the same variance, in 0 ..< 1.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ rate: Double, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.rate = rate
    random = LayerRandom(seed: seed)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("rate", rate, .decay)
  }

  public override var supportsMasking: Bool { true }

  override class var trainingByDefault: Bool? { false }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    if !context.isTraining || rate == 0 { return x }
    let deviation = (rate / (1 - rate)).squareRoot()
    return x * random(context).normal(x.shape, mean: 1, standardDeviation: deviation, dtype: x.dtype)
  }
}

extension GaussianDropout: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      try options.double("rate"), seed: try options.seed(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("rate", JSONValue(rate)), ("seed", .seed(seed))])
  }
}

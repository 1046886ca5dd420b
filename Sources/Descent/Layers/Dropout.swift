import TensorCore

/// While training, sets elements to zero with probability `rate` and multiplies the others by 1 / (1 − rate), so that the
/// expected sum stays; otherwise gives its input back. (Srivastava et al., 2014; Keras: `keras.layers.Dropout`.)
public final class Dropout: Layer {
  /// The probability of an element to be dropped, in 0 ..< 1.
  public let rate: Double
  /// The shape of the random choice, which broadcasts over a row; nil to choose for every element.
  public let noiseShape: [Int]?
  /// Of a stream of random numbers of the layer's own; nil if it draws from the model's.
  public var seed: UInt64? { random.seed }
  private let random: LayerRandom

  /// - Parameters:
  ///   - rate: the probability of an element to be dropped, in 0 ..< 1.
  ///   - noiseShape: without the axis of rows, which are always chosen for independently.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ rate: Double, noiseShape: [Int]? = nil, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.rate = rate
    self.noiseShape = noiseShape
    random = LayerRandom(seed: seed)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("rate", rate, .decay)
    if let noiseShape, broadcastShape(noiseShape, inputShape) != inputShape {
      throw DescentError(
        .invalidArgument, "layer \(name): noiseShape \(noiseShape) does not stretch to rows of shape \(inputShape)")
    }
  }

  public override var supportsMasking: Bool { true }

  override class var trainingByDefault: Bool? { false }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    if !context.isTraining || rate == 0 { return x }
    let shape = [x.shape[0]] + (noiseShape ?? Array(x.shape.dropFirst()))
    return random.dropped(x, rate: rate, shape: shape, context)
  }
}

extension Dropout: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      try options.double("rate"), noiseShape: try options.noiseShape(), seed: try options.seed(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("rate", JSONValue(rate)), ("seed", .seed(seed)), ("noise_shape", .noiseShape(noiseShape))])
  }
}

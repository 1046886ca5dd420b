import TensorCore

/// What the spatial dropouts share: while training, whole channels are dropped with probability `rate`, and the others multiplied
/// by 1 / (1 − rate). (Tompson et al., 2015.)
public class SpatialDropout: Layer {
  /// The probability of a channel to be dropped, in 0 ..< 1.
  public let rate: Double
  /// Where the channels are.
  public let dataFormat: DataFormat
  /// Of a stream of random numbers of the layer's own; nil if it draws from the model's.
  public var seed: UInt64? { random.seed }
  private let random: LayerRandom
  private let axisCount: Int

  fileprivate init(
    _ rate: Double, _ dataFormat: DataFormat, seed: UInt64?, axisCount: Int, _ inputShape: [Int?]?, _
    name: String?, _ trainable: Bool, _ dtype: DType?
  ) {
    self.rate = rate
    self.dataFormat = dataFormat
    self.axisCount = axisCount
    random = LayerRandom(seed: seed)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("rate", rate, .decay)
    guard inputShape.count == axisCount else {
      throw DescentError(.invalidArgument, "layer \(name): a row of the input has shape \(inputShape); expected \(axisCount) axes")
    }
  }

  public override var supportsMasking: Bool { true }

  override var hasTrainableOption: Bool { false }

  override class var trainingByDefault: Bool? { false }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    if !context.isTraining || rate == 0 { return x }
    let channels = dataFormat == .channelsLast ? x.rank - 1 : 1
    let shape = x.shape.indices.map { $0 == 0 || $0 == channels ? x.shape[$0] : 1 }
    return random.dropped(x, rate: rate, shape: shape, context)
  }

  /// What a file says of a spatial dropout.
  fileprivate var sharedOptions: JSONObject { JSONObject([("rate", JSONValue(rate)), ("seed", .seed(seed))]) }
}

/// Dropout of whole channels of sequences: `[rows, steps, channels]`. (Keras: `keras.layers.SpatialDropout1D`.)
public final class SpatialDropout1D: SpatialDropout {
  /// - Parameters:
  ///   - rate: the probability of a channel to be dropped, in 0 ..< 1.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ rate: Double, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(rate, .channelsLast, seed: seed, axisCount: 2, inputShape, name, trainable, dtype)
  }
}

extension SpatialDropout1D: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      try options.double("rate"), seed: try options.seed(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    sharedOptions
  }
}

/// Dropout of whole channels of images: `[rows, height, width, channels]` (or with the channels first). (Keras: `keras.layers.SpatialDropout2D`.)
public final class SpatialDropout2D: SpatialDropout {
  /// - Parameters:
  ///   - rate: the probability of a channel to be dropped, in 0 ..< 1.
  ///   - dataFormat: where the channels are.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ rate: Double, dataFormat: DataFormat = .channelsLast, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(rate, dataFormat, seed: seed, axisCount: 3, inputShape, name, trainable, dtype)
  }
}

extension SpatialDropout2D: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: SpatialDropout2D(0), except: "rate")
    self.init(
      try options.double("rate"), dataFormat: try options.dataFormat(), seed: try options.seed(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    var options = sharedOptions
    options["data_format"] = .string(dataFormat.rawValue)
    return options
  }
}

/// Dropout of whole channels of volumes: `[rows, depth, height, width, channels]` (or with the channels first). (Keras: `keras.layers.SpatialDropout3D`.)
public final class SpatialDropout3D: SpatialDropout {
  /// - Parameters:
  ///   - rate: the probability of a channel to be dropped, in 0 ..< 1.
  ///   - dataFormat: where the channels are.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ rate: Double, dataFormat: DataFormat = .channelsLast, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(rate, dataFormat, seed: seed, axisCount: 4, inputShape, name, trainable, dtype)
  }
}

extension SpatialDropout3D: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: SpatialDropout3D(0), except: "rate")
    self.init(
      try options.double("rate"), dataFormat: try options.dataFormat(), seed: try options.seed(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    var options = sharedOptions
    options["data_format"] = .string(dataFormat.rawValue)
    return options
  }
}

import TensorCore

/// While training, each image mixed with another one of the batch: w · x + (1 − w) · other, with w drawn from the beta distribution of α and α. (Zhang et al.,
/// "mixup: beyond empirical risk minimization", 2017; Keras: `keras.layers.MixUp`.)
public final class MixUp: MixingLayer {
  /// Of the beta distribution; above 0.
  public let alpha: Double

  /// - Parameters:
  ///   - alpha: of the beta distribution; above 0.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    alpha: Double = 0.2, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.alpha = alpha
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try checkSetting("alpha", alpha, .positive)
  }

  /// The weight of each image itself, and which other one it is mixed with.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let rows = images.shape[0]
    return [random.beta([rows], alpha: alpha, beta: alpha, dtype: images.dtype), random.shuffle(Tensor.range(rows))]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let own = perImage(drawn[0])
    return own * images + (1 - own) * take(images, drawn[1].cast(to: .int32), axis: 0)
  }
}

extension MixUp: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: MixUp())
    try options.refuseBoundingBoxes()
    self.init(
      alpha: try options.double("alpha"), seed: try options.seed(), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("alpha", JSONValue(alpha)), ("seed", .seed(seed))])
  }
}

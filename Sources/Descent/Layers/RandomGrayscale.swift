import TensorCore

/// While training, images without colours, each with a given probability: 0.2989 red + 0.587 green + 0.114 blue in all channels. (Keras:
/// `keras.layers.RandomGrayscale`.)
public final class RandomGrayscale: RandomImageLayer {
  /// The probability, from 0 to 1.
  public let factor: Double

  /// - Parameters:
  ///   - factor: the probability, from 0 to 1.
  ///   - dataFormat: where the channels are: three, or one, which stays as it is.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: Double = 0.5, dataFormat: DataFormat = .channelsLast, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.factor = factor
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try checkSetting("factor", factor, .fraction)
    guard shape[2] == 3 || shape[2] == 1 else { throw settingsError("an image has \(shape[2]) channels; expected 3, or 1") }
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    [uniform(images, 0, 1, random) .< Tensor(number: factor)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    if images.shape[3] == 1 { return images }
    let weights = Tensor([0.2989, 0.587, 0.114]).cast(to: images.dtype)
    let gray = (images * weights).sum(axes: [3], keepDims: true).broadcast(to: images.shape)
    return select(perImage(drawn[0]), gray, images)
  }
}

extension RandomGrayscale: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomGrayscale())
    try options.refuseBoundingBoxes()
    self.init(
      try options.double("factor"), dataFormat: try options.dataFormat(), seed: try options.seed(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("factor", JSONValue(factor)), ("seed", .seed(seed))])
  }
}

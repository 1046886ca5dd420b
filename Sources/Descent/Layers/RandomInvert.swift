import TensorCore

/// While training, the greatest value less the pixels, for images chosen at random. (Keras: `keras.layers.RandomInvert`.)
public final class RandomInvert: RandomImageLayer {
  /// Between what the probability is drawn for each image, from 0 to 1; a number f for 0 to f, as in Keras 3.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: between what the probability is drawn for each image, from 0 to 1; a number f for 0 to f, as in Keras 3.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  public init(
    _ factor: RandomFactor = 1, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true
  ) {
    self.factor = factor
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable)
  }

  override func check(_ shape: [Int]) throws {
    try check(factor, "factor", 0...1)
    try check(valueRange: valueRange)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range(least: 0)
    let probability = uniform(images, low, high, random)
    return [uniform(images, 0, 1, random) .< probability]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    select(perImage(drawn[0]), Tensor(number: valueRange.upperBound) - images, images)
  }
}

extension RandomInvert: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomInvert())
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), valueRange: try options.valueRange(), seed: try options.seed(),
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: 0)), ("value_range", .range(valueRange)),
      ("seed", .seed(seed)),
    ])
  }
}

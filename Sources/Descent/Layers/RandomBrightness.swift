import TensorCore

/// While training, pixels plus a part of the range of values drawn uniformly for each image, within that range. (Keras:
/// `keras.layers.RandomBrightness`.)
public final class RandomBrightness: RandomImageLayer {
  /// The part of the range that is added, from −1 to 1; a number f for −f to f.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: the part of the range that is added, from −1 to 1; a number f for −f to f.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true
  ) {
    self.factor = factor
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable)
  }

  override func check(_ shape: [Int]) throws {
    try check(factor, "factor", -1...1)
    try check(valueRange: valueRange)
  }

  /// What is added.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range()
    return [uniform(images, low, high, random) * (valueRange.upperBound - valueRange.lowerBound)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    clip(images + perImage(drawn[0]), Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound))
  }
}

extension RandomBrightness: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomBrightness(0), except: "factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), valueRange: try options.valueRange(), seed: try options.seed(),
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON()), ("value_range", .range(valueRange)),
      ("seed", .seed(seed)),
    ])
  }
}

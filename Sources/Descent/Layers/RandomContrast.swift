import TensorCore

/// While training, (x − mean) · factor + mean for each channel of an image, within the range of values, with factors drawn uniformly. (Keras:
/// `keras.layers.RandomContrast`.)
public final class RandomContrast: RandomImageLayer {
  /// What is taken from 1 for the least and added to 1 for the greatest factor, from 0 to 1; a number f for factors from 1 to 1 + f, as in
  /// Keras 3.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: what is taken from 1 for the least and added to 1 for the greatest factor, from 0 to 1; a number f for factors from 1 to
  ///     1 + f, as in Keras 3.
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
    try check(factor, "factor", 0...1)
    try check(valueRange: valueRange)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range(least: 0)
    return [uniform(images, 1 - low, 1 + high, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let mean = images.mean(axes: [1, 2], keepDims: true)
    return clip((images - mean) * perImage(drawn[0]) + mean, Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound))
  }
}

extension RandomContrast: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomContrast(0), except: "factor")
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

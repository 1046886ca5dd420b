import TensorCore

/// While training, pixels (counted from 0 to 255) plus an amount, and 255 less those that do not lie below a threshold; amount and threshold
/// are drawn for each image. (Keras: `keras.layers.Solarization`.)
public final class Solarization: RandomImageLayer {
  /// Between what parts of 255 the amount is drawn, from 0 to 1; a number f for 0 to f. As in Keras 3, the lesser one is no part of 255 but
  /// the amount itself.
  public let additionFactor: RandomFactor
  /// The same for the threshold.
  public let thresholdFactor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - additionFactor: between what parts of 255 the amount is drawn, from 0 to 1; a number f for 0 to f.
  ///   - thresholdFactor: the same for the threshold.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    additionFactor: RandomFactor = 0, thresholdFactor: RandomFactor = 0, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil,
    dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.additionFactor = additionFactor
    self.thresholdFactor = thresholdFactor
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try check(additionFactor, "additionFactor", 0...1)
    try check(thresholdFactor, "thresholdFactor", 0...1)
    try check(valueRange: valueRange)
  }

  /// Amounts and thresholds.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    [additionFactor, thresholdFactor].map { factor in
      let (low, high) = factor.range(least: 0)
      return uniform(images, low, 255 * high, random)
    }
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let sum = clip(images.scaled(from: valueRange, to: 0...255) + perImage(drawn[0]), 0, 255)
    return select(sum .< perImage(drawn[1]), sum, 255 - sum).scaled(from: 0...255, to: valueRange)
  }
}

extension Solarization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Solarization())
    try options.refuseBoundingBoxes()
    self.init(
      additionFactor: try options.factor("addition_factor"), thresholdFactor: try options.factor("threshold_factor"),
      valueRange: try options.valueRange(), seed: try options.seed(), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("value_range", .range(valueRange)), ("addition_factor", additionFactor.rangeJSON(least: 0)),
      ("threshold_factor", thresholdFactor.rangeJSON(least: 0)), ("seed", .seed(seed)),
    ])
  }
}

extension Tensor {
  /// Values of one range in the same places of another.
  func scaled(from range: ClosedRange<Double>, to target: ClosedRange<Double>) -> Tensor {
    if range == target { return self }
    let part = (self - range.lowerBound) / (range.upperBound - range.lowerBound)
    return part * (target.upperBound - target.lowerBound) + target.lowerBound
  }
}

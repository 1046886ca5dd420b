import TensorCore

/// While training, images whose saturation is multiplied by f / (1 − f), with f drawn for each. Images have three channels: red, green and blue.
/// (Keras: `keras.layers.RandomSaturation`.)
public final class RandomSaturation: RandomImageLayer {
  /// Between what f is drawn, from −1 to 1, where ½ changes nothing; a number f for −f to f, as in Keras 3.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: between what f is drawn, from −1 to 1, where ½ changes nothing; a number f for −f to f, as in Keras 3.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - dataFormat: where the channels are.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, dataFormat: DataFormat = .channelsLast, seed: UInt64? = nil,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true
  ) {
    self.factor = factor
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable)
  }

  override func check(_ shape: [Int]) throws {
    try check(factor, "factor", -1...1)
    try check(valueRange: valueRange)
    guard shape[2] == 3 else { throw settingsError("an image has \(shape[2]) channels; expected 3") }
  }

  /// What the saturation is multiplied by.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range()
    let f = uniform(images, low, high, random)
    return [f / (1 - f + fuzz)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    var colors = HueSaturationValue(images)
    let saturation = colors.saturation * drawn[0].reshaped([images.shape[0], 1, 1])
    colors.saturation = clip(saturation, Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound))
    return colors.images
  }
}

extension RandomSaturation: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomSaturation(0), except: "factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), valueRange: try options.valueRange(), dataFormat: try options.dataFormat(),
      seed: try options.seed(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON()), ("value_range", .range(valueRange)),
      ("seed", .seed(seed)),
    ])
  }
}

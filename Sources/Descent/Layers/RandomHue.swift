import TensorCore

/// While training, images whose hue is turned by up to half a circle times f, in either direction, with f drawn for each. Images have three channels: red, green and blue.
/// (Keras: `keras.layers.RandomHue`.)
public final class RandomHue: RandomImageLayer {
  /// Between what f is drawn, from 0 to 1; a number for 0 to that number.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: between what f is drawn, from 0 to 1; a number for 0 to that number.
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
    try check(factor, "factor", 0...1)
    try check(valueRange: valueRange)
    guard shape[2] == 3 else { throw settingsError("an image has \(shape[2]) channels; expected 3") }
  }

  /// What is added to the hue, a circle being 1.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range(least: 0)
    let side = select(uniform(images, 0, 1, random) .> 0.5, -1, Tensor.ones([images.shape[0]], dtype: images.dtype))
    return [side * uniform(images, low, high, random) * 0.5]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    var colors = HueSaturationValue(images.scaled(from: valueRange, to: 0...1))
    // Values of a hue that differ by whole numbers are one.
    colors.hue = colors.hue + drawn[0].reshaped([images.shape[0], 1, 1])
    return clip(colors.images, 0, 1).scaled(from: 0...1, to: valueRange)
  }
}

extension RandomHue: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomHue(0), except: "factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), valueRange: try options.valueRange(), dataFormat: try options.dataFormat(),
      seed: try options.seed(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: 0)), ("value_range", .range(valueRange)),
      ("seed", .seed(seed)),
    ])
  }
}

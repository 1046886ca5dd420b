import TensorCore

/// While training, images between themselves and what they are without colours: x + f · (gray − x), with f drawn for each. Images have three
/// channels: red, green and blue. (Keras: `keras.layers.RandomColorDegeneration`.)
public final class RandomColorDegeneration: RandomImageLayer {
  /// Between what f is drawn, from −1 to 1; a number f for −f to f.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: between what f is drawn, from −1 to 1; a number f for −f to f.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  public init(
    _ factor: RandomFactor, valueRange: ClosedRange<Double> = 0...255, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true
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

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = factor.range()
    return [uniform(images, low, high, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let gray = (images * Tensor([0.2989, 0.587, 0.114]).cast(to: images.dtype)).sum(axes: [3], keepDims: true)
    return clip(images + perImage(drawn[0]) * (gray - images), Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound))
  }
}

extension RandomColorDegeneration: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomColorDegeneration(0), except: "factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), valueRange: try options.valueRange(), seed: try options.seed(), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON()), ("value_range", .range(valueRange)), ("seed", .seed(seed)),
    ])
  }
}

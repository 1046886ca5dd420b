import TensorCore

/// While training, images in which a rectangle is erased, each with a probability that is drawn for it. (Zhong et al., "Random erasing data
/// augmentation", 2017; Keras: `keras.layers.RandomErasing`.)
///
/// The rectangle's sides are the square roots of two parts, drawn for each image, of the image's sides.
public final class RandomErasing: RandomImageLayer {
  /// Between what the probability is drawn, from 0 to 1; a number for 0 to that number.
  public let factor: RandomFactor
  /// Between what the two parts are drawn, from 0 to 1; a number for 0 to that number.
  public let scale: RandomFactor
  /// What is put there: one number, or one for each of three channels; nil for noise, normal with the greatest value of a pixel as its deviation and cut off
  /// at the range.
  public let fillValue: [Double]?
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - factor: between what the probability is drawn, from 0 to 1; a number for 0 to that number.
  ///   - scale: between what the squares of the sides are drawn, as parts of the image's, from 0 to 1; a number for 0 to that number.
  ///   - fillValue: what is put there: one number, or one for each of three channels; nil for noise.
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor = 1, scale: RandomFactor = [0.02, 0.33], fillValue: [Double]? = nil, valueRange: ClosedRange<Double> = 0...255,
    seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.factor = factor
    self.scale = scale
    self.fillValue = fillValue
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try check(factor, "factor", 0...1)
    try check(scale, "scale", 0...1)
    try check(valueRange: valueRange)
    if let fillValue, fillValue.count != 1 && !(fillValue.count == 3 && shape[2] == 3) {
      throw settingsError("fillValue is \(fillValue); expected one number, or three for images of three channels")
    }
  }

  /// 1 for each image that something is erased of and 0 for others; where the rectangle begins and ends along the width and along the height; and noise.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = scale.range(least: 0)
    let (x0, x1) = span(images, sqrt(uniform(images, low, high, random)), images.shape[2], random)
    let (y0, y1) = span(images, sqrt(uniform(images, low, high, random)), images.shape[1], random)
    let noise = fillValue == nil ? [random.normal(images.shape, dtype: images.dtype) * valueRange.upperBound] : []
    return [chosen(images, factor, random), x0, x1, y0, y1] + noise
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let isErased = isInside(images, drawn[1], drawn[2], drawn[3], drawn[4]) .&& (perImage(drawn[0]) .> 0.5)
    let filling = fillValue.map { Tensor($0).cast(to: images.dtype) } ?? drawn[5]
    let values = clip(filling, Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound))
    return select(isErased.broadcast(to: images.shape), values.broadcast(to: images.shape), images)
  }
}

extension RandomImageLayer {
  /// Where something that takes a part of a length begins, drawn uniformly so that it fits, and where it ends.
  func span(_ images: Tensor, _ part: Tensor, _ length: Int, _ random: RandomGenerator) -> (start: Tensor, end: Tensor) {
    let own = part * Double(length)
    let start = uniform(images, 0, 1, random) * (Double(length) - own)
    return (start, start + own)
  }

  /// Whether pixels lie in a rectangle of each image's own: [rows, height, width, 1].
  func isInside(_ images: Tensor, _ x0: Tensor, _ x1: Tensor, _ y0: Tensor, _ y1: Tensor) -> Tensor {
    let x = Tensor.range(images.shape[2]).cast(to: images.dtype).reshaped([1, 1, images.shape[2], 1])
    let y = Tensor.range(images.shape[1]).cast(to: images.dtype).reshaped([1, images.shape[1], 1, 1])
    return (x .>= perImage(x0)) .&& (x .< perImage(x1)) .&& (y .>= perImage(y0)) .&& (y .< perImage(y1))
  }
}

extension RandomErasing: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomErasing())
    try options.refuseBoundingBoxes()
    let filling = try options.optional("fill_value", SettingKind.numbers.map("one number or three") { $0.isEmpty ? nil : $0 })
    self.init(
      try options.factor("factor"), scale: try options.factor("scale"), fillValue: filling, valueRange: try options.valueRange(),
      seed: try options.seed(), dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    let filling: JSONValue = fillValue.map { $0.count == 1 ? JSONValue($0[0]) : .array($0.map { JSONValue($0) }) } ?? .null
    return JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: 0)), ("scale", scale.rangeJSON(least: 0)),
      ("fill_value", filling), ("value_range", .range(valueRange)), ("seed", .seed(seed)),
    ])
  }
}

import TensorCore

/// While training, images as if seen from the side, each with a probability that is drawn for it: three of the corners move, the one at the origin stays.
/// (Keras: `keras.layers.RandomPerspective`.)
public final class RandomPerspective: AffineImageLayer {
  /// Between what the probability is drawn, from 0 to 1; a number for 0 to that number.
  public let factor: RandomFactor
  /// How far corners move, from 0 to 1: by up to half of it, times their distances from the origin.
  public let scale: Double

  /// - Parameters:
  ///   - factor: between what the probability is drawn, from 0 to 1; a number for 0 to that number.
  ///   - scale: how far corners move, from 0 to 1: by up to half of it, times their distances from the origin.
  ///   - interpolation: what lies between pixels: nearest or bilinear.
  ///   - fillValue: what lies outside of an image.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ factor: RandomFactor = 1, scale: Double = 1, interpolation: Interpolation = .bilinear, fillValue: Double = 0, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.factor = factor
    self.scale = scale
    super.init(
      fillMode: .constant, interpolation: interpolation, fillValue: fillValue, dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try super.check(shape)
    try check(factor, "factor", 0...1)
    try checkSetting("scale", scale, .fraction)
    guard shape[0] > 1, shape[1] > 1 else { throw settingsError("an image is of \(shape[0]) × \(shape[1]) pixels; expected at least 2 × 2") }
  }

  /// 1 for each image that is changed and 0 for others, and by what part of their x and y its corners move: [rows, 4, 2], from left to right, the upper two first.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let moves = random.uniform([images.shape[0], 4, 2], low: -0.5 * scale, high: 0.5 * scale, dtype: images.dtype)
    return [chosen(images, factor, random), moves]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let rows = images.shape[0], width = Double(images.shape[2] - 1), height = Double(images.shape[1] - 1)
    // As the corner at the origin stays, and those on the axes stay on them, the map from the square of side 1 to the moved corners is
    // (ax, ey) / (gx + hy + 1), and its inverse is as simple.
    func moved(_ corner: Int, _ axis: Int, _ place: Double) -> Tensor {
      drawn[1][0..<rows, corner..<(corner + 1), axis..<(axis + 1)].reshaped([rows]) * place + place
    }
    let right = moved(1, 0, width), below = moved(2, 1, height)
    let x = moved(3, 0, width) / right, y = moved(3, 1, height) / below
    let s = 1 / (x + y - 1)
    let a = right * (x * s), e = below * (y * s)
    let g = x * s - 1, h = y * s - 1
    func one(_ values: Tensor) -> Tensor { values.reshaped([rows, 1, 1]) }
    let across = Tensor.range(images.shape[2]).cast(to: images.dtype).reshaped([1, 1, images.shape[2]])
    let down = Tensor.range(images.shape[1]).cast(to: images.dtype).reshaped([1, images.shape[1], 1])
    let depth = 1 - one(g / a) * across - one(h / e) * down
    let seen = sampled(images, one(width / a) * across / depth, one(height / e) * down / depth)
    return select((perImage(drawn[0]) .> 0.5).broadcast(to: images.shape), seen, images)
  }
}

extension RandomPerspective: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomPerspective())
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("factor"), scale: try options.double("scale"), interpolation: try options.choice("interpolation"),
      fillValue: try options.double("fill_value"), seed: try options.seed(), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: 0)), ("scale", JSONValue(scale)),
      ("interpolation", .string(interpolation.rawValue)), ("fill_value", JSONValue(fillValue)), ("seed", .seed(seed)),
    ])
  }
}

import TensorCore

/// While training, images made smaller (0.2 for 20 %) or greater (−0.2) around their middle, by factors drawn uniformly. (Keras:
/// `keras.layers.RandomZoom`.)
public final class RandomZoom: AffineImageLayer {
  /// What is added to 1 for how much of the height is seen, above −1 to 1; a number f for −f to f.
  public let heightFactor: RandomFactor
  /// The same of the width; nil for the height's, so that the aspect ratio stays.
  public let widthFactor: RandomFactor?

  /// - Parameters:
  ///   - heightFactor: what is added to 1 for how much of the height is seen, above −1 to 1; a number f for −f to f.
  ///   - widthFactor: the same of the width; nil for the height's, so that the aspect ratio stays.
  ///   - fillMode: what lies outside of an image.
  ///   - interpolation: what lies between pixels: nearest or bilinear.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - fillValue: what lies outside where `fillMode` is constant.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ heightFactor: RandomFactor, _ widthFactor: RandomFactor? = nil, fillMode: FillMode = .reflect,
    interpolation: Interpolation = .bilinear, seed: UInt64? = nil, fillValue: Double = 0, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.heightFactor = heightFactor
    self.widthFactor = widthFactor
    super.init(
      fillMode: fillMode, interpolation: interpolation, fillValue: fillValue, dataFormat: dataFormat, seed: seed, inputShape: inputShape,
      name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try super.check(shape)
    try check(heightFactor, "heightFactor", -1...1, excludingLower: true)
    if let widthFactor { try check(widthFactor, "widthFactor", -1...1, excludingLower: true) }
  }

  /// How much of the height and of the width is seen.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (low, high) = heightFactor.range()
    let height = uniform(images, 1 + low, 1 + high, random)
    guard let (low, high) = widthFactor?.range() else { return [height, height] }
    return [height, uniform(images, 1 + low, 1 + high, random)]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let none = Tensor.zeros(drawn[0].shape, dtype: images.dtype)
    let x = Double(images.shape[2] - 1) / 2, y = Double(images.shape[1] - 1) / 2
    return transformed(images, (drawn[1], none, x * (1 - drawn[1])), (none, drawn[0], y * (1 - drawn[0])))
  }
}

extension RandomZoom: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomZoom(0), except: "height_factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("height_factor"), try options.optionalFactor("width_factor"),
      fillMode: try options.choice("fill_mode"), interpolation: try options.choice("interpolation"),
      seed: try options.seed(), fillValue: try options.double("fill_value"),
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("height_factor", heightFactor.json), ("width_factor", widthFactor?.json ?? .null)] + affineOptions())
  }
}

import TensorCore

/// While training, images moved by parts of their height and width drawn uniformly. (Keras: `keras.layers.RandomTranslation`.)
public final class RandomTranslation: AffineImageLayer {
  /// The part of the height that an image is moved down, from −1 to 1; a number f for −f to f.
  public let heightFactor: RandomFactor
  /// The part of the width that it is moved right.
  public let widthFactor: RandomFactor

  /// - Parameters:
  ///   - heightFactor: the part of the height that an image is moved down, from −1 to 1; a number f for −f to f.
  ///   - widthFactor: the part of the width that it is moved right.
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
    _ heightFactor: RandomFactor, _ widthFactor: RandomFactor, fillMode: FillMode = .reflect, interpolation: Interpolation = .bilinear,
    seed: UInt64? = nil, fillValue: Double = 0, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.heightFactor = heightFactor
    self.widthFactor = widthFactor
    super.init(
      fillMode: fillMode, interpolation: interpolation, fillValue: fillValue, dataFormat: dataFormat, seed: seed, inputShape: inputShape,
      name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try super.check(shape)
    try check(heightFactor, "heightFactor", -1...1)
    try check(widthFactor, "widthFactor", -1...1)
  }

  /// How many pixels down and how many to the right.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let (down, right) = (heightFactor.range(), widthFactor.range())
    let height = uniform(images, down.low, down.high, random) * Double(images.shape[1])
    return [height, uniform(images, right.low, right.high, random) * Double(images.shape[2])]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let none = Tensor.zeros(drawn[0].shape, dtype: images.dtype), one = Tensor.ones(drawn[0].shape, dtype: images.dtype)
    return transformed(images, (one, none, -drawn[1]), (none, one, -drawn[0]))
  }
}

extension RandomTranslation: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomTranslation(0, 0), except: "height_factor", "width_factor")
    try options.refuseBoundingBoxes()
    self.init(
      try options.factor("height_factor"), try options.factor("width_factor"), fillMode: try options.choice("fill_mode"),
      interpolation: try options.choice("interpolation"), seed: try options.seed(),
      fillValue: try options.double("fill_value"), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("height_factor", heightFactor.json), ("width_factor", widthFactor.json)] + affineOptions())
  }
}

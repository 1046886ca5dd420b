import TensorCore

/// While training, images sheared along both axes by amounts drawn uniformly, to one side or, with probability ½, the other. (Keras:
/// `keras.layers.RandomShear`.)
public final class RandomShear: AffineImageLayer {
  /// How far a pixel moves along x for each step along y, and the reverse, from 0 to 1; a number f for −f to f.
  public let xFactor: RandomFactor, yFactor: RandomFactor

  /// - Parameters:
  ///   - xFactor: how far a pixel moves along x for each step along y, from 0 to 1; a number f for −f to f.
  ///   - yFactor: how far a pixel moves along y for each step along x, as `xFactor`.
  ///   - interpolation: what lies between pixels: nearest or bilinear.
  ///   - fillMode: what lies outside of an image.
  ///   - fillValue: what lies outside where `fillMode` is constant.
  ///   - dataFormat: where the channels are.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    xFactor: RandomFactor = 0, yFactor: RandomFactor = 0, interpolation: Interpolation = .bilinear, fillMode: FillMode = .reflect,
    fillValue: Double = 0, dataFormat: DataFormat = .channelsLast, seed: UInt64? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.xFactor = xFactor
    self.yFactor = yFactor
    super.init(
      fillMode: fillMode, interpolation: interpolation, fillValue: fillValue, dataFormat: dataFormat, seed: seed, inputShape: inputShape,
      name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try super.check(shape)
    // Keras writes what it makes of one number: a range that begins below 0.
    for (factor, what) in [(xFactor, "xFactor"), (yFactor, "yFactor")] {
      let isSymmetric = factor.values.count == 2 && factor.values[0] == -factor.values[1]
      try check(factor, what, (isSymmetric ? -1 : 0)...1)
    }
  }

  /// Along x and along y.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] {
    let side = select(uniform(images, 0, 1, random) .> 0.5, -1, Tensor.ones([images.shape[0]], dtype: images.dtype))
    let (x, y) = (xFactor.range(), yFactor.range())
    let alongY = uniform(images, y.low, y.high, random)
    return [uniform(images, x.low, x.high, random) * side, alongY * side]
  }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let none = Tensor.zeros(drawn[0].shape, dtype: images.dtype), one = Tensor.ones(drawn[0].shape, dtype: images.dtype)
    return transformed(images, (one, drawn[0], none), (drawn[1], one, none))
  }
}

extension RandomShear: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomShear())
    try options.refuseBoundingBoxes()
    self.init(
      xFactor: try options.factor("x_factor"), yFactor: try options.factor("y_factor"),
      interpolation: try options.choice("interpolation"), fillMode: try options.choice("fill_mode"),
      fillValue: try options.double("fill_value"), dataFormat: try options.dataFormat(),
      seed: try options.seed(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("x_factor", xFactor.json), ("y_factor", yFactor.json)] + affineOptions())
  }
}

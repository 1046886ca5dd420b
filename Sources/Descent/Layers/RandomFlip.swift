import TensorCore

/// While training, images in a mirror, each with probability ½. (Keras: `keras.layers.RandomFlip`.)
public final class RandomFlip: RandomImageLayer {
  /// What changes places.
  public enum Mode: String, Sendable, CaseIterable {
    /// Left and right change places.
    case horizontal
    /// Top and bottom change places.
    case vertical
    /// Both or neither: an image is turned by half a turn, as in Keras 3.
    case horizontalAndVertical = "horizontal_and_vertical"
  }

  /// What changes places.
  public let mode: Mode

  /// - Parameters:
  ///   - mode: what changes places.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ mode: Mode = .horizontalAndVertical, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.mode = mode
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] { [uniform(images, 0, 1, random) .<= 0.5] }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    var flipped = images
    if mode != .vertical { flipped = flip(flipped, axes: [2]) }
    if mode != .horizontal { flipped = flip(flipped, axes: [1]) }
    return select(perImage(drawn[0]), flipped, images)
  }
}

extension RandomFlip: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomFlip())
    try options.refuseBoundingBoxes()
    self.init(
      try options.choice("mode"), seed: try options.seed(),
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("seed", .seed(seed)), ("mode", .string(mode.rawValue))])
  }
}

import TensorCore

/// While training, images that are made lighter or darker, given more or less contrast, more or less saturated, and turned in hue, one after
/// another, each as far as its factor says and left out where that is nil: ``RandomBrightness``, ``RandomContrast``, ``RandomSaturation`` and ``RandomHue``
/// in one. (Keras: `keras.layers.RandomColorJitter`.)
public final class RandomColorJitter: RandomImageLayer {
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>
  private let brightness: RandomBrightness?
  private let contrast: RandomContrast?
  private let saturation: RandomSaturation?
  private let hue: RandomHue?

  /// The part of the range of values that is added, from −1 to 1; a number f for −f to f.
  public var brightnessFactor: RandomFactor? { brightness?.factor }
  /// As for ``RandomContrast``.
  public var contrastFactor: RandomFactor? { contrast?.factor }
  /// As for ``RandomSaturation``.
  public var saturationFactor: RandomFactor? { saturation?.factor }
  /// As for ``RandomHue``.
  public var hueFactor: RandomFactor? { hue?.factor }

  /// - Parameters:
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - brightnessFactor: the part of the range of values that is added, from −1 to 1; a number f for −f to f. Nil to leave the light as it is.
  ///   - contrastFactor: as for ``RandomContrast``; nil to leave the contrast as it is.
  ///   - saturationFactor: as for ``RandomSaturation``, of images with three channels; nil to leave the saturation as it is.
  ///   - hueFactor: as for ``RandomHue``, of images with three channels; nil to leave the hue as it is.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    valueRange: ClosedRange<Double> = 0...255, brightnessFactor: RandomFactor? = nil, contrastFactor: RandomFactor? = nil,
    saturationFactor: RandomFactor? = nil, hueFactor: RandomFactor? = nil, seed: UInt64? = nil, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.valueRange = valueRange
    brightness = brightnessFactor.map { RandomBrightness($0, valueRange: valueRange) }
    contrast = contrastFactor.map { RandomContrast($0, valueRange: valueRange) }
    saturation = saturationFactor.map { RandomSaturation($0, valueRange: valueRange) }
    hue = hueFactor.map { RandomHue($0, valueRange: valueRange) }
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// Those that are not left out, in the order in which they are done, with what this layer calls their factors.
  private var ways: [(layer: RandomLightLayer, factorName: String)] {
    let all: [(RandomLightLayer?, String)] = [
      (brightness, "brightnessFactor"), (contrast, "contrastFactor"), (saturation, "saturationFactor"), (hue, "hueFactor"),
    ]
    return all.compactMap { layer, name in layer.map { ($0, name) } }
  }

  override func check(_ shape: [Int]) throws {
    try check(valueRange: valueRange)
    for way in ways { try way.layer.check(shape, of: self, factorName: way.factorName) }
  }

  /// What each of the ways draws.
  package override func drawn(for images: Tensor, _ random: RandomGenerator) -> [Tensor] { ways.flatMap { $0.layer.drawn(for: images, random) } }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    zip(ways, drawn).reduce(images) { result, step in step.0.layer.changed(result, by: [step.1]) }
  }
}

extension RandomColorJitter: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RandomColorJitter())
    try options.refuseBoundingBoxes()
    self.init(
      valueRange: try options.valueRange(), brightnessFactor: try options.optionalFactor("brightness_factor"),
      contrastFactor: try options.optionalFactor("contrast_factor"), saturationFactor: try options.optionalFactor("saturation_factor"),
      hueFactor: try options.optionalFactor("hue_factor"), seed: try options.seed(), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("value_range", .range(valueRange)), ("brightness_factor", brightnessFactor?.json ?? .null),
      ("contrast_factor", contrastFactor?.json ?? .null), ("saturation_factor", saturationFactor?.json ?? .null),
      ("hue_factor", hueFactor?.json ?? .null), ("seed", .seed(seed)),
    ])
  }
}

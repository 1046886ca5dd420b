import TensorCore

/// What the layers share that change the light or the colors of images by a number drawn for each: the factor it is drawn from, the range of a pixel's
/// values, and how both are checked and written to files.
public class RandomLightLayer: RandomImageLayer {
  /// What is drawn for each image, or what it is drawn between; what a single number stands for is said by the layer's initializer.
  public let factor: RandomFactor
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>
  /// Where the factor may lie; a single number stands for a range that begins at least here.
  private let bounds: ClosedRange<Double>
  private let needsColors: Bool

  /// - Parameters:
  ///   - bounds: where the factor may lie.
  ///   - needsColors: whether images have three channels: red, green and blue.
  init(
    _ factor: RandomFactor, within bounds: ClosedRange<Double>, valueRange: ClosedRange<Double>, needsColors: Bool = false, seed: UInt64?,
    dataFormat: DataFormat, inputShape: [Int?]?, name: String?, trainable: Bool, dtype: DType?
  ) {
    self.factor = factor
    self.valueRange = valueRange
    self.bounds = bounds
    self.needsColors = needsColors
    super.init(dataFormat: dataFormat, seed: seed, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws {
    try check(valueRange: valueRange)
    try check(shape, of: self, factorName: "factor")
  }

  /// Checks what is drawn from, and the images.
  /// - Parameters:
  ///   - shape: of an image with its channels last.
  ///   - layer: named in errors.
  ///   - factorName: what the layer calls the factor.
  func check(_ shape: [Int], of layer: RandomImageLayer, factorName: String) throws {
    try layer.check(factor, factorName, bounds)
    guard !needsColors || shape[2] == 3 else { throw layer.settingsError("an image has \(shape[2]) channels; expected 3") }
  }

  /// The least and the greatest that is drawn from.
  var factorRange: (low: Double, high: Double) { factor.range(least: bounds.lowerBound) }

  /// Pixels within the range of values.
  func clipped(_ images: Tensor) -> Tensor { clip(images, Tensor(number: valueRange.lowerBound), Tensor(number: valueRange.upperBound)) }

  /// The layer's own options by Keras's names.
  public func options() -> JSONObject {
    JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("factor", factor.rangeJSON(least: bounds.lowerBound)), ("value_range", .range(valueRange)),
      ("seed", .seed(seed)),
    ])
  }
}

/// The settings of a ``RandomLightLayer`` in a file.
struct LightSettings {
  let factor: RandomFactor
  let valueRange: ClosedRange<Double>
  let seed: UInt64?
  let dataFormat: DataFormat

  /// - Parameters:
  ///   - layer: made with its defaults.
  ///   - isFactorNeeded: whether the factor has no default.
  init(_ options: inout LayerOptions, defaults layer: some RandomLightLayer & ConfigurableLayer, isFactorNeeded: Bool = true) throws {
    if isFactorNeeded { try options.useDefaults(of: layer, except: "factor") } else { try options.useDefaults(of: layer) }
    try options.refuseBoundingBoxes()
    factor = try options.factor("factor")
    valueRange = try options.valueRange()
    seed = try options.seed()
    dataFormat = try options.dataFormat()
  }
}

import TensorCore

/// Images whose least value becomes the range's least and whose greatest the range's greatest, for each channel by itself, in training and
/// otherwise. A channel of one value stays as it is. (Keras: `keras.layers.AutoContrast`.)
///
/// With channels first, as in Keras 3, the least and the greatest are those of each column over all channels.
public final class AutoContrast: RandomImageLayer {
  /// The least and the greatest value of a pixel.
  public let valueRange: ClosedRange<Double>

  /// - Parameters:
  ///   - valueRange: the least and the greatest value of a pixel.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    valueRange: ClosedRange<Double> = 0...255, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.valueRange = valueRange
    super.init(dataFormat: dataFormat, seed: nil, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shape: [Int]) throws { try check(valueRange: valueRange) }

  package override func changed(_ images: Tensor, by drawn: [Tensor]) -> Tensor {
    let light = images.scaled(from: valueRange, to: 0...255)
    // Keras's axes 1 and 2, whatever they are.
    let axes = dataFormat == .channelsLast ? [1, 2] : [1, 3]
    let low = light.min(axes: axes, keepDims: true), high = light.max(axes: axes, keepDims: true)
    let scale = 255 / (high - low)
    let stretched = clip(light * scale - low * scale, 0, 255).scaled(from: 0...255, to: valueRange)
    return select((high .> low).broadcast(to: images.shape), stretched, images)
  }

  override func unchanged(_ images: Tensor) -> Tensor { changed(images, by: []) }
}

extension AutoContrast: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: AutoContrast())
    try options.refuseBoundingBoxes()
    self.init(valueRange: try options.valueRange(), dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("value_range", .range(valueRange))])
  }
}

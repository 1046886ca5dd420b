import TensorCore

/// The middle of images; of smaller ones the greatest part of the wanted aspect ratio, made greater (bilinear). (Keras:
/// `keras.layers.CenterCrop`.)
public final class CenterCrop: Layer {
  /// The size of the part, in pixels.
  public let height: Int, width: Int
  /// Where the channels are.
  public let dataFormat: DataFormat

  /// - Parameters:
  ///   - height: of the result.
  ///   - width: of the result.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ height: Int, _ width: Int, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.height = height
    self.width = width
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override class var trainingByDefault: Bool? { true }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let shape = try channelsLast(inputShape, axes: 2, dataFormat)
    try checkCrop(height, width, of: shape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    _ = try channelsLast(Array(x.shape.dropFirst()), axes: 2, dataFormat)
    return restored(centerCropped(channelsLast(x, dataFormat), height, width), dataFormat)
  }
}

extension CenterCrop: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: CenterCrop(1, 1), except: "height", "width")
    try options.refuseBoundingBoxes()
    self.init(
      try options.int("height"), try options.int("width"), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("height", JSONValue(height)), ("width", JSONValue(width))])
  }
}

extension Layer {
  /// Checks the size of a part of images of a shape with its channels last.
  func checkCrop(_ height: Int, _ width: Int, of shape: [Int]) throws {
    try checkSetting("height", height, .count)
    try checkSetting("width", width, .count)
    guard shape[0] > 0, shape[1] > 0 else { throw settingsError("an image of \(shape[0]) × \(shape[1]) positions has none") }
    _ = try ModelBuilder.elementCount([height, width, shape[2]], of: "layer \(name): a row of the result")
  }
}

/// The part of images `[rows, height, width, channels]` from a place on.
func cropped(_ images: Tensor, _ top: Int, _ left: Int, _ height: Int, _ width: Int) -> Tensor {
  images[0..<images.shape[0], top..<(top + height), left..<(left + width)]
}

/// The middle, or of smaller images the greatest part of the aspect ratio, resized.
func centerCropped(_ images: Tensor, _ height: Int, _ width: Int) -> Tensor {
  let (ownHeight, ownWidth) = (images.shape[1], images.shape[2])
  if ownHeight >= height && ownWidth >= width {
    return cropped(images, (ownHeight - height) / 2, (ownWidth - width) / 2, height, width)
  }
  return resize(images, [height, width], aspectRatio: .cropped)
}

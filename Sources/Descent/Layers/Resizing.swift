import TensorCore

/// Images of another size. Those of whole numbers stay so, rounded. (Keras: `keras.layers.Resizing`.)
public final class Resizing: Layer {
  /// The size of the result, in pixels.
  public let height: Int, width: Int
  /// What lies between pixels.
  public let interpolation: Interpolation
  /// What happens where the aspect ratios differ.
  public let aspectRatio: AspectRatio
  /// Whether a smaller image's pixels are means over what they cover.
  public let antialias: Bool
  /// Where the channels are.
  public let dataFormat: DataFormat

  /// - Parameters:
  ///   - height: of the result.
  ///   - width: of the result.
  ///   - interpolation: what lies between pixels.
  ///   - aspectRatio: what happens where the aspect ratios differ. (Keras: `crop_to_aspect_ratio`, `pad_to_aspect_ratio`, `fill_value`.)
  ///   - antialias: whether a smaller image's pixels are means over what they cover.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ height: Int, _ width: Int, interpolation: Interpolation = .bilinear, aspectRatio: AspectRatio = .stretched, antialias: Bool = false,
    dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.height = height
    self.width = width
    self.interpolation = interpolation
    self.aspectRatio = aspectRatio
    self.antialias = antialias
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override class var trainingByDefault: Bool? { true }

  public override func build(inputShape: [Int]) throws {
    let shape = try channelsLast(inputShape, axes: 2, dataFormat)
    try checkCrop(height, width, of: shape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    _ = try channelsLast(Array(x.shape.dropFirst()), axes: 2, dataFormat)
    let images = channelsLast(x, dataFormat)
    return restored(resized(images, [height, width], interpolation: interpolation, antialias: antialias, aspectRatio: aspectRatio), dataFormat)
  }
}

/// ``TensorCore/resize(_:_:interpolation:antialias:aspectRatio:)`` of images of any dtype, which the result has too: of whole numbers it is
/// rounded, halves to the even one, and stays within what the dtype holds, as in Keras on JAX.
func resized(
  _ images: Tensor, _ size: [Int], interpolation: Interpolation, antialias: Bool = false, aspectRatio: AspectRatio = .stretched
) -> Tensor {
  if images.dtype.isFloatingPoint {
    return resize(images, size, interpolation: interpolation, antialias: antialias, aspectRatio: aspectRatio)
  }
  // What float32 does not hold exactly.
  let exact: DType = images.dtype == .int32 ? .float64 : .float32
  let result = round(resize(images.cast(to: exact), size, interpolation: interpolation, antialias: antialias, aspectRatio: aspectRatio))
  let (low, high): (Double, Double) = switch images.dtype {
  case .bool: (0, 1)
  case .uint8: (0, 255)
  default: (Double(Int32.min), Double(Int32.max))
  }
  return clip(result, Tensor(number: low), Tensor(number: high)).cast(to: images.dtype)
}

extension Resizing: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Resizing(1, 1), except: "height", "width")
    try options.refuseBoundingBoxes()
    try options.refuse("fill_mode", unless: "constant")
    let fillValue = try options.double("fill_value")
    let isCropped = try options.bool("crop_to_aspect_ratio")
    let isPadded = try options.bool("pad_to_aspect_ratio")
    if isCropped && isPadded {
      throw DescentError(.invalidArgument, "\(options.owner): only one of 'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' can be true")
    }
    self.init(
      try options.int("height"), try options.int("width"), interpolation: try options.choice("interpolation"),
      aspectRatio: isCropped ? .cropped : isPadded ? .padded(fillValue: fillValue) : .stretched,
      antialias: try options.bool("antialias"), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    var isCropped = false, padding: Double?
    switch aspectRatio {
    case .stretched: break
    case .cropped: isCropped = true
    case .padded(let fillValue): padding = fillValue
    }
    return JSONObject([
      ("data_format", .string(dataFormat.rawValue)), ("height", JSONValue(height)), ("width", JSONValue(width)),
      ("interpolation", .string(interpolation.rawValue)), ("crop_to_aspect_ratio", .bool(isCropped)),
      ("pad_to_aspect_ratio", .bool(padding != nil)), ("fill_mode", "constant"), ("fill_value", JSONValue(padding ?? 0)),
      ("antialias", .bool(antialias)),
    ])
  }
}

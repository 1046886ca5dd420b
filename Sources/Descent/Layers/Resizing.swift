import TensorCore

/// Images of another size: `[rows, height, width, channels]`. (Keras: `keras.layers.Resizing`.)
public final class Resizing: Layer {
  /// The result's size.
  public let height: Int, width: Int
  /// What lies between pixels.
  public let interpolation: Interpolation
  /// What is done where the shapes differ.
  public let aspectRatio: AspectRatio
  /// Whether a smaller image's pixels are means over what they cover.
  public let antialias: Bool
  /// Where the channels are.
  public let dataFormat: DataFormat

  /// - Parameters:
  ///   - height: the result's height, at least 1.
  ///   - width: the result's width, at least 1.
  ///   - interpolation: what lies between pixels.
  ///   - aspectRatio: what is done where the shapes differ. (Keras's `crop_to_aspect_ratio`, `pad_to_aspect_ratio` and `fill_value`.)
  ///   - antialias: whether a smaller image's pixels are means over what they cover.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  public init(
    _ height: Int, _ width: Int, interpolation: Interpolation = .bilinear, aspectRatio: AspectRatio = .ignored, antialias: Bool = false,
    dataFormat: DataFormat = .channelsLast, inputShape: [Int]? = nil, name: String? = nil, trainable: Bool = true
  ) {
    (self.height, self.width) = (height, width)
    self.interpolation = interpolation
    self.aspectRatio = aspectRatio
    self.antialias = antialias
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable)
  }

  public override func build(inputShape: [Int]) throws {
    _ = try checked(AxisSizes([height, width]), "the size", axes: 2)
    let shape = try checkedShape(inputShape)
    _ = try ModelBuilder.elementCount([height, width, shape[2]], of: "layer \(name): a row of the result")
  }

  private func checkedShape(_ inputShape: [Int]) throws -> [Int] {
    let shape = try channelsLast(inputShape, axes: 2, dataFormat)
    guard shape[0] > 0, shape[1] > 0 else { throw settingsError("a row of the input has shape \(inputShape), which has no pixels") }
    return shape
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    _ = try checkedShape(Array(x.shape.dropFirst()))
    let resized = resize(
      channelsLast(x, dataFormat), [height, width], interpolation: interpolation, antialias: antialias, aspectRatio: aspectRatio)
    return restored(resized, dataFormat)
  }
}

extension Resizing: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let crops = try options.bool("crop_to_aspect_ratio", default: false), pads = try options.bool("pad_to_aspect_ratio", default: false)
    let filling = try options.string("fill_mode", default: "constant"), number = try options.double("fill_value", default: 0)
    guard !(crops && pads) else {
      throw DescentError(.invalidArgument, "layer \(options.name): 'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' are both true; expected at most one")
    }
    guard filling == "constant" else {
      throw DescentError(.invalidArgument, "layer \(options.name): 'fill_mode' is \"\(filling)\"; expected \"constant\"")
    }
    self.init(
      try options.int("height"), try options.int("width"), interpolation: try options.interpolation(default: .bilinear),
      aspectRatio: crops ? .cropped : pads ? .padded(number) : .ignored, antialias: try options.bool("antialias", default: false),
      dataFormat: try options.dataFormat(default: .channelsLast), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    var number = 0.0
    if case .padded(let value) = aspectRatio { number = value }
    return JSONObject([
      ("height", JSONValue(height)), ("width", JSONValue(width)), ("interpolation", .string(interpolation.rawValue)),
      ("crop_to_aspect_ratio", .bool(aspectRatio == .cropped)), ("pad_to_aspect_ratio", .bool(aspectRatio == .padded(number))),
      ("fill_mode", .string("constant")), ("fill_value", JSONValue(number)), ("antialias", .bool(antialias)),
      ("data_format", .string(dataFormat.rawValue)),
    ])
  }
}

extension LayerOptions {
  /// What lies between pixels, by Keras's word.
  mutating func interpolation(default standard: Interpolation) throws -> Interpolation {
    let word = try string("interpolation", default: standard.rawValue)
    guard let interpolation = Interpolation(rawValue: word.lowercased()) else {
      let known = Interpolation.allCases.map(\.rawValue).joined(separator: ", ")
      throw DescentError(.invalidArgument, "\(owner): 'interpolation' is \"\(word)\"; expected one of \(known)")
    }
    return interpolation
  }
}

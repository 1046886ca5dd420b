import TensorCore

/// Each position several times along each spatial axis, or numbers between them. What the upsamplings of one, two and three spatial axes
/// share.
public class UpSampling: Layer, ConfigurableLayer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }
  private var axes: Int { Self.axes }

  /// How many positions each becomes, along each spatial axis.
  public var size: [Int] { sizes.spread(over: axes) }
  /// Where the channels are.
  public let dataFormat: DataFormat
  /// What lies between positions.
  public let interpolation: Interpolation
  private let sizes: AxisSizes

  /// - Parameters:
  ///   - size: how many positions each becomes: one number for all spatial axes, or one for each.
  ///   - dataFormat: where the channels are.
  ///   - interpolation: what lies between positions; of images only, nearest for others.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ size: any AxisSizesConvertible = 2, dataFormat: DataFormat = .channelsLast, interpolation: Interpolation = .nearest, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    sizes = size.axisSizes
    self.dataFormat = dataFormat
    self.interpolation = interpolation
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    let factors = try checked(sizes, "size", axes: axes)
    if axes != 2 && interpolation != .nearest { throw settingsError("interpolation is \(interpolation.rawValue); expected nearest") }
    let shape = try channelsLast(inputShape, axes: axes, dataFormat)
    var result = shape
    for axis in 0..<axes {
      let (size, overflow) = shape[axis].multipliedReportingOverflow(by: factors[axis])
      if overflow { throw settingsError("size \(factors) is too large") }
      result[axis] = size
    }
    _ = try ModelBuilder.elementCount(result, of: "layer \(name): a row of the result")
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let shape = try channelsLast(Array(x.shape.dropFirst()), axes: axes, dataFormat)
    var y = channelsLast(x, dataFormat)
    if interpolation == .nearest {
      for axis in 0..<axes { y = repeatElements(y, size[axis], axis: axis + 1) }
    } else {
      y = resized(y, [shape[0] * size[0], shape[1] * size[1]], interpolation: interpolation)
    }
    return restored(y, dataFormat)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: UpSampling2D())
    self.init(
      try options.sizes("size"), dataFormat: try options.dataFormat(), interpolation: try options.choice("interpolation"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    let size = try checked(sizes, "size", axes: axes)
    switch axes {
    case 1:
      if dataFormat != .channelsLast { throw settingsError("channels first cannot be written to a file") }
      return JSONObject([("size", JSONValue(size[0]))])
    case 2:
      return JSONObject([
        ("size", .array(size.map { JSONValue($0) })), ("data_format", .string(dataFormat.rawValue)),
        ("interpolation", .string(interpolation.rawValue)),
      ])
    default: return JSONObject([("size", .array(size.map { JSONValue($0) })), ("data_format", .string(dataFormat.rawValue))])
    }
  }
}

/// Sequences with each position several times: `[rows, steps, channels]`. (Keras: `keras.layers.UpSampling1D`.)
public final class UpSampling1D: UpSampling {
  override class var axes: Int { 1 }
}

/// Images with each position several times: `[rows, height, width, channels]`. (Keras: `keras.layers.UpSampling2D`.)
public final class UpSampling2D: UpSampling {
  override class var axes: Int { 2 }
}

/// Volumes with each position several times: `[rows, depth, height, width, channels]`. (Keras: `keras.layers.UpSampling3D`.)
public final class UpSampling3D: UpSampling {
  override class var axes: Int { 3 }
}

import TensorCore

/// As many windows along each spatial axis as are asked for, whatever the input's size. What the adaptive poolings of one, two and three
/// spatial axes share: window i reaches from ⌊i · size / count⌋ to ⌈(i + 1) · size / count⌉.
public class AdaptivePooling: Layer, ConfigurableLayer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }
  private var axes: Int { Self.axes }

  /// How many positions the result has along each spatial axis.
  public var outputSize: [Int] { outputSizes.spread(over: axes) }
  /// Where the channels are.
  public let dataFormat: DataFormat
  private let outputSizes: AxisSizes

  /// - Parameters:
  ///   - outputSize: how many positions the result has: one number for all spatial axes, or one for each.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ outputSize: any AxisSizesConvertible, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    outputSizes = outputSize.axisSizes
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws { _ = try checkedShape(inputShape) }

  /// The shape of a row with its channels last, if the windows fit it.
  private func checkedShape(_ inputShape: [Int]) throws -> [Int] {
    _ = try checked(outputSizes, "outputSize", axes: axes)
    let shape = try channelsLast(inputShape, axes: axes, dataFormat)
    if let problem = problemOfAdaptivePooling(inputShape: [1] + shape, outputSize: outputSize) { throw settingsError(problem) }
    _ = try ModelBuilder.elementCount(outputSize + shape.suffix(1), of: "layer \(name): a row of the result")
    return shape
  }

  /// The result for an input with its channels last.
  func pooled(_ x: Tensor) -> Tensor { x }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    _ = try checkedShape(Array(x.shape.dropFirst()))
    return restored(pooled(channelsLast(x, dataFormat)), dataFormat)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: AdaptiveAveragePooling2D(1), except: "output_size")
    self.init(
      try options.sizes("output_size"), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("output_size", .array(outputSize.map { JSONValue($0) })), ("data_format", .string(dataFormat.rawValue))])
  }
}

/// The mean of each window. What the adaptive average poolings of one, two and three spatial axes share.
public class AdaptiveAveragePooling: AdaptivePooling {
  override func pooled(_ x: Tensor) -> Tensor { adaptiveAveragePool(x, outputSize) }
}

/// The mean of each of a number of windows of sequences: `[rows, steps, channels]`. (Keras: `keras.layers.AdaptiveAveragePooling1D`.)
public final class AdaptiveAveragePooling1D: AdaptiveAveragePooling {
  override class var axes: Int { 1 }
}

/// The mean of each of a number of windows of images: `[rows, height, width, channels]`. (Keras: `keras.layers.AdaptiveAveragePooling2D`.)
public final class AdaptiveAveragePooling2D: AdaptiveAveragePooling {
  override class var axes: Int { 2 }
}

/// The mean of each of a number of windows of volumes: `[rows, depth, height, width, channels]`. (Keras:
/// `keras.layers.AdaptiveAveragePooling3D`.)
public final class AdaptiveAveragePooling3D: AdaptiveAveragePooling {
  override class var axes: Int { 3 }
}

/// The greatest element of each window. What the adaptive max poolings of one, two and three spatial axes share.
public class AdaptiveMaxPooling: AdaptivePooling {
  override func pooled(_ x: Tensor) -> Tensor { adaptiveMaxPool(x, outputSize) }
}

/// The greatest element of each of a number of windows of sequences: `[rows, steps, channels]`. (Keras:
/// `keras.layers.AdaptiveMaxPooling1D`.)
public final class AdaptiveMaxPooling1D: AdaptiveMaxPooling {
  override class var axes: Int { 1 }
}

/// The greatest element of each of a number of windows of images: `[rows, height, width, channels]`. (Keras:
/// `keras.layers.AdaptiveMaxPooling2D`.)
public final class AdaptiveMaxPooling2D: AdaptiveMaxPooling {
  override class var axes: Int { 2 }
}

/// The greatest element of each of a number of windows of volumes: `[rows, depth, height, width, channels]`. (Keras:
/// `keras.layers.AdaptiveMaxPooling3D`.)
public final class AdaptiveMaxPooling3D: AdaptiveMaxPooling {
  override class var axes: Int { 3 }
}

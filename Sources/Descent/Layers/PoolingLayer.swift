import TensorCore

/// What the poolings share: the windows of which the greatest element or the mean is taken, for each channel.
public class PoolingLayer: Layer, ConfigurableLayer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }
  private var axes: Int { Self.axes }

  /// The window along each spatial axis.
  public var poolSize: [Int] { windowSizes.spread(over: axes) }
  /// How far the window moves along each spatial axis.
  public var strides: [Int] { (strideSizes ?? windowSizes).spread(over: axes) }
  /// What stands around the input.
  public let padding: Padding
  /// Where the channels are.
  public let dataFormat: DataFormat
  private let windowSizes: AxisSizes
  private let strideSizes: AxisSizes?

  /// - Parameters:
  ///   - poolSize: the window: one number for all spatial axes, or one for each.
  ///   - strides: how far the window moves; nil for as far as it reaches.
  ///   - padding: valid (none), or same (a window for every stride-th position; what lies outside does not count).
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ poolSize: any AxisSizesConvertible = 2, strides: (any AxisSizesConvertible)? = nil, padding: Padding = .valid, dataFormat: DataFormat = .channelsLast,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    windowSizes = poolSize.axisSizes
    strideSizes = strides?.axisSizes
    self.padding = padding
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    _ = try checked(windowSizes, "poolSize", axes: axes)
    if let strideSizes { _ = try checked(strideSizes, "strides", axes: axes) }
    guard padding == .valid || padding == .same else { throw settingsError("padding is \(padding); expected valid or same") }
    let shape = try pooling([1] + channelsLast(inputShape, axes: axes, dataFormat)).outputShape
    _ = try ModelBuilder.elementCount(Array(shape.dropFirst()), of: "layer \(name): a row of the result")
  }

  private func pooling(_ inputShape: [Int]) throws -> Pooling {
    try namingLayer { try Pooling(inputShape: inputShape, window: poolSize, strides: strides, padding: padding) }
  }

  /// The result for an input with its channels last.
  func pooled(_ x: Tensor, _ pooling: Pooling) -> Tensor { x }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let shape = try channelsLast(Array(x.shape.dropFirst()), axes: axes, dataFormat)
    return restored(pooled(channelsLast(x, dataFormat), try pooling([x.shape[0]] + shape)), dataFormat)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: MaxPooling2D(), except: "strides")
    let strides = try options.optionalInts("strides")
    self.init(
      try options.sizes("pool_size"), strides: strides.map { AxisSizes($0) }, padding: try options.padding(),
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    guard let word = padding.kerasName else { throw settingsError("padding \(padding) cannot be written to a file") }
    func list(_ values: [Int]) -> JSONValue { .array(values.map { JSONValue($0) }) }
    return JSONObject([
      ("pool_size", list(poolSize)), ("padding", .string(word)), ("strides", list(strides)),
      ("data_format", .string(dataFormat.rawValue)),
    ])
  }
}

import TensorCore

/// What the poolings over all positions share: one number for each channel.
public class GlobalPooling: Layer, ConfigurableLayer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }
  private var axes: Int { Self.axes }

  /// Where the channels are.
  public let dataFormat: DataFormat
  /// Whether the spatial axes stay, with size 1.
  public let keepDims: Bool

  /// - Parameters:
  ///   - dataFormat: where the channels are.
  ///   - keepDims: whether the spatial axes stay, with size 1.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    dataFormat: DataFormat = .channelsLast, keepDims: Bool = false, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.dataFormat = dataFormat
    self.keepDims = keepDims
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    let shape = try channelsLast(inputShape, axes: axes, dataFormat)
    guard shape.dropLast().allSatisfy({ $0 > 0 }) else { throw settingsError("a row of the input has shape \(inputShape), which has no positions") }
  }

  /// One number for all positions.
  func reduced(_ x: Tensor, over axes: [Int]) -> Tensor { x }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    _ = try channelsLast(Array(x.shape.dropFirst()), axes: axes, dataFormat)
    let first = dataFormat == .channelsLast ? 1 : 2
    return reduced(x, over: Array(first..<(first + axes)))
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: GlobalMaxPooling2D())
    self.init(
      dataFormat: try options.dataFormat(), keepDims: try options.bool("keepdims"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("keepdims", .bool(keepDims))])
  }
}

import TensorCore

/// Zeros around the input. What the zero paddings of one, two and three spatial axes share.
public class ZeroPadding: MarginLayer, ConfigurableLayer {
  /// - Parameters:
  ///   - padding: how many zeros: a number, one for each axis, or two (before and after) for each.
  ///   - dataFormat: where the channels are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ padding: any AxisMarginsConvertible = 1, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(padding.axisMargins, "padding", dataFormat: dataFormat, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    try check(inputShape)
    let (low, high) = try allMargins(rank: inputShape.count + 1)
    let shape = inputShape.indices.map { inputShape[$0] + low[$0 + 1] + high[$0 + 1] }
    _ = try ModelBuilder.elementCount(shape, of: "layer \(name): a row of the result")
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try check(Array(x.shape.dropFirst()))
    let (low, high) = try allMargins(rank: x.rank)
    return x.padded(low: low, high: high)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: ZeroPadding2D())
    self.init(
      try options.margins("padding"), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([try marginOption(), ("data_format", .string(dataFormat.rawValue))])
  }
}

/// Zeros around sequences: `[rows, steps, channels]`. (Keras: `keras.layers.ZeroPadding1D`.)
public final class ZeroPadding1D: ZeroPadding {
  override class var axes: Int { 1 }
}

/// Zeros around images: `[rows, height, width, channels]`. (Keras: `keras.layers.ZeroPadding2D`.)
public final class ZeroPadding2D: ZeroPadding {
  override class var axes: Int { 2 }
}

/// Zeros around volumes: `[rows, depth, height, width, channels]`. (Keras: `keras.layers.ZeroPadding3D`.)
public final class ZeroPadding3D: ZeroPadding {
  override class var axes: Int { 3 }
}

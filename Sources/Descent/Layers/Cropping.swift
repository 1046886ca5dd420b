import TensorCore

/// The input without some positions at its edges. What the croppings of one, two and three spatial axes share.
public class Cropping: MarginLayer, ConfigurableLayer {
  /// - Parameters:
  ///   - cropping: how many positions are cut off: a number, one for each axis, or two (before and after) for each.
  ///   - dataFormat: where the channels are. (Keras's one-dimensional layer has channels last only, and a file of it says nothing.)
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ cropping: any AxisMarginsConvertible = 1, dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    super.init(cropping.axisMargins, "cropping", dataFormat: dataFormat, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws { _ = try part(of: [1] + inputShape) }

  /// Where the result begins, and its shape.
  private func part(of shape: [Int]) throws -> (starts: [Int], sizes: [Int]) {
    try check(Array(shape.dropFirst()))
    let (low, high) = try allMargins(rank: shape.count)
    let sizes = shape.indices.map { shape[$0] - low[$0] - high[$0] }
    guard zip(sizes, zip(low, high)).allSatisfy({ $0 > 0 || $1 == (0, 0) }) else {
      throw settingsError("cropping \(try pairs().map { [$0.low, $0.high] }) leaves nothing of a row of shape \(Array(shape.dropFirst()))")
    }
    return (low, sizes)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let (starts, sizes) = try part(of: x.shape)
    return x.sliced(starts: starts, sizes: sizes)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Cropping2D())
    self.init(
      try options.margins("cropping"), dataFormat: try options.dataFormat(), inputShape: options.inputShape,
      name: options.name)
  }

  public func options() throws -> JSONObject {
    if self is Cropping1D {
      if dataFormat != .channelsLast { throw settingsError("channels first cannot be written to a file") }
      return JSONObject([try marginOption()])
    }
    return JSONObject([try marginOption(), ("data_format", .string(dataFormat.rawValue))])
  }
}

/// Sequences without some positions at their edges: `[rows, steps, channels]`. (Keras: `keras.layers.Cropping1D`.)
public final class Cropping1D: Cropping {
  override class var axes: Int { 1 }
}

/// Images without some positions at their edges: `[rows, height, width, channels]`. (Keras: `keras.layers.Cropping2D`.)
public final class Cropping2D: Cropping {
  override class var axes: Int { 2 }
}

/// Volumes without some positions at their edges: `[rows, depth, height, width, channels]`. (Keras: `keras.layers.Cropping3D`.)
public final class Cropping3D: Cropping {
  override class var axes: Int { 3 }
}

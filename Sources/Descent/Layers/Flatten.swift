import TensorCore

/// Lays the elements of each row out in one axis: `[rows, a, b, …]` to `[rows, a · b · …]`. (Keras: `keras.layers.Flatten`.)
public final class Flatten: Layer {
  /// `channelsFirst` lays out rows of `[channels, …]` as those of `[…, channels]` are laid out.
  public let dataFormat: DataFormat

  /// - Parameters:
  ///   - dataFormat: where the channels of a row are.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override var acceptsIntegers: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    let x = dataFormat == .channelsFirst && x.rank > 2 ? x.movingLast(1) : x
    // Not −1, which an empty batch would leave open.
    return x.reshaped([x.shape[0], x.shape.dropFirst().reduce(1, *)])
  }
}

extension Flatten: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Flatten())
    self.init(
      dataFormat: try options.dataFormat(), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("data_format", .string(dataFormat.rawValue))]) }
}

import TensorCore

/// The mean over the steps of a sequence: `[rows, steps, features]` to `[rows, features]`. Steps that a mask leaves out do not
/// count. (Keras: `keras.layers.GlobalAveragePooling1D`.)
public final class GlobalAveragePooling1D: Layer {
  /// Where the features are.
  public let dataFormat: DataFormat
  /// Whether the axis of steps stays, with size 1.
  public let keepDims: Bool

  /// - Parameters:
  ///   - dataFormat: where the features are: `[steps, features]`, or `[features, steps]`.
  ///   - keepDims: whether the axis of steps stays, with size 1.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    dataFormat: DataFormat = .channelsLast, keepDims: Bool = false, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.dataFormat = dataFormat
    self.keepDims = keepDims
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  private var stepAxis: Int { dataFormat == .channelsLast ? 1 : 2 }

  public override func build(inputShape: [Int]) throws {
    guard inputShape.count == 2, inputShape[stepAxis - 1] > 0 else {
      throw DescentError(
        .invalidArgument, "layer \(name): a row of the input has shape \(inputShape); expected [steps, features] with at least one step")
    }
  }

  override var usesMasks: Bool { true }

  /// Of rows and steps, wherever the axis of steps is.
  override func fits(_ mask: Tensor, _ x: Tensor) -> Bool { x.rank == 3 && mask.shape == [x.shape[0], x.shape[stepAxis]] }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let mask = try stepMask(of: x, along: stepAxis, context) else { return x.mean(axis: stepAxis, keepDims: keepDims) }
    let kept = mask.expandingShape(at: dataFormat == .channelsLast ? 2 : 1)
    let sum = select(kept, x, Tensor.zeros([], dtype: x.dtype)).sum(axis: stepAxis, keepDims: keepDims)
    return sum / kept.cast(to: x.dtype).sum(axis: stepAxis, keepDims: keepDims)
  }
}

extension GlobalAveragePooling1D: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: GlobalAveragePooling1D())
    self.init(
      dataFormat: try options.dataFormat(),
      keepDims: try options.bool("keepdims"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("data_format", .string(dataFormat.rawValue)), ("keepdims", .bool(keepDims))])
  }
}

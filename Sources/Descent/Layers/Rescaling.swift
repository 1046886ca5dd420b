import TensorCore

/// x · scale + offset: numbers for all elements, or arrays that stretch over a row. (Keras: `keras.layers.Rescaling`.)
public final class Rescaling: Layer {
  /// One number, or one for each place of the last axis.
  public let scale: [Double], offset: [Double]
  /// Both are numbers, not lists of one.
  private let isUniform: Bool

  /// - Parameters:
  ///   - scale: what each element is multiplied by.
  ///   - offset: what is added then.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ scale: Double, offset: Double = 0, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    (self.scale, self.offset, isUniform) = ([scale], [offset], true)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// The same with a scale and an offset for each channel (or any other last axis).
  /// - Parameters:
  ///   - scale: what elements are multiplied by: one number for each channel, or a single one for all. Others are refused.
  ///   - offset: what is added then: as many, or a single one for all.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ scale: [Double], offset: [Double] = [0], inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    (self.scale, self.offset, isUniform) = (scale, offset, false)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws { try check(inputShape) }

  /// - Throws: ``DescentError`` if the numbers do not stretch to rows of that shape.
  private func check(_ inputShape: [Int]) throws {
    for (option, values) in [("scale", scale), ("offset", offset)] where values.count != 1 && values.count != inputShape.last {
      throw DescentError(
        .invalidArgument, "layer \(name): \(option) has \(values.count) numbers, which do not stretch to rows of shape \(inputShape)")
    }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try check(Array(x.shape.dropFirst()))
    let scaled = x * fitted(scale, x)
    return offset == [0] ? scaled : scaled + fitted(offset, x)
  }

  private func fitted(_ values: [Double], _ x: Tensor) -> Tensor {
    values.count == 1 ? Tensor(number: values[0]) : Tensor(values).cast(to: x.dtype)
  }
}

extension Rescaling: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let scale = options.value("scale"), offset = options.value("offset")
    if let scale = scale.double, let offset = offset == .null ? 0 : offset.double {
      self.init(scale, offset: offset, inputShape: options.inputShape, name: options.name)
      return
    }
    let numbers = SettingKind.numbers.unwrapped
    self.init(
      try options.value("scale", numbers), offset: try options.optional("offset", numbers) ?? [0], inputShape: options.inputShape,
      name: options.name)
  }

  public func options() -> JSONObject {
    func json(_ values: [Double]) -> JSONValue { isUniform ? JSONValue(values[0]) : .array(values.map { JSONValue($0) }) }
    return JSONObject([("scale", json(scale)), ("offset", json(offset))])
  }
}

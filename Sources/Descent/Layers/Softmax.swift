import TensorCore

/// eˣ / Σ eˣ along an axis, or along several together. Where the input has a mask, what it leaves out gets 0. (Keras:
/// `keras.layers.Softmax`.)
public final class Softmax: Layer {
  /// With axis 0 counting the rows; negative from the end.
  public let axes: [Int]

  /// - Parameters:
  ///   - axis: with axis 0 counting the rows; negative from the end.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public convenience init(axis: Int = -1, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.init(axes: [axis], inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// The same along several axes together: all their elements sum to 1.
  /// - Parameters:
  ///   - axes: at least one and all different, with axis 0 counting the rows; negative from the end.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(axes: [Int], inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.axes = axes
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    guard Set(axes).count == axes.count, !axes.isEmpty,
      axes.allSatisfy({ $0 >= -inputShape.count - 1 && $0 <= inputShape.count })
    else {
      throw DescentError(.invalidArgument, "layer \(name): axes \(axes) are not those of a row of shape \(inputShape)")
    }
  }

  public override var supportsMasking: Bool { true }

  override func fits(_ mask: Tensor, _ x: Tensor) -> Bool { broadcastShape(mask.shape, x.shape) == x.shape }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let mask = context.mask(of: x) else { return try softmax(x, context) }
    guard broadcastShape(mask.shape, x.shape) == x.shape else {
      throw DescentError(.invalidArgument, "layer \(name): a mask of shape \(mask.shape) does not stretch to \(x.shape)")
    }
    let kept = select(mask, x, Tensor(number: -1e9))
    return select(mask, try softmax(kept, context), 0)
  }

  private func softmax(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    if axes.count == 1 { return try context.apply(.softmax(axis: axes[0]), to: x) }
    let shifted = exp(x - stopGradient(x.max(axes: axes, keepDims: true)))
    return shifted / shifted.sum(axes: axes, keepDims: true)
  }
}

extension Softmax: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Softmax())
    self.init(
      axes: try options.ints("axis"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("axis", .intOrList(axes))]) }
}

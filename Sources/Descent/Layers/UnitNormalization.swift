import TensorCore

/// x / √(Σ x²) along axes: each vector gets length 1. (Keras: `keras.layers.UnitNormalization`.)
public final class UnitNormalization: Layer {
  /// With axis 0 counting the rows; negative from the end.
  public let axes: [Int]

  /// - Parameters:
  ///   - axes: what to take the length over, with axis 0 counting the rows; negative from the end.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(axes: [Int] = [-1], inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.axes = axes
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let rank = inputShape.count + 1
    guard !axes.isEmpty, Set(axes.map { $0 < 0 ? $0 + rank : $0 }).count == axes.count, axes.allSatisfy({ $0 >= -rank && $0 < rank })
    else { throw DescentError(.invalidArgument, "layer \(name): axes \(axes) are not those of a row of shape \(inputShape)") }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    x * minimum(1 / sqrt(square(x).sum(axes: axes, keepDims: true)), 1e12)
  }
}

extension UnitNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: UnitNormalization())
    self.init(
      axes: try options.ints("axis"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("axis", .intOrList(axes))]) }
}

import TensorCore

/// x / √(mean of x² + epsilon) · scale along axes. (Zhang & Sennrich, 2019; Keras: `keras.layers.RMSNormalization`.)
public final class RMSNormalization: Layer {
  /// With axis 0 counting the rows; negative from the end.
  public let axes: [Int]
  /// Added to the variance, so that nothing is divided by 0.
  public let epsilon: Double

  /// Of the shape of the normalized axes; nil until the layer is built.
  public private(set) var scale: Variable?

  /// - Parameters:
  ///   - axes: what to take the mean over, with axis 0 counting the rows; negative from the end.
  ///   - epsilon: keeps the divisor from 0.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    axes: [Int] = [-1], epsilon: Double = 1e-6, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.axes = axes
    self.epsilon = epsilon
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let axes = normalized(rank: inputShape.count + 1)
    guard !axes.isEmpty, Set(axes).count == axes.count, axes.allSatisfy({ $0 > 0 && $0 <= inputShape.count }) else {
      throw DescentError(.invalidArgument, "layer \(name): axes \(self.axes) are not those of a row of shape \(inputShape)")
    }
    try checkSetting("epsilon", epsilon, .nonNegative)
    scale = try addVariable("scale", shape: axes.map { inputShape[$0 - 1] }, initializer: .ones)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let scale else { throw DescentError(.state, "layer \(name): it is not built") }
    let axes = normalized(rank: x.rank)
    for (axis, size) in zip(axes, scale.shape) { try requireSize(size, ofAxis: axis, in: x) }
    let spread = (0..<x.rank).map { axes.contains($0) ? x.shape[$0] : 1 }
    return x * (1 / sqrt(square(x).mean(axes: axes, keepDims: true) + epsilon)) * scale.value.reshaped(spread)
  }

  private func normalized(rank: Int) -> [Int] { axes.map { $0 < 0 ? $0 + rank : $0 }.sorted() }
}

extension RMSNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: RMSNormalization())
    self.init(
      axes: try options.ints("axis"), epsilon: try options.double("epsilon"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("axis", .ints(axes)), ("epsilon", JSONValue(epsilon))]) }
}

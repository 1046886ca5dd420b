import TensorCore

/// x where x ≥ 0, alpha · x below, with an alpha of each place of a row that is learned. (He et al., 2015; Keras:
/// `keras.layers.PReLU`.)
public final class PReLU: Layer {
  /// The slopes' first values.
  public let alphaInitializer: Initializer
  /// A penalty on the slopes.
  public let alphaRegularizer: Regularizer?
  /// What is done to the slopes after each step of training.
  public let alphaConstraint: Constraint?
  /// The axes along which all places have one alpha, with axis 0 counting the rows.
  public let sharedAxes: [Int]?

  /// Of the shape of a row with size 1 along the shared axes; nil until the layer is built.
  public private(set) var alpha: Variable?

  /// - Parameters:
  ///   - alphaInitializer: alpha's first values.
  ///   - alphaRegularizer: a penalty on alpha, added to the loss.
  ///   - alphaConstraint: what is done to alpha after each step of training.
  ///   - sharedAxes: the axes along which all places have one alpha, counted from 1.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    alphaInitializer: Initializer = .zeros, alphaRegularizer: Regularizer? = nil, alphaConstraint: Constraint? = nil,
    sharedAxes: [Int]? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.alphaInitializer = alphaInitializer
    self.alphaRegularizer = alphaRegularizer
    self.alphaConstraint = alphaConstraint
    self.sharedAxes = sharedAxes
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    var shape = inputShape
    for axis in sharedAxes ?? [] {
      guard axis > 0 && axis <= shape.count else {
        throw DescentError(
          .invalidArgument, "layer \(name): the shared axis \(axis) is not one of a row of shape \(inputShape), counted from 1")
      }
      shape[axis - 1] = 1
    }
    alpha = try addVariable(
      "alpha", shape: shape, initializer: alphaInitializer, regularizer: alphaRegularizer, constraint: alphaConstraint)
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let alpha else { throw DescentError(.state, "layer \(name): it is not built") }
    let rowShape = Array(x.shape.dropFirst())
    guard rowShape.count == alpha.shape.count, broadcastShape(alpha.shape, rowShape) == rowShape else {
      throw DescentError(
        .invalidArgument, "layer \(name): its alpha has shape \(alpha.shape), which does not stretch to a row of shape \(rowShape)")
    }
    return relu(x) - alpha.value * relu(-x)
  }
}

extension PReLU: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: PReLU())
    self.init(
      alphaInitializer: try options.named("alpha_initializer"),
      alphaRegularizer: try options.optionalNamed("alpha_regularizer"),
      alphaConstraint: try options.optionalNamed("alpha_constraint"), sharedAxes: try options.optionalInts("shared_axes"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("alpha_initializer", try alphaInitializer.json()), ("alpha_regularizer", try alphaRegularizer?.json() ?? .null),
      ("alpha_constraint", try alphaConstraint?.json() ?? .null), ("shared_axes", sharedAxes.map { .ints($0) } ?? .null),
    ])
  }
}

import TensorCore

/// gamma · (x − mean) / √(variance + epsilon) + beta with mean and variance of each row's own elements over some axes. (Ba et al.,
/// 2016; Keras: `keras.layers.LayerNormalization`.)
public final class LayerNormalization: Layer {
  /// The axes that are normalized together; negative from the end.
  public let axes: [Int]
  /// Added to the variance, so that nothing is divided by 0.
  public let epsilon: Double
  /// Whether beta is added, and whether gamma multiplies.
  public let center: Bool, scale: Bool
  let betaOptions: (initializer: Initializer, regularizer: Regularizer?, constraint: Constraint?)
  let gammaOptions: (initializer: Initializer, regularizer: Regularizer?, constraint: Constraint?)

  /// Of the shape of the normalized axes; nil until the layer is built, or if switched off.
  public private(set) var gamma: Variable?, beta: Variable?

  /// - Parameters:
  ///   - axes: what to take mean and variance over, with axis 0 counting the rows; negative from the end.
  ///   - epsilon: keeps the divisor from 0.
  ///   - center: whether beta is added.
  ///   - scale: whether gamma multiplies.
  ///   - betaInitializer: beta's first values.
  ///   - gammaInitializer: gamma's first values.
  ///   - betaRegularizer: a penalty on beta, added to the loss.
  ///   - gammaRegularizer: a penalty on gamma, added to the loss.
  ///   - betaConstraint: what is done to beta after each step of training.
  ///   - gammaConstraint: what is done to gamma after each step of training.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    axes: [Int] = [-1], epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true,
    betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones, betaRegularizer: Regularizer? = nil,
    gammaRegularizer: Regularizer? = nil, betaConstraint: Constraint? = nil, gammaConstraint: Constraint? = nil,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.axes = axes
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    betaOptions = (betaInitializer, betaRegularizer, betaConstraint)
    gammaOptions = (gammaInitializer, gammaRegularizer, gammaConstraint)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let axes = normalized(rank: inputShape.count + 1)
    guard !axes.isEmpty, Set(axes).count == self.axes.count, axes.allSatisfy({ $0 > 0 && $0 <= inputShape.count }) else {
      throw DescentError(.invalidArgument, "layer \(name): axes \(self.axes) are not those of a row of shape \(inputShape)")
    }
    try checkSetting("epsilon", epsilon, .nonNegative)
    let shape = axes.map { inputShape[$0 - 1] }
    if scale {
      gamma = try addVariable(
        "gamma", shape: shape, initializer: gammaOptions.initializer, regularizer: gammaOptions.regularizer,
        constraint: gammaOptions.constraint)
    }
    if center {
      beta = try addVariable(
        "beta", shape: shape, initializer: betaOptions.initializer, regularizer: betaOptions.regularizer,
        constraint: betaOptions.constraint)
    }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let axes = normalized(rank: x.rank)
    if let shape = (gamma ?? beta)?.shape {
      for (axis, size) in zip(axes, shape) { try requireSize(size, ofAxis: axis, in: x) }
    }
    let spread = (0..<x.rank).map { axes.contains($0) ? x.shape[$0] : 1 }
    return standardized(
      x, axes: axes, epsilon: epsilon, scale: gamma?.value.reshaped(spread), offset: beta?.value.reshaped(spread))
  }

  private func normalized(rank: Int) -> [Int] { axes.map { $0 < 0 ? $0 + rank : $0 }.sorted() }
}

extension LayerNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: LayerNormalization())
    try options.refuse("rms_scaling", unless: false)
    self.init(
      axes: try options.ints("axis"), epsilon: try options.double("epsilon"),
      center: try options.bool("center"), scale: try options.bool("scale"),
      betaInitializer: try options.named("beta_initializer"),
      gammaInitializer: try options.named("gamma_initializer"),
      betaRegularizer: try options.optionalNamed("beta_regularizer"),
      gammaRegularizer: try options.optionalNamed("gamma_regularizer"),
      betaConstraint: try options.optionalNamed("beta_constraint"),
      gammaConstraint: try options.optionalNamed("gamma_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("axis", .array(axes.map { JSONValue($0) })), ("epsilon", JSONValue(epsilon)), ("center", .bool(center)),
      ("scale", .bool(scale)), ("beta_initializer", try betaOptions.initializer.json()),
      ("gamma_initializer", try gammaOptions.initializer.json()),
      ("beta_regularizer", try betaOptions.regularizer?.json() ?? .null),
      ("gamma_regularizer", try gammaOptions.regularizer?.json() ?? .null),
      ("beta_constraint", try betaOptions.constraint?.json() ?? .null),
      ("gamma_constraint", try gammaOptions.constraint?.json() ?? .null),
    ])
  }
}

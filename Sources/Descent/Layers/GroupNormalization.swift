import TensorCore

/// gamma · (x − mean) / √(variance + epsilon) + beta with mean and variance of each row's own elements, of a group of its channels
/// at a time. (Wu & He, 2018; Keras: `keras.layers.GroupNormalization`.)
public final class GroupNormalization: Layer {
  /// How many groups the channels make; −1 for as many as there are channels (instance normalization).
  public let groups: Int
  /// The axis of the channels.
  public let axis: Int
  /// Added to the variance, so that nothing is divided by 0.
  public let epsilon: Double
  /// Whether beta is added, and whether gamma multiplies.
  public let center: Bool, scale: Bool
  private let betaOptions: (initializer: Initializer, regularizer: Regularizer?, constraint: Constraint?)
  private let gammaOptions: (initializer: Initializer, regularizer: Regularizer?, constraint: Constraint?)

  /// One element for each channel; nil until the layer is built, or if switched off.
  public private(set) var gamma: Variable?, beta: Variable?

  /// - Parameters:
  ///   - groups: how many groups the channels make, a divisor of their number; −1 for as many as there are channels.
  ///   - axis: that of the channels, with axis 0 counting the rows; negative from the end.
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
    groups: Int = 32, axis: Int = -1, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true,
    betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones, betaRegularizer: Regularizer? = nil,
    gammaRegularizer: Regularizer? = nil, betaConstraint: Constraint? = nil, gammaConstraint: Constraint? = nil,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.groups = groups
    self.axis = axis
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    betaOptions = (betaInitializer, betaRegularizer, betaConstraint)
    gammaOptions = (gammaInitializer, gammaRegularizer, gammaConstraint)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let rank = inputShape.count + 1
    let own = axis < 0 ? axis + rank : axis
    guard own > 0 && own < rank else {
      throw DescentError(.invalidArgument, "layer \(name): axis \(axis) is not one of a row of shape \(inputShape)")
    }
    let channels = inputShape[own - 1]
    guard groups == -1 || (groups > 0 && channels % groups == 0), channels > 0 else {
      throw DescentError(
        .invalidArgument, "layer \(name): groups is \(groups), which does not divide the \(channels) channels of a row of shape \(inputShape)")
    }
    try checkSetting("epsilon", epsilon, .nonNegative)
    if scale {
      gamma = try addVariable(
        "gamma", shape: [channels], initializer: gammaOptions.initializer, regularizer: gammaOptions.regularizer,
        constraint: gammaOptions.constraint)
    }
    if center {
      beta = try addVariable(
        "beta", shape: [channels], initializer: betaOptions.initializer, regularizer: betaOptions.regularizer,
        constraint: betaOptions.constraint)
    }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let axis = axis < 0 ? axis + x.rank : axis
    if let size = (gamma ?? beta)?.shape[0] { try requireSize(size, ofAxis: axis, in: x) }
    let channels = x.shape[axis]
    let groups = groups == -1 ? channels : groups
    var grouped = x.shape
    grouped.replaceSubrange(axis...axis, with: [groups, channels / groups])
    var spread = [Int](repeating: 1, count: grouped.count)
    (spread[axis], spread[axis + 1]) = (groups, channels / groups)
    let values = x.reshaped(grouped)
    let others = (1..<grouped.count).filter { $0 != axis }
    let y = standardized(
      values, axes: others, epsilon: epsilon, scale: gamma?.value.reshaped(spread), offset: beta?.value.reshaped(spread))
    return y.reshaped(x.shape)
  }
}

extension GroupNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: GroupNormalization())
    self.init(
      groups: try options.int("groups"), axis: try options.int("axis"),
      epsilon: try options.double("epsilon"), center: try options.bool("center"),
      scale: try options.bool("scale"),
      betaInitializer: try options.named("beta_initializer"),
      gammaInitializer: try options.named("gamma_initializer"),
      betaRegularizer: try options.optionalNamed("beta_regularizer"),
      gammaRegularizer: try options.optionalNamed("gamma_regularizer"),
      betaConstraint: try options.optionalNamed("beta_constraint"),
      gammaConstraint: try options.optionalNamed("gamma_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("groups", JSONValue(groups)), ("axis", JSONValue(axis)), ("epsilon", JSONValue(epsilon)), ("center", .bool(center)),
      ("scale", .bool(scale)), ("beta_initializer", try betaOptions.initializer.json()),
      ("gamma_initializer", try gammaOptions.initializer.json()),
      ("beta_regularizer", try betaOptions.regularizer?.json() ?? .null),
      ("gamma_regularizer", try gammaOptions.regularizer?.json() ?? .null),
      ("beta_constraint", try betaOptions.constraint?.json() ?? .null),
      ("gamma_constraint", try gammaOptions.constraint?.json() ?? .null),
    ])
  }
}

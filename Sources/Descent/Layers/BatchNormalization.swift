import TensorCore

/// gamma · (x − mean) / √(variance + epsilon) + beta for each position along an axis. (Ioffe & Szegedy, 2015; Keras:
/// `keras.layers.BatchNormalization`.)
///
/// While training, mean and variance (divided by the number of elements) are the batch's, and the moving ones follow:
/// moving ← momentum · moving + (1 − momentum) · batch's. Otherwise, and when the layer is not trainable, the moving ones are used.
/// Places that a mask leaves out do not count.
///
/// Where a group of processes shares each batch (`fit`'s `group`), each normalizes its part of the batch by that part's mean and variance, and
/// the moving ones follow the means of those, weighted by rows; `synchronized` makes it the whole batch's, as one process would have them.
public final class BatchNormalization: Layer {
  /// The axis that has a mean and a variance for each place; negative from the end.
  public let axis: Int
  /// The part of the moving mean and variance that is kept in each step.
  public let momentum: Double
  /// Added to the variance, so that nothing is divided by 0.
  public let epsilon: Double
  /// Whether beta is added, and whether gamma multiplies.
  public let center: Bool, scale: Bool
  /// Whether a group of processes normalizes by the whole batch.
  public let synchronized: Bool
  let initializers: (beta: Initializer, gamma: Initializer, mean: Initializer, variance: Initializer)
  let penalties: (beta: Regularizer?, gamma: Regularizer?)
  let projections: (beta: Constraint?, gamma: Constraint?)

  /// One element for each position along the axis; nil until the layer is built, or if switched off.
  public private(set) var gamma: Variable?, beta: Variable?
  /// The averages over batches that are used outside of training; nil until the layer is built.
  public private(set) var movingMean: Variable?, movingVariance: Variable?

  /// - Parameters:
  ///   - axis: with axis 0 counting the rows; negative from the end.
  ///   - momentum: the part of the moving mean and variance that is kept in each step.
  ///   - epsilon: keeps the divisor from 0.
  ///   - center: whether beta is added.
  ///   - scale: whether gamma multiplies.
  ///   - betaInitializer: beta's first values.
  ///   - gammaInitializer: gamma's first values.
  ///   - movingMeanInitializer: where the moving mean starts.
  ///   - movingVarianceInitializer: where the moving variance starts.
  ///   - betaRegularizer: a penalty on beta, added to the loss.
  ///   - gammaRegularizer: a penalty on gamma, added to the loss.
  ///   - betaConstraint: what is done to beta after each step of training.
  ///   - gammaConstraint: what is done to gamma after each step of training.
  ///   - synchronized: whether a group of processes normalizes by the whole batch, for two more sums over the group in each direction.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    axis: Int = -1, momentum: Double = 0.99, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true,
    betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones,
    movingMeanInitializer: Initializer = .zeros, movingVarianceInitializer: Initializer = .ones,
    betaRegularizer: Regularizer? = nil, gammaRegularizer: Regularizer? = nil, betaConstraint: Constraint? = nil,
    gammaConstraint: Constraint? = nil, synchronized: Bool = false, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.axis = axis
    self.momentum = momentum
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    self.synchronized = synchronized
    initializers = (betaInitializer, gammaInitializer, movingMeanInitializer, movingVarianceInitializer)
    penalties = (betaRegularizer, gammaRegularizer)
    projections = (betaConstraint, gammaConstraint)
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let rank = inputShape.count + 1
    let axis = axis < 0 ? axis + rank : axis
    guard axis > 0 && axis < rank else {
      throw DescentError(.invalidArgument, "layer \(name): axis \(self.axis) is not one of a row of shape \(inputShape)")
    }
    try checkSetting("momentum", momentum, .fraction)
    try checkSetting("epsilon", epsilon, .nonNegative)
    let shape = [inputShape[axis - 1]]
    if scale {
      gamma = try addVariable(
        "gamma", shape: shape, initializer: initializers.gamma, regularizer: penalties.gamma, constraint: projections.gamma)
    }
    if center {
      beta = try addVariable(
        "beta", shape: shape, initializer: initializers.beta, regularizer: penalties.beta, constraint: projections.beta)
    }
    movingMean = try addVariable("moving_mean", shape: shape, initializer: initializers.mean, isTrainable: false)
    movingVariance = try addVariable("moving_variance", shape: shape, initializer: initializers.variance, isTrainable: false)
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let movingMean, let movingVariance else { throw DescentError(.state, "layer \(name): it is not built") }
    let axis = axis < 0 ? axis + x.rank : axis
    try requireSize(movingMean.shape[0], ofAxis: axis, in: x)
    var spread = [Int](repeating: 1, count: x.rank)
    spread[axis] = movingMean.shape[0]
    let gamma = gamma?.value.reshaped(spread), beta = beta?.value.reshaped(spread)
    func factor(_ variance: Tensor) -> Tensor {
      let factor = 1 / sqrt(variance + epsilon)
      return gamma.map { factor * $0 } ?? factor
    }
    if context.isTraining && context.isLayerTrainable {
      let others = (0..<x.rank).filter { $0 != axis }, mask = context.mask(of: x)
      let group = synchronized ? GroupStep.current : nil
      let (mean, variance) = try moments(of: x, over: others, mask: mask, group)
      follow(movingMean, mean)
      follow(movingVariance, variance)
      if mask == nil && group == nil { return standardized(x, axes: others, epsilon: epsilon, scale: gamma, offset: beta) }
      let y = (x - mean) * factor(variance)
      return beta.map { y + $0 } ?? y
    }
    // All of it but x is known before: one multiplication and one addition for each element, as Keras computes it.
    let factor = factor(movingVariance.value.reshaped(spread))
    let shift = -movingMean.value.reshaped(spread) * factor
    return x * factor + (beta.map { shift + $0 } ?? shift)
  }

  private func moments(of x: Tensor, over axes: [Int], mask: Tensor?, _ group: GroupStep?) throws -> (mean: Tensor, variance: Tensor) {
    func ofBatch(_ sum: Tensor) throws -> Tensor { try group?.sum(of: sum) ?? sum }
    guard let mask else {
      guard let group else { return TensorCore.moments(x, axes: axes, keepDims: true) }
      // Each of the member's rows stands for so many of the batch's.
      let count = Double(axes.reduce(1) { $0 * x.shape[$1] }) * Double(group.share.total) / Double(group.share.computedRows)
      let mean = try ofBatch(x.sum(axes: axes, keepDims: true)) / count
      return (mean, try ofBatch(square(x - mean).sum(axes: axes, keepDims: true)) / count)
    }
    guard mask.shape == Array(x.shape.dropLast()) else {
      throw DescentError(
        .invalidArgument, "layer \(name): a mask of shape \(mask.shape) for an input of shape \(x.shape); expected \(Array(x.shape.dropLast()))")
    }
    let kept = mask.expandingShape(at: -1).broadcast(to: x.shape)
    let count = try ofBatch(kept.cast(to: x.dtype).sum(axes: axes, keepDims: true)) + fuzz
    let mean = try ofBatch(select(kept, x, 0).sum(axes: axes, keepDims: true)) / count
    return (mean, try ofBatch(square(select(kept, x - mean, 0)).sum(axes: axes, keepDims: true)) / count)
  }

  private func follow(_ moving: Variable, _ value: Tensor) {
    moving.assign(moving.value * momentum + stopGradient(value).reshaped(moving.shape) * (1 - momentum))
  }
}

extension BatchNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: BatchNormalization())
    try options.refuse("renorm", unless: false)
    try options.refuse("renorm_clipping")
    // Means nothing without `renorm`.
    _ = options.value("renorm_momentum")
    self.init(
      axis: try options.onlyInt("axis"), momentum: try options.double("momentum"),
      epsilon: try options.double("epsilon"), center: try options.bool("center"),
      scale: try options.bool("scale"),
      betaInitializer: try options.named("beta_initializer"),
      gammaInitializer: try options.named("gamma_initializer"),
      movingMeanInitializer: try options.named("moving_mean_initializer"),
      movingVarianceInitializer: try options.named("moving_variance_initializer"),
      betaRegularizer: try options.optionalNamed("beta_regularizer"),
      gammaRegularizer: try options.optionalNamed("gamma_regularizer"),
      betaConstraint: try options.optionalNamed("beta_constraint"),
      gammaConstraint: try options.optionalNamed("gamma_constraint"), synchronized: try options.bool("synchronized"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("axis", JSONValue(axis)), ("momentum", JSONValue(momentum)), ("epsilon", JSONValue(epsilon)), ("center", .bool(center)),
      ("scale", .bool(scale)), ("beta_initializer", try initializers.beta.json()),
      ("gamma_initializer", try initializers.gamma.json()), ("moving_mean_initializer", try initializers.mean.json()),
      ("moving_variance_initializer", try initializers.variance.json()),
      ("beta_regularizer", try penalties.beta?.json() ?? .null), ("gamma_regularizer", try penalties.gamma?.json() ?? .null),
      ("beta_constraint", try projections.beta?.json() ?? .null), ("gamma_constraint", try projections.gamma?.json() ?? .null),
      ("synchronized", .bool(synchronized)),
    ])
  }
}

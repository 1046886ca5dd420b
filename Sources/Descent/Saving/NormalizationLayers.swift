extension BatchNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.refuse("synchronized", unless: false)
    try options.refuse("renorm", unless: false)
    try options.refuse("renorm_clipping")
    // Means nothing without `renorm`.
    _ = options.value("renorm_momentum")
    self.init(
      axis: try options.int("axis", default: -1), momentum: try options.double("momentum", default: 0.99),
      epsilon: try options.double("epsilon", default: 1e-3), center: try options.bool("center", default: true),
      scale: try options.bool("scale", default: true),
      betaInitializer: try options.named("beta_initializer", default: .zeros),
      gammaInitializer: try options.named("gamma_initializer", default: .ones),
      movingMeanInitializer: try options.named("moving_mean_initializer", default: .zeros),
      movingVarianceInitializer: try options.named("moving_variance_initializer", default: .ones),
      betaRegularizer: try options.optionalNamed("beta_regularizer"),
      gammaRegularizer: try options.optionalNamed("gamma_regularizer"),
      betaConstraint: try options.optionalNamed("beta_constraint"),
      gammaConstraint: try options.optionalNamed("gamma_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("axis", JSONValue(axis)), ("momentum", JSONValue(momentum)), ("epsilon", JSONValue(epsilon)), ("center", .bool(center)),
      ("scale", .bool(scale)), ("beta_initializer", try initializers.beta.json()),
      ("gamma_initializer", try initializers.gamma.json()), ("moving_mean_initializer", try initializers.mean.json()),
      ("moving_variance_initializer", try initializers.variance.json()),
      ("beta_regularizer", try penalties.beta?.json() ?? .null), ("gamma_regularizer", try penalties.gamma?.json() ?? .null),
      ("beta_constraint", try projections.beta?.json() ?? .null), ("gamma_constraint", try projections.gamma?.json() ?? .null),
      ("synchronized", false),
    ])
  }
}

extension LayerNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.refuse("rms_scaling", unless: false)
    self.init(
      axes: try options.ints("axis"), epsilon: try options.double("epsilon", default: 1e-3),
      center: try options.bool("center", default: true), scale: try options.bool("scale", default: true),
      betaInitializer: try options.named("beta_initializer", default: .zeros),
      gammaInitializer: try options.named("gamma_initializer", default: .ones),
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

import TensorCore

/// How the dense layers inside an attention layer are made.
struct AttentionProjections {
  let useBias: Bool
  let kernelInitializer: Initializer
  let biasInitializer: Initializer
  let kernelRegularizer: Regularizer?
  let biasRegularizer: Regularizer?
  let activityRegularizer: Regularizer?
  let kernelConstraint: Constraint?
  let biasConstraint: Constraint?

  /// From [rows, …, size] or [rows, …, heads, size] to [rows, …] and `sizes`.
  func dense(_ name: String, rank: Int, bound: Int = 1, _ sizes: [Int], activation: ActivationFunction = .linear) -> EinsumDense {
    let free = rank - bound, made = AttentionScores.projection(free: free, bound: bound, made: sizes.count)
    return EinsumDense(
      made.equation, outputShape: [Int?](repeating: nil, count: free - 1) + sizes, activation: activation,
      biasAxes: useBias ? made.biasAxes : nil, kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
      kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
      kernelConstraint: kernelConstraint, biasConstraint: biasConstraint, name: name)
  }

  init(
    useBias: Bool, _ kernelInitializer: Initializer, _ biasInitializer: Initializer, _ kernelRegularizer: Regularizer?,
    _ biasRegularizer: Regularizer?, _ activityRegularizer: Regularizer?, _ kernelConstraint: Constraint?, _ biasConstraint: Constraint?
  ) {
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    self.kernelRegularizer = kernelRegularizer
    self.biasRegularizer = biasRegularizer
    self.activityRegularizer = activityRegularizer
    self.kernelConstraint = kernelConstraint
    self.biasConstraint = biasConstraint
  }

  /// From the options of a file.
  init(_ options: inout LayerOptions) throws {
    self.init(
      useBias: try options.bool("use_bias"), try options.named("kernel_initializer"),
      try options.named("bias_initializer"), try options.optionalNamed("kernel_regularizer"),
      try options.optionalNamed("bias_regularizer"), try options.optionalNamed("activity_regularizer"),
      try options.optionalNamed("kernel_constraint"), try options.optionalNamed("bias_constraint"))
  }

  /// As Keras writes them.
  func json() throws -> [(String, JSONValue)] {
    [
      ("use_bias", .bool(useBias)), ("kernel_initializer", try kernelInitializer.json()), ("bias_initializer", try biasInitializer.json()),
      ("kernel_regularizer", try kernelRegularizer?.json() ?? .null), ("bias_regularizer", try biasRegularizer?.json() ?? .null),
      ("activity_regularizer", try activityRegularizer?.json() ?? .null),
      ("kernel_constraint", try kernelConstraint?.json() ?? .null), ("bias_constraint", try biasConstraint?.json() ?? .null),
    ]
  }
}

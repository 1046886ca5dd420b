import TensorCore

/// activation(x · kernel + bias) over the last axis: `[rows, …, inputs]` to `[rows, …, units]`. (Keras: `keras.layers.Dense`.)
public final class Dense: Layer {
  /// The size of the last axis of the result.
  public let units: Int
  /// What is applied to the layer's result.
  public let activation: ActivationFunction
  /// Whether a bias is added.
  public let useBias: Bool
  /// The kernel's first values.
  public let kernelInitializer: Initializer
  /// The bias's first values.
  public let biasInitializer: Initializer
  /// A penalty on the kernel, added to the loss.
  public let kernelRegularizer: Regularizer?
  /// A penalty on the bias, added to the loss.
  public let biasRegularizer: Regularizer?
  /// What is done to the kernel after each step of training.
  public let kernelConstraint: Constraint?
  /// What is done to the bias after each step of training.
  public let biasConstraint: Constraint?

  /// `[inputs, units]`; nil until the layer is built.
  public private(set) var kernel: Variable?
  /// `[units]`; nil until the layer is built, or without a bias.
  public private(set) var bias: Variable?

  /// - Parameters:
  ///   - units: the size of the last axis of the result, at least 1.
  ///   - activation: by value (`.relu`) or by Keras's name (`"relu"`).
  ///   - useBias: whether a bias is added.
  ///   - kernelInitializer: the kernel's first values.
  ///   - biasInitializer: the bias's first values.
  ///   - kernelRegularizer: a penalty on the kernel, added to the loss.
  ///   - biasRegularizer: a penalty on the bias, added to the loss.
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows.
  ///   - kernelConstraint: what is done to the kernel after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.units = units
    self.activation = activation
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    self.kernelRegularizer = kernelRegularizer
    self.biasRegularizer = biasRegularizer
    self.kernelConstraint = kernelConstraint
    self.biasConstraint = biasConstraint
    super.init(activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("units", units, .count)
    guard let inputs = inputShape.last else {
      throw DescentError(.invalidArgument, "layer \(name): a row of the input has no axes; Dense needs at least one")
    }
    _ = try ModelBuilder.elementCount(inputShape.dropLast() + [units], of: "layer \(name): a row of the result")
    kernel = try addVariable(
      "kernel", shape: [inputs, units], initializer: kernelInitializer, regularizer: kernelRegularizer,
      constraint: kernelConstraint)
    if useBias {
      bias = try addVariable(
        "bias", shape: [units], initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint)
    }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let kernel, x.rank > 1, x.shape.last == kernel.shape[0] else {
      throw DescentError(
        .invalidArgument,
        "layer \(name): it was built for \(kernel?.shape[0] ?? 0) inputs but a row has shape \(Array(x.shape.dropFirst()))")
    }
    var y = matmul(x, kernel.value)
    if let bias { y += bias.value }
    return try context.apply(activation, to: y)
  }
}

extension Dense: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Dense(1), except: "units")
    try options.refuse("quantization_config")
    try options.refuse("lora_rank")
    try options.refuse("lora_alpha")
    self.init(
      try options.int("units"), activation: try options.named("activation"),
      useBias: try options.bool("use_bias"),
      kernelInitializer: try options.named("kernel_initializer"),
      biasInitializer: try options.named("bias_initializer"),
      kernelRegularizer: try options.optionalNamed("kernel_regularizer"),
      biasRegularizer: try options.optionalNamed("bias_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      kernelConstraint: try options.optionalNamed("kernel_constraint"),
      biasConstraint: try options.optionalNamed("bias_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    var options = JSONObject()
    if let activityRegularizer { options["activity_regularizer"] = try activityRegularizer.json() }
    options["units"] = JSONValue(units)
    options["activation"] = try activation.layerJSON()
    options["use_bias"] = .bool(useBias)
    options["kernel_initializer"] = try kernelInitializer.json()
    options["bias_initializer"] = try biasInitializer.json()
    options["kernel_regularizer"] = try kernelRegularizer?.json() ?? .null
    options["bias_regularizer"] = try biasRegularizer?.json() ?? .null
    options["kernel_constraint"] = try kernelConstraint?.json() ?? .null
    options["bias_constraint"] = try biasConstraint?.json() ?? .null
    return options
  }
}

import TensorCore

/// activation(sums of products of a kernel with the windows of the input + bias). What the convolutions of one, two and three spatial axes
/// share.
public class Conv: ConvolutionLayer, ConfigurableLayer {
  /// How many channels the result has.
  public let filters: Int
  /// How many groups the channels fall into, each seen by as many of the filters.
  public let groups: Int
  /// The kernel's first values.
  public let kernelInitializer: Initializer
  /// A penalty on the kernel, added to the loss.
  public let kernelRegularizer: Regularizer?
  /// What is done to the kernel after each step of training.
  public let kernelConstraint: Constraint?
  /// `[window…, channels / groups, filters]`; nil until the layer is built.
  public private(set) var kernel: Variable?

  /// - Parameters:
  ///   - filters: how many channels the result has, at least 1.
  ///   - kernelSize: the window: one number for all spatial axes, or one for each.
  ///   - strides: how far the window moves: one number for all spatial axes, or one for each.
  ///   - padding: valid (none), same (a window for every stride-th position), or, for sequences, causal (zeros in front, so that no
  ///     step sees a later one).
  ///   - dataFormat: where the channels are.
  ///   - dilationRate: the distance of a window's elements; more than 1 only with strides of 1.
  ///   - groups: how many groups the channels fall into; it divides channels and filters.
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
    _ filters: Int, _ kernelSize: any AxisSizesConvertible, strides: any AxisSizesConvertible = 1, padding: Padding = .valid,
    dataFormat: DataFormat = .channelsLast, dilationRate: any AxisSizesConvertible = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
    biasConstraint: Constraint? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.filters = filters
    self.groups = groups
    self.kernelInitializer = kernelInitializer
    self.kernelRegularizer = kernelRegularizer
    self.kernelConstraint = kernelConstraint
    super.init(
      kernelSize: kernelSize.axisSizes, strides: strides.axisSizes, padding: padding, dataFormat: dataFormat, dilationRate: dilationRate.axisSizes,
      activation: activation, useBias: useBias, biasInitializer: biasInitializer, biasRegularizer: biasRegularizer,
      activityRegularizer: activityRegularizer, biasConstraint: biasConstraint, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    let shape = try checkedShape(inputShape)
    guard filters > 0, groups > 0, filters % groups == 0 else {
      throw settingsError("filters is \(filters) and groups \(groups); expected at least 1, and groups that divide the filters")
    }
    guard shape[axes] % groups == 0 else {
      throw settingsError("groups is \(groups), which does not divide the \(shape[axes]) channels of a row of shape \(inputShape)")
    }
    let kernelShape = kernelSize + [shape[axes] / groups, filters]
    try check(result: try convolution([1] + shape, kernelShape).outputShape)
    kernel = try addVariable(
      "kernel", shape: kernelShape, initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
    try addBias(filters)
  }

  private func convolution(_ inputShape: [Int], _ kernelShape: [Int]) throws -> Convolution {
    for (axis, size) in inputShape.dropFirst().dropLast().enumerated() where [strides.count, dilationRate.count, kernelSize.count].min()! > axis {
      let (between, isTooFar) = (max(kernelSize[axis], 1) - 1).multipliedReportingOverflow(by: dilationRate[axis])
      if !isTooFar, between < .max { OpenSize.note(size, window: between + 1, stride: strides[axis], isWhole: padding == .valid) }
    }
    return try namingLayer {
      try Convolution(inputShape: inputShape, kernelShape: kernelShape, strides: strides, padding: padding, dilation: dilationRate)
    }
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let kernel else { throw DescentError(.state, "layer \(name): it is not built") }
    let shape = try shape(of: x, channels: kernel.shape[axes] * groups)
    let product = try convolution([x.shape[0]] + shape, kernel.shape).product(.output, channelsLast(x, dataFormat), kernel.value)
    return try finished(product, context)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Conv2D(1, 1), except: "filters", "kernel_size")
    for key in ["lora_rank", "lora_alpha"] { try options.refuse(key) }
    self.init(
      try options.int("filters"), try options.sizes("kernel_size"), strides: try options.sizes("strides"),
      padding: try options.padding(), dataFormat: try options.dataFormat(),
      dilationRate: try options.sizes("dilation_rate"), groups: try options.int("groups"),
      activation: try options.named("activation"), useBias: try options.bool("use_bias"),
      kernelInitializer: try options.named("kernel_initializer"),
      biasInitializer: try options.named("bias_initializer"),
      kernelRegularizer: try options.optionalNamed("kernel_regularizer"), biasRegularizer: try options.optionalNamed("bias_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      kernelConstraint: try options.optionalNamed("kernel_constraint"), biasConstraint: try options.optionalNamed("bias_constraint"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([("filters", JSONValue(filters))] + (try windowOptions()) + [
      ("groups", JSONValue(groups)), ("kernel_initializer", try kernelInitializer.json()),
      ("kernel_regularizer", try kernelRegularizer?.json() ?? .null), ("kernel_constraint", try kernelConstraint?.json() ?? .null),
    ])
  }
}

/// Convolution of sequences: `[rows, steps, channels]` to `[rows, steps, filters]`. (Keras: `keras.layers.Conv1D`.)
public final class Conv1D: Conv {
  override class var axes: Int { 1 }
}

/// Convolution of images: `[rows, height, width, channels]` to `[rows, height, width, filters]`. (Keras: `keras.layers.Conv2D`.)
///
///     Conv2D(32, 3, padding: .same, activation: .relu, inputShape: [28, 28, 1])
public final class Conv2D: Conv {
  override class var axes: Int { 2 }
}

/// Convolution of volumes: `[rows, depth, height, width, channels]` to `[rows, depth, height, width, filters]`. (Keras:
/// `keras.layers.Conv3D`.)
public final class Conv3D: Conv {
  override class var axes: Int { 3 }
}

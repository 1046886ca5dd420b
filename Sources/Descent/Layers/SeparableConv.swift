import TensorCore

/// activation(a mixture of the channels of a depthwise convolution + bias). (Chollet, 2017.) What the separable convolutions of one and
/// two spatial axes share.
public class SeparableConv: ConvolutionLayer, ConfigurableLayer {
  /// How many channels the result has.
  public let filters: Int
  /// How many channels each channel of the input makes before they are mixed.
  public let depthMultiplier: Int
  /// The first values of the kernel of each channel, and of the one that mixes channels.
  public let depthwiseInitializer: Initializer, pointwiseInitializer: Initializer
  /// Penalties on both kernels.
  public let depthwiseRegularizer: Regularizer?, pointwiseRegularizer: Regularizer?
  /// What is done to both kernels after each step of training.
  public let depthwiseConstraint: Constraint?, pointwiseConstraint: Constraint?
  /// `[window…, channels, depthMultiplier]`; nil until the layer is built.
  public private(set) var depthwiseKernel: Variable?
  /// `[1…, channels · depthMultiplier, filters]`; nil until the layer is built.
  public private(set) var pointwiseKernel: Variable?

  /// - Parameters:
  ///   - filters: how many channels the result has, at least 1.
  ///   - kernelSize: the window: one number for all spatial axes, or one for each.
  ///   - strides: how far the window moves: one number for all spatial axes, or one for each.
  ///   - padding: valid or same.
  ///   - dataFormat: where the channels are.
  ///   - dilationRate: the distance of a window's elements; more than 1 only with strides of 1.
  ///   - depthMultiplier: how many channels each channel makes before they are mixed, at least 1.
  ///   - activation: by value (`.relu`) or by Keras's name (`"relu"`).
  ///   - useBias: whether a bias is added.
  ///   - depthwiseInitializer: the first kernel's first values.
  ///   - pointwiseInitializer: the second kernel's first values.
  ///   - biasInitializer: the bias's first values.
  ///   - depthwiseRegularizer: a penalty on the first kernel, added to the loss.
  ///   - pointwiseRegularizer: a penalty on the second kernel, added to the loss.
  ///   - biasRegularizer: a penalty on the bias, added to the loss.
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows.
  ///   - depthwiseConstraint: what is done to the first kernel after each step of training.
  ///   - pointwiseConstraint: what is done to the second kernel after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ filters: Int, _ kernelSize: any AxisSizesConvertible, strides: any AxisSizesConvertible = 1, padding: Padding = .valid,
    dataFormat: DataFormat = .channelsLast, dilationRate: any AxisSizesConvertible = 1, depthMultiplier: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    depthwiseInitializer: Initializer = .glorotUniform, pointwiseInitializer: Initializer = .glorotUniform,
    biasInitializer: Initializer = .zeros, depthwiseRegularizer: Regularizer? = nil, pointwiseRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, depthwiseConstraint: Constraint? = nil,
    pointwiseConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, inputShape: [Int?]? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.filters = filters
    self.depthMultiplier = depthMultiplier
    (self.depthwiseInitializer, self.pointwiseInitializer) = (depthwiseInitializer, pointwiseInitializer)
    (self.depthwiseRegularizer, self.pointwiseRegularizer) = (depthwiseRegularizer, pointwiseRegularizer)
    (self.depthwiseConstraint, self.pointwiseConstraint) = (depthwiseConstraint, pointwiseConstraint)
    super.init(
      kernelSize: kernelSize.axisSizes, strides: strides.axisSizes, padding: padding, dataFormat: dataFormat, dilationRate: dilationRate.axisSizes,
      activation: activation, useBias: useBias, biasInitializer: biasInitializer, biasRegularizer: biasRegularizer,
      activityRegularizer: activityRegularizer, biasConstraint: biasConstraint, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    let shape = try checkedShape(inputShape)
    try checkSetting("filters", filters, .count)
    try checkSetting("depthMultiplier", depthMultiplier, .count)
    let depthwiseShape = kernelSize + [shape[axes], depthMultiplier]
    let middle = try ModelBuilder.elementCount([shape[axes], depthMultiplier], of: "layer \(name): the channels between its kernels")
    let positions = try depthwise([1] + shape, depthwiseShape).outputShape.dropLast()
    try check(result: positions + [middle])
    try check(result: positions + [filters])
    depthwiseKernel = try addVariable(
      "depthwise_kernel", shape: depthwiseShape, initializer: depthwiseInitializer, regularizer: depthwiseRegularizer,
      constraint: depthwiseConstraint)
    pointwiseKernel = try addVariable(
      "pointwise_kernel", shape: kernelSize.map { _ in 1 } + [middle, filters], initializer: pointwiseInitializer,
      regularizer: pointwiseRegularizer, constraint: pointwiseConstraint)
    try addBias(filters)
  }

  private func depthwise(_ inputShape: [Int], _ kernelShape: [Int]) throws -> Convolution {
    try namingLayer {
      try Convolution(
        inputShape: inputShape, kernelShape: grouped(kernelShape), strides: strides, padding: padding, dilation: dilationRate)
    }
  }

  private func grouped(_ shape: [Int]) -> [Int] { shape.dropLast(2) + [1, shape[axes] * shape[axes + 1]] }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let depthwiseKernel, let pointwiseKernel else { throw DescentError(.state, "layer \(name): it is not built") }
    let shape = try shape(of: x, channels: depthwiseKernel.shape[axes])
    let inner = try depthwise([x.shape[0]] + shape, depthwiseKernel.shape)
      .product(.output, channelsLast(x, dataFormat), depthwiseKernel.value.reshaped(grouped(depthwiseKernel.shape)))
    return try finished(conv(inner, pointwiseKernel.value), context)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: SeparableConv2D(1, 1), except: "filters", "kernel_size")
    // Keras 2 wrote these too, though they mean nothing here.
    for key in ["groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"] { _ = options.value(key) }
    self.init(
      try options.int("filters"), try options.sizes("kernel_size"), strides: try options.sizes("strides"),
      padding: try options.padding(), dataFormat: try options.dataFormat(),
      dilationRate: try options.sizes("dilation_rate"), depthMultiplier: try options.int("depth_multiplier"),
      activation: try options.named("activation"), useBias: try options.bool("use_bias"),
      depthwiseInitializer: try options.named("depthwise_initializer"),
      pointwiseInitializer: try options.named("pointwise_initializer"),
      biasInitializer: try options.named("bias_initializer"),
      depthwiseRegularizer: try options.optionalNamed("depthwise_regularizer"),
      pointwiseRegularizer: try options.optionalNamed("pointwise_regularizer"),
      biasRegularizer: try options.optionalNamed("bias_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      depthwiseConstraint: try options.optionalNamed("depthwise_constraint"),
      pointwiseConstraint: try options.optionalNamed("pointwise_constraint"),
      biasConstraint: try options.optionalNamed("bias_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([("depth_multiplier", JSONValue(depthMultiplier)), ("filters", JSONValue(filters))] + (try windowOptions()) + [
      ("depthwise_initializer", try depthwiseInitializer.json()), ("pointwise_initializer", try pointwiseInitializer.json()),
      ("depthwise_regularizer", try depthwiseRegularizer?.json() ?? .null),
      ("pointwise_regularizer", try pointwiseRegularizer?.json() ?? .null),
      ("depthwise_constraint", try depthwiseConstraint?.json() ?? .null),
      ("pointwise_constraint", try pointwiseConstraint?.json() ?? .null),
    ])
  }
}

/// Separable convolution of sequences: `[rows, steps, channels]` to `[rows, steps, filters]`. (Keras: `keras.layers.SeparableConv1D`.)
public final class SeparableConv1D: SeparableConv {
  override class var axes: Int { 1 }
}

/// Separable convolution of images: `[rows, height, width, channels]` to `[rows, height, width, filters]`. (Keras:
/// `keras.layers.SeparableConv2D`.)
public final class SeparableConv2D: SeparableConv {
  override class var axes: Int { 2 }
}

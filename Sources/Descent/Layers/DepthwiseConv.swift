import TensorCore

/// activation(convolution of each channel with kernels of its own + bias): `depthMultiplier` channels of the result for each of the
/// input, side by side. What the depthwise convolutions of one and two spatial axes share.
public class DepthwiseConv: ConvolutionLayer, ConfigurableLayer {
  /// How many channels of the result each channel of the input makes.
  public let depthMultiplier: Int
  /// The first values of the kernel of each channel.
  public let depthwiseInitializer: Initializer
  /// A penalty on the kernel of each channel.
  public let depthwiseRegularizer: Regularizer?
  /// What is done to the kernel of each channel after each step of training.
  public let depthwiseConstraint: Constraint?
  /// `[window…, channels, depthMultiplier]`; nil until the layer is built.
  public private(set) var kernel: Variable?

  /// - Parameters:
  ///   - kernelSize: the window: one number for all spatial axes, or one for each.
  ///   - strides: how far the window moves: one number for all spatial axes, or one for each.
  ///   - padding: valid or same.
  ///   - depthMultiplier: how many channels of the result each channel makes, at least 1.
  ///   - dataFormat: where the channels are.
  ///   - dilationRate: the distance of a window's elements; more than 1 only with strides of 1.
  ///   - activation: by value (`.relu`) or by Keras's name (`"relu"`).
  ///   - useBias: whether a bias is added.
  ///   - depthwiseInitializer: the kernel's first values.
  ///   - biasInitializer: the bias's first values.
  ///   - depthwiseRegularizer: a penalty on the kernel, added to the loss.
  ///   - biasRegularizer: a penalty on the bias, added to the loss.
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows.
  ///   - depthwiseConstraint: what is done to the kernel after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ kernelSize: any AxisSizesConvertible, strides: any AxisSizesConvertible = 1, padding: Padding = .valid, depthMultiplier: Int = 1,
    dataFormat: DataFormat = .channelsLast, dilationRate: any AxisSizesConvertible = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    depthwiseInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, depthwiseRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, depthwiseConstraint: Constraint? = nil,
    biasConstraint: Constraint? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.depthMultiplier = depthMultiplier
    self.depthwiseInitializer = depthwiseInitializer
    self.depthwiseRegularizer = depthwiseRegularizer
    self.depthwiseConstraint = depthwiseConstraint
    super.init(
      kernelSize: kernelSize.axisSizes, strides: strides.axisSizes, padding: padding, dataFormat: dataFormat, dilationRate: dilationRate.axisSizes,
      activation: activation, useBias: useBias, biasInitializer: biasInitializer, biasRegularizer: biasRegularizer,
      activityRegularizer: activityRegularizer, biasConstraint: biasConstraint, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    let shape = try checkedShape(inputShape)
    try checkSetting("depthMultiplier", depthMultiplier, .count)
    let kernelShape = kernelSize + [shape[axes], depthMultiplier]
    _ = try ModelBuilder.elementCount(kernelShape, of: "layer \(name): the kernel")
    try check(result: try convolution([1] + shape, kernelShape).outputShape)
    kernel = try addVariable(
      "kernel", shape: kernelShape, initializer: depthwiseInitializer, regularizer: depthwiseRegularizer, constraint: depthwiseConstraint)
    try addBias(shape[axes] * depthMultiplier)
  }

  private func convolution(_ inputShape: [Int], _ kernelShape: [Int]) throws -> Convolution {
    try namingLayer {
      try Convolution(
        inputShape: inputShape, kernelShape: grouped(kernelShape), strides: strides, padding: padding, dilation: dilationRate)
    }
  }

  private func grouped(_ shape: [Int]) -> [Int] { shape.dropLast(2) + [1, shape[axes] * shape[axes + 1]] }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let kernel else { throw DescentError(.state, "layer \(name): it is not built") }
    let shape = try shape(of: x, channels: kernel.shape[axes])
    let product = try convolution([x.shape[0]] + shape, kernel.shape)
      .product(.output, channelsLast(x, dataFormat), kernel.value.reshaped(grouped(kernel.shape)))
    return try finished(product, context)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: DepthwiseConv2D(1), except: "kernel_size")
    // Keras 2 wrote these too, though they mean nothing here.
    for key in ["groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"] { _ = options.value(key) }
    self.init(
      try options.sizes("kernel_size"), strides: try options.sizes("strides"), padding: try options.padding(),
      depthMultiplier: try options.int("depth_multiplier"), dataFormat: try options.dataFormat(),
      dilationRate: try options.sizes("dilation_rate"), activation: try options.named("activation"),
      useBias: try options.bool("use_bias"),
      depthwiseInitializer: try options.named("depthwise_initializer"),
      biasInitializer: try options.named("bias_initializer"),
      depthwiseRegularizer: try options.optionalNamed("depthwise_regularizer"),
      biasRegularizer: try options.optionalNamed("bias_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      depthwiseConstraint: try options.optionalNamed("depthwise_constraint"),
      biasConstraint: try options.optionalNamed("bias_constraint"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([("depth_multiplier", JSONValue(depthMultiplier))] + (try windowOptions()) + [
      ("depthwise_initializer", try depthwiseInitializer.json()),
      ("depthwise_regularizer", try depthwiseRegularizer?.json() ?? .null),
      ("depthwise_constraint", try depthwiseConstraint?.json() ?? .null),
    ])
  }
}

/// Depthwise convolution of sequences: `[rows, steps, channels]`. (Keras: `keras.layers.DepthwiseConv1D`.)
public final class DepthwiseConv1D: DepthwiseConv {
  override class var axes: Int { 1 }
}

/// Depthwise convolution of images: `[rows, height, width, channels]`. (Keras: `keras.layers.DepthwiseConv2D`.)
public final class DepthwiseConv2D: DepthwiseConv {
  override class var axes: Int { 2 }
}

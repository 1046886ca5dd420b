import TensorCore

/// activation(the transpose of a convolution + bias): each element of the input spreads the kernel over the result, strides apart. What
/// the transposed convolutions of one, two and three spatial axes share.
public class ConvTranspose: ConvolutionLayer, ConfigurableLayer {
  /// How many channels the result has.
  public let filters: Int
  /// How many positions are added at the end of each spatial axis of the result; nil for Keras's default.
  public var outputPadding: [Int]? { outputPaddingSizes?.spread(over: axes) }
  /// The kernel's first values.
  public let kernelInitializer: Initializer
  /// A penalty on the kernel, added to the loss.
  public let kernelRegularizer: Regularizer?
  /// What is done to the kernel after each step of training.
  public let kernelConstraint: Constraint?
  /// `[window…, filters, channels]`; nil until the layer is built.
  public private(set) var kernel: Variable?
  private let outputPaddingSizes: AxisSizes?

  /// The result has, along each spatial axis, (size − 1) · stride + max(window, stride) positions with valid padding and size · stride
  /// with same padding; with an output padding, (size − 1) · stride + window + outputPadding, or with same padding 1 (an odd window) or 0
  /// in place of the window.
  /// - Parameters:
  ///   - filters: how many channels the result has, at least 1.
  ///   - kernelSize: the window: one number for all spatial axes, or one for each.
  ///   - strides: how far apart the windows are: one number for all spatial axes, or one for each.
  ///   - padding: valid or same.
  ///   - outputPadding: positions added at the end of the result, less than the strides; nil for Keras's default.
  ///   - dataFormat: where the channels are.
  ///   - dilationRate: the distance of a window's elements; more than 1 only with strides of 1.
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
    _ filters: Int, _ kernelSize: any AxisSizesConvertible, strides: any AxisSizesConvertible = 1, padding: Padding = .valid, outputPadding: (any AxisSizesConvertible)? = nil,
    dataFormat: DataFormat = .channelsLast, dilationRate: any AxisSizesConvertible = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
    biasConstraint: Constraint? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.filters = filters
    outputPaddingSizes = outputPadding?.axisSizes
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
    try checkSetting("filters", filters, .count)
    if let outputPaddingSizes {
      let values = try checked(outputPaddingSizes, "outputPadding", axes: axes, least: 0)
      guard zip(values, strides).allSatisfy({ $0 < $1 }) else {
        throw settingsError("outputPadding \(values) must be less than the strides \(strides)")
      }
    }
    let kernelShape = kernelSize + [filters, shape[axes]]
    try check(result: try convolution([1] + shape, kernelShape).inputShape)
    kernel = try addVariable(
      "kernel", shape: kernelShape, initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
    try addBias(filters)
  }

  private func convolution(_ inputShape: [Int], _ kernelShape: [Int]) throws -> Convolution {
    try namingLayer {
      try Convolution(
        transposedOf: inputShape, kernelShape: kernelShape, strides: strides, padding: padding, outputPadding: outputPadding,
        dilation: dilationRate)
    }
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let kernel else { throw DescentError(.state, "layer \(name): it is not built") }
    let shape = try shape(of: x, channels: kernel.shape[axes + 1])
    let product = try convolution([x.shape[0]] + shape, kernel.shape).product(.input, channelsLast(x, dataFormat), kernel.value)
    return try finished(product, context)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Conv2DTranspose(1, 1), except: "filters", "kernel_size")
    self.init(
      try options.int("filters"), try options.sizes("kernel_size"), strides: try options.sizes("strides"),
      padding: try options.padding(), outputPadding: try options.optionalInts("output_padding").map { AxisSizes($0) },
      dataFormat: try options.dataFormat(), dilationRate: try options.sizes("dilation_rate"),
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
      ("output_padding", outputPadding.map { list($0) } ?? .null), ("kernel_initializer", try kernelInitializer.json()),
      ("kernel_regularizer", try kernelRegularizer?.json() ?? .null), ("kernel_constraint", try kernelConstraint?.json() ?? .null),
    ])
  }
}

/// Transposed convolution of sequences: `[rows, steps, channels]`. (Keras: `keras.layers.Conv1DTranspose`.)
public final class Conv1DTranspose: ConvTranspose {
  override class var axes: Int { 1 }
}

/// Transposed convolution of images: `[rows, height, width, channels]`. (Keras: `keras.layers.Conv2DTranspose`.)
public final class Conv2DTranspose: ConvTranspose {
  override class var axes: Int { 2 }
}

/// Transposed convolution of volumes: `[rows, depth, height, width, channels]`. (Keras: `keras.layers.Conv3DTranspose`.)
public final class Conv3DTranspose: ConvTranspose {
  override class var axes: Int { 3 }
}

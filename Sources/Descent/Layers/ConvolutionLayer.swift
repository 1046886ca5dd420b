import TensorCore

/// What the convolutions share: where their windows lie, the bias and the activation.
public class ConvolutionLayer: Layer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }
  var axes: Int { Self.axes }

  /// The window along each spatial axis.
  public var kernelSize: [Int] { kernelSizes.spread(over: axes) }
  /// How far the window moves along each spatial axis.
  public var strides: [Int] { strideSizes.spread(over: axes) }
  /// The distance of a window's elements along each spatial axis.
  public var dilationRate: [Int] { dilationSizes.spread(over: axes) }
  /// What stands around the input.
  public let padding: Padding
  /// Where the channels are.
  public let dataFormat: DataFormat
  /// What is applied to the layer's result.
  public let activation: ActivationFunction
  /// Whether a bias is added.
  public let useBias: Bool
  /// The bias's first values.
  public let biasInitializer: Initializer
  /// A penalty on the bias, added to the loss.
  public let biasRegularizer: Regularizer?
  /// What is done to the bias after each step of training.
  public let biasConstraint: Constraint?
  /// One element for each channel of the result; nil until the layer is built, or without a bias.
  public private(set) var bias: Variable?

  private let kernelSizes: AxisSizes
  private let strideSizes: AxisSizes
  private let dilationSizes: AxisSizes

  init(
    kernelSize: AxisSizes, strides: AxisSizes, padding: Padding, dataFormat: DataFormat, dilationRate: AxisSizes,
    activation: ActivationFunction, useBias: Bool, biasInitializer: Initializer, biasRegularizer: Regularizer?,
    activityRegularizer: Regularizer?, biasConstraint: Constraint?, inputShape: [Int?]?, name: String?, trainable: Bool, dtype: DType?
  ) {
    kernelSizes = kernelSize
    strideSizes = strides
    dilationSizes = dilationRate
    self.padding = padding
    self.dataFormat = dataFormat
    self.activation = activation
    self.useBias = useBias
    self.biasInitializer = biasInitializer
    self.biasRegularizer = biasRegularizer
    self.biasConstraint = biasConstraint
    super.init(activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  /// Checks the settings that all convolutions have.
  /// - Returns: the shape of a row with its channels last.
  func checkedShape(_ inputShape: [Int]) throws -> [Int] {
    try checkWindows(kernelSize: kernelSizes, strides: strideSizes, dilationRate: dilationSizes, axes: axes)
    let allowsCausal = self is Conv1D
    guard padding == .valid || padding == .same || (padding == .causal && allowsCausal) else {
      throw settingsError("padding is \(padding); expected valid\(allowsCausal ? ", same or causal" : " or same")")
    }
    let shape = try channelsLast(inputShape, axes: axes, dataFormat)
    guard shape[axes] > 0 else { throw settingsError("a row of the input has shape \(inputShape), which has no channels") }
    return shape
  }

  /// Refuses a row of the result that no machine could hold.
  func check(result shape: [Int]) throws { _ = try ModelBuilder.elementCount(Array(shape.dropFirst()), of: "layer \(name): a row of the result") }

  /// Makes the bias, if there is one, after the kernels.
  func addBias(_ channels: Int) throws {
    if !useBias { return }
    bias = try addVariable(
      "bias", shape: [channels], initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint)
  }

  /// The row's shape with its channels last, if they are as many as the layer was built for.
  func shape(of x: Tensor, channels: Int) throws -> [Int] {
    let row = Array(x.shape.dropFirst())
    let shape = try channelsLast(row, axes: axes, dataFormat)
    guard shape[axes] == channels else {
      throw settingsError("it was built for \(channels) channels but a row of the input has shape \(row)")
    }
    return shape
  }

  /// Puts the channels back, adds the bias and applies the activation.
  func finished(_ y: Tensor, _ context: ForwardContext) throws -> Tensor {
    var y = restored(y, dataFormat)
    if let bias {
      let shape = (0..<y.rank).map { $0 == (dataFormat == .channelsLast ? y.rank - 1 : 1) ? bias.count : 1 }
      y += bias.value.reshaped(shape)
    }
    return try context.apply(activation, to: y)
  }

  func list(_ values: [Int]) -> JSONValue { .array(values.map { JSONValue($0) }) }

  /// What a file says of windows.
  func windowOptions() throws -> [(String, JSONValue)] {
    guard let word = padding.kerasName else { throw settingsError("padding \(padding) cannot be written to a file") }
    return [
      ("kernel_size", list(kernelSize)), ("strides", list(strides)), ("padding", .string(word)), ("data_format", .string(dataFormat.rawValue)),
      ("dilation_rate", list(dilationRate)), ("activation", try activation.layerJSON()), ("use_bias", .bool(useBias)),
      ("bias_initializer", try biasInitializer.json()), ("bias_regularizer", try biasRegularizer?.json() ?? .null),
      ("activity_regularizer", try activityRegularizer?.json() ?? .null), ("bias_constraint", try biasConstraint?.json() ?? .null),
    ]
  }
}

import TensorCore

/// Where the windows of a ``ConvLSTM`` lie.
struct ConvLSTMWindows {
  var kernelSize: AxisSizes
  var strides: AxisSizes
  var padding: Padding
  var dataFormat: DataFormat
  var dilationRate: AxisSizes
}

/// The step of a ``ConvLSTM``: that of an ``LSTMCell`` whose products are convolutions. The state's has windows that move by 1 and zeros
/// around, so that it keeps its size. (Keras: `ConvLSTMCell`, which Keras keeps to itself too.)
final class ConvLSTMCell: KernelCell {
  let windows: ConvLSTMWindows
  let axes: Int
  let unitForgetBias: Bool
  /// Of a step's row, as it is given; empty until ``fix(stepShape:for:)``.
  private var stepShape: [Int] = []
  /// Of a row of a state, as it is given.
  private var stateShape: [Int] = []

  init(_ settings: KernelCellSettings, _ windows: ConvLSTMWindows, axes: Int, unitForgetBias: Bool) {
    self.windows = windows
    self.axes = axes
    self.unitForgetBias = unitForgetBias
    super.init(settings, name: "conv_lstm_cell", trainable: true, dtype: nil)
  }

  override var unitsName: String { "filters" }
  override var gates: Int { 4 }
  override var gatesDropApart: Bool { true }
  override var stateShapes: [[Int]] { [stateShape, stateShape] }

  /// Takes up the shape of a step's rows, on which that of the states depends.
  /// - Throws: ``DescentError`` naming the layer if it cannot be used on such rows.
  func fix(stepShape: [Int], for layer: Layer) throws {
    try layer.checkWindows(kernelSize: windows.kernelSize, strides: windows.strides, dilationRate: windows.dilationRate, axes: axes)
    try layer.checkSetting("filters", units, .count)
    guard windows.padding == .valid || windows.padding == .same else {
      throw layer.settingsError("padding is \(windows.padding); expected valid or same")
    }
    let shape = try layer.channelsLast(stepShape, axes: axes, windows.dataFormat)
    guard shape[axes] > 0 else { throw layer.settingsError("a step's row of the input has shape \(stepShape), which has no channels") }
    let kernelShape = windows.kernelSize.spread(over: axes) + [shape[axes], units]
    let result = try layer.namingLayer { try convolution([1] + shape, kernelShape).outputShape }
    let state = Array(result.dropFirst())
    self.stepShape = stepShape
    stateShape = windows.dataFormat == .channelsLast ? state : [state[axes]] + state.dropLast()
  }

  override func kernelWindow(inputShape: [Int]) throws -> (sizes: [Int], channels: Int) {
    (windows.kernelSize.spread(over: axes), try channelsLast(inputShape, axes: axes, windows.dataFormat)[axes])
  }

  override func build(inputShape: [Int]) throws {
    try super.build(inputShape: inputShape)
    if unitForgetBias { startForgetBiasAtOne() }
  }

  override func check(stepShape: [Int]) throws {
    guard stepShape == self.stepShape else {
      throw settingsError("it was built for steps of shape \(self.stepShape) but a step's row has shape \(stepShape)")
    }
  }

  private func convolution(_ inputShape: [Int], _ kernelShape: [Int]) throws -> Convolution {
    try Convolution(
      inputShape: inputShape, kernelShape: kernelShape, strides: windows.strides.spread(over: axes), padding: windows.padding,
      dilation: windows.dilationRate.spread(over: axes))
  }

  /// The steps count as rows, so that there is one convolution for all. The result has its channels last.
  override func inputProduct(_ x: Tensor, _ kernel: Tensor) throws -> Tensor {
    let rows = channelsLast(x.reshaped([x.shape[0] * x.shape[1]] + x.shape.dropFirst(2)), windows.dataFormat)
    let y = try convolution(rows.shape, kernel.shape).product(.output, rows, kernel)
    return y.reshaped([x.shape[0], x.shape[1]] + y.shape.dropFirst())
  }

  override func stateProduct(_ state: Tensor, _ kernel: Tensor) throws -> Tensor { conv(state, kernel, padding: .same) }

  override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    let products = try stateProducts(channelsLast(state[0], windows.dataFormat), context)
    let next = try memoryStep(x[0], products, memory: channelsLast(state[1], windows.dataFormat)).map { restored($0, windows.dataFormat) }
    return (next[0], next)
  }
}

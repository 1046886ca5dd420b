import TensorCore

/// Long short-term memory over sequences of pictures, sequences or volumes: ``LSTM`` with convolutions in place of the products,
///
///     z = conv(x, kernel) + conv(h, recurrentKernel) + bias
///     c′ = σ(z_f) · c + σ(z_i) · activation(z_c)
///     h′ = σ(z_o) · activation(c′)
///
/// What ``ConvLSTM1D``, ``ConvLSTM2D`` and ``ConvLSTM3D`` share. The states are h and c, of the shape of one step's output and zero at first.
/// The window moves over the input as `strides`, `padding` and `dilationRate` say; over the state by 1, with zeros around, so that it keeps
/// its size. The spatial sizes must be known when the layer is built. (Shi et al., 2015; Keras: `keras.layers.ConvLSTM2D`.)
///
/// ``RecurrentLayer`` tells of masks, initial states, and what is given with `returnState`.
public class ConvLSTM: RecurrentLayer, ConfigurableLayer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }

  private let kernelCell: ConvLSTMCell

  /// How many channels the state and the output have.
  public var filters: Int { kernelCell.units }
  /// The window along each spatial axis, over the input and over the state.
  public var kernelSize: [Int] { kernelCell.windows.kernelSize.spread(over: kernelCell.axes) }
  /// How far the window moves over the input along each spatial axis.
  public var strides: [Int] { kernelCell.windows.strides.spread(over: kernelCell.axes) }
  /// What stands around the input.
  public var padding: Padding { kernelCell.windows.padding }
  /// Where the channels of a step are.
  public var dataFormat: DataFormat { kernelCell.windows.dataFormat }
  /// The distance of a window's elements in the input along each spatial axis.
  public var dilationRate: [Int] { kernelCell.windows.dilationRate.spread(over: kernelCell.axes) }
  /// What the state is put through.
  public var activation: ActivationFunction { kernelCell.activation }
  /// What the gates are put through.
  public var recurrentActivation: ActivationFunction { kernelCell.settings.recurrentActivation }
  /// Whether a number of its own is added for each channel of each gate.
  public var useBias: Bool { kernelCell.useBias }
  /// Whether the forget gate's bias begins at 1.
  public var unitForgetBias: Bool { kernelCell.unitForgetBias }
  /// The part of the input that is left out while training, for each gate another.
  public var dropout: Double { kernelCell.dropout }
  /// The part of the state that is left out while training, for each gate another.
  public var recurrentDropout: Double { kernelCell.recurrentDropout }

  /// - Parameters:
  ///   - filters: how many channels the state and the output have, at least 1.
  ///   - kernelSize: the window: one number for all spatial axes, or one for each.
  ///   - strides: how far the window moves over the input: one number for all spatial axes, or one for each.
  ///   - padding: of the input: valid (none) or same (a window for every stride-th position).
  ///   - dataFormat: where the channels of a step are.
  ///   - dilationRate: the distance of a window's elements in the input; more than 1 only with strides of 1.
  ///   - activation: what is applied to the candidate state and to the state that is given out.
  ///   - recurrentActivation: what is applied to the gates.
  ///   - useBias: whether a bias is added.
  ///   - kernelInitializer: the first values of the kernel for the inputs.
  ///   - recurrentInitializer: the first values of the kernel for the state.
  ///   - biasInitializer: the bias's first values.
  ///   - unitForgetBias: whether the forget gate's bias starts at 1, whatever the initializer.
  ///   - kernelRegularizer: a penalty on the kernel, added to the loss.
  ///   - recurrentRegularizer: a penalty on the kernel for the state, added to the loss.
  ///   - biasRegularizer: a penalty on the bias, added to the loss.
  ///   - activityRegularizer: a penalty on the results, divided by the number of rows.
  ///   - kernelConstraint: what is done to the kernel after each step of training.
  ///   - recurrentConstraint: what is done to the kernel for the state after each step of training.
  ///   - biasConstraint: what is done to the bias after each step of training.
  ///   - dropout: the part of the inputs' elements that training drops, in 0 ..< 1, the same at each step.
  ///   - recurrentDropout: the part of the state's elements that training drops, in 0 ..< 1, the same at each step.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - returnSequences: whether the result holds the outputs of all steps, or the last one.
  ///   - returnState: whether the states after the last step are results too.
  ///   - goBackwards: whether to go from the last step to the first. The outputs are in the order in which they are computed.
  ///   - stateful: whether a batch begins with the states that the one before it left; all batches have as many rows then.
  ///   - unroll: kept for files; changes nothing here.
  ///   - zeroOutputForMask: whether masked steps give zeros.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ filters: Int, _ kernelSize: any AxisSizesConvertible, strides: any AxisSizesConvertible = 1, padding: Padding = .valid,
    dataFormat: DataFormat = .channelsLast, dilationRate: any AxisSizesConvertible = 1, activation: ActivationFunction = .tanh,
    recurrentActivation: ActivationFunction = .sigmoid,
    useBias: Bool = true, kernelInitializer: Initializer = .glorotUniform, recurrentInitializer: Initializer = .orthogonal,
    biasInitializer: Initializer = .zeros, unitForgetBias: Bool = true, kernelRegularizer: Regularizer? = nil,
    recurrentRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil,
    dropout: Double = 0, recurrentDropout: Double = 0, seed: UInt64? = nil, returnSequences: Bool = false, returnState: Bool = false,
    goBackwards: Bool = false, stateful: Bool = false, unroll: Bool = false, zeroOutputForMask: Bool = false,
    inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    kernelCell = ConvLSTMCell(
      KernelCellSettings(
        units: filters, activation: activation, recurrentActivation: recurrentActivation, useBias: useBias,
        kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer, biasInitializer: biasInitializer,
        kernelRegularizer: kernelRegularizer, recurrentRegularizer: recurrentRegularizer, biasRegularizer: biasRegularizer,
        kernelConstraint: kernelConstraint, recurrentConstraint: recurrentConstraint, biasConstraint: biasConstraint,
        dropout: dropout, recurrentDropout: recurrentDropout, seed: seed),
      ConvLSTMWindows(
        kernelSize: kernelSize.axisSizes, strides: strides.axisSizes, padding: padding, dataFormat: dataFormat,
        dilationRate: dilationRate.axisSizes),
      axes: Self.axes, unitForgetBias: unitForgetBias)
    super.init(
      kernelCell,
      SequenceSettings(
        returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, stateful: stateful, unroll: unroll,
        zeroOutputForMask: zeroOutputForMask), activityRegularizer: activityRegularizer, inputShape: inputShape, name: name,
      trainable: trainable, dtype: dtype)
  }

  init(
    _ settings: KernelCellSettings, _ windows: ConvLSTMWindows, unitForgetBias: Bool, _ sequence: SequenceSettings,
    activityRegularizer: Regularizer?, inputShape: [Int?]?, name: String
  ) {
    kernelCell = ConvLSTMCell(settings, windows, axes: Self.axes, unitForgetBias: unitForgetBias)
    super.init(kernelCell, sequence, activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: true, dtype: nil)
  }

  public required convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: ConvLSTM2D(1, 1), except: "filters", "kernel_size")
    self.init(
      try KernelCellSettings(&options, hasGates: true, unitsKey: "filters"),
      ConvLSTMWindows(
        kernelSize: try options.sizes("kernel_size"), strides: try options.sizes("strides"), padding: try options.padding(),
        dataFormat: try options.dataFormat(), dilationRate: try options.sizes("dilation_rate")),
      unitForgetBias: try options.bool("unit_forget_bias"), try SequenceSettings(&options),
      activityRegularizer: try options.optionalNamed("activity_regularizer"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    var options = sequenceOptions()
    for (key, value) in try kernelCell.settings.options(hasGates: true, unitsKey: "filters").members { options[key] = value }
    guard let word = padding.kerasName else { throw settingsError("padding \(padding) cannot be written to a file") }
    options["kernel_size"] = .ints(kernelSize)
    options["strides"] = .ints(strides)
    options["padding"] = .string(word)
    options["data_format"] = .string(dataFormat.rawValue)
    options["dilation_rate"] = .ints(dilationRate)
    options["unit_forget_bias"] = .bool(unitForgetBias)
    options["activity_regularizer"] = try activityRegularizer?.json() ?? .null
    return options
  }

  public override func build(inputShape: [Int]) throws {
    try super.build(inputShape: inputShape)
    try kernelCell.fix(stepShape: Array(inputShape.dropFirst()), for: self)
  }
}

/// Long short-term memory with convolutions over sequences of sequences: `[rows, steps, places, channels]` to
/// `[rows, places, filters]`, or with `returnSequences` to `[rows, steps, places, filters]`. (Keras: `keras.layers.ConvLSTM1D`.)
public final class ConvLSTM1D: ConvLSTM {
  override class var axes: Int { 1 }
}

/// Long short-term memory with convolutions over sequences of pictures: `[rows, steps, height, width, channels]` to
/// `[rows, height, width, filters]`, or with `returnSequences` to `[rows, steps, height, width, filters]`. (Keras:
/// `keras.layers.ConvLSTM2D`.)
///
///     ConvLSTM2D(16, 3, padding: .same, returnSequences: true, inputShape: [10, 64, 64, 1])
public final class ConvLSTM2D: ConvLSTM {
  override class var axes: Int { 2 }
}

/// Long short-term memory with convolutions over sequences of volumes: `[rows, steps, depth, height, width, channels]` to
/// `[rows, depth, height, width, filters]`, or with `returnSequences` to `[rows, steps, depth, height, width, filters]`. (Keras:
/// `keras.layers.ConvLSTM3D`.)
public final class ConvLSTM3D: ConvLSTM {
  override class var axes: Int { 3 }
}

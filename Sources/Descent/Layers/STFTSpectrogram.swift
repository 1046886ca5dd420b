import TensorCore

/// What a spectrogram holds of its complex numbers X.
public enum SpectrogramMode: String, Sendable, CaseIterable {
  /// ln |X|, |X|² being at least 1e-7.
  case log
  /// |X|, |X|² being at least 1e-7.
  case magnitude
  /// |X|², twice that of frequencies that stand for their conjugates too.
  case psd
  /// The real part.
  case real
  /// The imaginary part.
  case imag
  /// The angle, −π to π.
  case angle
  /// The real parts and behind them the imaginary ones.
  case stft
}

/// Spectrograms of signals by convolution with kernels of cosines and sines, which training may change. (Keras:
/// `keras.layers.STFTSpectrogram`.)
///
/// Of a signal s, frame t and frequency k have X[t, k] = Σⱼ s[t · frameStep + j] w[j] e^(−2πi j k / fftLength) / scale, w being the window and the
/// scale 1, √(Σ w²) or Σ |w|; ``SpectrogramMode`` says what of it the result holds. The kernels are w[j] cos(−2π j k / fftLength) / scale and the
/// same with sines (``Initializer/stft(_:window:scaling:periodic:)``).
///
/// `[rows, samples, channels]` to `[rows, frames, channels · frequencies]`, for fftLength / 2 + 1 frequencies, in the mode
/// ``SpectrogramMode/stft`` twice as many, `float32` or `float64`; there are 1 + (samples − frameLength) / frameStep frames, or with padding
/// ``Padding/same`` samples / frameStep, rounded up:
///
///     STFTSpectrogram(mode: .log, frameLength: 256, frameStep: 128, fftLength: 512, inputShape: [16_000, 1], trainable: false)
///
/// Building throws ``DescentError`` for settings out of the ranges that the initializer tells, and for rows of other shapes; so does a call with
/// rows that are shorter than a frame.
///
/// Source: <https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/stft_spectrogram/>.
public final class STFTSpectrogram: Layer {
  /// What the result holds.
  public let mode: SpectrogramMode
  /// How many samples a frame has.
  public let frameLength: Int
  /// How far apart frames begin; nil for half of a frame.
  public let frameStep: Int?
  /// How many frequencies there are, conjugates included; nil for the least power of two that is not less than a frame.
  public let fftLength: Int?
  /// What a frame is multiplied with; nil for nothing.
  public let window: SignalWindow?
  /// Whether the window goes on without a jump where it is repeated; else it is symmetric.
  public let periodic: Bool
  /// What the window is divided by; nil for nothing.
  public let scaling: WindowScaling?
  /// What stands around a signal.
  public let padding: Padding
  /// Whether channels and frequencies are two axes of the result, as in images.
  public let expandDims: Bool
  /// Where the channels are.
  public let dataFormat: DataFormat
  /// `[frame length, 1, frequencies]`; nil until the layer is built, and in a mode that does not ask for it.
  public private(set) var realKernel: Variable?, imagKernel: Variable?

  private static let epsilon = 1e-7

  /// - Parameters:
  ///   - mode: what the result holds.
  ///   - frameLength: how many samples a frame has, from 1 to 2²⁴.
  ///   - frameStep: how far apart frames begin, from 1 to their length; nil for half of it.
  ///   - fftLength: from `frameLength` to 2²⁴, and at least 2; nil for the least power of two that is not less than `frameLength`. A power of two is
  ///     recommended.
  ///   - window: what a frame is multiplied with; nil for nothing.
  ///   - periodic: whether the window goes on without a jump where it is repeated; else it is symmetric.
  ///   - scaling: what the window is divided by; nil for nothing.
  ///   - padding: valid (none) or same (a frame for every frameStep-th sample).
  ///   - expandDims: whether channels and frequencies are two axes of the result: `[rows, frames, frequencies, channels]`, with the channels
  ///     first `[rows, channels, frames, frequencies]`.
  ///   - dataFormat: where the channels are: `[rows, samples, channels]` or `[rows, channels, samples]`.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the kernels.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    mode: SpectrogramMode = .log, frameLength: Int = 256, frameStep: Int? = nil, fftLength: Int? = nil, window: SignalWindow? = .hann,
    periodic: Bool = false, scaling: WindowScaling? = .density, padding: Padding = .valid, expandDims: Bool = false,
    dataFormat: DataFormat = .channelsLast, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.mode = mode
    self.frameLength = frameLength
    self.frameStep = frameStep
    self.fftLength = fftLength
    self.window = window
    self.periodic = periodic
    self.scaling = scaling
    self.padding = padding
    self.expandDims = expandDims
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  private var step: Int { frameStep ?? frameLength / 2 }

  public override func build(inputShape: [Int]) throws {
    let most = OperationInput.greatestTable
    try checkSetting("frameLength", frameLength, .from(1, to: most))
    guard (1...frameLength).contains(step) else {
      throw settingsError("frameStep is \(frameStep.map(String.init) ?? "nil, half of frameLength"); expected from 1 to frameLength, \(frameLength)")
    }
    var length = 1
    while length < frameLength { length *= 2 }
    if let fftLength {
      guard (frameLength...most).contains(fftLength) else {
        throw settingsError("fftLength is \(fftLength); expected from frameLength, \(frameLength), to \(most)")
      }
      length = fftLength
    }
    guard length > 1 else { throw settingsError("fftLength is \(length), which has one frequency; expected at least 2") }
    guard padding == .valid || padding == .same else { throw settingsError("padding is \(padding); expected valid or same") }
    let shape = try signalShape(inputShape), kernelShape = [frameLength, 1, length / 2 + 1]
    _ = try ModelBuilder.elementCount(
      Array(try convolution([1, shape[0], 1], kernelShape).outputShape.dropFirst()) + [shape[1]], of: "layer \(name): a row of the result")
    func kernel(_ side: FourierSide) throws -> Variable {
      try addVariable(
        "\(side.rawValue)_kernel", shape: kernelShape, initializer: .stft(side, window: window, scaling: scaling, periodic: periodic))
    }
    if mode != .imag { realKernel = try kernel(.real) }
    if mode != .real { imagKernel = try kernel(.imag) }
  }

  /// Samples and channels of a row.
  private func signalShape(_ row: [Int]) throws -> [Int] {
    let shape = try channelsLast(row, axes: 1, dataFormat)
    guard shape[1] > 0 else { throw settingsError("a row of the input has shape \(row), which has no channels") }
    return shape
  }

  private func convolution(_ inputShape: [Int], _ kernelShape: [Int]) throws -> Convolution {
    OpenSize.note(inputShape[1], window: frameLength, stride: step, isWhole: padding == .valid)
    return try namingLayer {
      try Convolution(inputShape: inputShape, kernelShape: kernelShape, strides: [step], padding: padding, dilation: [1])
    }
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard realKernel != nil || imagKernel != nil else { throw DescentError(.state, "layer \(name): it is not built") }
    let shape = try signalShape(Array(x.shape.dropFirst())), rows = x.shape[0]
    // Each channel is a signal of its own.
    let signals = channelsLast(x, dataFormat).transposed([0, 2, 1]).reshaped([rows * shape[1], shape[0], 1])
    func transformed(_ kernel: Variable?) throws -> Tensor? {
      guard let kernel else { return nil }
      let product = try convolution(signals.shape, kernel.shape).product(.output, signals, kernel.value)
      return product.reshaped([rows, shape[1]] + product.shape.dropFirst())
    }
    return arranged(value(try transformed(realKernel), try transformed(imagKernel)))
  }

  private func value(_ real: Tensor?, _ imaginary: Tensor?) -> Tensor {
    guard let real else { return imaginary! }
    guard let imaginary else { return real }
    if mode == .angle { return arctan2(imaginary, real) }
    if mode == .stft { return concatenate([real, imaginary], axis: 3) }
    let power = square(real) + square(imaginary)
    if mode == .psd {
      let count = power.shape[3]
      return power * Tensor((0..<count).map { $0 == 0 || $0 == count - 1 ? 1.0 : 2 }).cast(to: power.dtype)
    }
    let magnitude = sqrt(maximum(power, Tensor(number: STFTSpectrogram.epsilon)))
    return mode == .magnitude ? magnitude : log(maximum(magnitude, Tensor(number: STFTSpectrogram.epsilon)))
  }

  /// Of rows, channels, frames and frequencies what the data format and `expandDims` say.
  private func arranged(_ y: Tensor) -> Tensor {
    let (rows, channels, frames, frequencies) = (y.shape[0], y.shape[1], y.shape[2], y.shape[3])
    switch (dataFormat, expandDims) {
    case (.channelsLast, true): return y.transposed([0, 2, 3, 1])
    case (.channelsLast, false): return y.transposed([0, 2, 1, 3]).reshaped([rows, frames, channels * frequencies])
    case (.channelsFirst, true): return y
    case (.channelsFirst, false): return y.transposed([0, 1, 3, 2]).reshaped([rows, channels * frequencies, frames])
    }
  }
}

extension STFTSpectrogram: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: STFTSpectrogram())
    self.init(
      mode: try options.choice("mode"), frameLength: try options.int("frame_length"), frameStep: try options.optionalInt("frame_step"),
      fftLength: try options.optionalInt("fft_length"), window: try options.optional("window", .signalWindow),
      periodic: try options.bool("periodic"), scaling: try options.optional("scaling", .choice(WindowScaling.self)),
      padding: try options.padding(), expandDims: try options.bool("expand_dims"), dataFormat: try options.dataFormat(),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    guard let word = padding.kerasName else { throw settingsError("padding \(padding) cannot be written to a file") }
    return JSONObject([
      ("mode", .string(mode.rawValue)), ("frame_length", JSONValue(frameLength)), ("frame_step", frameStep.map { JSONValue($0) } ?? .null),
      ("fft_length", fftLength.map { JSONValue($0) } ?? .null), ("window", window?.json ?? .null), ("periodic", .bool(periodic)),
      ("scaling", scaling.map { .string($0.rawValue) } ?? .null), ("padding", .string(word)),
      ("data_format", .string(dataFormat.rawValue)), ("expand_dims", .bool(expandDims)),
    ])
  }
}

import Foundation
import TensorCore

/// Mel spectrograms of signals: magnitudes of short-time Fourier transforms, weighted by triangles that lie equally far apart on the mel
/// scale, and in decibels. (Keras: `keras.layers.MelSpectrogram`.)
///
/// `[rows, samples]` to `[rows, mel bins, frames]`, `float32` or `float64`, with 1 + samples / sequenceStride frames (samples − 1 where `fftLength`
/// is odd): the signals are mirrored at their ends so that frame t has sample t · sequenceStride in its middle, and transformed to X[t, k]. Then
///
///     S[b, t] = Σₖ w[k, b] |X[t, k]|^magExp
///     y[b, t] = 10 log₁₀(max(minPower, S[b, t])) − 10 log₁₀(max(minPower, |refPower|)), at least max(y) − topDB
///
/// with the greatest y of all rows that are computed together. Triangle b is w[k, b] = max(0, min((m − p) / (q − p), (r − m) / (r − q))) at
/// m = 1127 ln(1 + f / 700), f being frequency k in Hertz, where p, q and r are the corners b, b + 1 and b + 2 of `numMelBins` + 2 that lie
/// equally far apart from `minFreq`'s m to `maxFreq`'s. The frequency 0 is in no triangle. In `float64` results differ from Keras's by up to
/// 2e-5: it computes the triangles in `float32`.
///
/// Building throws ``DescentError`` for settings out of the ranges that the initializer tells, and for rows that are no [samples]; so does a
/// call with others than it was built for.
///
/// Source: <https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/mel_spectrogram/>.
public final class MelSpectrogram: Layer {
  /// How many samples are transformed together.
  public let fftLength: Int
  /// How far apart the pieces begin.
  public let sequenceStride: Int
  /// How many samples the window has.
  public let sequenceLength: Int
  /// What a piece is multiplied with; nil for nothing.
  public let window: SignalWindow?
  /// How many samples there are in a second.
  public let samplingRate: Int
  /// How many triangles there are.
  public let numMelBins: Int
  /// Where the first triangle begins and the last one ends, in Hertz.
  public let minFreq: Double, maxFreq: Double
  /// Whether the result is in decibels.
  public let powerToDB: Bool
  /// How far below the greatest the least decibels are.
  public let topDB: Double
  /// The power of the magnitudes that is weighted.
  public let magExp: Double
  /// The least power that has decibels of its own.
  public let minPower: Double
  /// The power that has 0 decibels.
  public let refPower: Double

  /// `[frequencies, mel bins]`; nil until the layer is built.
  private var melWeights: Tensor?

  /// - Parameters:
  ///   - fftLength: how many samples are transformed together, from 2 to 2²⁴.
  ///   - sequenceStride: how far apart the pieces begin, from 1 to 2²⁴.
  ///   - sequenceLength: how many samples the window has, from 1 to `fftLength`; nil for as many.
  ///   - window: what a piece is multiplied with, ``SignalWindow/hann``, ``SignalWindow/hamming`` or given numbers; nil for nothing.
  ///   - samplingRate: how many samples there are in a second, at least 1.
  ///   - numMelBins: how many triangles there are, at least 1; times fftLength / 2 + 1 at most 2²⁴.
  ///   - minFreq: where the first triangle begins, in Hertz, above −700.
  ///   - maxFreq: where the last triangle ends, in Hertz; above `minFreq`; nil for half of the sampling rate, rounded down.
  ///   - powerToDB: whether the result is in decibels, 10 log₁₀(S / refPower).
  ///   - topDB: how far below the greatest the least decibels are.
  ///   - magExp: the power of the magnitudes: 1 for magnitudes, 2 for power.
  ///   - minPower: what S and `refPower` are at least.
  ///   - refPower: the power that has 0 decibels.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    fftLength: Int = 2048, sequenceStride: Int = 512, sequenceLength: Int? = nil, window: SignalWindow? = .hann, samplingRate: Int = 16_000,
    numMelBins: Int = 128, minFreq: Double = 20, maxFreq: Double? = nil, powerToDB: Bool = true, topDB: Double = 80, magExp: Double = 2,
    minPower: Double = 1e-10, refPower: Double = 1, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.fftLength = fftLength
    self.sequenceStride = sequenceStride
    self.sequenceLength = sequenceLength ?? fftLength
    self.window = window
    self.samplingRate = samplingRate
    self.numMelBins = numMelBins
    self.minFreq = minFreq
    self.maxFreq = maxFreq ?? Double(samplingRate / 2)
    self.powerToDB = powerToDB
    self.topDB = topDB
    self.magExp = magExp
    self.minPower = minPower
    self.refPower = refPower
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    let most = OperationInput.greatestTable
    try checkSetting("fftLength", fftLength, .from(2, to: most))
    try checkSetting("sequenceLength", sequenceLength, .from(1, to: fftLength))
    try checkSetting("sequenceStride", sequenceStride, .from(1, to: most))
    if let window, !window.isOfOperations { throw settingsError("window is \(window.name ?? "none"); expected hann, hamming or numbers") }
    try namingLayer { try window?.check(count: sequenceLength) }
    try checkSetting("samplingRate", samplingRate, .count)
    try checkSetting("numMelBins", numMelBins, .from(1, to: most / (fftLength / 2 + 1)))
    guard minFreq.isFinite, maxFreq.isFinite, -700 < minFreq, minFreq < maxFreq else {
      throw settingsError("minFreq is \(minFreq) and maxFreq \(maxFreq); expected numbers above -700 that ascend")
    }
    try checkSignal(inputShape)
    melWeights = triangles()
  }

  private func checkSignal(_ row: [Int]) throws {
    guard row.count == 1, row[0] > 0 else { throw settingsError("a row of the input has shape \(row); expected [samples], at least one") }
    OpenSize.note(row[0] + fftLength / 2 * 2, window: fftLength, stride: sequenceStride)
    let frames = frames(row[0])
    if let fault = frames.numberingFault { throw settingsError("a row of the input has shape \(row): \(fault)") }
    _ = try ModelBuilder.elementCount([frames.count, fftLength], of: "layer \(name): the pieces of a row")
  }

  private func frames(_ samples: Int) -> SignalFrames {
    SignalFrames(count: 1 + (samples + fftLength / 2 * 2 - fftLength) / sequenceStride, length: fftLength, stride: sequenceStride)
  }

  /// For each frequency and triangle, how high the triangle is there. The frequency 0 is in none.
  private func triangles() -> Tensor {
    func mel(_ frequency: Double) -> Double { 1127 * Foundation.log(1 + frequency / 700) }
    let frequencies = fftLength / 2 + 1, first = mel(minFreq), last = mel(maxFreq)
    let corners = (0..<(numMelBins + 2)).map { first + (last - first) * Double($0) / Double(numMelBins + 1) }
    var values: [Double] = []
    values.reserveCapacity(frequencies * numMelBins)
    for k in 0..<frequencies {
      let place = mel(Double(samplingRate) / 2 * Double(k) / Double(frequencies - 1))
      for bin in 0..<numMelBins {
        let up = (place - corners[bin]) / (corners[bin + 1] - corners[bin])
        let down = (corners[bin + 2] - place) / (corners[bin + 2] - corners[bin + 1])
        values.append(k == 0 ? 0 : max(0, min(up, down)))
      }
    }
    return Tensor(shape: [frequencies, numMelBins], scalars: values)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let melWeights else { throw DescentError(.state, "layer \(name): it is not built") }
    try checkSignal(Array(x.shape.dropFirst()))
    let (real, imaginary) = stft(x, sequenceLength: sequenceLength, sequenceStride: sequenceStride, fftLength: fftLength, window: window)
    let power = square(real) + square(imaginary)
    let spectrum = magExp == 2 ? power : pow(sqrt(power), magExp)
    let mels = matmul(spectrum, melWeights.cast(to: x.dtype))
    return (powerToDB ? decibels(mels) : mels).transposed([0, 2, 1])
  }

  private func decibels(_ power: Tensor) -> Tensor {
    let factor = 10 / Foundation.log(10.0 as Double)
    let reference = factor * Foundation.log(max(refPower.magnitude, minPower))
    let result = TensorCore.log(maximum(power, Tensor(number: minPower))) * factor - reference
    // Of no rows there is no greatest.
    return result.count == 0 ? result : maximum(result, result.max() - topDB)
  }
}

extension MelSpectrogram: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: MelSpectrogram(), except: "sequence_length", "max_freq")
    self.init(
      fftLength: try options.int("fft_length"), sequenceStride: try options.int("sequence_stride"),
      sequenceLength: try options.optionalInt("sequence_length"), window: try options.optional("window", .operationWindow),
      samplingRate: try options.int("sampling_rate"), numMelBins: try options.int("num_mel_bins"), minFreq: try options.double("min_freq"),
      maxFreq: try options.optionalDouble("max_freq"), powerToDB: try options.bool("power_to_db"), topDB: try options.double("top_db"),
      magExp: try options.double("mag_exp"), minPower: try options.double("min_power"), refPower: try options.double("ref_power"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([
      ("fft_length", JSONValue(fftLength)), ("sequence_stride", JSONValue(sequenceStride)), ("sequence_length", JSONValue(sequenceLength)),
      ("window", window?.json ?? .null), ("sampling_rate", JSONValue(samplingRate)), ("num_mel_bins", JSONValue(numMelBins)),
      ("min_freq", JSONValue(minFreq)), ("max_freq", JSONValue(maxFreq)), ("power_to_db", .bool(powerToDB)), ("top_db", JSONValue(topDB)),
      ("mag_exp", JSONValue(magExp)), ("min_power", JSONValue(minPower)), ("ref_power", JSONValue(refPower)),
    ])
  }
}

import Foundation
import TensorCore

/// Mel spectrograms of signals: magnitudes of short-time Fourier transforms, weighted by triangles that lie equally far apart on the mel
/// scale, 1127 log(1 + f / 700), and in decibels. (Keras: `keras.layers.MelSpectrogram`.)
///
/// `[rows, samples]` to `[rows, mel bins, frames]`, the signals mirrored at their ends so that frame t has sample t · sequenceStride in its
/// middle. Decibels are cut `topDB` below the greatest of all rows that are computed together.
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
  ///   - fftLength: how many samples are transformed together, at least 2.
  ///   - sequenceStride: how far apart the pieces begin, at least 1.
  ///   - sequenceLength: how many samples the window has, at most `fftLength`; nil for as many.
  ///   - window: what a piece is multiplied with, ``SignalWindow/hann``, ``SignalWindow/hamming`` or given numbers; nil for nothing.
  ///   - samplingRate: how many samples there are in a second.
  ///   - numMelBins: how many triangles there are.
  ///   - minFreq: where the first triangle begins, in Hertz.
  ///   - maxFreq: where the last triangle ends, in Hertz; nil for half of the sampling rate, rounded down.
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
    guard (2...most).contains(fftLength), (1...fftLength).contains(sequenceLength), (1...most).contains(sequenceStride) else {
      throw settingsError(
        "fftLength is \(fftLength), sequenceLength \(sequenceLength) and sequenceStride \(sequenceStride); expected at least 2, at least 1 and no"
          + " more than fftLength, and at least 1")
    }
    if let shape = window?.shape, ![.hann, .hamming].contains(shape) {
      throw settingsError("window is \(shape.rawValue); expected hann, hamming or numbers")
    }
    try namingLayer { _ = try window?.values(count: sequenceLength) }
    guard samplingRate > 0, (1...(most / (fftLength / 2 + 1))).contains(numMelBins), minFreq.isFinite, maxFreq.isFinite, -700 < minFreq,
      minFreq < maxFreq
    else {
      throw settingsError(
        "samplingRate is \(samplingRate), numMelBins \(numMelBins), minFreq \(minFreq) and maxFreq \(maxFreq); expected positive numbers of a size"
          + " that can be computed, and frequencies that ascend")
    }
    try checkSignal(inputShape)
    melWeights = triangles()
  }

  private func checkSignal(_ row: [Int]) throws {
    guard row.count == 1, row[0] > 0, row[0] + fftLength / 2 * 2 >= fftLength else {
      throw settingsError("a row of the input has shape \(row); expected [samples], at least one")
    }
    guard frames(row[0]).blockCount <= OperationInput.greatestTable else {
      throw settingsError("signals of \(row[0]) samples fall into too many pieces")
    }
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
    return maximum(result, result.max() - topDB)
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

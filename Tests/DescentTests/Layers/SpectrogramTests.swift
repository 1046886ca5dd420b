import Descent
import DescentTestSupport
import Testing

@Suite struct SpectrogramTests {
  static let fixture = try! Fixture("spectra")

  @Test(arguments: fixture.cases.indices) func `layers are Keras's`(_ number: Int) throws {
    let entry = Self.fixture.cases[number]
    let json = try needed(entry["layer"])
    let layer = try Layer.deserialize(json)
    let what = "\(layer.name) \(number)"
    let y = try layer(Fixture.tensor(Self.fixture.json["inputs"]?[needed(entry["x"]?.string)]))
    #expect(y.shape == (try Fixture.integers(entry["y"]?["shape"])), "\(what)")
    var expected = try Fixture.numbers(entry["y"]?["values"])
    // What is real but for rounding has either sign of π.
    if json["config"]?["mode"] == "angle" {
      expected = zip(expected, y.doubles).map { abs($0 + $1) < 1e-9 && abs(abs($0) - .pi) < 1e-9 ? $1 : $0 }
    }
    // Keras computes the mel scale in float32.
    expectClose(y, expected, tolerance: layer is MelSpectrogram ? 2e-5 : 1e-9, what)
    let variables = try needed(entry["weights"]?.array)
    #expect(layer.variables.count == variables.count, "\(what)")
    for (variable, expected) in zip(layer.variables, variables) {
      #expect(variable.name == expected.array?[0].string, "\(what)")
      #expect(layer.trainableVariables.contains { $0 === variable } == expected.array?[1].bool, "\(what)")
      #expect(variable.shape == (try Fixture.integers(expected.array?[2])), "\(what)")
    }
    let written = try needed(layer.serialize()["config"]?.object)
    let again = try needed(Layer.deserialize(layer.serialize()).serialize()["config"])
    for (key, given) in try needed(json["config"]?.object).members where key != "dtype" {
      let own = written[key] ?? .null
      // Tensors are written as lists, and windows by the first of their names.
      let value = key == "window" ? given.string.flatMap { SignalWindow(named: $0)?.name }.map { .string($0) } ?? given["config"]?["value"] ?? given : given
      #expect(own == value || (own.double != nil && own.double == value.double), "\(what): '\(key)' is \(own), Keras writes \(value)")
      #expect(again[key] == written[key], "\(what): '\(key)' read back")
    }
  }

  @Test func `kernels are Keras's`() throws {
    for entry in try needed(Self.fixture.json["kernels"]?.array) {
      let json = try needed(entry["json"])
      let initializer = try Initializer(json: json)
      let values = try initializer([5, 1, 5], dtype: .float64, generator: RandomGenerator(seed: 0))
      expectClose(values, try Fixture.numbers(entry["values"]?["values"]), tolerance: 1e-12, "\(json)")
      #expect(try initializer.json() == json)
    }
    #expect(try Initializer(named: "stft").json() == Initializer.stft(.real).json())
    let numpy = try Initializer(json: ["class_name": "STFT", "config": ["window": ["class_name": "__numpy__", "config": ["value": [1, 2], "dtype": "float64"]]]])
    #expect(try numpy([2, 1, 2], generator: RandomGenerator(seed: 0)).shape == [2, 1, 2])
    for className in ["__tensor__", "__numpy__"] {
      let config: JSONValue = ["value": [1, 2], "dtype": "float32"]
      let own = try Initializer(json: ["class_name": "STFT", "config": ["window": ["class_name": .string(className), "config": config]]])
      #expect(try own.json() == Initializer.stft(window: SignalWindow([1, 2])).json())
    }
    for window in [["class_name": "__thing__", "config": ["value": [1, 2], "dtype": "float32"]], ["class_name": "__tensor__", "config": ["value": [[1, 2]], "dtype": "float32"]], "blac"] as [JSONValue] {
      #expect(message { _ = try Initializer(json: ["class_name": "STFT", "config": ["window": window]]).validated() }.contains("window"))
    }
    // What a file's numbers take the place of is not computed.
    let replaced = try Initializer.$isForReplacedWeights.withValue(true) { try Initializer.stft([2, 1, 2], generator: RandomGenerator(seed: 0)) }
    #expect(replaced.doubles == [0, 0, 0, 0])
    for (initializer, shape) in [(Initializer.stft, [4, 2, 3]), (.stft, [4, 1, 1]), (.stft, [4, 3]), (.stft(window: SignalWindow([1, 2])), [4, 1, 3])] {
      #expect(throws: DescentError.self) { try initializer(shape, generator: RandomGenerator(seed: 0)) }
    }
  }

  @Test func `kernels are trained, and frozen ones stay`() throws {
    let x = randomNumbers([4, 64, 1], seed: 1, .float32), y = Tensor.zeros([4, 1])
    for isTrained in [true, false] {
      let spectrogram = STFTSpectrogram(mode: .magnitude, frameLength: 16, inputShape: [64, 1], trainable: isTrained)
      let model = Sequential([spectrogram, GlobalAveragePooling1D(), Dense(1)], seed: 1)
      try model.compile(optimizer: "sgd", loss: "mse")
      let before = try needed(spectrogram.realKernel).value.evaluated().doubles
      try model.fit(x, y, epochs: 1, verbose: 0)
      #expect((spectrogram.realKernel?.value.doubles != before) == isTrained)
    }
  }

  @Test func `sizes may stay open, and half an octave is found`() throws {
    let model = Sequential([MelSpectrogram(fftLength: 512, sequenceStride: 128, numMelBins: 40, inputShape: [nil])], seed: 1)
    for samples in [4_000, 8_000] {
      let wave = sin(Tensor.range(samples, dtype: .float32) * (2 * Double.pi * 1_000 / 16_000)).reshaped([1, samples])
      let mels = try model.predict(wave, verbose: 0)
      #expect(mels.shape == [1, 40, 1 + samples / 128])
      // 1000 Hz are 1000 mel, of 2840 that 40 triangles share from 32 on.
      #expect(mels[0..<1, 0..<40, 10..<11].reshaped([40]).argmax().item() == 13)
    }
  }

  @Test func `open sizes are open, whatever the windows`() throws {
    let entries = try needed(Self.fixture.json["open"]?.array)
    #expect(entries.count == 12)
    for entry in entries {
      let text = try needed(entry["model"]?.string), model = try Model.fromJSON(text)
      let what = model.layers.map(\.name).joined(separator: ", ")
      let expected = try needed(entry["shape"]?.array).map(\.int)
      #expect(try model.outputs[0].shape == expected, "\(what)")
      #expect(try Model.fromJSON(model.toJSON()).outputs[0].shape == expected, "\(what)")
    }
    // The same of a whole model that is traced at once, and of rows that are there.
    let model = Sequential([MelSpectrogram(fftLength: 4_096, sequenceStride: 1_024, numMelBins: 8, inputShape: [nil])], seed: 1)
    try model.build(rows: [nil])
    #expect(model.summaryText().contains("(None, 8, None)"))
    let second = Sequential([STFTSpectrogram(frameLength: 512, inputShape: [nil, 1]), Conv1D(2, 1_000), GlobalAveragePooling1D(), Dense(3)], seed: 1)
    try second.build(rows: [nil, 1])
    #expect(try second.predict(Tensor.ones([1, 300_000, 1]), verbose: 0).shape == [1, 3])
    #expect(try Model.fromJSON(second.toJSON()).toJSON() == second.toJSON() && second.summaryText().contains("(None, None, 257)"))
    let third = Sequential([Conv1D(1, 1, inputShape: [nil, 1]), STFTSpectrogram(frameLength: 2_048, frameStep: 1_024, padding: .same)], seed: 1)
    try third.build(rows: [nil, 1])
    #expect(third.summaryText().contains("(None, None, 1025)"))
    for samples in [500, 5_000] { #expect(try model.predict(Tensor.ones([1, samples]), verbose: 0).shape == [1, 8, 1 + samples / 1_024]) }
  }

  @Test func `an axis that is not open is too short for good`() throws {
    let x = Input(shape: [nil, 300])
    #expect(message { _ = try extractSequences(x, sequenceLength: 400, sequenceStride: 5) }.hasSuffix("rows of shape [384, 300] hold no sequence of 400"))
    #expect(message { _ = try STFTSpectrogram(frameLength: 400, dataFormat: .channelsFirst)(x) }.contains("300"))
    #expect(message { _ = try Dense(2)(Flatten()(STFTSpectrogram(frameLength: 512)(Input(shape: [nil, 1])))) }.contains("any"))
    // Nothing but the number of windows is open: one, whatever the length, is not the shape.
    let sequential = Sequential([MelSpectrogram(fftLength: 16, sequenceStride: 1_000, numMelBins: 4, inputShape: [nil]), Flatten(), Dense(1)], seed: 1)
    #expect(message { try sequential.build(rows: [nil]) }.contains("needs to know a size that is open"))
  }

  @Test func `long signals are taken, and those that cannot be numbered refused`() throws {
    func shape(_ layer: Layer, _ samples: Int) throws -> [Int?] { try layer(Input(shape: [samples])).shape }
    // Half an hour at 44.1 kHz.
    #expect(try shape(MelSpectrogram(sequenceStride: 441, samplingRate: 44_100), 79_380_000) == [128, 180_001])
    let long = Input(shape: [1 << 25])
    #expect(try stft(long, sequenceLength: 400, sequenceStride: 160, fftLength: 512).real.shape == [1 + (1 << 25) / 160, 257])
    let pieces = Input(shape: [131_072, 65])
    #expect(try istft((pieces, pieces), sequenceLength: 128, sequenceStride: 128, fftLength: 128, center: false).shape == [131_072 * 128])

    let wide = Input(shape: [1 << 38, 1]), far = Input(shape: [1 << 33])
    #expect(message { _ = try rfft(wide, fftLength: 1 << 24) }.contains("too large"))
    #expect(message { _ = try irfft((wide, wide), fftLength: 1 << 24) }.contains("too large"))
    #expect(message { _ = try rfft(Input(shape: [1 << 25])) }.contains("at most 16777216"))
    #expect(try rfft(long, fftLength: 8).real.shape == [5])
    #expect(message { _ = try extractSequences(far, sequenceLength: 3, sequenceStride: 1 << 24) }.contains("at most 2147483647"))
    #expect(message { _ = try stft(far, sequenceLength: 3, sequenceStride: 1 << 24, fftLength: 3) }.contains("at most 2147483647"))
    #expect(message { _ = try stft(long, sequenceLength: 3, sequenceStride: 1, fftLength: 3) }.contains("at most 16777216 pieces"))
    let many = Input(shape: [1 << 24, 2])
    #expect(message { _ = try istft((many, many), sequenceLength: 3, sequenceStride: 1 << 24, fftLength: 3) }.contains("at most 2147483647"))
    #expect(message { _ = try shape(MelSpectrogram(fftLength: 3, sequenceStride: 1 << 24), 1 << 33) }.contains("at most 2147483647"))
    #expect(message { _ = try shape(MelSpectrogram(fftLength: 1 << 24, sequenceStride: 1, numMelBins: 1), 1 << 39) }.contains("at most 16777216 pieces"))
    #expect(message { _ = try shape(MelSpectrogram(fftLength: 1 << 20, sequenceStride: 1, numMelBins: 1), 1 << 23) }.contains("too large"))
  }

  @Test func `no rows have spectrograms`() throws {
    #expect(try MelSpectrogram()(Tensor.zeros([0, 4_000])).evaluated().shape == [0, 128, 8])
    #expect(try STFTSpectrogram()(Tensor.zeros([0, 4_000, 1])).evaluated().shape == [0, 30, 129])
  }

  @Test func `derivatives match differences`() throws {
    let layers: [(Layer, [Int])] = [
      (STFTSpectrogram(mode: .log, frameLength: 6, frameStep: 4, dtype: .float64), [2, 14, 1]),
      (MelSpectrogram(fftLength: 8, sequenceStride: 5, samplingRate: 8_000, numMelBins: 3, dtype: .float64), [2, 12]),
      (MelSpectrogram(fftLength: 8, sequenceStride: 5, samplingRate: 8_000, numMelBins: 3, topDB: 5, magExp: 1, dtype: .float64), [2, 12]),
    ]
    for (layer, shape) in layers {
      let x = randomNumbers(shape, seed: 9)
      _ = try layer(x)
      expectDerivativesMatchDifferences(at: x, tolerance: 2e-5, layer.name) { try! layer($0) }
    }
  }

  @Test func `what cannot be is refused`() throws {
    func refusal(_ layer: Layer, _ row: [Int]) -> String { message { _ = try layer(Tensor.zeros([2] + row)) } }
    #expect(refusal(STFTSpectrogram(frameLength: 8, frameStep: 9), [30, 1]).hasSuffix("frameStep is 9; expected from 1 to frameLength, 8"))
    #expect(refusal(STFTSpectrogram(frameLength: 8, fftLength: 7), [30, 1]).hasSuffix("fftLength is 7; expected from frameLength, 8, to 16777216"))
    #expect(refusal(STFTSpectrogram(frameLength: 1 << 25), [30, 1]).hasSuffix("frameLength is 33554432; it must be from 1 to 16777216"))
    #expect(refusal(STFTSpectrogram(frameLength: 1), [30, 1]).contains("frameStep is nil, half of frameLength"))
    #expect(refusal(STFTSpectrogram(frameLength: 1, frameStep: 1), [30, 1]).contains("fftLength is 1, which has one frequency"))
    #expect(refusal(STFTSpectrogram(frameLength: 8, padding: .causal), [30, 1]).contains("padding"))
    #expect(refusal(STFTSpectrogram(frameLength: 8, window: SignalWindow([1])), [30, 1]).contains("a window of 1 numbers for frames of 8 samples"))
    #expect(refusal(STFTSpectrogram(frameLength: 8), [30]).contains("stft_spectrogram"))
    #expect(refusal(STFTSpectrogram(frameLength: 8), [7, 1]).contains("stft_spectrogram"))
    #expect(refusal(MelSpectrogram(fftLength: 8, sequenceLength: 9), [30]).hasSuffix("sequenceLength is 9; it must be from 1 to 8"))
    #expect(refusal(MelSpectrogram(fftLength: 8, window: SignalWindow(.tukey)), [30]).contains("window is tukey"))
    #expect(refusal(MelSpectrogram(fftLength: 8, window: SignalWindow(named: "hann_periodic")), [30]).contains("window is hann_periodic"))
    #expect(refusal(MelSpectrogram(fftLength: 8, minFreq: 9_000), [30]).contains("minFreq is 9000"))
    #expect(refusal(MelSpectrogram(fftLength: 8, sequenceStride: 1 << 25), [30]).hasSuffix("sequenceStride is 33554432; it must be from 1 to 16777216"))
    #expect(refusal(MelSpectrogram(fftLength: 8, samplingRate: 0), [30]).hasSuffix("samplingRate is 0; it must be at least 1"))
    #expect(refusal(MelSpectrogram(fftLength: 8, numMelBins: 0), [30]).hasSuffix("numMelBins is 0; it must be from 1 to 3355443"))
    #expect(refusal(MelSpectrogram(fftLength: 8), [30, 1]).contains("[30, 1]"))
    #expect(refusal(MelSpectrogram(fftLength: 1 << 40), [30]).hasSuffix("fftLength is 1099511627776; it must be from 2 to 16777216"))
    for (key, value) in [("mode", "loud"), ("window", "hat"), ("scaling", "none"), ("frame_length", "8"), ("volume", "1")] as [(String, JSONValue)] {
      let json: JSONValue = ["class_name": "STFTSpectrogram", "config": .object(JSONObject([(key, value)]))]
      #expect(message { _ = try Layer.deserialize(json) }.contains(key), "\(key)")
    }
    for name in ["tukey", "han", "hann_periodic"] {
      #expect(message { _ = try Layer.deserialize(["class_name": "MelSpectrogram", "config": ["window": .string(name)]]) }.contains("window"))
    }
  }
}

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
    for (key, value) in try needed(json["config"]?.object).members where key != "dtype" {
      let own = written[key] ?? .null
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

  @Test func `what cannot be is refused`() throws {
    func refusal(_ layer: Layer, _ row: [Int]) -> String { message { _ = try layer(Tensor.zeros([2] + row)) } }
    #expect(refusal(STFTSpectrogram(frameLength: 8, frameStep: 9), [30, 1]).contains("frameStep 9"))
    #expect(refusal(STFTSpectrogram(frameLength: 8, fftLength: 7), [30, 1]).contains("fftLength is 7"))
    #expect(refusal(STFTSpectrogram(frameLength: 8, padding: .causal), [30, 1]).contains("padding"))
    #expect(refusal(STFTSpectrogram(frameLength: 8, window: SignalWindow([1])), [30, 1]).contains("a window of 1 numbers for frames of 8 samples"))
    #expect(refusal(STFTSpectrogram(frameLength: 8), [30]).contains("stft_spectrogram"))
    #expect(refusal(STFTSpectrogram(frameLength: 8), [7, 1]).contains("stft_spectrogram"))
    #expect(refusal(MelSpectrogram(fftLength: 8, sequenceLength: 9), [30]).contains("sequenceLength 9"))
    #expect(refusal(MelSpectrogram(fftLength: 8, window: SignalWindow(.tukey)), [30]).contains("window is tukey"))
    #expect(refusal(MelSpectrogram(fftLength: 8, minFreq: 9_000), [30]).contains("minFreq 9000"))
    #expect(refusal(MelSpectrogram(fftLength: 8), [30, 1]).contains("[30, 1]"))
    #expect(refusal(MelSpectrogram(fftLength: 1 << 40), [30]).contains("fftLength"))
    for (key, value) in [("mode", "loud"), ("window", "hat"), ("scaling", "none"), ("frame_length", "8"), ("volume", "1")] as [(String, JSONValue)] {
      let json: JSONValue = ["class_name": "STFTSpectrogram", "config": .object(JSONObject([(key, value)]))]
      #expect(message { _ = try Layer.deserialize(json) }.contains(key), "\(key)")
    }
    #expect(message { _ = try Layer.deserialize(["class_name": "MelSpectrogram", "config": ["window": "tukey"]]) }.contains("window"))
  }
}

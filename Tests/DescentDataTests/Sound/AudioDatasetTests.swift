import Descent
import DescentTestSupport
import Foundation
import Testing

/// Folders of sound files as Keras reads them.
@Suite struct AudioDatasetTests {
  private let folder = TemporaryFolder()

  private func write(_ path: String, _ bytes: [UInt8]) throws {
    let file = folder.file(path)
    try FileManager.default.createDirectory(atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }

  private func write(_ path: String, _ audio: Tensor, rate: Int = 8_000) throws { try write(path, WAV.bytes(of: audio, sampleRate: rate)) }

  private struct Batch: Equatable {
    var shape: [Int], values: [Double], labels: [Double]?

    init(_ sounds: Tensor, _ labels: Tensor?) { (shape, values, self.labels) = (sounds.shape, sounds.doubles, labels?.doubles) }

    init(_ json: JSONValue) throws {
      shape = try Fixture.integers(json["shape"])
      values = try Fixture.numbers(json["values"])
      labels = json["labels"] == .null ? nil : try Fixture.numbers(json["labels"])
    }

    /// Each row with its label, in an order of its own.
    var rows: Set<[Double]> {
      func row(_ number: Int, _ numbers: [Double]) -> [Double] {
        let width = numbers.count / shape[0]
        return Array(numbers[(number * width)..<((number + 1) * width)])
      }
      var rows: Set<[Double]> = []
      for number in 0..<shape[0] { rows.insert(row(number, values) + row(number, labels ?? [])) }
      return rows
    }
  }

  @Test func `sounds, labels, orders and splits are Keras's`() throws {
    let fixture = try Fixture("sounds")
    for (name, bytes) in try needed(fixture.json["tree"]?.object).members { try write(name, Fixture.integers(bytes).map { UInt8($0) }) }
    try #require(fixture.cases.count == 14)
    for entry in fixture.cases {
      let options = try needed(entry["options"]?.object)
      let shuffle = options["shuffle"] != false, seed = options["seed"]?.int.map { UInt32($0) }
      let split = options["validation_split"]?.double, subset = options["subset"]?.string.flatMap(DirectorySubset.init)
      let batchSize = options["batch_size"] == .null ? nil : options["batch_size"]?.int ?? 32, length = options["output_sequence_length"]?.int
      var found: [Batch] = []
      if options["labels"] == .null || options["label_mode"] == .null {
        let dataset = try audioDatasetFromDirectory(
          folder.path, labelMode: nil, batchSize: batchSize, outputSequenceLength: length, shuffle: shuffle, seed: seed, validationSplit: split,
          subset: subset, verbose: false)
        found = try dataset.dataset.elements().map { Batch($0, nil) }
        #expect(dataset.classNames.isEmpty)
      } else {
        let dataset = try audioDatasetFromDirectory(
          folder.path, labels: options["labels"] == nil ? .inferred : .list(Fixture.integers(options["labels"])),
          labelMode: options["label_mode"]?.string.flatMap(LabelMode.init) ?? .int, classNames: options["class_names"]?.array?.compactMap(\.string),
          batchSize: batchSize, samplingRate: 8_000, outputSequenceLength: length, shuffle: shuffle, seed: seed, validationSplit: split,
          subset: subset, verbose: false)
        found = try dataset.dataset.elements().map { Batch($0, $1) }
        #expect(dataset.classNames == entry["class_names"]?.array?.compactMap(\.string), "\(options.members)")
        #expect(dataset.count == found.count)
      }
      // Keras gives a row's label of an integer or two classes an axis of its own or none; here numbers are compared.
      let expected = try needed(entry["batches"]?.array).map { try Batch($0) }
      if shuffle {
        #expect(found.map(\.shape) == expected.map(\.shape) && found.map(\.rows) == expected.map(\.rows), "\(options.members)")
      } else {
        #expect(found == expected, "\(options.members)")
      }
    }
  }

  @Test func `a folder of sounds trains a network`() throws {
    for number in 0..<24 {
      for (name, pitch) in [("low", 300.0), ("high", 1_500)] {
        let time = Tensor.range(800 + 10 * number, dtype: .float64) / 8_000
        try write("\(name)/\(number).wav", 0.5 * sin(time * (2 * Double.pi * (pitch + Double(number)))))
      }
    }
    let (training, validation) = try audioDatasetsFromDirectory(
      folder.path, batchSize: 8, samplingRate: 8_000, outputSequenceLength: 1_000, seed: 1, validationSplit: 0.25, verbose: false)
    #expect(training.classNames == ["high", "low"] && training.count == 5 && validation.count == 2)
    #expect(Set(training.filePaths).isDisjoint(with: validation.filePaths))
    #expect(try training.dataset.elements(pass: 0).map(\.0.doubles) != training.dataset.elements(pass: 1).map(\.0.doubles))
    #expect(try validation.dataset.elements(pass: 0).map(\.0.doubles) == validation.dataset.elements(pass: 1).map(\.0.doubles))
    let model = Sequential(seed: 1) {
      STFTSpectrogram(mode: .magnitude, frameLength: 64, trainable: false); GlobalAveragePooling1D(); Dense(2, activation: .softmax)
    }
    try model.compile(optimizer: .adam(learningRate: 0.1), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"])
    try model.fit(training, epochs: 6, verbose: 0, validationData: validation)
    #expect(try model.evaluate(validation, verbose: 0)["accuracy"] == 1)
  }

  @Test func `a batch may have more files than can be open, and any number of threads reads them`() throws {
    for number in 0..<300 { try write("a/\(1000 + number).wav", Tensor([Double(number) / 512])) }
    let expected = (0..<300).map { Double($0) / 512 }
    let all = try audioDatasetFromDirectory(folder.path, labelMode: nil, batchSize: 300, shuffle: false, verbose: false)
    #expect(try all.dataset.elements().map(\.doubles) == [expected])
    for workers in [1, 3] {
      let some = try audioDatasetFromDirectory(folder.path, batchSize: 7, shuffle: false, workers: workers, verbose: false)
      #expect(try some.dataset.elements().flatMap(\.0.doubles) == expected)
    }
  }

  @Test func `what does not fit is told`() throws {
    try write("a/1.wav", Tensor.zeros([4, 1]))
    try write("a/2.wav", Tensor.zeros([4, 2]))
    try write("b/1.wav", Tensor.zeros([4, 1]), rate: 16_000)
    func told(_ kind: DescentError.Kind = .invalidArgument, _ body: () throws -> AudioDataset<(Tensor, Tensor)>) -> String {
      failure(kind) { try body().dataset.elements() }
    }
    let path = folder.path
    #expect(told(.file) { try audioDatasetFromDirectory(path, classNames: ["a"], shuffle: false, verbose: false) }.hasSuffix("a/2.wav: has 2 channels, and \(path)/a/1.wav, of the same batch, 1"))
    #expect(told(.file) { try audioDatasetFromDirectory(path, batchSize: nil, samplingRate: 8_000, shuffle: false, verbose: false) }.hasSuffix("b/1.wav: has 16000 samples a second; expected 8000, for nothing is resampled"))
    #expect(try audioDatasetFromDirectory(path, batchSize: 1, verbose: false).dataset.elements().count == 3)
    #expect(told { try audioDatasetFromDirectory(path, batchSize: 0, verbose: false) }.contains("batchSize is 0"))
    #expect(told { try audioDatasetFromDirectory(path, samplingRate: -1, verbose: false) }.contains("samplingRate is -1"))
    #expect(told { try audioDatasetFromDirectory(path, outputSequenceLength: 0, verbose: false) }.contains("outputSequenceLength is 0"))
    #expect(told { try audioDatasetFromDirectory(path, workers: 0, verbose: false) }.contains("workers is 0"))
    #expect(told { try audioDatasetFromDirectory(path, batchSize: 1, outputSequenceLength: .max, shuffle: false, verbose: false) }.contains("too large"))
    #expect(told { try audioDatasetFromDirectory(path, validationSplit: 0.5, subset: .training, verbose: false) }.contains("needs a seed"))
    try write("a/2.wav", [1, 2, 3])
    #expect(told(.file) { try audioDatasetFromDirectory(path, classNames: ["a"], shuffle: false, verbose: false) }.hasSuffix("a/2.wav: is not a WAV file: it has 3 bytes"))
    let empty = TemporaryFolder()
    #expect(told(.file) { try audioDatasetFromDirectory(empty.path, verbose: false) }.contains("has no sounds"))
  }
}

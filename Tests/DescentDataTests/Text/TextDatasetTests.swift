import Descent
import DescentTestSupport
import Foundation
import Testing

/// Folders of text files as Keras reads them.
@Suite struct TextDatasetTests {
  private let folder = TemporaryFolder()

  private func write(_ path: String, _ text: String) throws {
    let file = folder.file(path)
    try FileManager.default.createDirectory(atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
  }

  @Test func `texts, labels, orders and splits are Keras's`() throws {
    let fixture = try Fixture("text-datasets")
    for (name, text) in try needed(fixture.json["tree"]?.object).members { try write(name, try needed(text.string)) }
    try #require(fixture.cases.count == 13)
    for entry in fixture.cases {
      let options = try needed(entry["options"]?.object)
      let shuffle = options["shuffle"] != false, seed = options["seed"]?.int.map { UInt32($0) }
      let split = options["validation_split"]?.double, subset = options["subset"]?.string.flatMap(DirectorySubset.init)
      let expected = zip(try needed(entry["texts"]?.array).map { try needed($0.string) }, try needed(entry["labels"]?.array)).map { ($0, $1) }
      let sizes = try Fixture.integers(entry["sizes"])
      func compare(_ found: [(String, [Double]?)], _ foundSizes: [Int]) throws {
        let rows = shuffle ? found.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) } : found
        #expect(rows.map(\.0) == expected.map(\.0), "\(options.members)")
        #expect(try rows.map(\.1) == expected.map { $0.1 == .null ? nil : try Fixture.numbers($0.1) }, "\(options.members)")
        #expect(foundSizes == sizes, "\(options.members)")
      }
      if options["labels"] == .null {
        let dataset = try textDatasetFromDirectory(
          folder.path, labelMode: nil, shuffle: shuffle, seed: seed, validationSplit: split, subset: subset, verbose: false)
        let batches = try dataset.dataset.elements()
        try compare(batches.joined().map { ($0, nil) }, batches.map(\.count))
        #expect(dataset.classNames.isEmpty)
        continue
      }
      let dataset = try textDatasetFromDirectory(
        folder.path, labels: options["labels"] == nil ? .inferred : .list(Fixture.integers(options["labels"])),
        labelMode: options["label_mode"]?.string.flatMap(LabelMode.init) ?? .int, classNames: options["class_names"]?.array?.compactMap(\.string),
        batchSize: options["batch_size"]?.int ?? 32, maxLength: options["max_length"]?.int, shuffle: shuffle, seed: seed, validationSplit: split,
        subset: subset, verbose: false)
      let batches = try dataset.dataset.elements()
      let rows = batches.flatMap { texts, labels -> [(String, [Double]?)] in
        let numbers = labels.doubles, width = numbers.count / texts.count
        return texts.enumerated().map { ($1, Array(numbers[($0 * width)..<(($0 + 1) * width)])) }
      }
      try compare(rows, batches.map(\.0.count))
      #expect(dataset.classNames == entry["class_names"]?.array?.compactMap(\.string), "\(options.members)")
      #expect(try dataset.texts.elements().joined().count == rows.count && dataset.filePaths.count == rows.count)
    }
  }

  @Test func `a folder of texts trains a network`() throws {
    for number in 0..<40 {
      try write("neg/\(number).txt", "a bad and boring film number \(number)")
      try write("pos/\(number).txt", "a good and funny film number \(number)")
    }
    let (training, validation) = try textDatasetsFromDirectory(folder.path, batchSize: 8, seed: 1, validationSplit: 0.25, verbose: false)
    #expect(training.classNames == ["neg", "pos"] && training.count == 8 && validation.count == 3)
    #expect(Set(training.filePaths).isDisjoint(with: validation.filePaths))
    // Each pass has an order of its own; that of validation stays.
    #expect(try training.dataset.elements(pass: 0).map(\.0) != training.dataset.elements(pass: 1).map(\.0))
    #expect(try validation.dataset.elements(pass: 0).map(\.0) == validation.dataset.elements(pass: 1).map(\.0))
    let vectorize = try TextVectorization(outputSequenceLength: 8)
    try vectorize.adapt(training.texts)
    let model = Sequential(seed: 1) { Embedding(vectorize.vocabularySize, 4); GlobalAveragePooling1D(); Dense(2, activation: .softmax) }
    try model.compile(optimizer: .adam(learningRate: 0.05), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"])
    try model.fit(training.dataset.map { (try vectorize($0), $1) }, epochs: 8, verbose: 0)
    #expect(try model.evaluate(validation.dataset.map { (try vectorize($0), $1) }, verbose: 0)["accuracy"] == 1)
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func `what does not fit is told`() throws {
    #expect(message { _ = try textDatasetFromDirectory(folder.file("none")) }.contains("is no folder"))
    #expect(message { _ = try textDatasetFromDirectory(folder.path, verbose: false) }.contains("has no texts; expected files that end in .txt"))
    try write("a/1.txt", "x")
    #expect(message { _ = try textDatasetFromDirectory(folder.path, batchSize: 0) }.contains("textDatasetFromDirectory: batchSize is 0"))
    #expect(message { _ = try textDatasetFromDirectory(folder.path, maxLength: -1) }.contains("maxLength is -1"))
    #expect(message { _ = try textDatasetFromDirectory(folder.path, validationSplit: 0.5) }.contains("needs a seed"))
    #expect(message { _ = try textDatasetFromDirectory(folder.path, labels: [1, 2]) }.contains("2 labels were given for 1 texts"))
    #expect(message { _ = try textDatasetFromDirectory(folder.path, labelMode: .binary) }.contains("needs 2 classes"))
    try Data([0xB0, 0xA1, 0xB3, 0xAA]).write(to: URL(fileURLWithPath: folder.file("a/2.txt")))
    let dataset = try textDatasetFromDirectory(folder.path, shuffle: false, verbose: false)
    #expect(message { _ = try dataset.dataset.elements() }.contains("a/2.txt: line 1: is not UTF-8; is it CP949?"))
  }
}

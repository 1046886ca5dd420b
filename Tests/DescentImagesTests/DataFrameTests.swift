import DescentImages
import Foundation
import TestSupport
import Testing

/// `ImageDataGenerator` with tables that name pictures, whitening, and copies of what it makes.
@Suite struct DataFrameTests {
  private let folder = TemporaryFolder()

  private func table(_ fixture: Fixture) throws -> TableFile {
    for name in ["a.png", "b.jpg", "c.png", "d.txt", "below/e.jpeg", "f.PNG"] {
      try makeFolder((folder.file(name) as NSString).deletingLastPathComponent)
      try saveImage(folder.file(name), Tensor.zeros([2, 2, 1]), fileFormat: .png)
    }
    return try TableFile(Array(needed(fixture.json["table"]?.string).utf8), name: "t.csv")
  }

  @Test func `rows, labels and parts are those of Keras's flow_from_dataframe`() throws {
    let fixture = try Fixture("image-generator"), table = try table(fixture)
    for entry in try needed(fixture.json["data_frame"]?.array) {
      let generator = try ImageDataGenerator(validationSplit: try needed(entry["validation_split"]?.double))
      let subset = entry["subset"]?.string.flatMap(DirectorySubset.init(rawValue:))
      let what = "\(entry["class_mode"] ?? .null) \(entry["columns"] ?? .null) \(entry["subset"] ?? .null)"
      let flow: ImageDataset<(Tensor, Tensor)>
      if entry["class_mode"] == "raw" {
        let columns = try entry["columns"]?.string.map { [$0] } ?? needed(entry["columns"]?.array).compactMap(\.string)
        flow = try generator.flowFromDataFrame(table, directory: folder.path, xCol: "file", yCols: columns, targetSize: (2, 2), shuffle: false, subset: subset)
      } else {
        flow = try generator.flowFromDataFrame(
          table, directory: folder.path, xCol: "file", yCol: "kind", targetSize: (2, 2), classes: entry["classes"]?.array?.compactMap(\.string),
          classMode: try needed(entry["class_mode"]?.string.flatMap(ClassMode.init(rawValue:))), shuffle: false, subset: subset)
      }
      #expect(flow.filePaths == (try needed(entry["file_paths"]?.array).map { folder.file(try needed($0.string)) }), "\(what)")
      let labels = try flow.dataset.elements()[0].1
      let (shape, values) = (try Fixture.integers(entry["shape"]), try Fixture.numbers(entry["values"]))
      #expect(labels.shape == shape && labels.doubles == values, "\(what)")
    }
  }

  @Test func `tables that do not fit are refused`() throws {
    let table = try table(Fixture("image-generator")), generator = try ImageDataGenerator()
    for (text, part) in [
      (message { _ = try generator.flowFromDataFrame(table, directory: folder.path) }, "has no column 'filename'"),
      (message { _ = try generator.flowFromDataFrame(table, directory: folder.path, xCol: "file", yCol: "kind", classMode: .binary) }, "needs 2 classes; there are 3"),
      (message { _ = try generator.flowFromDataFrame(table, directory: folder.file("nowhere"), xCol: "file", yCol: "kind") }, "names no pictures that are there and wanted"),
      (message { _ = try generator.flowFromDataFrame(table, directory: folder.path, xCol: "file", yCol: "kind", classes: ["cat", "cat"]) }, "expected each once"),
      (message { _ = try generator.flowFromDataFrame(table, directory: folder.path, xCol: "file", yCols: ["kind"]) }, "has 'cat' in the column 'kind'; expected a number"),
      (message { _ = try generator.flowFromDataFrame(table, directory: folder.path, xCol: "file", yCols: []) }, "yCols is empty"),
    ] { #expect(text.contains(part), "\(text)") }
    // Without a look at the files first, a pass says what is missing.
    let all = try generator.flowFromDataFrame(table, directory: folder.path, xCol: "file", yCol: "kind", targetSize: (2, 2), shuffle: false, validateFilenames: false)
    #expect(all.filePaths.count == 7 && message { _ = try all.dataset.elements() }.contains("missing.png"))
  }

  @Test func `whitening takes out what Keras's takes out`() throws {
    let fixture = try Fixture("image-generator")
    let x = try Fixture.tensor(fixture.json["zca_rows"], as: .float32)
    for entry in try needed(fixture.json["zca"]?.array) {
      let settings = try needed(entry["settings"])
      var generator = try ImageDataGenerator(
        samplewiseCenter: settings["samplewise_center"]?.bool ?? false, featurewiseStdNormalization: true, zcaWhitening: true, zcaEpsilon: try needed(settings["zca_epsilon"]?.double),
        rescale: settings["rescale"]?.double)
      #expect(generator.featurewiseCenter && !generator.featurewiseStdNormalization)
      #expect(message { _ = try generator.flow(x) }.contains("zcaWhitening need fit(_:) first"))
      try generator.fit(x)
      expectClose(try #require(generator.zcaWhiteningMatrix).doubles, try Fixture.numbers(entry["matrix"]), tolerance: 2e-5, "\(settings)")
      expectClose(try generator.flow(x, batchSize: 14, shuffle: false).elements()[0].doubles, try Fixture.numbers(entry["values"]), tolerance: 1e-4, "\(settings)")
      #expect(message { _ = try generator.standardize(Tensor.zeros([2, 2, 1])) }.contains("fit(_:) saw pictures of 6 numbers"))
    }
    #expect(message { _ = try ImageDataGenerator(zcaWhitening: true, zcaEpsilon: .nan) }.contains("zcaEpsilon is nan"))
  }

  @Test func `copies of changed pictures are written`() throws {
    let x = Fixture.pattern([5, 4, 4, 3], salt: 1, from: 0, to: 255, over: 1, dtype: .float32)
    let generator = try ImageDataGenerator(horizontalFlip: true)
    let place = folder.file("copies/here")
    let flow = try generator.flow(x, batchSize: 2, seed: 3, saveToDir: place, savePrefix: "own")
    for pass in 0..<2 { try flow.forEach(pass: pass) { _ in } }
    let names = try FileManager.default.contentsOfDirectory(atPath: place).sorted()
    #expect(names.count == 10 && names.allSatisfy { $0.hasPrefix("own_") && $0.hasSuffix(".png") })
    #expect(Set(names.map { $0.split(separator: "_")[1] }) == ["0", "1", "2", "3", "4"])
    // Which are as Keras would write them: stretched to all of the range.
    let copy = try imageToArray(loadImage(place + "/" + names[0])).doubles
    #expect(copy.count == 48 && copy.min() == 0 && copy.max() == 255)
    try makeFolder(folder.file("in/a"))
    try saveImage(folder.file("in/a/1.png"), Tensor.zeros([2, 2, 1]))
    let files = try generator.flowFromDirectory(folder.file("in"), targetSize: (2, 2), seed: 1, saveToDir: place, savePrefix: "b", saveFormat: .jpeg)
    _ = try files.dataset.elements()
    #expect(try FileManager.default.contentsOfDirectory(atPath: place).count { $0.hasPrefix("b_0_") && $0.hasSuffix(".jpeg") } == 1)
    #expect(message { _ = try generator.flow(x, saveToDir: place + "/" + names[0]) }.contains("cannot be made"))
  }
}

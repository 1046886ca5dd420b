import DescentImages
import Foundation
import TestSupport
import Testing

/// Folders of pictures as rows to train on.
@Suite struct ImageDataTests {
  private let folder = TemporaryFolder()

  private func write(_ name: String, _ count: Int, channels: Int = 3, height: Int = 6, width: Int = 6, first: Int = 0) throws {
    try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    for number in first..<(first + count) {
      let pixels = (0..<(height * width * channels)).map { Float(($0 * 13 + number * 7) % 256) }
      try saveImage(folder.file("\(name)/\(number).png"), Tensor(shape: [height, width, channels], scalars: pixels), scale: false)
    }
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch { return (error as? DescentError)?.message ?? "\(error)" }
  }

  @Test func `each class is split alike, and rows are the pictures that loadImage reads`() throws {
    try write("p/cats", 20)
    try write("p/dogs", 10)
    var options = ImageOptions()
    options.trainingPart = 0.5
    options.validationPart = 0.3
    options.imageSize = (4, 5)
    let data = try ImageData(folder.file("p"), options: options)
    #expect([data.training.count, data.validation?.count, data.test?.count] == [15, 9, 6] && data.classCounts == [10, 5])
    #expect(data.preprocessing.classNames == ["cats", "dogs"] && data.preprocessing.rowShape == [4, 5, 3])
    #expect(data.balancedClassWeights == [0: 0.75, 1: 1.5])
    let all = data.training.paths + (data.validation?.paths ?? []) + (data.test?.paths ?? [])
    #expect(Set(all).count == 30)
    for (row, path) in data.training.paths.enumerated() {
      #expect(data.training.y?.scalars(as: Int32.self)[row] == (path.contains("/cats/") ? 0 : 1))
      let expected = try imageToArray(loadImage(path, targetSize: (4, 5), interpolation: .bilinear))
      #expect(data.training.bytes[row..<(row + 1)].doubles == expected.doubles, "\(path)")
    }
    #expect(try data.training.x.tensor.doubles == data.training.bytes.doubles)
    #expect(try ImageData(folder.file("p"), options: options).training.paths == data.training.paths)
    options.seed = 1
    #expect(try ImageData(folder.file("p"), options: options).training.paths != data.training.paths)
  }

  @Test func `folders named after parts say which pictures are for what`() throws {
    for (part, count) in [("train", 10), ("Val", 4), ("test", 2)] {
      try write("p/\(part)/a", count)
      try write("p/\(part)/b", count)
    }
    let data = try ImageData(folder.file("p"))
    #expect([data.training.count, data.validation?.count, data.test?.count] == [20, 8, 4] && data.preprocessing.classNames == ["a", "b"])
    #expect(data.test?.paths.allSatisfy { $0.contains("/test/") } == true)
    // Without pictures to validate on, some to train on are taken.
    try FileManager.default.removeItem(atPath: folder.file("p/Val"))
    let split = try ImageData(folder.file("p"))
    #expect([split.training.count, split.validation?.count, split.test?.count] == [16, 4, 4])
    // Classes that are called like parts are classes.
    try write("q/train", 6)
    try write("q/plane", 6)
    #expect(try ImageData(folder.file("q")).preprocessing.classNames == ["plane", "train"])
    try write("p/test/c", 1)
    #expect(message { _ = try ImageData(folder.file("p")) }.contains("the folder 'c' is of a class of its own, and there is no such folder to train on: a, b"))
  }

  @Test func `files that cannot be read are told and left out`() throws {
    try write("p/a", 6, channels: 1)
    try write("p/b", 6, channels: 1)
    try writeFile(folder.file("p/a/x.jpg"), text: "no picture")
    try writeFile(folder.file("p/a/y.webp"), text: "RIFF0000WEBPVP8 ")
    try writeFile(folder.file("p/a/notes.txt"), text: "nothing")
    try FileManager.default.createDirectory(atPath: folder.file("p/none"), withIntermediateDirectories: true)
    let data = try ImageData(folder.file("p"))
    #expect(data.preprocessing.colorMode == .grayscale && data.training.count + (data.validation?.count ?? 0) == 12)
    #expect(data.remarks.contains { $0.contains("p/none has no pictures") }, "\(data.remarks)")
    let told = try #require(data.remarks.first { $0.hasPrefix("2 files cannot be read and are left out") }, "\(data.remarks)")
    #expect(told.contains("x.jpg: is no picture") && told.contains("y.webp: is a WebP picture; JPEG, PNG, GIF and BMP are read"))
    for name in ["0", "1", "2", "3", "4", "5"] { try writeFile(folder.file("p/b/\(name).png"), text: "broken") }
    #expect(message { _ = try ImageData(folder.file("p")) }.contains("no picture to train on can be read in the folder 'b'"))
    #expect(message { _ = try ImageData(folder.file("nowhere")) }.contains("nowhere: is no folder"))
    var options = ImageOptions()
    options.trainingPart = 0
    try write("q/a", 1)
    try write("q/b", 1)
    #expect(message { _ = try ImageData(folder.file("q"), options: options) }.contains("the first must be greater than 0"))
    options.trainingPart = 0.99
    #expect(message { _ = try ImageData(folder.file("q"), options: options) }.contains("leave none to validate on"))
  }

  @Test func `light of 16 bits keeps its upper half`() throws {
    let bytes: [UInt8] = [0, 0, 255, 0, 0, 128, 255, 255]
    let image = try Image(width: 2, height: 2, mode: .grayscale16, bytes: bytes)
    try saveImage(folder.file("deep.png"), image)
    let own = try ImagePreprocessing(classNames: ["a", "b"], imageSize: (2, 2), colorMode: .grayscale)
    #expect(try own.rows(of: [folder.file("deep.png")]).bytes.doubles == [0, 0, 128, 255])
  }

  @Test func `sizes go by the pictures`() {
    let cases: [([Int], [Int], [Int])] = [
      ([28], [28], [28, 28]), ([3000], [4000], [96, 96]), ([100, 400, 120], [50, 900, 60], [120, 60]), ([3], [5], [8, 8]), ([9, 9], [7, 12], [9, 12]), ([1000], [250], [192, 48]), ([], [], [96, 96]), ([10], [4000], [48, 192]),
    ]
    for (heights, widths, expected) in cases {
      let size = ImageData.standardSize(heights, widths)
      #expect([size.height, size.width] == expected, "\(heights) × \(widths): \(size)")
    }
  }

  @Test func `a network knows what its classes are called`() throws {
    try write("p/a", 8, height: 9, width: 8)
    try write("p/b", 8, height: 9, width: 8, first: 8)
    let data = try ImageData(folder.file("p"))
    let model = try data.preprocessing.network(seed: 3)
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    try model.fit(data.training.x, data.training.y, epochs: 1, verbose: 0)
    let predictions = try model.predict(imagesAt: [folder.file("p")])
    #expect(predictions.paths.count == 16 && predictions.names == ["a", "b"] && predictions.probabilities.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 })
    #expect(predictions.csv.hasPrefix("file,class,P(a),P(b)\n\(folder.file("p"))/a/0.png,"))
    let scores = try model.scores(data.training)
    #expect(scores.count == data.training.count && scores.confusion.flatMap { $0 }.reduce(0, +) == scores.count && scores.naiveAccuracy >= 0.5)
    // Numbers that are no probabilities become some.
    let x = try data.training.x
    let raw = Sequential {
      Flatten(inputShape: [9, 8, 3])
      Dense(1)
    }
    raw.images = data.preprocessing
    try raw.compile(optimizer: .adam, loss: .binaryCrossentropy(fromLogits: true))
    let logit = try raw.predict(x, verbose: 0).doubles[0], own = try raw.predictions(data.training).probabilities[0]
    #expect(abs(Double(own[1]) - 1 / (1 + exp(-logit))) < 1e-5 && abs(own[0] + own[1] - 1) < 1e-6)
    let wrong = Sequential {
      Flatten(inputShape: [9, 8, 3])
      Dense(3)
    }
    #expect(message { _ = try wrong.predictions(data.training) }.contains("knows nothing of pictures in files"))
    wrong.images = data.preprocessing
    #expect(message { _ = try wrong.predictions(data.training) }.contains("its 2 classes ask for 1 or 2 numbers each"))
    var options = ImageOptions()
    options.imageSize = (9, 8)
    #expect(message { _ = try ImageData(folder.file("p"), preparedBy: data.preprocessing, options: options) }.contains("cannot be chosen anew"))
  }
}

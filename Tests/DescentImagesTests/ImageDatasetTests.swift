@testable import DescentImages
import Foundation
import TestSupport
import Testing

@Suite struct ImageDatasetTests {
  @Test func `Rows have Keras's numbers for every kind of file, interpolation and aspect ratio`() throws {
    for entry in try ImageFixture.cases("dataset") {
      let (name, size) = (try entry.text("file"), try #require(try entry.size("image_size")))
      let interpolation: ImageDatasetInterpolation = try entry.choice("interpolation")
      let reader = ImageRowReader(
        colorMode: try entry.choice("color_mode"), height: size.height, width: size.width, interpolation: interpolation,
        aspectRatio: entry.flag("crop_to_aspect_ratio") ? .cropped : entry.flag("pad_to_aspect_ratio") ? .padded : .stretched,
        dataFormat: try entry.choice("data_format"))
      let row = try reader.read(ImageFixture.path(name))
      var what = entry.object ?? JSONObject()
      what["values"] = nil
      #expect(row.shape == (try Fixture.integers(entry["shape"])) && row.shape == reader.shape, "\(what)")
      let isJPEG = name.lowercased().hasSuffix("jpg") || name.hasSuffix("jpeg")
      // Sines and exponentials are the platform's; JPEG decoders differ by a bit.
      let isExact = [.nearest, .bilinear, .bicubic, .area].contains(interpolation) && !isJPEG
      var expected = try Fixture.numbers(entry["values"]).map { Double(Float($0)) }
      // TensorFlow writes the greatest number of the file's own bits where there is no opacity: 1, 3 or 15 of 255.
      if ["grey1", "grey2", "grey4", "palette1", "palette2", "palette4"].contains(name.dropLast(4)), row.shape.last == 4 {
        for place in stride(from: 3, to: expected.count, by: 4) { expected[place] = 255 }
      }
      #expect(zip(row.doubles, expected).allSatisfy { abs($0 - $1) <= (isExact ? 0 : isJPEG ? 2 : 1e-3) }, "\(what)")
    }
  }

  /// The folder that the fixture's script made.
  private func tree() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for (number, name) in try needed(Fixture("images").json["tree"]?.array).compactMap(\.string).enumerated() {
      let path = folder.file(name)
      try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try saveImage(path, Tensor(repeating: Double(number), shape: [2, 2, 1]), fileFormat: .png, scale: false)
    }
    return folder
  }

  @Test func `Folders are gone through, shuffled and split as Keras does`() throws {
    let folder = try tree()
    for entry in try ImageFixture.cases("directory") {
      var what = entry.object ?? JSONObject()
      what["file_paths"] = nil
      let split = entry["validation_split"]?.double
      let subset: DirectorySubset? = split == nil ? nil : try entry.choice("subset")
      let seed = entry["seed"]?.int.map { UInt32($0) }
      let paths = try needed(entry["file_paths"]?.array).map { folder.file(try needed($0.string)) }
      if entry.object?["labels"] == .null {
        let dataset = try imageDatasetFromDirectory(
          folder.path, labelMode: nil, imageSize: (2, 2), shuffle: entry.flag("shuffle", default: true), seed: seed, validationSplit: split,
          subset: subset, verbose: false)
        #expect(dataset.filePaths == paths && dataset.classNames.isEmpty, "\(what)")
        #expect(try dataset.dataset.elements().map { $0.shape[0] }.reduce(0, +) == paths.count)
        continue
      }
      let dataset = try imageDatasetFromDirectory(
        folder.path, labels: entry["labels"] == nil ? .inferred : .list(Fixture.integers(entry["labels"])),
        labelMode: entry["label_mode"] == nil ? .int : entry.choice("label_mode"),
        classNames: entry["class_names_given"]?.array?.compactMap(\.string), imageSize: (2, 2), shuffle: entry.flag("shuffle", default: true),
        seed: seed, validationSplit: split, subset: subset, verbose: false)
      #expect(dataset.filePaths == paths, "\(what)")
      #expect(dataset.classNames == entry["class_names"]?.array?.compactMap(\.string), "\(what)")
      guard entry["values"] != nil else { continue }
      let batches = try dataset.dataset.elements()
      #expect(batches.count == 1 && dataset.count == 1 && batches[0].0.shape == [paths.count, 2, 2, 3])
      #expect(batches[0].1.shape == (try Fixture.integers(entry["shape"])) && batches[0].1.dtype.rawValue == entry["dtype"]?.string, "\(what)")
      #expect(batches[0].1.doubles == (try Fixture.numbers(entry["values"])), "\(what)")
    }
  }

  @Test func `Rows keep their order for any number of workers, each pass has its own, and pictures stay with their labels`() throws {
    let folder = TemporaryFolder()
    for number in 0..<23 {
      try makeFolder(folder.file("\(number % 2)"))
      let path = folder.file("\(number % 2)/\(number).png")
      try saveImage(path, Tensor(repeating: Double(number), shape: [3, 2, 1]), scale: false)
    }
    func passes(_ workers: Int) throws -> [[[Double]]] {
      let dataset = try imageDatasetFromDirectory(
        folder.path, colorMode: .grayscale, batchSize: 5, imageSize: (2, 2), seed: 3, workers: workers, verbose: false)
      #expect(dataset.count == 5)
      return try (0..<2).map { pass in
        try dataset.dataset.elements(pass: pass).map { (x: Tensor, y: Tensor) -> [Double] in
          #expect(x.shape == [y.count, 2, 2, 1])
          let pixels = x.doubles, labels = y.doubles
          #expect(labels.indices.allSatisfy { (place: Int) -> Bool in Int(pixels[4 * place]) % 2 == Int(labels[place]) })
          return pixels
        }
      }
    }
    let one = try passes(1)
    #expect(one == (try passes(4)))
    #expect(one[0] != one[1] && one[0].joined().sorted() == one[1].joined().sorted())
    let single = try imageDatasetFromDirectory(folder.path, batchSize: nil, imageSize: (2, 3), shuffle: false, verbose: false)
    #expect(try single.dataset.elements()[22].0.shape == [2, 3, 3])
  }

  @Test func `Rows that are kept as bytes are rounded, in every pass and in any order, and their files are read once`() throws {
    let folder = try tree()
    for workers in [1, 3] {
      let kept = try imageDatasetFromDirectory(folder.path, imageSize: (3, 5), seed: 4, workers: workers, cachesBytes: true, verbose: false)
      let plain = try imageDatasetFromDirectory(folder.path, imageSize: (3, 5), seed: 4, workers: workers, verbose: false)
      func rows(_ data: ImageDataset<(Tensor, Tensor)>, _ pass: Int) throws -> [[Double]] {
        try data.dataset.elements(pass: pass).map { $0.doubles.map { $0.rounded() } + $1.doubles }
      }
      for pass in 0..<3 { #expect(try rows(kept, pass) == rows(plain, pass)) }
      #expect(try kept.dataset.elements()[0].0.dtype == .float32)
    }
    let pictures = TemporaryFolder(), path = pictures.file("a.png")
    try saveImage(path, Tensor([[0, 255], [255, 7]]).cast(to: .float32).expandingShape(at: -1), fileFormat: .png, scale: false)
    let kept = try imageDatasetFromDirectory(pictures.path, labelMode: nil, colorMode: .grayscale, imageSize: (3, 3), cachesBytes: true, verbose: false)
    let first = try kept.dataset.elements()[0].doubles
    #expect(first.allSatisfy { $0 == $0.rounded() } && first[4] == 129)
    try FileManager.default.removeItem(atPath: path)
    #expect(try kept.dataset.elements(pass: 1)[0].doubles == first)
  }

  @Test func `A model is trained on a folder and validated on a part of it`() throws {
    let folder = TemporaryFolder()
    for number in 0..<40 {
      let name = number % 2 == 0 ? "dark" : "light"
      try makeFolder(folder.file(name))
      let pixels = Tensor(repeating: Double(number % 2 * 150 + number), shape: [4, 4, 3])
      try saveImage(folder.file("\(name)/\(number).png"), pixels, scale: false)
    }
    let (training, validation) = try imageDatasetsFromDirectory(
      folder.path, labelMode: .binary, imageSize: (4, 4), seed: 1, validationSplit: 0.25, verbose: false)
    #expect(training.filePaths.count == 30 && validation.filePaths.count == 10)
    #expect(Set(training.filePaths).isDisjoint(with: validation.filePaths))
    #expect(try validation.dataset.elements(pass: 0).map(\.1.doubles) == validation.dataset.elements(pass: 1).map(\.1.doubles))
    let model = Sequential(seed: 1) {
      Rescaling(1 / 255, offset: -0.5, inputShape: [4, 4, 3])
      Flatten()
      Dense(1, activation: .sigmoid)
    }
    try model.compile(optimizer: Adam(learningRate: 0.05), loss: .binaryCrossentropy, metrics: [.accuracy])
    let history = try model.fit(training, epochs: 30, verbose: 0, validationData: validation)
    #expect(try #require(history["val_accuracy"].last) == 1)
  }

  @Test func `Links are followed when asked, and a circle of them is an error`() throws {
    let (folder, other) = (TemporaryFolder(), TemporaryFolder())
    let files = FileManager.default
    for path in [other.file("2.png"), folder.file("a/1.png"), folder.file("b/3.png")] {
      try makeFolder((path as NSString).deletingLastPathComponent)
      try saveImage(path, Tensor.ones([2, 2, 1]))
    }
    try files.createSymbolicLink(atPath: folder.file("a/linked"), withDestinationPath: other.path)
    func names(_ followLinks: Bool) throws -> [String] {
      try imageDatasetFromDirectory(folder.path, shuffle: false, followLinks: followLinks, verbose: false).filePaths
        .map { String($0.dropFirst(folder.path.count + 1)) }
    }
    #expect(try names(false) == ["a/1.png", "b/3.png"])
    #expect(try names(true) == ["a/1.png", "a/linked/2.png", "b/3.png"])
    try files.createSymbolicLink(atPath: folder.file("b/circle"), withDestinationPath: folder.file("b"))
    #expect(try names(false) == ["a/1.png", "b/3.png"])
    #expect(message { _ = try names(true) }.contains("is a link to a folder that it lies in"))
  }

  @Test func `Settings that have no meaning and files that cannot be read are refused`() throws {
    let folder = try tree()
    func fault(_ body: (String) throws -> Any) -> String { message { _ = try body(folder.path) } }
    for (text, part) in [
      (fault { try imageDatasetFromDirectory($0, cropToAspectRatio: true, padToAspectRatio: true) }, "only one of cropToAspectRatio"),
      (fault { try imageDatasetFromDirectory($0, batchSize: 0) }, "batchSize is 0"),
      (fault { try imageDatasetFromDirectory($0, workers: 0) }, "workers is 0"),
      (fault { try imageDatasetFromDirectory($0, imageSize: (0, 3)) }, "imageSize is 0 × 3"),
      (fault { try imageDatasetFromDirectory($0, seed: 1, validationSplit: 1, subset: .training) }, "validationSplit is 1.0"),
      (fault { try imageDatasetFromDirectory($0, validationSplit: 0.2, subset: .training) }, "needs a seed"),
      (fault { try imageDatasetFromDirectory($0, seed: 1, validationSplit: 0.2) }, "go together"),
      (fault { try imageDatasetFromDirectory($0, labelMode: nil, subset: .training) }, "go together"),
      (fault { try imageDatasetFromDirectory($0, seed: 1, validationSplit: 0.01, subset: .training) }, "leaves none"),
      (fault { try imageDatasetFromDirectory($0, labelMode: .binary) }, "needs 2 classes; there are 4"),
      (fault { try imageDatasetFromDirectory($0, classNames: ["a", "z"]) }, "expected some of the folders"),
      (fault { try imageDatasetFromDirectory($0, classNames: ["a", "a"]) }, "each once"),
      (fault { try imageDatasetFromDirectory($0, labels: [1, 2]) }, "2 labels were given for 12 pictures"),
      (fault { try imageDatasetFromDirectory($0, labels: [1], classNames: ["a"]) }, "the labels of folders only"),
      (fault { try imageDatasetFromDirectory($0, labels: [0, 1, 2, 0, 1, 5, 0, 1, 2, 0, 1, 2], labelMode: .categorical) }, "label 5 is given"),
      (fault { try imageDatasetFromDirectory($0 + "/nothing") }, "is no folder"),
      (fault { try imageDatasetFromDirectory($0 + "/a/notes.txt", labelMode: nil) }, "is no folder"),
    ] {
      #expect(text.contains(part), "\(text)")
    }
    let empty = TemporaryFolder()
    #expect(message { _ = try imageDatasetFromDirectory(empty.path, verbose: false) }.contains("has no pictures; expected"))
    let flat = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: flat.file("notes"), withIntermediateDirectories: true)
    try Data(PNGWriter.bytes([1, 2, 3], width: 1, height: 1, channels: 3)).write(to: URL(fileURLWithPath: flat.file("a.png")))
    #expect(message { _ = try imageDatasetFromDirectory(flat.path, verbose: false) }
      .contains("has no pictures in folders of classes; those that lie beside the folders of classes have no labels"))
    try makeFolder(empty.file("a"))
    try writeFile(empty.file("a/x.gif"), text: "GIF89a")
    let cut = try imageDatasetFromDirectory(empty.path, verbose: false)
    #expect(message { _ = try cut.dataset.elements() }.contains("a/x.gif: is a broken GIF file"))
    try FileManager.default.removeItem(atPath: empty.file("a/x.gif"))
    try writeFile(empty.file("a/x.png"), text: "no picture")
    let broken = try imageDatasetFromDirectory(empty.path, verbose: false)
    #expect(message { _ = try broken.dataset.elements() }.contains("a/x.png: is no picture"))
  }

  @Test func `Folders of GIF and BMP files are read; flows look at BMP only, as Keras's do`() throws {
    let folder = TemporaryFolder()
    let files = ["a/1.gif": "animated.gif", "a/2.BMP": "runs4.bmp", "b/1.bmp": "fields8888.bmp", "b/2.gif": "small-transparent.gif"]
    for (name, fixture) in files {
      try makeFolder(folder.file(String(name.prefix(1))))
      try Data(ImageFixture.bytes(fixture)).write(to: URL(fileURLWithPath: folder.file(name)))
    }
    let all = try imageDatasetFromDirectory(folder.path, imageSize: (5, 7), shuffle: false, interpolation: .nearest, verbose: false)
    #expect(all.filePaths.map { String($0.dropFirst(folder.path.count + 1)) } == files.keys.sorted())
    let rows = try all.dataset.elements()[0]
    #expect(rows.0.shape == [4, 5, 7, 3] && rows.1.doubles == [0, 0, 1, 1])
    #expect(try rows.0[1..<2].doubles == imageToArray(loadImage(folder.file("a/2.BMP"))).doubles)
    let flow = try ImageDataGenerator().flowFromDirectory(folder.path, targetSize: (5, 7), shuffle: false)
    #expect(flow.filePaths == [folder.file("a/2.BMP"), folder.file("b/1.bmp")])
    #expect(try flow.dataset.elements()[0].0[1..<2].doubles == imageToArray(loadImage(folder.file("b/1.bmp"))).doubles)
    let options = ImageOptions()
    let data = try ImageData(folder.path, options: options)
    #expect(data.training.count + (data.validation?.count ?? 0) == 4 && data.preprocessing.colorMode == .rgb)
    for (name, isGray) in [
      ("grey.gif", true), ("no-palette.gif", true), ("two.gif", false), ("grey8.bmp", true), ("palette1.bmp", false), ("rgb24.bmp", false),
    ] {
      let measure = try ImageFile.measure(ImageFixture.path(name))
      #expect(measure.height == 5 && measure.width == 7 && measure.isGray == isGray, "\(name)")
    }
  }
}

import DescentImages
import Foundation
import TestSupport
import Testing

@Suite struct ImageDataGeneratorTests {
  private func fixture() throws -> Fixture { try Fixture("image-generator") }

  private func transform(_ json: JSONValue?) -> ImageTransform {
    var transform = ImageTransform()
    transform.theta = json?["theta"]?.double ?? 0
    transform.tx = json?["tx"]?.double ?? 0
    transform.ty = json?["ty"]?.double ?? 0
    transform.shear = json?["shear"]?.double ?? 0
    transform.zx = json?["zx"]?.double ?? 1
    transform.zy = json?["zy"]?.double ?? 1
    transform.flipHorizontal = json?["flip_horizontal"]?.bool ?? false
    transform.flipVertical = json?["flip_vertical"]?.bool ?? false
    transform.channelShiftIntensity = json?["channel_shift_intensity"]?.double
    transform.brightness = json?["brightness"]?.double
    return transform
  }

  @Test func `A given transformation makes Keras's numbers`() throws {
    let fixture = try fixture()
    for entry in try needed(fixture.json["transforms"]?.array) {
      let generator = try ImageDataGenerator(
        fillMode: entry.choice("fill_mode"), cval: try needed(entry["cval"]?.double), dataFormat: entry.choice("data_format"),
        interpolationOrder: try needed(entry["interpolation_order"]?.int))
      var x = try Fixture.tensor(fixture.json["pictures"]?[entry.text("picture")], as: .float32)
      if generator.dataFormat == .channelsFirst { x = x.transposed([2, 0, 1]) }
      let result = try generator.applyTransform(x, transform(entry["transform"]))
      var what = entry.object ?? JSONObject()
      what["values"] = nil
      #expect(result.shape == (try Fixture.integers(entry["shape"])), "\(what)")
      expectClose(result.doubles, try Fixture.numbers(entry["values"]), tolerance: 2e-6, "\(what)")
    }
  }

  @Test func `Means and deviations are found and taken out as in Keras`() throws {
    let fixture = try fixture()
    let rows = try Fixture.tensor(fixture.json["rows"], as: .float32)
    for entry in try needed(fixture.json["scales"]?.array) {
      func on(_ name: String) -> Bool { entry["settings"]?[name]?.bool ?? false }
      var generator = try ImageDataGenerator(
        featurewiseCenter: on("featurewise_center"), samplewiseCenter: on("samplewise_center"),
        featurewiseStdNormalization: on("featurewise_std_normalization"), samplewiseStdNormalization: on("samplewise_std_normalization"),
        rescale: entry["settings"]?["rescale"]?.double, dataFormat: entry.choice("data_format"))
      let x = generator.dataFormat == .channelsLast ? rows : rows.transposed([0, 3, 1, 2])
      try generator.fit(x)
      let what = "\(entry["settings"] ?? .null), \(generator.dataFormat)"
      #expect((generator.mean == nil) == (entry["mean"] == nil) && (generator.std == nil) == (entry["std"] == nil), "\(what)")
      if let mean = generator.mean { expectClose(mean, try Fixture.numbers(entry["mean"]), tolerance: 1e-5, what) }
      if let std = generator.std { expectClose(std, try Fixture.numbers(entry["std"]), tolerance: 1e-5, what) }
      let batch = try generator.flow(x, batchSize: 4, shuffle: false).elements()
      #expect(batch.count == 1)
      expectClose(batch[0].doubles, try Fixture.numbers(entry["values"]), tolerance: 1e-5, what)
    }
  }

  @Test func `Folders are gone through and split as by Keras's old generator`() throws {
    let fixture = try fixture()
    let folder = TemporaryFolder()
    for name in try needed(fixture.json["tree"]?.array).compactMap(\.string) {
      let path = folder.file(name)
      try makeFolder((path as NSString).deletingLastPathComponent)
      try saveImage(path, Tensor.zeros([2, 2, 1]), fileFormat: .png)
    }
    for entry in try needed(fixture.json["directory"]?.array) {
      var what = entry.object ?? JSONObject()
      what["file_paths"] = nil
      let generator = try ImageDataGenerator(validationSplit: try needed(entry["validation_split"]?.double))
      let subset = entry["subset"]?.string.flatMap(DirectorySubset.init(rawValue:))
      let classes = entry["classes"]?.array?.compactMap(\.string)
      let paths = try needed(entry["file_paths"]?.array).map { folder.file(try needed($0.string)) }
      guard let mode = entry["class_mode"]?.string else {
        let flow = try generator.flowFromDirectory(
          folder.path, targetSize: (2, 2), classes: classes, classMode: nil, shuffle: false, subset: subset)
        #expect(flow.filePaths == paths, "\(what)")
        #expect(try flow.dataset.elements()[0].shape == [paths.count, 2, 2, 3])
        continue
      }
      let flow = try generator.flowFromDirectory(
        folder.path, targetSize: (2, 2), classes: classes, classMode: try needed(ClassMode(rawValue: mode)), shuffle: false, subset: subset)
      #expect(flow.filePaths == paths, "\(what)")
      #expect(flow.classNames == entry["class_names"]?.array?.compactMap(\.string), "\(what)")
      let labels = try flow.dataset.elements()[0].1
      #expect(labels.shape == (try Fixture.integers(entry["shape"])) && labels.dtype == .float32, "\(what)")
      #expect(labels.doubles == (try Fixture.numbers(entry["values"])), "\(what)")
    }
  }

  @Test func `What is drawn lies in its range, and depends on the seed, the pass and the place alone`() throws {
    let generator = try ImageDataGenerator(
      rotationRange: 40, widthShiftRange: 0.2, heightShiftRange: [2, 5], brightnessRange: 0.5...1.5, shearRange: 10, zoomRange: 0.3,
      channelShiftRange: 20, horizontalFlip: true, verticalFlip: true)
    var random = SeededGenerator(seed: 1)
    let drawn = (0..<2000).map { _ in generator.randomTransform([10, 20, 3], using: &random) }
    func checkUniform(_ low: Double, _ high: Double, _ what: String, _ value: (ImageTransform) -> Double) {
      let values = drawn.map(value)
      #expect(values.allSatisfy { low <= $0 && $0 <= high }, "\(what)")
      let mean = values.reduce(0, +) / Double(values.count)
      let middle = (low + high) / 2, width = high - low
      let deviation = (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)).squareRoot()
      #expect(abs(mean - middle) < 0.05 * width && abs(deviation - width / 12.0.squareRoot()) < 0.03 * width, "\(what): \(mean), \(deviation)")
    }
    checkUniform(-40, 40, "theta", \.theta)
    checkUniform(-4, 4, "ty", \.ty)
    checkUniform(-10, 10, "shear", \.shear)
    checkUniform(0.7, 1.3, "zx", \.zx)
    checkUniform(0.7, 1.3, "zy", \.zy)
    checkUniform(-20, 20, "channel shift") { $0.channelShiftIntensity ?? .nan }
    checkUniform(0.5, 1.5, "brightness") { $0.brightness ?? .nan }
    #expect(Set(drawn.map(\.tx)) == [-5, -2, 2, 5])
    for flag in [\ImageTransform.flipHorizontal, \.flipVertical] {
      #expect((850...1150).contains(drawn.count { $0[keyPath: flag] }))
    }
    let whole = try ImageDataGenerator(widthShiftRange: 3, heightShiftRange: [0.25, 0.5])
    let moved = (0..<300).map { _ in whole.randomTransform([8, 20, 3], using: &random) }
    #expect(Set(moved.map(\.ty)) == [-2, -1, 0, 1, 2] && Set(moved.map(\.tx)) == [-4, -2, 2, 4])
    #expect(try ImageDataGenerator().randomTransform([8, 20, 3], using: &random) == ImageTransform())

    let x = Fixture.pattern([9, 6, 5, 3], salt: 1, from: 0, to: 255, over: 1, dtype: .float32)
    let y = Tensor((0..<9).map { Int32($0) })
    func passes(_ workers: Int, _ seed: UInt64) throws -> [[Double]] {
      let flow = try generator.flow(x, y, batchSize: 4, seed: seed, workers: workers)
      return try (0..<2).map { pass in
        var rows = [[Double]](repeating: [], count: 9)
        try flow.forEach(pass: pass) { x, y in
          for (row, label) in y.doubles.enumerated() { rows[Int(label)] = Array(x.doubles[(row * 90)..<((row + 1) * 90)]) }
        }
        return rows.flatMap { $0 }
      }
    }
    let one = try passes(1, 5)
    let (many, others) = (try passes(3, 5), try passes(1, 6))
    #expect(one == many)
    #expect(one[0] != one[1])
    #expect(one[0] != others[0])
  }

  @Test func `Rows in memory are split, weighted and prepared`() throws {
    let x = Fixture.pattern([10, 2, 2, 1], salt: 2, from: 0, to: 255, over: 1, dtype: .float32)
    let y = Tensor((0..<10).map { Float($0 % 2) })
    let generator = try ImageDataGenerator(
      rescale: 0.5, preprocessingFunction: { 255 - $0 }, validationSplit: 0.4)
    let validation = try generator.flow(x, y, shuffle: false, subset: .validation).elements()
    let training = try generator.flow(x, y, sampleWeight: y + 1, batchSize: 3, shuffle: false, subset: .training).elements()
    #expect(validation.count == 1 && validation[0].0.shape == [4, 2, 2, 1])
    #expect(training.map { $0.0.shape[0] } == [3, 3] && training[0].2.doubles == [1, 2, 1])
    #expect(validation[0].0.doubles + training.flatMap { $0.0.doubles } == x.doubles.map { (255 - $0) / 2 })
    var augmented = try ImageDataGenerator(featurewiseCenter: true, channelShiftRange: 50)
    try augmented.fit(x, augment: true, rounds: 3, seed: 1)
    let mean = try #require(augmented.mean)
    #expect(mean.count == 1 && abs(mean[0] - x.doubles.reduce(0, +) / 40) < 30)
  }

  @Test func `Places far outside of a picture are filled as any outside is`() throws {
    let x = Tensor(shape: [3, 4, 1], scalars: (0..<12).map { Float($0) })
    for mode in FillMode.allCases {
      for order in [0, 1] {
        let generator = try ImageDataGenerator(fillMode: mode, interpolationOrder: order)
        for change in [\ImageTransform.tx, \.ty, \.zx, \.shear, \.theta] {
          var transform = ImageTransform()
          transform[keyPath: change] = 1e300
          #expect(try generator.applyTransform(x, transform).shape == [3, 4, 1])
          for odd in [Double.nan, .infinity] {
            transform[keyPath: change] = odd
            #expect(message { _ = try generator.applyTransform(x, transform) }.contains("holds a number that is not finite"))
          }
        }
      }
    }
    var random = SystemRandomNumberGenerator()
    #expect(try ImageDataGenerator(rotationRange: 1.7e308).randomTransform([3, 4, 1], using: &random).theta.isFinite)
  }

  @Test func `A fit that fails leaves what was known`() throws {
    var generator = try ImageDataGenerator(featurewiseCenter: true, zcaWhitening: true)
    let small = Tensor(shape: [2, 2, 2, 1], scalars: (0..<8).map { Float($0) })
    try generator.fit(small)
    let mean = generator.mean
    #expect(message { try generator.fit(Tensor.ones([1, 200, 200, 1])) }.contains("zcaWhitening is for up to 16384"))
    #expect(generator.mean == mean)
  }

  @Test func `Settings that have no meaning are refused`() throws {
    let x = Tensor.zeros([4, 2, 2, 3]), y = Tensor([0, 0, 1, 1] as [Float])
    let folder = TemporaryFolder()
    try makeFolder(folder.file("a"))
    for (text, part) in [
      (message { _ = try ImageDataGenerator(interpolationOrder: 3) }, "interpolationOrder is 3"),
      (message { _ = try ImageDataGenerator(validationSplit: 1) }, "validationSplit is 1.0"),
      (message { _ = try ImageDataGenerator(zoomRange: .nan) }, "zoomRange is nan"),
      (message { _ = try ImageDataGenerator(rotationRange: .infinity) }, "rotationRange is inf"),
      (message { _ = try ImageDataGenerator(widthShiftRange: -2) }, "widthShiftRange is"),
      (message { _ = try ImageDataGenerator().flow(x, y, subset: .training) }, "validationSplit is 0"),
      (message { _ = try ImageDataGenerator(validationSplit: 0.5).flow(x, y, subset: .training) }, "different targets"),
      (message { _ = try ImageDataGenerator().flow(x, y, batchSize: 0) }, "batchSize is 0"),
      (message { _ = try ImageDataGenerator().flow(x, workers: 0) }, "workers is 0"),
      (message { _ = try ImageDataGenerator().flow(Tensor.zeros([4, 2]), y) }, "expected pictures in four axes"),
      (message { _ = try ImageDataGenerator(featurewiseCenter: true).flow(x, y) }, "need fit(_:) first"),
      (message { _ = try ImageDataGenerator(featurewiseStdNormalization: true).standardize(x) }, "need fit(_:) first"),
      (message { var generator = try ImageDataGenerator(); try generator.fit(y) }, "expected pictures in four axes"),
      (message { _ = try ImageDataGenerator().applyTransform(x, ImageTransform()) }, "expected three axes"),
      (message { _ = try ImageDataGenerator().flowFromDirectory(folder.path) }, "has no pictures"),
      (message { _ = try ImageDataGenerator().flowFromDirectory(folder.path, classes: ["b"]) }, "expected some of the folders"),
      (message { _ = try ImageDataGenerator().flowFromDirectory(folder.path, targetSize: (0, 1)) }, "has no pictures"),
    ] {
      #expect(text.contains(part), "\(text)")
    }
    try saveImage(folder.file("a/1.png"), Tensor.zeros([2, 2, 1]))
    #expect(message { _ = try ImageDataGenerator().flowFromDirectory(folder.path, classMode: .binary) }.contains("needs 2 classes"))
    #expect(message { _ = try ImageDataGenerator().flowFromDirectory(folder.path, targetSize: (0, 1)) }.contains("targetSize is 0 × 1"))
    let itself = try ImageDataGenerator().flowFromDirectory(folder.path, targetSize: (3, 3), classMode: .input).dataset.elements()[0]
    #expect(itself.0.doubles == itself.1.doubles && itself.0.shape == [1, 3, 3, 3])
  }
}

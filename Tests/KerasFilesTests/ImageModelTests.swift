import KerasFiles
import TestSupport
import Testing

/// Models for pictures in `.keras` files.
@Suite struct ImageModelTests {
  private let folder = TemporaryFolder()

  @Test func `the file keeps how pictures are read and what classes are called`() throws {
    let own = try ImagePreprocessing(classNames: ["cat", "dog \"x\", y"], imageSize: (8, 6), colorMode: .grayscale, interpolation: .lanczos, keepAspectRatio: true)
    let model = try own.network(augmentation: [.flip, .contrast], seed: 1)
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
    try model.save(folder.file("m.keras"))
    let read = try Model.load(folder.file("m.keras"))
    #expect(read.images == own && read.table == nil)
    let x = RandomGenerator(seed: 1).uniform([3, 8, 6, 1], high: 255).evaluated()
    #expect(try read.predict(x, verbose: 0).doubles == model.predict(x, verbose: 0).doubles)
    read.images = nil
    try read.save(folder.file("plain.keras"))
    #expect(try Model.load(folder.file("plain.keras")).images == nil)
  }

  @Test func `a description that makes no sense is refused`() throws {
    let own = try ImagePreprocessing(classNames: ["a", "b"], imageSize: (4, 5))
    #expect(try ImagePreprocessing(json: own.json) == own)
    let broken: [(String, JSONValue)] = [
      ("version", 2), ("version", .null), ("class_names", ["a"]), ("class_names", ["a", "a"]), ("class_names", ["a", 1]), ("class_names", "a"), ("image_size", [1]), ("image_size", [0, 3]),
      ("image_size", [3, 1_048_576]), ("image_size", [3, 1.5]), ("color_mode", "pink"), ("color_mode", 1), ("interpolation", "x"), ("keep_aspect_ratio", 1), ("keep_aspect_ratio", .null),
    ]
    for (key, value) in broken {
      var object = try #require(own.json.object)
      object[key] = value
      let error = #expect(throws: DescentError.self, "\(key)") { _ = try ImagePreprocessing(json: .object(object)) }
      #expect(error?.kind == .file && error?.message.hasPrefix("images:") == true, "\(key)")
    }
  }
}

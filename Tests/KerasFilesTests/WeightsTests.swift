import Foundation
import KerasFiles
import TestSupport
import Testing

@Suite struct WeightsTests {
  private func model() -> Sequential {
    Sequential {
      Flatten(inputShape: [3, 2])
      Dense(4, activation: .relu)
      Dense(3, activation: .softmax)
    }
  }

  /// The layers with weights alone: what the variants of the files hold.
  private func small() -> Sequential { model() }

  @Test(arguments: ["plain.weights.h5", "legacy.h5", "keras2.h5", "adam.keras"])
  func `Weights of all kinds of files are read by name`(_ name: String) throws {
    let model = try Sequential.load(Fixture.path("adam.keras"), compiled: false)
    try model.loadWeights(Fixture.path(name))
    let expected = name == "adam.keras" ? try Fixture.expected()["models"]?["adam"]?["weights"] : try Fixture.expected()["plain"]
    #expect(apart(model.weights, try Fixture.tensors(expected)) == 0)
  }

  @Test(arguments: [
    ("float64.weights.h5", 0.0), ("float16.weights.h5", 1e-3), ("bfloat16.weights.h5", 1e-2), ("latest.weights.h5", 0.0),
  ])
  func `Other kinds of numbers and of HDF5 are read`(_ name: String, _ tolerance: Double) throws {
    let model = small()
    try model.loadWeights(Fixture.path(name))
    #expect(apart(model.weights, try Fixture.tensors(try Fixture.expected()["plain"])) <= tolerance)
  }

  @Test func `What only libhdf5 can read is read by another process, or in this one if the file is trusted`() throws {
    let expected = try Fixture.tensors(try Fixture.expected()["plain"])
    let (apartModel, trustingModel) = (small(), small())
    try apartModel.loadWeights(Fixture.path("compressed.weights.h5"))
    #expect(apart(apartModel.weights, expected) == 0)
    try trustingModel.loadWeights(Fixture.path("compressed.weights.h5"), skipMismatch: false, trusted: true)
    #expect(apart(trustingModel.weights, expected) == 0)
  }

  /// The kind counts that is asked for, not the name's ending.
  @Test func `Weights are read from a file of any name by its kind`() throws {
    let folder = TemporaryFolder()
    for (name, kind) in [("w.keras", ModelFormat.keras), ("w.weights.h5", .kerasWeights), ("w.h5", .legacyKeras)] {
      let (model, other) = (model(), self.model())
      try kind.save(model, folder.file(name))
      let renamed = folder.file(name + ".old")
      try FileManager.default.copyItem(atPath: folder.file(name), toPath: renamed)
      try other.loadWeights(renamed, format: kind)
      #expect(apart(other.weights, model.weights) == 0, "\(name)")
    }
  }

  @Test(arguments: ["w.weights.h5", "w.safetensors", "w.npz"])
  func `Weights go through each kind of file`(_ name: String) throws {
    let folder = TemporaryFolder()
    let (model, other) = (model(), self.model())
    #expect(apart(other.weights, model.weights) > 0)
    try model.saveWeights(folder.file(name))
    try other.loadWeights(folder.file(name))
    #expect(apart(other.weights, model.weights) == 0)
  }

  @Test(arguments: ["w.weights.h5", "w.safetensors", "w.npz"])
  func `What does not fit is listed, and nothing is changed`(_ name: String) throws {
    let folder = TemporaryFolder()
    try model().saveWeights(folder.file(name))
    let wider = Sequential {
      Flatten(inputShape: [3, 2])
      Dense(5, activation: .relu)
      Dense(3, activation: .softmax)
      Dense(1)
    }
    let before = wider.weights.map { $0.evaluated() }
    let told = message { try wider.loadWeights(folder.file(name)) }
    let (first, third) = name == "w.weights.h5" ? ("layers/dense/vars/0", "layers/dense_2/vars/0") : ("dense/kernel", "dense_2/kernel")
    #expect(told.contains("missing: \(third) [3, 1]"), "\(told)")
    #expect(told.contains("\(first) is float32 [6, 4] in the file and float32 [6, 5] in the model"), "\(told)")
    #expect(apart(wider.weights, before) == 0)
    let skipped = try wider.loadWeights(folder.file(name), skipMismatch: true)
    #expect(skipped.missing.count == 2 && skipped.different.count == 3 && skipped.leftOver.isEmpty)
    let narrower = Sequential { Dense(3, inputShape: [2]) }
    let reverse = try narrower.loadWeights(folder.file(name), skipMismatch: true)
    #expect(reverse.leftOver.count == 2 && reverse.different.count == 2)
  }

  private static let kinds = ["kernel", "bias", "gamma", "beta"]

  private func trained(seed: UInt64, frozen: String? = nil) throws -> Sequential {
    let model = Sequential([Dense(3, inputShape: [3]), LayerNormalization()], seed: seed)
    try model.build(rows: [3])
    for variable in model.variables where variable.name == frozen { variable.isTrainable = false }
    try model.compile(optimizer: Adam(learningRate: 0.1), loss: .meanSquaredError)
    try fit(model)
    return model
  }

  private func fit(_ model: Sequential) throws {
    let (x, y) = (TestSupport.Fixture.pattern([6, 3], salt: 1, dtype: .float32), TestSupport.Fixture.pattern([6, 3], salt: 9, dtype: .float32))
    try model.fit(x, y, epochs: 2, verbose: 0, shuffle: false)
  }

  @Test(arguments: ["a.weights.h5", "a.safetensors", "a.npz"], kinds)
  func `A variable that is frozen alone keeps its place among weights`(_ name: String, _ frozen: String) throws {
    let folder = TemporaryFolder(), model = try trained(seed: 1)
    #expect(Set(model.weights.map(\.doubles)).count == 4)
    for variable in model.variables where variable.name == frozen { variable.isTrainable = false }
    try model.saveWeights(folder.file(name))
    let other = try trained(seed: 2)
    try other.loadWeights(folder.file(name))
    #expect(other.variables.map { $0.value.doubles } == model.variables.map { $0.value.doubles })
    #expect(other.variables.map(\.name) == model.variables.map(\.name))
  }

  /// Frozen before an optimizer knows of it, or after.
  @Test(arguments: [("a.keras", true), ("a.keras", false), ("a.h5", true), ("a.h5", false)], kinds)
  func `A variable that is frozen alone is so in files of models`(_ way: (name: String, isEarly: Bool), _ frozen: String) throws {
    let folder = TemporaryFolder(), model = try trained(seed: 1, frozen: way.isEarly ? frozen : nil)
    for variable in model.variables where variable.name == frozen { variable.isTrainable = false }
    try model.save(folder.file(way.name))
    let other = try Sequential.load(folder.file(way.name))
    #expect(other.variables.map { $0.isTrainable } == model.variables.map { $0.isTrainable })
    #expect(other.variables.map { $0.value.doubles } == model.variables.map { $0.value.doubles })
    try fit(model)
    try fit(other)
    #expect(other.variables.map { $0.value.doubles } == model.variables.map { $0.value.doubles }, "the optimizer goes on")
    // Without what Keras does not look at, its weights are right.
    if way.name == "a.keras" {
      let archive = try ZipArchive(path: folder.file(way.name))
      try ZipWriter.write(folder.file("other.keras")) { file in
        for entry in archive.entries where entry.name != "variables.json" {
          try archive.bytes(entry).withUnsafeBytes { try file.add(entry.name, pieces: [$0]) }
        }
      }
      let plain = try Sequential.load(folder.file("other.keras"), compiled: false), read = try Sequential.load(folder.file(way.name), compiled: false)
      #expect(plain.variables.map { $0.value.doubles } == read.variables.map { $0.value.doubles })
      #expect(plain.variables.allSatisfy { $0.isTrainable })
    }
  }

  /// Keras itself does not read it: its kernel stands behind its bias, and its gammas behind the betas.
  @Test func `Old files in which single variables are frozen are read by the ends of names`() throws {
    let model = try Model.load(Fixture.path("frozen-variables.h5"), compiled: false)
    let bytes = try ByteSource(path: Fixture.folder + "/../frozen-variables.json").allBytes()
    let weights = try #require(JSONValue(parsing: bytes, name: "frozen-variables.json")["weights"]?.object)
    #expect(weights.members.count == 8 && model.variables.count == 8)
    for (name, value) in weights.members {
      let variable = try #require(model.variables.first { $0.path.hasSuffix("/" + name) }, "\(name)")
      #expect(variable.value.doubles == value.array?.compactMap(\.double), "\(name)")
    }
  }

  /// Layers that come and go between epochs keep what the optimizer knows of each variable.
  @Test(arguments: ["a.keras", "a.h5"])
  func `The optimizer's state has the model's order whichever variables were frozen when`(_ name: String) throws {
    let folder = TemporaryFolder(), model = try trained(seed: 1, frozen: "beta")
    let (gamma, beta) = (try #require(model.variables.first { $0.name == "gamma" }), try #require(model.variables.first { $0.name == "beta" }))
    (gamma.isTrainable, beta.isTrainable) = (false, true)
    try fit(model)
    gamma.isTrainable = true
    try fit(model)
    try model.save(folder.file(name))
    let other = try Sequential.load(folder.file(name))
    try fit(model)
    try fit(other)
    #expect(other.variables.map { $0.value.doubles } == model.variables.map { $0.value.doubles })
  }

  @Test func `Marks of variables that cannot be are told, and those of statistics come back`() throws {
    let folder = TemporaryFolder(), model = Sequential([BatchNormalization(inputShape: [2])], seed: 1)
    try model.build(rows: [2])
    let layer = try #require(model.layers[0] as? BatchNormalization)
    layer.movingMean?.isTrainable = true
    layer.gamma?.isTrainable = false
    try model.save(folder.file("a.keras"))
    let read = try #require(Sequential.load(folder.file("a.keras")).layers[0] as? BatchNormalization)
    #expect(read.movingMean?.isTrainable == true && read.gamma?.isTrainable == false && read.beta?.isTrainable == true)
    let archive = try ZipArchive(path: folder.file("a.keras"))
    for (json, part) in [
      (#"{"version": 2, "frozen": [], "trained": []}"#, "variables: 'version' is 2"), ("[]", "variables: 'version' is missing"),
      (#"{"version": 1, "frozen": []}"#, "variables: 'trained' is missing; expected a list of names"),
      (#"{"version": 1, "frozen": "all", "trained": []}"#, "variables: 'frozen' is \"all\"; expected a list of names"),
      (#"{"version": 1, "frozen": ["layers/dense/vars/0"], "trained": []}"#, "variables: the model has no variable at \"layers/dense/vars/0\""),
      (#"{"version": 1, "frozen": [7], "trained": []}"#, "variables: the model has no variable at 7"),
    ] {
      try ZipWriter.write(folder.file("b.keras")) { file in
        for entry in archive.entries {
          let bytes = entry.name == "variables.json" ? Array(json.utf8) : try archive.bytes(entry)
          try bytes.withUnsafeBytes { try file.add(entry.name, pieces: [$0]) }
        }
      }
      #expect(message { _ = try Sequential.load(folder.file("b.keras")) }.contains(part), "\(json)")
    }
  }

  @Test func `Names that Keras 2 made up go by their order, and a different number of layers is refused`() throws {
    let model = small()
    let told = message {
      try Sequential {
        Flatten(inputShape: [3, 2])
        Dense(4)
      }.loadWeights(Fixture.path("keras2.h5"))
    }
    #expect(told.contains("has 2 layers with weights (dense_1, dense_2), the model 1 (dense)"), "\(told)")
    try model.loadWeights(Fixture.path("keras2.h5"))
    #expect(apart(model.weights, try Fixture.tensors(try Fixture.expected()["plain"])) == 0)
  }

  @Test func `The optimizer's state comes along in weight files and is never dropped from a model's`() throws {
    let folder = TemporaryFolder()
    let model = try Sequential.load(Fixture.path("rmsprop.keras"))
    try model.saveWeights(folder.file("all.weights.h5"))
    let contents = try HDF5Contents(ByteSource(path: folder.file("all.weights.h5")))
    #expect(contents.names.count { $0.hasPrefix("optimizer/") } == 2 + 3 * 4)
    #expect(contents.strings("name", of: "optimizer/vars") == ["rm_sprop"])
    // A .keras file whose description says of another optimizer than its weights.
    let archive = try ZipArchive(path: Fixture.path("rmsprop.keras"))
    let config = String(decoding: try archive.bytes(#require(archive["config.json"])), as: UTF8.self)
      .replacing("\"centered\": true", with: "\"centered\": false")
    let weights = try archive.bytes(#require(archive["model.weights.h5"]))
    try ZipWriter.write(folder.file("other.keras")) { file in
      try Array(config.utf8).withUnsafeBytes { try file.add("config.json", pieces: [$0]) }
      try weights.withUnsafeBytes { try file.add("model.weights.h5", pieces: [$0]) }
    }
    let told = message { _ = try Sequential.load(folder.file("other.keras")) }
    #expect(told.contains("optimizer"), "\(told)")
    #expect(throws: Never.self) { try Sequential.load(folder.file("other.keras"), compiled: false) }
  }
}

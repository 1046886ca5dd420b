import KerasFiles
import TestSupport
import Testing

@Suite struct KerasModelTests {
  @Test(arguments: ["adam", "sgd", "rmsprop", "nadam", "adafactor", "functional"])
  func `What Keras saved is read, and trained on as Keras does`(_ name: String) throws {
    let record = try #require(try Fixture.expected()["models"]?[name])
    let (x, y) = try Fixture.data()
    let model = try Sequential.load(Fixture.path("\(name).keras"))
    #expect(apart(model.weights, try Fixture.tensors(record["weights"])) == 0)
    let state = try #require(model.optimizerState)
    #expect(apart(state.kerasVariables(), try Fixture.tensors(record["optimizer"])) < 1e-7)
    let predictions = try Fixture.tensor(try #require(record["predictions"]))
    #expect(apart([try model.predict(x, verbose: 0)], [predictions]) < 1e-6)

    let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
    let losses = try #require(record["losses"]?.array).compactMap(\.double)
    #expect(zip(history["loss"], losses).allSatisfy { abs($0 - $1) < 1e-5 * $1 } && history["loss"].count == losses.count)
    #expect(apart(model.weights, try Fixture.tensors(record["weights_after"])) < 2e-5)
    #expect(apart(state.kerasVariables(), try Fixture.tensors(record["optimizer_after"])) < 5e-5)
  }

  @Test func `A file goes through Descent and loses nothing`() throws {
    let folder = TemporaryFolder()
    let (x, y) = try Fixture.data()
    for name in ["adam", "sgd", "rmsprop", "nadam", "adafactor"] {
      let model = try Sequential.load(Fixture.path("\(name).keras"))
      try model.save(folder.file("copy.keras"))
      let copy = try Sequential.load(folder.file("copy.keras"))
      #expect(try copy.toJSON() == model.toJSON())
      for made in [model, copy] { try made.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false) }
      #expect(apart(copy.weights, model.weights) == 0, "\(name)")
      #expect(apart(copy.optimizerState!.kerasVariables(), model.optimizerState!.kerasVariables()) == 0, "\(name)")
    }
  }

  @Test func `The archive is laid out as Keras lays it out`() throws {
    let folder = TemporaryFolder()
    let model = try Sequential.load(Fixture.path("adam.keras"))
    try model.save(folder.file("copy.keras"))
    let (ours, theirs) = (try ZipArchive(path: folder.file("copy.keras")), try ZipArchive(path: Fixture.path("adam.keras")))
    #expect(ours.entries.map(\.name) == theirs.entries.map(\.name))
    func contents(_ archive: ZipArchive) throws -> HDF5Contents {
      try HDF5Contents(ByteSource(archive.bytes(#require(archive["model.weights.h5"])), name: "weights"))
    }
    let (ourWeights, theirWeights) = (try contents(ours), try contents(theirs))
    #expect(Set(ourWeights.groups) == Set(theirWeights.groups))
    #expect(Set(ourWeights.names) == Set(theirWeights.names))
    for group in theirWeights.groups { #expect(ourWeights.strings("name", of: group) == theirWeights.strings("name", of: group)) }
    func config(_ archive: ZipArchive) throws -> JSONValue {
      try JSONValue(parsing: archive.bytes(#require(archive["config.json"])))
    }
    let (ourConfig, theirConfig) = (try config(ours), try config(theirs))
    func expectSame(_ ours: JSONValue?, _ theirs: JSONValue, _ place: String) {
      // Numbers of Keras's for objects in its memory, a choice of how it compiles, and options that mean nothing here.
      if ["shared_object_id", "jit_compile", "quantization_config"].contains(where: place.hasSuffix) { return }
      if let members = theirs.object?.members {
        for (key, value) in members { expectSame(ours?[key], value, "\(place).\(key)") }
      } else if let elements = theirs.array {
        #expect(ours?.array?.count == elements.count, "\(place)")
        for (index, element) in elements.enumerated() { expectSame(ours?[index], element, "\(place)[\(index)]") }
      } else if let number = theirs.double {
        #expect(ours?.double == number, "\(place)")
      } else {
        #expect(ours == theirs, "\(place)")
      }
    }
    expectSame(ourConfig, theirConfig, "config")
  }

  @Test func `Every layer that Descent has is read with its options`() throws {
    let record = try #require(try Fixture.expected()["every"])
    let (x, _) = try Fixture.data()
    let model = try Sequential.load(Fixture.path("every.keras"))
    #expect(apart([try model.predict(x, verbose: 0)], [try Fixture.tensor(try #require(record["predictions"]))]) < 1e-6)
    let dense = try #require(model.layers[2] as? Dense)
    #expect(dense.units == 5 && !dense.useBias && dense.kernelConstraint?.name == "max_norm" && dense.activityRegularizer?.name == "l2")
    #expect(dense.activation.config["negative_slope"]?.double == 0.1)
    #expect(dense.kernelRegularizer?.config["l1"]?.double.map { abs($0 - 1e-4) < 1e-9 } == true)
    #expect(model.layers.filter { !$0.isTrainable }.map { "\(type(of: $0))" } == ["Dense"])
    let inner = try #require(try model.layer(named: "inner") as? Sequential)
    #expect((inner.layers[2] as? Dropout)?.seed == 3)
    #expect(model.metrics.map(\.name) == ["accuracy", "top2"])
    let again = try Sequential.fromJSON(model.toJSON(indent: 2))
    #expect(try again.toJSON() == model.toJSON())
  }

  @Test func `Embeddings go both ways`() throws {
    let record = try #require(try Fixture.expected()["embedding"])
    let x = try Fixture.tensor(try #require(record["x"])).cast(to: .int32)
    let (_, y) = try Fixture.data()
    let folder = TemporaryFolder()
    let read = try Sequential.load(Fixture.path("embedding.keras"))
    try read.save(folder.file("copy.keras"))
    let copy = try Sequential.load(folder.file("copy.keras"))
    #expect(try copy.toJSON() == read.toJSON())
    #expect(read.variables.map(\.name) == ["embeddings", "kernel", "bias"] && read.variables[0].path.hasSuffix("/words/embeddings"))
    for model in [read, copy] {
      #expect(apart(model.weights, try Fixture.tensors(record["weights"])) == 0)
      #expect(apart([try model.predict(x, verbose: 0)], [try Fixture.tensor(try #require(record["predictions"]))]) < 1e-6)
      let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
      let losses = try #require(record["losses"]?.array).compactMap(\.double)
      #expect(zip(history["loss"], losses).allSatisfy { abs($0 - $1) < 1e-5 * $1 } && history["loss"].count == losses.count)
      #expect(apart(model.weights, try Fixture.tensors(record["weights_after"])) < 2e-5)
    }
    let other = try Sequential.fromJSON(read.toJSON(), compiled: false)
    try other.loadWeights(Fixture.path("embedding.weights.h5"))
    #expect(apart(other.weights, try Fixture.tensors(record["weights"])) == 0)
    try other.saveWeights(folder.file("copy.weights.h5"))
    try copy.loadWeights(folder.file("copy.weights.h5"))
    #expect(apart(copy.weights, other.weights) == 0)
  }

  @Test func `What Descent lacks is named`() throws {
    #expect(
      message { _ = try Sequential.load(Fixture.path("branched.keras")) }.contains(
        "layers 'left' and 'right' both take what 'start' gives; Descent reads models of one layer after another"))
    #expect(message { _ = try Sequential.load(Fixture.path("lambda.keras")) }.contains("Lambda layer, whose code lies in the file and is not run"))
    let model = try Sequential.load(Fixture.path("adam.keras"))
    func changed(_ from: String, _ to: String) throws -> String {
      let text = try model.toJSON()
      #expect(text.contains(from))
      return text.replacing(from, with: to)
    }
    for (from, to, expected) in [
      ("\"units\": 4", "\"units\": 4, \"gates\": 3", "layer 'hidden': unknown setting 'gates'. Known: activation,"),
      ("\"units\": 4", "\"units\": \"four\"", "layer 'hidden': 'units' is \"four\"; expected an integer"),
      ("\"class_name\": \"Dense\"", "\"class_name\": \"LocallyConnected1D\"", "is a LocallyConnected1D, which Descent does not have"),
      ("\"activation\": \"relu\"", "\"activation\": \"rellu\"", "layer 'hidden': activation: unknown activation 'rellu'"),
      ("\"float32\"", "\"bfloat16\"", "its dtype is bfloat16; Descent computes in float32 and float64"),
      ("\"class_name\": \"Adam\"", "\"class_name\": \"Adamant\"", "unknown optimizer 'Adamant'"),
      ("\"beta_1\"", "\"beta_one\"", "beta_one"),
      ("sparse_categorical_crossentropy", "sparse_categorical_crossentrop", "compile_config: loss: unknown loss"),
      ("\"loss_weights\": null", "\"loss_weights\": [\"one\"]", "is no number"),
      ("\"class_name\": \"Sequential\"", "\"class_name\": \"Functional\"", "is not a layer with a name of its own"),
      ("\"class_name\": \"Sequential\"", "\"class_name\": \"MyModel\"", "is a MyModel, which Descent does not have"),
      ("[null, 3, 2]", "[null, null, 2]", "needs to know a size that is open"),
      ("[null, 3, 2]", "[null, 1099511627776, 1099511627776]", "cannot be used"),
    ] {
      let found = message { _ = try Sequential.fromJSON(try changed(from, to)) }
      #expect(found.contains(expected), "\(found)")
    }
  }

  final class Scale: Layer, ConfigurableLayer {
    let start: Double
    private(set) var factor: Variable?

    init(_ start: Double, name: String? = nil) {
      self.start = start
      super.init(name: name)
    }

    convenience init(_ options: inout LayerOptions) throws { self.init(try options.double("start"), name: options.name) }

    func options() -> JSONObject { JSONObject([("start", JSONValue(start))]) }

    override func build(inputShape: [Int]) throws {
      factor = try addVariable("factor", shape: inputShape, initializer: .constant(start))
    }

    override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { factor.map { x * $0.value } ?? x }
  }

  @Test func `A layer of the program's own is saved and read once it is registered`() throws {
    let folder = TemporaryFolder()
    let model = Sequential([Input(shape: [2]), Scale(3), Dense(1)])
    #expect(message { try model.save(folder.file("own.keras")) }.contains("Scale is not registered"))
    LayerRegistry.register(Scale.self, package: "tests")
    try model.save(folder.file("own.keras"))
    let again = try Sequential.load(folder.file("own.keras"))
    #expect(apart(again.weights, model.weights) == 0)
    #expect((again.layers[0] as? Scale)?.start == 3)
    #expect(again.optimizer == nil)
    #expect(try model.toJSON().contains("\"registered_name\": \"tests>Scale\""))
  }

  @Test func `A model that was not trained yet goes through a file`() throws {
    let folder = TemporaryFolder()
    let model = Sequential([Input(shape: [2]), Dense(1)])
    try model.compile(optimizer: "adam", loss: "mse")
    try model.save(folder.file("new.keras"))
    let again = try Sequential.load(folder.file("new.keras"))
    #expect(apart(again.weights, model.weights) == 0)
    #expect(again.loss?.name == "mean_squared_error")
    let custom = Sequential([Input(shape: [2]), Dense(1, activation: .custom { $0 * 2 })])
    #expect(message { try custom.save(folder.file("no.keras")) }.contains("cannot be written to a file"))
  }

  @Test func `A description cannot ask for more than its file holds`() throws {
    let folder = TemporaryFolder()
    let archive = try ZipArchive(path: Fixture.path("adam.keras"))
    let config = String(decoding: try archive.bytes(#require(archive["config.json"])), as: UTF8.self)
    let weights = try archive.bytes(#require(archive["model.weights.h5"]))
    for (from, to) in [
      ("\"units\": 4", "\"units\": 2000000000"), ("\"units\": 4", "\"units\": 4000000000000000000"), ("\"units\": 4", "\"units\": -1"),
      ("[null, 3, 2]", "[null, 4294967296, 4294967296]"), ("[null, 3, 2]", "[null, 1048576, 1048000]"), ("\"units\": 3", "\"units\": 1e300"),
    ] {
      #expect(config.contains(from))
      let changed = Array(config.replacing(from, with: to).utf8)
      let path = folder.file("large.keras")
      try ZipWriter.write(path) { file in
        try changed.withUnsafeBytes { try file.add("config.json", pieces: [$0]) }
        try weights.withUnsafeBytes { try file.add("model.weights.h5", pieces: [$0]) }
      }
      #expect(throws: DescentError.self, "\(to)") { try Sequential.load(path) }
    }
  }

  @Test func `Files that are no .keras files are refused, saying what is missing`() throws {
    let folder = TemporaryFolder()
    try NPZ.write([("x", Tensor([1 as Float]))], to: folder.file("x.keras"))
    #expect(message { _ = try Sequential.load(folder.file("x.keras")) }.contains("it has no config.json, only x.npy"))
    #expect(message { _ = try Sequential.load(Fixture.path("plain.weights.h5")) }.contains("such files hold weights alone; make the model and use loadWeights"))
    #expect(message { _ = try Sequential.load(folder.file("none.keras")) }.contains("cannot be opened"))
    let bytes = try Fixture.bytes("adam.keras")
    for end in stride(from: 0, to: bytes.count, by: 331) {
      #expect(throws: DescentError.self) { try Sequential.load(Array(bytes[..<end]), name: "cut") }
    }
    var random = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      var changed = bytes
      changed[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
      do { _ = try Sequential.load(changed, name: "changed") } catch is DescentError {}
    }
  }
}

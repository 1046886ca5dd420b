import Foundation
import KerasFiles
import TestSupport
import Testing

/// Whole models written to `.h5` files, beside those that Keras wrote. `scripts/check_legacy_models.py` has Keras read them.
@Suite struct LegacyModelTests {
  private let folder = TemporaryFolder()

  private func contents(_ path: String) throws -> HDF5Contents { try HDF5Contents(ByteSource(path: path)) }

  /// The arrays that a group's list names, in order.
  private func arrays(_ group: String, _ contents: HDF5Contents) throws -> [[Double]] {
    // Keras writes a list of none as one of no numbers.
    try (contents.strings("weight_names", of: group) ?? []).map { try #require(contents["\(group)/\($0)"]).doubles }
  }

  @Test(arguments: ["graph.h5", "schedule.h5", "recurrent.h5", "frozen.h5"])
  func `a file of Keras is written again with the same arrays in the same order`(_ name: String) throws {
    let model = try Model.load(Fixture.path(name))
    try model.save(folder.file("again.h5"))
    let theirs = try contents(Fixture.path(name)), ours = try contents(folder.file("again.h5"))
    let layers = try #require(theirs.strings("layer_names", of: "model_weights"))
    #expect(ours.strings("layer_names", of: "model_weights") == layers)
    for layer in layers + ["top_level_model_weights"] {
      #expect(try arrays("model_weights/\(layer)", ours) == arrays("model_weights/\(layer)", theirs), "\(layer)")
    }
    #expect(try arrays("descent_optimizer_weights", ours) == arrays("optimizer_weights", theirs))
    // Keras 3 cannot train a model further whose file has an optimizer's state where Keras writes it.
    #expect(!ours.hasGroup("optimizer_weights"))
    // The kinds of variables too, but for what Keras calls the layers' models.
    func kinds(_ group: String, _ contents: HDF5Contents) -> [Substring]? {
      contents.strings("weight_names", of: group)?.map { $0.split { "/_".contains($0) }.last! }
    }
    #expect(kinds("descent_optimizer_weights", ours) == kinds("optimizer_weights", theirs))
    let again = try Model.load(folder.file("again.h5"))
    #expect(try again.toJSON() == model.toJSON())
    let x = try model.inputs.map { Tensor.ones([4] + $0.shape.map { $0 ?? 3 }) }
    #expect(try again.predictAll(x, verbose: 0).tensors.map(\.doubles) == model.predictAll(x, verbose: 0).tensors.map(\.doubles))
    #expect(again.optimizerState?.checkpoint().mapValues(\.doubles) == model.optimizerState?.checkpoint().mapValues(\.doubles))
  }

  @Test func `what is frozen in a nested model stands behind what is trained`() throws {
    let fixture = try JSONValue(parsing: ByteSource(path: Fixture.folder + "/../file-details.json").allBytes(), name: "file-details.json")
    let x = TestSupport.Fixture.pattern([8, 4], salt: 1, dtype: .float32)
    let expected = try Fixture.tensors(fixture["frozen"])
    let model = try Model.load(Fixture.path("frozen.h5"))
    expectClose(try model.predict(x, verbose: 0), expected[0].doubles, tolerance: 1e-6, "frozen.h5")
    try model.save(folder.file("again.h5"))
    expectClose(try Model.load(folder.file("again.h5")).predict(x, verbose: 0), expected[0].doubles, tolerance: 1e-6, "again")
  }

  @Test func `losses are objects, one name is a list, and layers are described as Keras 3 reads them`() throws {
    let model = Sequential([Dense(1, inputShape: [2], name: "only")], name: "m", seed: 1)
    try model.compile(optimizer: .adam, loss: "mse", metrics: ["mae"])
    try model.fit(Tensor.ones([4, 2]), Tensor.ones([4, 1]), verbose: 0)
    try model.save(folder.file("m.hdf5"))
    let contents = try contents(folder.file("m.hdf5"))
    func json(_ attribute: String) throws -> JSONValue { try JSONValue(parsing: #require(contents.strings(attribute, of: "")?.first), name: attribute) }
    let config = try json("model_config"), settings = try json("training_config")
    #expect(config["class_name"] == "Sequential" && config["config"]?["layers"]?[1]?["module"] == "keras.layers")
    #expect(settings["loss"]?["class_name"] == "MeanSquaredError" && settings["optimizer_config"]?["class_name"] == "Adam")
    #expect(settings.object?.keys.contains("loss_weights") == true && settings["optimizer"] == nil)
    #expect(contents.strings("layer_names", of: "model_weights") == ["only"])
    #expect(contents.strings("weight_names", of: "descent_optimizer_weights")?.first == "adam/iteration")
  }

  @Test func `many names are cut into several lists`() throws {
    let layers = (0..<4100).map { Identity(name: "i\($0)") }
    let model = Sequential([Input(shape: [1])] + layers + [Dense(1, name: "d")], seed: 1)
    try model.save(folder.file("m.h5"))
    let contents = try contents(folder.file("m.h5"))
    #expect(contents.strings("layer_names0", of: "model_weights")?.count == 4000 && contents.strings("layer_names1", of: "model_weights")?.count == 101)
    #expect(try Model.load(folder.file("m.h5")).weights.map(\.doubles) == model.weights.map(\.doubles))
  }

  private final class Own: Model {
    let inner = Dense(1)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try inner(x, context) }
  }

  @Test func `what such a file cannot hold is told`() throws {
    let own = Own(name: "own")
    try own.build(rows: [2])
    #expect(message { try own.save(folder.file("m.h5")) }.contains("own is a Own; such files hold Sequential models"))
    #expect(message { try Sequential([Dense(1)]).save(folder.file("m.h5")) }.contains("has no weights yet"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("m.h5")))
    #expect(message { try Sequential([Dense(1, inputShape: [2])]).save(folder.file("m.pt")) }.contains("the name must end in .keras, .h5"))
  }
}

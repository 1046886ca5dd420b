import Foundation
import KerasFiles
import TestSupport
import Testing

/// Files of the last Keras 2; `Fixtures/scripts/tf_keras_files.py` made them.
@Suite(.timeLimit(.minutes(20))) struct TFKerasTests {
  private static let names = ["sequential", "several"]

  private func rows(_ json: JSONValue?) throws -> Tensor {
    let rows = try #require(json?.array).map { try #require($0.array).compactMap(\.double).map { Float($0) } }
    return Tensor(rows)
  }

  private func expected(_ name: String) throws -> (x: Tensor, y: Tensor) {
    let json = try JSONValue(parsing: Fixture.bytes("tf-keras/expected.json"), name: "expected.json")
    return (try rows(json["x"]), try rows(json["predictions"]?[name]))
  }

  @Test(arguments: TFKerasTests.names)
  func `Models are read and predict the same, whatever else the file holds`(_ name: String) throws {
    let (x, y) = try expected(name)
    let model = try Sequential.load(Fixture.path("tf-keras/\(name).keras"))
    #expect(apart([try model.predict(x, verbose: 0)], [y]) < 1e-5)
    #expect(model.optimizer is Adam && (model.optimizerState?.iterations ?? 0) == 6)
  }

  @Test(arguments: TFKerasTests.names, ["weights.h5", "h5", "keras"])
  func `Weights fit the model that the description tells of`(_ name: String, _ ending: String) throws {
    let (x, y) = try expected(name)
    let path = Fixture.path("tf-keras/\(name).json")
    let model = try Sequential.fromJSON(JSONValue(parsing: ByteSource(path: path).allBytes(), name: path), name: path)
    try model.loadWeights(Fixture.path("tf-keras/\(name).\(ending)"))
    #expect(apart([try model.predict(x, verbose: 0)], [y]) < 1e-5)
  }

  @Test func `What is truly unknown is still an error`() throws {
    var contents = try HDF5Contents(ByteSource(path: Fixture.path("tf-keras/sequential.weights.h5")))
    contents.add("layers/dense_7/vars/0", Tensor.ones([2]))
    let folder = TemporaryFolder()
    try Data(contents.encoded(name: "changed")).write(to: URL(fileURLWithPath: folder.file("m.weights.h5")))
    let model = try Sequential.load(Fixture.path("tf-keras/sequential.keras"))
    #expect(message { try model.loadWeights(folder.file("m.weights.h5")) }.contains("left over: layers/dense_7/vars/0"))
  }
}

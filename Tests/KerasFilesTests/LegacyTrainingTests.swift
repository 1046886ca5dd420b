import Foundation
import KerasFiles
import TestSupport
import Testing

/// Whole models of the last Keras 2 go on with training; `Fixtures/scripts/tf_keras_training.py` made them.
@Suite struct LegacyTrainingTests {
  private static let names = ["adam", "sgd", "rmsprop", "adamax", "legacy-adam", "legacy-sgd", "legacy-adadelta"]

  @Test(arguments: LegacyTrainingTests.names)
  func `training goes on as in Keras 2`(_ name: String) throws {
    let json = try JSONValue(parsing: Fixture.bytes("tf-keras/training.json"), name: "training.json")
    func rows(_ key: String) throws -> Tensor {
      Tensor(try #require(json[key]?.array).map { try #require($0.array).compactMap(\.double).map { Float($0) } })
    }
    let model = try Model.load(Fixture.path("tf-keras/training-\(name).h5"))
    #expect(model.optimizerState?.iterations == 4)
    let history = try model.fit(rows("x"), rows("y"), batchSize: 4, epochs: 1, verbose: 0, shuffle: false)
    let expected = try #require(json["cases"]?[name])
    expectClose(history["loss"], try #require(expected["loss"]?.array).compactMap(\.double), tolerance: 1e-6, "loss")
    for (weight, values) in zip(model.weights, try #require(expected["weights"]?.array)) {
      expectClose(weight, try #require(values.array).compactMap(\.double), tolerance: 1e-5, name)
    }
  }

  @Test func `a state that does not fit is an error, and none is taken up uncompiled`() throws {
    var contents = try HDF5Contents(ByteSource(path: Fixture.path("tf-keras/training-adam.h5")))
    let names = try #require(contents.strings("weight_names", of: "optimizer_weights"))
    contents.setAttribute("weight_names", of: "optimizer_weights", to: .strings(names.dropLast()))
    let folder = TemporaryFolder()
    try Data(contents.encoded(name: "changed")).write(to: URL(fileURLWithPath: folder.file("m.h5")))
    let told = message { _ = try Model.load(folder.file("m.h5")) }
    #expect(told.contains("m.h5") && told.contains("missing: ") && told.contains("velocity_hat"), "\(told)")
    #expect(try Model.load(folder.file("m.h5"), compiled: false).optimizer == nil)
  }
}

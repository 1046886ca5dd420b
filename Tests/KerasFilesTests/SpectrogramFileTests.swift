import Foundation
import KerasFiles
import TestSupport
import Testing

/// A model with spectrogram layers, and Fourier transforms among its operations, in a file that Keras wrote.
@Suite struct SpectrogramFileTests {
  private let fixture = try! JSONValue(
    parsing: ByteSource(path: Fixture.folder + "/../spectrogram-files.json").allBytes(), name: "spectrogram-files.json")

  @Test func `a keras file is read, trained on and written`() throws {
    let model = try Model.load(Fixture.path("spectrogram.keras"))
    func data(_ key: String) throws -> Tensor { try Fixture.tensor(#require(fixture[key])).cast(to: .float32) }
    expectClose(try model.predict(data("x"), verbose: 0), try data("predict").doubles, tolerance: 1e-4, "read")
    let trainable = try #require(fixture["trainable"]?.array).map { $0.array?[1].bool }
    #expect(model.variables.map { variable in model.trainableVariables.contains { $0 === variable } } == trainable)
    let folder = TemporaryFolder()
    try model.save(folder.file("again.keras"))
    let again = try Model.load(folder.file("again.keras"))
    #expect(try again.toJSON() == model.toJSON())
    for model in [model, again] {
      let history = try model.fit(data("x"), data("y"), batchSize: 4, epochs: 1, verbose: 0, shuffle: false)
      expectClose(history["loss"], try #require(fixture["next_epoch"]?["loss"]?.array).compactMap(\.double), tolerance: 1e-4, "the next epoch")
      expectClose(try model.predict(data("x"), verbose: 0), try data("next_predict").doubles, tolerance: 1e-4, "after the next epoch")
    }
  }
}

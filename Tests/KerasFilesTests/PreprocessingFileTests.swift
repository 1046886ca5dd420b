import KerasFiles
import TestSupport
import Testing

/// A model whose first layers prepare columns and images, in a file that Keras wrote.
@Suite struct PreprocessingFileTests {
  @Test func `what Keras adapted is read and written`() throws {
    let fixture = try TestSupport.Fixture("table-layers")
    let entry = try needed(fixture.json["model"])
    let x = try needed(entry["x"]?.array).map { try TestSupport.Fixture.tensor($0, as: .float32) }
    let inputs = [x[0], x[1], x[2].cast(to: .int32), x[3]]
    let expected = try TestSupport.Fixture.numbers(entry["y"]?["values"])
    let model = try Model.load(Fixture.path("preprocessing.keras"))
    expectClose(try model.predict(inputs, verbose: 0), expected, tolerance: 1e-5)
    let folder = TemporaryFolder()
    try model.save(folder.file("again.keras"))
    let again = try Model.load(folder.file("again.keras"))
    #expect(try again.predict(inputs, verbose: 0).doubles == model.predict(inputs, verbose: 0).doubles)
    #expect(try again.toJSON() == model.toJSON())
    // Weights alone, into a model that was not adapted.
    try model.saveWeights(folder.file("only.weights.h5"))
    let other = try Model.fromJSON(model.toJSON())
    try other.loadWeights(folder.file("only.weights.h5"))
    expectClose(try other.predict(inputs, verbose: 0), expected, tolerance: 1e-5)
  }
}

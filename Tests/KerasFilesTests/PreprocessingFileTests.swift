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

  @Test func `a file with RandAugment in it is read, trained and written`() throws {
    let model = try Model.load(Fixture.path("rand-augment.keras"))
    let layer = try #require(model.layers.first { $0 is RandAugment } as? RandAugment)
    #expect(layer.numOps == 1 && layer.seed == 5 && layer.interpolation == .nearest && layer.factor.description == "[0.0, 0.25]" && layer.valueRange == 0...255)
    // Of images of one color; what Keras predicts.
    let x = (Tensor.ones([2, 6, 6, 3]) * Tensor([255, 51, 102] as [Float])).evaluated()
    expectClose(try model.predict(x, verbose: 0), [0.6319010257720947, 0.3680989742279053, 0.6319010257720947, 0.3680989742279053], tolerance: 1e-6)
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
    #expect(try model.fit(x, Tensor([0, 1] as [Int32]), verbose: 0)["loss"][0].isFinite)
    let folder = TemporaryFolder()
    try model.save(folder.file("again.keras"))
    let again = try Model.load(folder.file("again.keras"))
    #expect(try again.predict(x, verbose: 0).doubles == model.predict(x, verbose: 0).doubles)
    let found = try #require(again.layers.first { $0 is RandAugment } as? RandAugment)
    #expect(found.options() == layer.options())
  }
}

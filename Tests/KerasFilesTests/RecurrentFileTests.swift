import Foundation
import KerasFiles
import TestSupport
import Testing

/// Recurrent models in files that Keras wrote.
@Suite struct RecurrentFileTests {
  private let fixture = try! JSONValue(
    parsing: ByteSource(path: Fixture.folder + "/../recurrent-files.json").allBytes(), name: "recurrent-files.json")

  @Test(arguments: ["recurrent", "conv-lstm"], ["keras", "h5"])
  func `a file is read, trained on and written`(_ name: String, _ ending: String) throws {
    let fixture = try #require(fixture[name])
    func tensor(_ key: String) throws -> Tensor { try Fixture.tensor(#require(fixture[key])) }
    let (x, y) = (try tensor("x").cast(to: name == "recurrent" ? .int32 : .float32), try tensor("y").cast(to: .float32))
    let model = try Model.load(Fixture.path("\(name).\(ending)"))
    #expect(model.variables.count == fixture["paths"]?.array?.count)
    expectClose(try model.predict(x, verbose: 0), try tensor("predict").doubles, tolerance: 1e-5, "read")
    // The optimizer goes on where Keras's stopped.
    let history = try model.fit(x, y, batchSize: 4, epochs: 1, verbose: 0, shuffle: false)
    expectClose(history["loss"], fixture["next_epoch"]?["loss"]?.array?.compactMap(\.double) ?? [], tolerance: 2e-5, "the next epoch")
    expectClose(try model.predict(x, verbose: 0), try tensor("next_predict").doubles, tolerance: 1e-4, "after it")
    let folder = TemporaryFolder()
    try model.save(folder.file("again.keras"))
    let again = try Model.load(folder.file("again.keras"))
    #expect(again.weights.map(\.doubles) == model.weights.map(\.doubles))
    #expect(try again.predict(x, verbose: 0).doubles == model.predict(x, verbose: 0).doubles)
    let json = try model.toJSON()
    #expect(try again.toJSON() == json)
    #expect(model.summaryText().contains("bidirectional"))
  }
}

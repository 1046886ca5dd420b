import Foundation
import KerasFiles
import TestSupport
import Testing

/// Models whose input is strings, in files.
@Suite struct TextModelFileTests {
  private let fixture = try! JSONValue(
    parsing: ByteSource(path: Fixture.folder + "/../text-files.json").allBytes(), name: "text-files.json")

  private var texts: [String] { fixture["new"]?.array?.compactMap(\.string) ?? [] }

  @Test(arguments: ["text", "text-functional", "text-weighted"]) func `a file of Keras is read, used and written again`(_ name: String) throws {
    let model = try Model.load(Fixture.path("\(name).keras"))
    let expected = try Fixture.tensor(#require(fixture[name])).doubles
    #expect(model.texts != nil && model.texts?.classNames == nil)
    expectClose(try model.predict(texts, verbose: 0), expected, tolerance: 1e-5, "\(name): read")
    let folder = TemporaryFolder(), path = folder.file("again.keras")
    try model.save(path)
    let again = try Model.load(path)
    expectClose(try again.predict(texts, verbose: 0), expected, tolerance: 1e-5, "\(name): read back")
    #expect(again.texts?.vectorize.vocabulary() == model.texts?.vectorize.vocabulary())
    #expect(try again.toJSON() == model.toJSON())
    if name == "text" {
      let losses = try again.fit(texts, Tensor([Int32(0), 1, 1, 0]), batchSize: 4, epochs: 20, verbose: 0)["loss"]
      #expect(losses[19] < losses[0])
      #expect(try again.evaluate(texts, Tensor([Int32(0), 1, 1, 0]), verbose: 0)["loss"] != nil)
    }
  }

  @Test func `a network for texts keeps its words and the names of its classes`() throws {
    let vectorize = try TextVectorization(ngrams: 2, outputSequenceLength: 7)
    try vectorize.adapt(["good film", "bad film", "good good good", "bad bad"])
    let model = try TextPreprocessing(vectorize, classNames: ["bad", "good"]).network(seed: 1)
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
    let folder = TemporaryFolder(), path = folder.file("t.keras")
    try model.save(path)
    let again = try Model.load(path)
    #expect(again.texts?.classNames == ["bad", "good"])
    // A text without words has an answer too.
    let texts = ["a good film", "", "bad bad"]
    let predictions = try model.predict(texts, verbose: 0).doubles
    #expect(try again.predict(texts, verbose: 0).doubles == predictions && predictions.allSatisfy(\.isFinite))
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func `what cannot be had is told`() throws {
    let model = Sequential { Dense(2, inputShape: [3]) }
    #expect(message { _ = try model.predict(["a"], verbose: 0) }.contains("knows nothing of texts"))
    let own = try TextVectorization(split: .custom { $0.split(separator: "-").map(String.init) }, outputMode: .multiHot)
    try own.adapt(["a-b"])
    model.texts = try TextPreprocessing(own)
    let folder = TemporaryFolder()
    #expect(message { try model.save(folder.file("m.keras")) }.contains("split is a closure"))
    #expect(message { _ = try TextPreprocessing(own, classNames: ["a", "a"]) }.contains("at least two different ones"))
  }
}

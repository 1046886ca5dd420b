import Descent
import DescentTestSupport
import Foundation
import Testing

/// Embeddings compared within a batch, against Keras.
@Suite struct CircleTests {
  private let fixture = try! Fixture("circle")

  private func loss(_ entry: JSONValue) throws -> Loss {
    let settings = entry["settings"]
    return .circle(
      gamma: settings?["gamma"]?.double ?? 80, margin: settings?["margin"]?.double ?? 0.4, removeDiagonal: settings?["remove_diagonal"]?.bool ?? true)
  }

  @Test func `values, means and derivatives are Keras's`() throws {
    try #require(fixture.cases.count == 5)
    let weights = Tensor(try Fixture.numbers(fixture.json["weights"]))
    for (number, entry) in fixture.cases.enumerated() {
      let loss = try loss(entry), labels = Tensor(try Fixture.integers(entry["labels"]).map(Int32.init))
      let x = try Fixture.pattern([6, 3], salt: needed(entry["salt"]?.int))
      let p = x / sqrt((x * x).sum(axis: 1, keepDims: true))
      expectClose(try loss.values(labels, p), try Fixture.numbers(entry["values"]), tolerance: 1e-10, "case \(number)")
      expectClose(try loss(labels.reshaped([6, 1]), p), [try needed(entry["mean"]?.double)], tolerance: 1e-10, "case \(number): mean")
      let weighted = try loss(labels, p, sampleWeight: weights)
      expectClose(weighted, [try needed(entry["weighted"]?.double)], tolerance: 1e-10, "case \(number): with weights")
      expectClose(
        gradients(of: weighted, withRespectTo: [x])[0], try Fixture.numbers(entry["gradient"]), tolerance: 1e-9, "case \(number): derivative")
      #expect(try loss.json() == entry["json"])
    }
  }

  @Test func `a network learns to tell labels apart`() throws {
    let model = Sequential(seed: 1) {
      Dense(8, activation: .tanh, inputShape: [4])
      Dense(3)
      UnitNormalization()
    }
    try model.compile(optimizer: .adam(learningRate: 0.02), loss: "circle")
    let history = try model.fit(SmallData.x(), SmallData.labels, batchSize: 20, epochs: 40, verbose: 0)
    let losses = history["loss"]
    #expect(try #require(losses.last) < losses[0] / 2)
    let error = try #require(throws: DescentError.self) { try model.fit(SmallData.x(), Tensor.zeros([60, 3]), batchSize: 20, verbose: 0) }
    #expect(error.message.contains("expected whole numbers [rows] or [rows, 1] and embeddings [rows, features]"))
    // In shares a row would be compared with some of the others alone.
    let refused = try #require(throws: DescentError.self) { try model.fit(SmallData.x(), SmallData.labels, batchSize: 20, verbose: 0, shards: 2) }
    #expect(refused.message.contains("loss circle: it is no number of each row but of several together"))
  }
}

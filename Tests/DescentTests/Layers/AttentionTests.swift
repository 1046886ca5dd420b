import TestSupport
import Testing

@testable import Descent

/// Attention layers, against Keras's numbers.
@Suite struct AttentionTests {
  private static let fixture = try! Fixture("attention")
  private let rows = 5

  private func data(_ model: Model, _ number: Int) throws -> [Tensor] {
    try model.inputs.enumerated().map { place, input in
      let shape = [rows] + input.shape, salt = 100 * number + 50 + place
      switch input.dtype {
      case .int32:
        var numbers = Fixture.pattern(shape, salt: salt, from: 0, to: 4, over: 1).doubles
        for place in 0..<numbers.count / rows { numbers[place] = 0 }
        return Tensor(shape: shape, scalars: numbers.map { Int32($0) })
      case .bool: return Fixture.pattern(shape, salt: salt, from: 0, to: 2, over: 1) .> Tensor(0.0)
      default: return Fixture.pattern(shape, salt: salt)
      }
    }
  }

  @Test func `predictions and an epoch are those of Keras, and files say the same`() throws {
    for (number, entry) in AttentionTests.fixture.cases.enumerated() {
      let model = try Model.fromJSON(needed(entry["model"]).text())
      let what = "case \(number), \(model.layers.map(\.name))"
      try model.setWeights(model.variables.enumerated().map { Fixture.pattern($1.shape, salt: 100 * number + $0) / 2 })
      let x = try data(model, number)
      let predictions = try model.predictAll(x, batchSize: 3, verbose: 0).tensors
      let expected = try needed(entry["predictions"]?.array)
      #expect(predictions.count == expected.count, "\(what)")
      for (found, expected) in zip(predictions, expected) {
        #expect(try found.shape == Fixture.integers(expected["shape"]), "\(what)")
        expectClose(found, try Fixture.numbers(expected["values"]), tolerance: 1e-10, what)
      }
      let text = try model.toJSON(), again = try Model.fromJSON(text)
      #expect(try again.toJSON() == text, "\(what)")
      try again.setWeights(model.weights)
      #expect(try again.predictAll(x, batchSize: 3, verbose: 0).tensors.map(\.doubles) == predictions.map(\.doubles), "\(what)")

      let trained = try Model(inputs: model.inputs, outputs: model.outputs[0])
      try trained.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError)
      let history = try trained.fit(
        x, [Fixture.pattern(predictions[0].shape, salt: 100 * number + 80)], batchSize: 3, verbose: 0, shuffle: false)
      expectClose(history["loss"], [try needed(entry["loss"]?.double)], tolerance: 1e-10, "\(what): loss")
      for (variable, after) in zip(model.variables, try needed(entry["weights_after"]?.array)) {
        expectClose(variable.value, try Fixture.numbers(after), tolerance: 1e-10, "\(what): \(variable.path)")
      }
    }
    #expect(AttentionTests.fixture.cases.count == 37)
  }
}

import DescentTestSupport
import Testing

@testable import Descent

/// Attention layers, against Keras's numbers.
@Suite struct AttentionTests {
  private static let fixture = try! Fixture("attention")
  private let rows = 5

  private func data(_ model: Model, _ number: Int) throws -> [Tensor] {
    try model.inputs.enumerated().map { place, input in
      let shape = [rows] + input.shape.known!, salt = 100 * number + 50 + place
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

  @Test func `masks that a call is given count as those that travel`() throws {
    let layer = MultiHeadAttention(numHeads: 2, keyDim: 3)
    let (q, v) = (Fixture.pattern([2, 3, 4], salt: 1), Fixture.pattern([2, 5, 4], salt: 2))
    let context = try layer.ownContext(for: [q, v], isTraining: false)
    let (a, b) = (Fixture.pattern([2, 3], salt: 3) .> Tensor(0.0), Fixture.pattern([2, 5], salt: 4) .> Tensor(0.0))
    let plain = try layer(q, v, context).doubles
    let given = try layer(q, v, queryMask: a, valueMask: b, context).doubles
    context.setMask(a, of: q)
    context.setMask(b, of: v)
    #expect(try layer(q, v, context).doubles == given && given != plain)
    let symbols = [Input(shape: [3, 4]), Input(shape: [5, 4]), Input(shape: [3], dtype: .bool), Input(shape: [5], dtype: .bool)]
    let model = try Model(
      inputs: symbols, outputs: layer(symbols[0], symbols[1], queryMask: symbols[2], valueMask: symbols[3]))
    #expect(try model.predict([q, v, a, b], verbose: 0).shape == [2, 3, 4])
    expectClose(try model.predict([q, v, a, b], verbose: 0), given, tolerance: 1e-6)
    #expect(try Model.fromJSON(model.toJSON()).toJSON() == model.toJSON())
  }

  /// What every position takes of every other is held whole where the call gives it out.
  @Test(arguments: [false, true]) func `long sequences are attended to some queries at a time, with the same results`(_ isCausal: Bool) throws {
    let (queries, keys) = (1100, 1000)
    #expect(QueryBlocks(queries: 1024, keys: 1024) == nil)
    let blocks = try #require(QueryBlocks(queries: queries, keys: keys))
    #expect(blocks.count * blocks.size > queries, "the last block is cut short")
    let layer = MultiHeadAttention(numHeads: 2, keyDim: 2, slidingWindow: isCausal ? nil : 700)
    let (q, v) = (Fixture.pattern([1, queries, 3], salt: 1), Fixture.pattern([1, keys, 3], salt: 2))
    // Each position sees some.
    let columns = Tensor.arange(0, Double(keys), dtype: .int32).reshaped([1, 1, keys])
    let rows = Tensor.arange(0, Double(queries), dtype: .int32).reshaped([1, queries, 1])
    let given = ((columns + rows) .!= Tensor(Int32(501))).cast(to: .int32)
    let counts = (columns .< Tensor(Int32(900))).reshaped([1, keys])
    let context = ForwardContext(builder: ModelBuilder(dtype: .float64, seed: 1), isTraining: false)
    context.setMask(counts, of: v)
    _ = try layer([q, v])
    func all(_ y: Tensor) -> [Tensor] {
      let total = (y * Fixture.pattern(y.shape, salt: 4)).sum()
      return [y] + gradients(of: total, withRespectTo: [q, v] + layer.variables.map(\.value))
    }
    let some = try layer(q, v, attentionMask: given, useCausalMask: isCausal, context)
    let whole = try layer.withScores(q, v, attentionMask: given, useCausalMask: isCausal, context).output
    for (index, (some, whole)) in zip(all(some), all(whole)).enumerated() {
      expectClose(some, whole.doubles, tolerance: 1e-10, "\(index)")
    }
  }

  @Test func `what positions take of one another is never held whole, for the derivative neither`() throws {
    let positions = 4096
    let layer = MultiHeadAttention(numHeads: 1, keyDim: 2)
    _ = try layer([Tensor.zeros([1, 2, 2]), Tensor.zeros([1, 2, 2])])
    let step = compile { (x: [Tensor]) in [gradients(of: try layer([x[0], x[0]]).sum(), withRespectTo: x)[0]] }
    let held = try step.explain([Tensor.zeros([1, positions, 2])]).temporaryBytes
    #expect(held < positions * positions * 4 / 2, "\(held)")
  }
}

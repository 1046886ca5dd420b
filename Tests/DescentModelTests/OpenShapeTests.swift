import Descent
import DescentTestSupport
import Testing

/// Models whose rows have sizes that are open, and layers with a dtype of their own.
@Suite struct OpenShapeTests {
  private static let fixture = try! Fixture("open-shapes")

  private func data(_ model: Model, _ length: Int, salt: Int) throws -> (x: [Tensor], y: Tensor) {
    func filled(_ shape: [Int?]) -> [Int] { [4] + shape.map { $0 ?? length } }
    let x = try model.inputs.enumerated().map { place, input -> Tensor in
      let shape = filled(input.shape)
      if input.dtype.isFloatingPoint { return Fixture.pattern(shape, salt: salt + place) }
      var numbers = Fixture.pattern(shape, salt: salt + place, from: 0, to: 6, over: 1).doubles
      for row in stride(from: 0, to: numbers.count, by: shape[1]) { numbers[row] = 1 + Double(Int(numbers[row]) % 6) }
      return Tensor(shape: shape, scalars: numbers).cast(to: .int32)
    }
    let shape = try filled(model.outputs[0].shape)
    let y = switch shape.last {
    case 2: Fixture.pattern(shape, salt: salt + 10)
    case 1: Fixture.pattern(shape, salt: salt + 10, from: 0, to: 1, over: 1, dtype: .int32)
    default: Fixture.pattern(shape.dropLast(), salt: salt + 10, from: 0, to: 2, over: 1, dtype: .int32)
    }
    return (x, y)
  }

  @Test func `models of Keras with open sizes compute and train as they do there`() throws {
    for entry in Self.fixture.cases {
      let name = try needed(entry["name"]?.string), seed = try needed(entry["seed"]?.int), lengths = try Fixture.integers(entry["lengths"])
      // Keras computes in single precision where a layer says so.
      let tolerance = name.contains("dtypes") ? 1e-6 : 1e-9
      let model = try Model.fromJSON(Self.fixture.resolved(entry["model"]).text())
      try model.setWeights(model.variables.enumerated().map { Fixture.pattern($1.shape, salt: 1000 * seed + $0) / 2 })
      let shapes = model.layers.compactMap { layer in (try? layer.output).map(\.shape) }
      if !(model is Sequential), entry["shapes"]?.array?.count == shapes.count {
        #expect(shapes.map { $0.map { $0.map { JSONValue($0) } ?? .null } } == entry["shapes"]?.array?.map { $0.array ?? [] }, "\(name)")
      }
      let batches = try lengths.enumerated().map { try data(model, $1, salt: 1000 * seed + 500 + 100 * $0) }
      for (batch, expected) in zip(batches, try needed(entry["predict"]?.array)) {
        expectClose(try model.predictAll(batch.x, verbose: 0).tensors[0], try Fixture.numbers(expected), tolerance: tolerance, "\(name): predict")
      }
      // What is written says the same, open sizes included.
      let text = try model.toJSON(), again = try Model.fromJSON(text)
      #expect(try again.toJSON() == text && again.summaryText() == model.summaryText(), "\(name)")
      try again.setWeights(model.weights)
      #expect(try again.predictAll(batches[1].x, verbose: 0).tensors[0].doubles == model.predictAll(batches[1].x, verbose: 0).tensors[0].doubles, "\(name)")

      let stream = batches.map { TrainingBatch($0.x, $0.y) }
      let history = try model.fit(stream, verbose: 0)
      for (key, value) in try needed(entry["history"]?.object).members {
        expectClose(history[key], try Fixture.numbers(value), tolerance: tolerance, "\(name): \(key)")
      }
      for (variable, expected) in zip(model.variables, try needed(entry["sums_after"]?.array)) {
        let value = variable.value.cast(to: .float64)
        let sums = [1, 2].map { (value * Fixture.pattern(variable.shape, salt: $0)).sum().item() }
        expectClose(sums, try Fixture.numbers(expected), tolerance: tolerance, "\(name): \(variable.path)")
      }
      let scores = try model.evaluate(stream, verbose: 0)
      for (key, value) in try needed(entry["evaluate"]?.object).members {
        expectClose([scores[key] ?? .nan], try Fixture.numbers(value), tolerance: tolerance, "\(name): evaluate: \(key)")
      }
    }
    #expect(Self.fixture.cases.count == 14)
  }

  @Test func `open sizes are printed, drawn and checked`() throws {
    let input = Input(shape: [nil, 3])
    let model = try Model(inputs: input, outputs: Dense(2)(LSTM(4)(input)))
    #expect(input.symbol.shape == [nil, 3] && model.outputShape == nil)
    #expect(model.summaryText().contains("(None, None, 3)"))
    #expect(try model.predict(Tensor.ones([2, 5, 3]), verbose: 0).shape == [2, 2])
    #expect(try model.predict(Tensor.ones([2, 9, 3]), verbose: 0).shape == [2, 2])
    #expect(failure(.data) { try model.predict(Tensor.ones([2, 5, 4]), verbose: 0) }.contains("rows of shape [any, 3]"))
    #expect(failure(.invalidArgument) { _ = try Dense(2)(Input(shape: [3, nil])) }.contains("a row of its input has the shape [3, any], and it needs to know a size that is open"))
    #expect(failure(.invalidArgument) { _ = try Dense(2)(Flatten()(Input(shape: [nil, 3]))) }.contains("[any]"))
    // Rows of one batch are joined with those of others only if they are of one shape.
    let tagger = Sequential { Input(shape: [nil, 3]); Dense(2) }
    #expect(try tagger.predict([Tensor.ones([2, 5, 3]), Tensor.ones([1, 5, 3])].map { TrainingBatch($0) }, verbose: 0).shape == [3, 5, 2])
    #expect(failure(.data) { try tagger.predict([Tensor.ones([2, 5, 3]), Tensor.ones([1, 6, 3])].map { TrainingBatch($0) }, verbose: 0) }.contains("[6, 2]"))
  }

  @Test func `a layer takes floating-point rows of another dtype`() throws {
    let dense = Dense(2)
    #expect(try dense(Tensor.ones([1, 3])).dtype == .float32)
    #expect(try dense(Tensor.ones([1, 3], dtype: .float64)).dtype == .float32)
  }

  @Test func `merged inputs take the greater dtype`() throws {
    let whole = Tensor([[1, 2]] as [[Int32]]), parts = Tensor([[0.5, 1.5]] as [[Float]])
    let cases: [(Merge, [Double])] = [
      (Add(), [1.5, 3.5]), (Subtract(), [0.5, 0.5]), (Multiply(), [0.5, 3]), (Average(), [0.75, 1.75]), (Maximum(), [1, 2]), (Minimum(), [0.5, 1.5]),
      (Concatenate(), [1, 2, 0.5, 1.5]), (Dot(axes: 1), [3.5]),
    ]
    for (layer, expected) in cases {
      let result = try layer([whole, parts])
      #expect(result.dtype == .float32 && result.doubles == expected, "\(layer.name)")
      let inputs = [Input(shape: [2], dtype: .int32), Input(shape: [2])]
      #expect(try layer(inputs.map { $0 as any Symbolic }).dtype == .float32, "\(layer.name)")
    }
    #expect(try Average()([whole, whole + 1]).doubles == [1.5, 2.5])
  }
}

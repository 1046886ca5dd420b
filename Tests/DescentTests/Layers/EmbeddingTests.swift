import Descent
import DescentTestSupport
import Testing

@Suite struct EmbeddingTests {
  /// Models made, trained and asked by the real Keras in float64, and here from Keras's description of them.
  @Test(arguments: [DType.float64, .float32])
  func `As Keras`(_ dtype: DType) throws {
    let fixture = try Fixture("embeddings")
    let tolerance = dtype == .float64 ? 1e-10 : 2e-5
    for entry in fixture.cases {
      let name = try #require(entry["name"]?.string)
      let text = try #require(entry["model"]).text()
      let model = try Sequential.fromJSON(dtype == .float64 ? text : text.replacing("\"float64\"", with: "\"float32\""))
      try model.setWeights(try #require(entry["initial_weights"]?.array).map { try Fixture.tensor($0, as: dtype) })
      let isWhole = entry["x"]?.string == "x"
      // Whole numbers may come in any dtype.
      for type in isWhole && name == "Adagrad" ? [DType.int32, .uint8, .float32, .float64] : [isWhole ? .int32 : dtype] {
        let x = try Fixture.tensor(fixture.json[isWhole ? "x" : "fractions"], as: type)
        expectClose(try model.predict(x, verbose: 0), try Fixture.numbers(entry["predict"]), tolerance: tolerance, "\(name): predict")
      }
      let x = try Fixture.tensor(fixture.json[isWhole ? "x" : "fractions"], as: isWhole ? .int32 : dtype)
      let y = try Fixture.tensor(fixture.json["y"], as: dtype)
      let history = try model.fit(x, y, batchSize: 4, epochs: 3, verbose: 0, shuffle: false)
      expectClose(history["loss"], try Fixture.numbers(entry["history"]?["loss"]), tolerance: tolerance, "\(name): loss")
      for (variable, weight) in zip(model.variables, try #require(entry["final_weights"]?.array)) {
        expectClose(variable.value, try Fixture.numbers(weight["values"]), tolerance: tolerance, "\(name): \(variable.path)")
      }
      #expect(model.variables.map(\.path) == entry["paths"]?.array?.compactMap(\.string), "\(name)")
      expectClose(
        try model.predict(x, verbose: 0), try Fixture.numbers(entry["predict_after"]), tolerance: tolerance, "\(name): predict after")
      #expect(try Sequential.fromJSON(model.toJSON()).toJSON() == model.toJSON())
    }
    #expect(fixture.cases.count == 11)
  }

  private func model(_ layer: Embedding) -> Sequential {
    Sequential(seed: 1) {
      layer
      GlobalAveragePooling1D()
      Dense(1)
    }
  }

  @Test func `Starts as Keras does`() throws {
    let layer = Embedding(2000, 5)
    try model(layer).build(rows: [3])
    let values = try #require(layer.embeddings).value.doubles
    #expect(values.min()! >= -0.05 && values.max()! < 0.05 && values.min()! < -0.0499 && values.max()! > 0.0499)
    #expect(layer.outputShape == [3, 5])
  }

  @Test func `Given weights`() throws {
    let start = Tensor.range(6, dtype: .float64).reshaped([3, 2])
    let layer = Embedding(3, 2, weights: start)
    expectClose(try layer(Tensor([[Int32(2), 0]])), [4, 5, 0, 1])
    #expect(layer.embeddings?.dtype == .float32)
    #expect(failure(.invalidArgument) { try self.model(Embedding(4, 2, weights: start)).build(rows: [3]) }
      == "layer embedding: weights has shape [3, 2]; expected [4, 2]")
  }

  @Test func `Numbers that are no rows are refused`() throws {
    let model = model(Embedding(12, 2))
    try model.compile(optimizer: .sgd, loss: .meanSquaredError)
    let y = Tensor.zeros([2, 1])
    try model.fit(Tensor([[Int32(0), 11], [3, 3]]), y, verbose: 0)
    let before = model.weights.map(\.doubles)
    for (bad, text) in [(Int32(12), "12"), (-1, "-1")] {
      let x = Tensor([[Int32(0), 11], [3, bad]])
      let rest = "x[1, 1] is \(text), but the model's embedding has 12 rows: numbers from 0 to 11"
      #expect(failure(.data) { try model.fit(x, y, verbose: 0) } == "fit: \(rest)")
      #expect(failure(.data) { try model.evaluate(x, y, verbose: 0) } == "evaluate: \(rest)")
      #expect(failure(.data) { _ = try model.predict(x, verbose: 0) } == "predict: \(rest)")
      #expect(failure(.data) { try model.trainOnBatch(x, y) } == "trainOnBatch: \(rest)")
    }
    #expect(failure(.data) { _ = try model.predict(Tensor([[0 as Float, -1.5]]), verbose: 0) }.contains("x[0, 1] is -1.5"))
    #expect(model.weights.map(\.doubles) == before)
    #expect(try Embedding(3, 2)(Tensor([Int32(3), -1])).doubles.allSatisfy(\.isNaN))
  }

  @Test func refusals() throws {
    #expect(failure(.invalidArgument) { try self.model(Embedding(0, 2)).build(rows: [3]) }
      == "layer embedding: inputDim is 0; it must be at least 1")
    #expect(failure(.invalidArgument) { try self.model(Embedding(3, 2)).build(rows: [3, 3]) }
      == "layer global_average_pooling1d: a row of the input has shape [3, 3, 2]; expected [steps, features] with at least one step")
    let made = model(Embedding(3, 2))
    try made.build(rows: [3])
    let text = try made.toJSON()
    for (from, to, expected) in [
      ("\"mask_zero\": false", "\"lora_rank\": 4", "layer 'embedding': 'lora_rank' is 4, which Descent does not have"),
      ("\"channels_last\"", "\"channels\"", "'data_format' is \"channels\"; expected one of \"channels_last\", \"channels_first\""),
      ("\"input_dim\": 3, ", "", "layer 'embedding': 'input_dim' is missing; expected an integer"),
    ] {
      #expect(text.contains(from))
      #expect(failure(.invalidArgument) { try Sequential.fromJSON(text.replacing(from, with: to)) }.contains(expected))
    }
  }

  /// The rows that a batch does not choose keep their bits with a lazy Adam, and do not with the usual one.
  @Test func `Lazy updates`() throws {
    let x = Tensor([[Int32(1), 2], [2, 3]]), later = Tensor([[Int32(7), 7], [8, 9]])
    let y = Tensor.ones([2, 1])
    let tables = try [true, false].map { isLazy in
      let layer = Embedding(50, 4)
      let model = model(layer)
      try model.compile(
        optimizer: Adam(learningRate: 0.1).with { $0.parameterSettings = [.init(.name("embeddings"), isLazy: isLazy)] },
        loss: .meanSquaredError)
      try model.trainOnBatch(x, y)
      let between = try #require(layer.embeddings).value.evaluated().doubles
      try model.trainOnBatch(later, y)
      return (between, try #require(layer.embeddings).value.doubles)
    }
    let first = 4..<16
    #expect(tables[0].0[first] == tables[0].1[first] && tables[0].0[28..<32] != tables[0].1[28..<32])
    #expect(tables[1].0[first] != tables[1].1[first])
    #expect(tables[0].0 == tables[1].0, "the first step touches rows with slots of zero alone")
  }

  @Test func `The summary counts the table`() throws {
    let made = model(Embedding(12, 4))
    try made.build(rows: [3])
    let text = made.summaryText(lineLength: 80)
    #expect(text.contains("embedding (Embedding)") && text.contains("(None, 3, 4)") && text.contains("Total params: 53"))
    #expect(made.countParameters() == 48 + 5)
  }
}

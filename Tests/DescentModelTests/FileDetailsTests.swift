import DescentTestSupport
import Testing

@testable import Descent

/// Models of Keras that say more than most: shapes of batches, structures in structures, dtypes of layers.
@Suite struct FileDetailsTests {
  private static let fixture = try! Fixture("file-details")

  private func entry(_ name: String) throws -> JSONValue {
    try needed(FileDetailsTests.fixture.cases.first { $0["name"]?.string == name })
  }

  private func model(_ entry: JSONValue) throws -> Model {
    let model = try Model.fromJSON(try needed(entry["model"]))
    try model.setWeights(model.weights.enumerated().map { Fixture.pattern($0.element.shape, salt: 20 + $0.offset).cast(to: $0.element.dtype) })
    return model
  }

  /// In a model of another dtype its layers have that one, and not the one that it was made with.
  @Test(arguments: [DType.float32, .float64], [DType.float32, .float64])
  func `a chain in a chain keeps its dtype in a description`(outer: DType, inner: DType) throws {
    func made() -> Sequential {
      Sequential(
        [TimeDistributed(Sequential([Dense(2)], dtype: inner)), Sequential([Dense(4), RNN(LSTMCell(3))], dtype: inner), Dense(1)], dtype: outer, seed: 1)
    }
    let x = Fixture.pattern([2, 5, 3], salt: 1, dtype: outer), model = made()
    try model.build(rows: [5, 3])
    #expect(model.variables.allSatisfy { $0.dtype == outer })
    let unbuilt = try Sequential.fromJSON(made().toJSON())
    try unbuilt.build(rows: [5, 3])
    for copy in [try Sequential.fromJSON(model.toJSON()), unbuilt] {
      #expect(copy.variables.map(\.dtype) == model.variables.map(\.dtype))
      try copy.setWeights(model.weights)
      #expect(try copy.predict(x, verbose: 0).doubles == model.predict(x, verbose: 0).doubles)
    }
  }

  @Test(arguments: [
    "batch shape", "batch shape of a chain", "optional input", "structures in structures", "dtypes of layers", "a model that is not trained",
  ])
  func `a description is read, computes what Keras computes, and is written again`(_ name: String) throws {
    let entry = try entry(name), model = try model(entry)
    #expect(model.weights.map(\.dtype.rawValue) == entry["dtypes"]?.array?.compactMap(\.string))
    #expect(model.trainableVariables.count == entry["trainable"]?.int)
    let x = try model.inputs.enumerated().map { Fixture.pattern([3] + (try needed($0.element.shape.known)), salt: $0.offset, dtype: .float32) }
    let results = try model.predictAll(x, verbose: 0).tensors, expected = try needed(entry["results"]?.array)
    #expect(results.count == expected.count)
    for (result, expected) in zip(results, expected) {
      #expect(try result.shape == Fixture.integers(expected["shape"]) && result.dtype.rawValue == expected["dtype"]?.string)
      expectClose(result, try Fixture.numbers(expected["values"]), tolerance: 1e-6, name)
    }
    // What says more than most stands there again, and is read again.
    let written = try model.json()
    for key in ["input_layers", "output_layers", "trainable", "build_input_shape"] {
      #expect(written["config"]?[key] == entry["model"]?["config"]?[key], "\(key)")
    }
    for (ours, theirs) in zip(try needed(written["config"]?["layers"]?.array), try needed(entry["model"]?["config"]?["layers"]?.array)) {
      for key in ["batch_shape", "optional", "dtype"] { #expect(ours["config"]?[key] == theirs["config"]?[key], "\(key)") }
    }
    #expect(try Model.fromJSON(written).toJSON() == model.toJSON())
  }

  @Test func `the same models are made in a program`() throws {
    func config(_ model: Model, _ layer: Int = 0) throws -> JSONValue? { try model.json()["config"]?["layers"]?[layer]?["config"] }
    let x = Input(batchShape: [5, 3], name: "x"), two = Input(shape: [3], batchSize: 4, name: "two", optional: true)
    let functional = try Model(inputs: [x, two], outputs: Dense(2, dtype: .float64)(add([x, two])), trainable: false)
    #expect(try config(functional)?["batch_shape"] == [5, 3] && config(functional, 1)?["batch_shape"] == [4, 3])
    #expect(try config(functional)?["optional"] == false && config(functional, 1)?["optional"] == true)
    #expect(functional.trainableVariables.isEmpty)
    #expect(try functional.outputs[0].dtype == .float64)
    #expect(try functional.json()["config"]?["trainable"] == false)
    // Any number of rows is taken, as Keras takes it, and every input has to be given.
    #expect(try functional.predict(["x": Tensor.ones([7, 3]), "two": Tensor.ones([7, 3])], verbose: 0).shape == [7, 2])
    #expect(throws: DescentError.self) { try functional.predict(["x": Tensor.ones([7, 3])], verbose: 0) }
    let chain = Sequential([Input(batchShape: [5, 3]), Dense(2)], trainable: false)
    #expect(try chain.json()["config"]?["build_input_shape"] == [5, 3] && config(chain)?["batch_shape"] == [5, 3])
    #expect(chain.trainableVariables.isEmpty && !chain.isTrainable)
  }

  @Test func `a metric of each output needs no list, whether or not it looks at weights`() throws {
    let x = Input(shape: [2])
    let model = try Model(inputs: x, outputs: ["p": Dense(1)(x), "q": Dense(1)(x)])
    try model.compile(optimizer: "sgd", loss: ["p": "mse", "q": "mae"], metrics: ["p": "mae"], weightedMetrics: ["q": "mse"])
    let data = (Tensor.ones([4, 2]), ["p": Tensor.zeros([4, 1]), "q": Tensor.zeros([4, 1])])
    let history = try model.fit(data.0, data.1, verbose: 0, sampleWeight: ["q": Tensor([0, 0, 0, 0] as [Float])])
    #expect(history["q_mse"] == [0] && history["p_mae"][0] > 0)
    try model.compile(loss: ["p": "mse", "q": "mae"], weightedMetrics: ["q": "mse"])
    #expect(model.metrics.map(\.name) == ["mse"])
  }
}

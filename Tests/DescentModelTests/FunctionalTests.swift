import DescentTestSupport
import Testing

@testable import Descent

/// Models of inputs and outputs.
@Suite struct FunctionalTests {
  private func weights(_ layer: Dense, _ kernel: Tensor) throws {
    try #require(layer.kernel).assign(kernel)
  }

  @Test func `a graph computes what its layers compute`() throws {
    let a = Input(shape: [2], name: "a"), b = Input(shape: [2], name: "b")
    let double = Dense(2, kernelInitializer: .ones)
    // One layer, called twice.
    let x = try double(a), y = try double(b)
    let model = try Model(inputs: [a, b], outputs: ["sum": x + y, "other": 1 - relu(Subtract()([x, y])) / 2])
    #expect(model.outputNames == ["other", "sum"] && model.inputNames == ["a", "b"])
    #expect(model.name == "functional" && model.variables.map(\.path) == ["functional/dense/kernel", "functional/dense/bias"])
    let values: [Tensor] = [Tensor([[1 as Float, 2]]), Tensor([[3 as Float, -1]])]
    let results = try model.outputs(values, of: model)
    expectClose(results[0], [0.5, 0.5])
    expectClose(results[1], [5, 5])
    #expect(x.shape == [2] && x.layer === double && "\(x)" == "Symbol(dense, a row: [2], dtype: float32)")
  }

  @Test func `a graph of one input trains like the chain`() throws {
    let make = { Dense(3, activation: .tanh, kernelInitializer: .constant(0.1)) }
    let input = Input(shape: [2])
    let graph = try Model(inputs: input, outputs: Dense(1, kernelInitializer: .ones)(make()(input)))
    let chain = Sequential {
      Input(shape: [2])
      make()
      Dense(1, kernelInitializer: .ones)
    }
    let x = Tensor([[1 as Float, 2], [3, -1], [0.5, 0]]), y = Tensor([[1 as Float], [0], [2]])
    for model in [graph, chain] {
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError)
      try model.fit(x, y, batchSize: 2, epochs: 3, verbose: 0, shuffle: false)
    }
    #expect(graph.weights.map(\.doubles) == chain.weights.map(\.doubles))
    #expect(try graph.predict(x, verbose: 0).doubles == chain.predict(x, verbose: 0).doubles)
  }

  /// The plans are the same, so the steps take the same time.
  @Test func `a graph of 200 layers runs the plan of the chain`() throws {
    let input = Input(shape: [4])
    var symbol = input.symbol
    for _ in 0..<200 { symbol = try Dense(4, activation: .tanh)(symbol) }
    let graph = try Model(inputs: input, outputs: symbol)
    let chain = Sequential((0..<200).map { _ in Dense(4, activation: .tanh) })
    let x = Fixture.pattern([8, 4], salt: 1, dtype: .float32), y = Fixture.pattern([8, 4], salt: 2, dtype: .float32)
    var statistics: [Plan.Statistics] = [], weights: [[Double]] = []
    for model in [graph, chain] as [Model] {
      try model.build(rows: [4])
      try model.setWeights(model.variables.enumerated().map { Fixture.pattern($1.shape, salt: $0) / 2 })
      try model.compile(optimizer: Adam(learningRate: 0.01), loss: .meanSquaredError)
      try model.fit(x, y, batchSize: 8, epochs: 2, verbose: 0, shuffle: false)
      statistics.append(try #require(model.training?.plans.latest?.plan.statistics))
      weights.append(model.weights.flatMap(\.doubles))
    }
    #expect(statistics[0].kernels == statistics[1].kernels && statistics[0].instructions == statistics[1].instructions)
    #expect(statistics[0].workspaceBytes == statistics[1].workspaceBytes && weights[0] == weights[1])
  }

  @Test func `a part of a model is a model`() throws {
    let input = Input(shape: [2])
    let hidden = Dense(3, activation: .tanh)
    let model = try Model(inputs: input, outputs: Dense(1)(hidden(input)))
    let x = Tensor([[1 as Float, 2]])
    // By the outputs of its layers, from its inputs or from within.
    let features = try Model(inputs: model.inputs, outputs: model.layers[1].output)
    #expect(try features.predict(x, verbose: 0).doubles == hidden(x).doubles)
    let rest = try Model(inputs: model.layers[1].output, outputs: model.outputs)
    #expect(try rest.predict(features.predict(x, verbose: 0), verbose: 0).doubles == model.predict(x, verbose: 0).doubles)
    #expect(features.variables.map(\.path) == ["functional/dense/kernel", "functional/dense/bias"])

    let chain = Sequential {
      Input(shape: [2])
      Dense(3)
      Dense(1)
    }
    let middle = try Model(inputs: chain.inputs, outputs: chain.layers[0].output)
    #expect(try middle.predict(x, verbose: 0).doubles == chain.layers[0](x).doubles)
    // A model is a layer.
    let outer = Input(shape: [2])
    let twice = try Model(inputs: outer, outputs: Add()([chain(outer), model(outer)]))
    let sum = zip(try chain.predict(x, verbose: 0).doubles, try model.predict(x, verbose: 0).doubles).map { $0 + $1 }
    expectClose(try twice.predict(x, verbose: 0), sum, tolerance: 1e-6)
  }

  @Test func `what does not fit is told when the graph is made`() throws {
    let a = Input(shape: [2], name: "a"), b = Input(shape: [3], name: "b")
    func message(_ body: () throws -> Void) -> String { failure(.invalidArgument, body) }
    #expect(message { _ = try Add()([a, b]) } == "layer add: rows of shapes [2] and [3] cannot be merged; sizes must be equal, or 1")
    #expect(message { _ = try a + b } == "operation add: rows of shapes [2] and [3] do not fit each other")
    #expect(message { _ = try matmul(a, b) } == "operation matmul: rows of shapes [2] and [3] cannot be multiplied")
    #expect(message { _ = try concatenate([a, b.symbol[.all, .newAxis]]) }.hasPrefix("layer concatenate: rows of shapes [2] and [1, 3]"))
    #expect(message { _ = try a.symbol.reshaped([-1, 5]) } == "operation reshape: rows of shape [2] cannot take the shape [-1, 5]")
    let shared = Dense(4)
    _ = try shared(a)
    #expect(message { _ = try shared(b) } == "layer dense: it was built for 2 inputs but a row has shape [3]")
    #expect(message { _ = try Model(inputs: a, outputs: Dense(1)(b)) }
      == "Model: the outputs need the input 'b', which is not among the model's inputs")
    #expect(message { _ = try Model(inputs: [a, a], outputs: Dense(1)(a)) } == "Model: an input stands twice among the inputs")
    let first = try Dense(1, name: "same")(a), second = try Dense(1, name: "same")(b)
    #expect(message { _ = try Model(inputs: [a, b], outputs: first + second) }
      == "functional: there are two layers named 'same'; give one of them another name")
    #expect(failure(.state) { _ = try Dense(1).output } == "layer dense: it has not been called with symbols, and so is no part of a graph")
  }

  @Test func `an output in a list may have no loss, and needs no target then`() throws {
    let x = Input(shape: [2], name: "x")
    let p = try Dense(1, kernelInitializer: .ones, name: "p")(x), q = try Dense(2, kernelInitializer: .ones, name: "q")(x)
    let model = try Model(inputs: [x], outputs: [p, q])
    let rows = Tensor([[1 as Float, 2], [3, 4]]), y = Tensor([[2 as Float], [5]]), z = Tensor([[0 as Float, 0], [0, 0]])
    // What the real Keras takes, and what it logs.
    let targets: [any ModelData] = [y, [y], [y, z]]
    for y in targets {
      try model.compile(loss: [.meanSquaredError, nil], metrics: [["mae"], nil])
      let scores = try model.evaluate(rows, y, verbose: 0)
      #expect(scores.names == ["loss", "p_mae"])
      expectClose([scores.loss, scores["p_mae"]!], [2.5, 1.5])
    }
    try model.compile(optimizer: "sgd", loss: [nil, "mae"])
    expectClose([try model.evaluate(rows, z, verbose: 0).loss], [5])
    for weights in [[0.5, 1], [0.5, nil]] as [ByOutput<Double>] {
      try model.compile(loss: ["mse", nil], lossWeights: weights)
      expectClose([try model.evaluate(rows, y, verbose: 0).loss], [1.25])
    }
    let read = try Model.fromJSON(try model.toJSON(), name: "m.json")
    #expect(try read.json()["compile_config"] == model.json()["compile_config"])
    #expect(try model.json()["compile_config"]?["loss"]?.array?.map { $0 == .null } == [false, true])
    // A metric needs a target, too.
    try model.compile(loss: ["mse", nil], metrics: [nil, ["mae"]])
    #expect(message { try model.evaluate(rows, y, verbose: 0) }
      == "evaluate: y is one tensor, and the model has 2: p, q; give a list, or a dictionary by name")
    #expect(try model.evaluate(rows, [y, z], verbose: 0).names == ["loss", "q_mae"])
    #expect(message { try model.compile(loss: ["mse", nil], lossWeights: ["q": 1]) } == "compile: lossWeights names an output without a loss")
  }

  @Test func `outputs have losses, weights and metrics of their own`() throws {
    let a = Input(shape: [2], name: "a"), b = Input(shape: [2], name: "b")
    let p = try Dense(1, kernelInitializer: .ones, name: "p")(a), q = try Dense(1, kernelInitializer: .ones, name: "q")(b)
    let model = try Model(inputs: [a, b], outputs: [p, q])
    let x = [Tensor([[1 as Float, 2], [3, 4]]), Tensor([[0 as Float, 1], [1, 1]])]
    let y = [Tensor([[2 as Float], [5]]), Tensor([[0 as Float], [0]])]
    try model.compile(optimizer: SGD(learningRate: 0), loss: ["p": "mse", "q": "mae"], lossWeights: ["q": 0.5], metrics: ["q": ["mae"]])
    let scores = try model.evaluate(["b": x[1], "a": x[0]], ["q": y[1], "p": y[0]], verbose: 0)
    #expect(scores.names == ["loss", "p_loss", "q_loss", "q_mean_absolute_error"] || scores.names == ["loss", "p_loss", "q_loss", "q_mae"])
    expectClose([scores["p_loss"]!, scores["q_loss"]!, scores.loss], [2.5, 1.5, 3.25])
    // In order, too; a weight for each output.
    try model.compile(loss: [.meanSquaredError, .meanAbsoluteError])
    expectClose([try model.evaluate(x, y, verbose: 0, sampleWeight: ["p": Tensor([2 as Float, 0])]).loss], [1 + 1.5])
    let predictions = try model.predictAll(x, verbose: 0)
    #expect(predictions.names == ["p", "q"] && predictions["q"]?.doubles == [1, 2] && predictions[0].doubles == [3, 7])
    try model.trainOnBatch(x, y)
    // An output without a loss needs no targets.
    try model.compile(optimizer: .sgd, loss: ["q": "mae"])
    #expect(try model.evaluate(x, ["q": y[1]], verbose: 0).names == ["loss"])
    func data(_ body: () throws -> Void) -> String { failure(.data, body) }
    #expect(data { try model.fit(x[0], y) } == "fit: x is one tensor, and the model has 2: a, b; give a list, or a dictionary by name")
    #expect(data { try model.fit(["a": x[0]], y) } == "fit: x lacks 'b'; the model has a, b")
    #expect(data { try model.fit(["a": x[0], "c": x[0]], y) } == "fit: x has a part 'c'; the model has a, b")
    #expect(data { try model.fit([x[0], Tensor.ones([3, 2])], y) } == "fit: x['a'] has 2 rows but x['b'] has 3")
    #expect(failure(.invalidArgument) { try model.compile(loss: ["r": "mse"]) } == "compile: loss names 'r', which is no output; the model has p, q")
    #expect(failure(.invalidArgument) { try model.fit(x, y, classWeight: [0: 1]) }.contains("classWeight is for models of one output"))
    #expect(failure(.state) { _ = try model.predict(x, verbose: 0) } == "predict: functional has the outputs p, q; predictAll gives them all")
  }

  @Test func `the summary tells what is connected`() throws {
    let a = Input(shape: [4], name: "a")
    let shared = Dense(4, name: "shared")
    let x = try shared(a)
    let model = try Model(inputs: a, outputs: concatenate([x, shared(x) as Symbol, x * 2.0]))
    let text = model.summaryText(lineLength: 108)
    for part in ["Connected to", "a (InputLayer)", "shared (Dense)", "a[0][0], shared[0][0]", "multiply (Multiply)", "(None, 12)", "Total params: 20"] {
      #expect(text.contains(part), "\(text)")
    }
    let chain = try Model(inputs: a, outputs: Dense(2)(Dense(3)(a) as Symbol))
    #expect(!chain.summaryText().contains("Connected to"))
  }

  @Test func `a clone has layers and weights of its own`() throws {
    let a = Input(shape: [4], name: "a")
    let model = try Model(inputs: a, outputs: Dense(2, name: "d")(tanh(a)))
    let clone = try cloneModel(model)
    #expect(clone.layers.map(\.name) == ["a", "d"] && clone.layers[1] !== model.layers[1])
    #expect(clone.weights[0].doubles != model.weights[0].doubles && clone.optimizer == nil)
    let chain = try cloneModel(Sequential { Dense(2, inputShape: [3]) })
    #expect(chain.weights.map(\.shape) == [[3, 2], [2]])
  }

  @Test func `masks go where Keras lets them go`() throws {
    let ids = Input(shape: [3], name: "ids", dtype: .int32)
    let words = try Embedding(5, 2, embeddingsInitializer: .ones, maskZero: true)(ids)
    let pooled = try GlobalAveragePooling1D()(Dense(2, kernelInitializer: .ones)(words) as Symbol)
    // An operator loses the mask.
    let lost = try GlobalAveragePooling1D()(words * 1.0)
    let model = try Model(inputs: ids, outputs: concatenate([pooled, lost]))
    let y = try model.predict(Tensor([[Int32(1), 2, 0]]), verbose: 0)
    expectClose(y, [2, 2, 1, 1])
  }

  @Test func `a description says the same`() throws {
    let a = Input(shape: [4], name: "a"), ids = Input(shape: [3], name: "ids", dtype: .int32)
    let shared = Dense(3, activation: .tanh)
    let inner = try { (input: Input) in try Model(inputs: input, outputs: Dense(2)(tanh(input)), name: "inner") }(Input(shape: [3]))
    let x = try shared(a), y = try shared(Dense(4)(x), training: false)
    let e = try GlobalAveragePooling1D()(Embedding(7, 3, maskZero: true)(ids))
    let z = try concatenate([inner(x), inner(y), e * 2 - 1])
    let model = try Model(inputs: ["one": a.symbol, "two": ids.symbol], outputs: [z[.all, .range(0..<2)], Dense(1)(z)])
    let text = try model.toJSON()
    let again = try Model.fromJSON(text)
    #expect(try again.toJSON() == text)
    try again.setWeights(model.weights)
    let values = [Tensor([[0.5 as Float, 1, -1, 2]]), Tensor([[Int32(3), 0, 0]])]
    let (left, right) = (try model.outputs(values, of: model), try again.outputs(values, of: again))
    for (a, b) in zip(left, right) { #expect(a.doubles == b.doubles) }
    #expect(again.layers.map(\.name) == model.layers.map(\.name))
    func message(_ from: String, _ to: String) -> String {
      #expect(text.contains(from))
      return failure(.file) { _ = try Model.fromJSON(text.replacing(from, with: to)) }
    }
    #expect(message("\"class_name\": \"Tanh\"", "\"class_name\": \"Fft2\"").contains("'tanh' is the operation Fft2, which Descent does not have in graphs"))
    #expect(message("\"keras_history\": [\"dense_1\", 0, 0]", "\"keras_history\": [\"dense\", 1, 0]").contains("the graph has a loop, or a call is missing"))
    #expect(message("[\"dense_1\", 0, 0]", "[\"nowhere\", 0, 0]").contains("there is no layer 'nowhere'"))
  }

  @Test func `the order of a description's layers is free`() throws {
    let input = Input(shape: [2], name: "a")
    var x = input.symbol
    let shared = Dense(2, activation: .tanh, name: "shared")
    for place in 0..<400 { x = place % 100 == 7 ? try shared(x) : try Dense(2, activation: .tanh, name: "d\(place)")(x) }
    let model = try Model(inputs: input, outputs: concatenate([x, try shared(x)], axis: 1))
    var json = try #require(model.json().object), config = try #require(json["config"]?.object)
    let layers = try #require(config["layers"]?.array)
    let values = Tensor([[0.5 as Float, -1]])
    let expected = try model.predict(values, verbose: 0).doubles
    for other in [layers, layers.reversed(), layers.indices.map { layers[$0 * 11 % layers.count] }] {
      #expect(other.count == layers.count && Set(other.compactMap { $0["name"]?.string }).count == layers.count)
      config["layers"] = .array(other)
      json["config"] = .object(config)
      let again = try Model.fromJSON(JSONValue.object(json))
      let weights = Dictionary(uniqueKeysWithValues: model.variables.map { ($0.path.split(separator: "/").suffix(2).joined(separator: "/"), $0.value) })
      for variable in again.variables { variable.assign(try #require(weights[variable.path.split(separator: "/").suffix(2).joined(separator: "/")])) }
      #expect(try again.predict(values, verbose: 0).doubles == expected)
    }
  }

  @Test func `layers without names are numbered as they were made, beside those that have one`() throws {
    let image = Input(shape: [4])
    let (first, second, third) = (Dense(1), Dense(2), Dense(3))
    // In the graph the third comes first.
    let model = try Model(inputs: image, outputs: Concatenate()([first(second(third(image))), third(image)]))
    #expect([first, second, third].map(\.name) == ["dense", "dense_1", "dense_2"])
    #expect(model.layers.map(\.name) == ["input_layer", "dense_2", "dense_1", "dense", "concatenate"])
    // A head that was made before the model that it is put on.
    let head = Dense(5)
    let whole = try Model(inputs: model.inputs, outputs: head(model.outputs[0]))
    #expect(head.name == "dense_3" && whole.layers.count == 6)
    let (late, named) = (Dense(1), Dense(1, name: "dense"))
    let other = Input(shape: [4])
    _ = try Model(inputs: other, outputs: named(late(other)))
    #expect(late.name == "dense_1")
  }

  @Test func `a layer of several results names them all`() throws {
    let x = Input(shape: [4, 3])
    let lstm = LSTM(5, returnSequences: true, returnState: true)
    let results = try lstm.outputs([x])
    let model = try Model(inputs: x, outputs: Dense(2)(results[0]))
    #expect(try lstm.outputs.count == 3 && model.layers[1].outputs.count == 3)
    #expect(failure(.invalidArgument) { _ = try lstm.output }.contains("it has 3 outputs; ask for its outputs"))
    let states = try Model(inputs: model.inputs, outputs: Array(lstm.outputs.dropFirst()))
    #expect(try states.predictAll(Tensor.ones([2, 4, 3]), verbose: 0).tensors.map(\.shape) == [[2, 5], [2, 5]])
    #expect(try model.outputs.count == 1 && model.output.shape == [4, 2])
  }
}

extension Model {
  /// All outputs, computed outside of `predict`.
  func outputs(_ values: [Tensor], of model: Model) throws -> [Tensor] {
    final class Collector: Layer {
      let inner: Model
      var results: [Tensor] = []
      init(_ inner: Model) {
        self.inner = inner
        super.init()
      }
      override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
        results = try inner.outputs(inputs, context)
        return results
      }
    }
    let collector = Collector(model)
    _ = try? collector(values) as Tensor
    return collector.results
  }
}

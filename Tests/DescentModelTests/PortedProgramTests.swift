import Descent
import DescentTestSupport
import TestSupport
import Testing

/// What programs that were written for Keras do and once failed.
@Suite struct PortedProgramTests {
  static let layersOfFractions: [@Sendable () -> Layer] = [
    { Dense(2) }, { EinsumDense("abc,cd->abd", outputShape: [nil, 2]) }, { Conv1D(2, 2) }, { DepthwiseConv1D(2) }, { LSTM(2) }, { GRU(2) },
    { SimpleRNN(2) }, { Bidirectional(LSTM(2)) }, { BatchNormalization() }, { LayerNormalization() }, { GroupNormalization(groups: 1) },
    { RMSNormalization() }, { UnitNormalization() }, { PReLU() }, { LeakyReLU() }, { ELU() }, { Rescaling(0.5) }, { MaxPooling1D(2) },
    { AveragePooling1D(2) }, { GlobalMaxPooling1D() }, { GlobalAveragePooling1D() }, { GaussianNoise(0.1) }, { AlphaDropout(0.1) },
    { Dropout(0.1) }, { SpatialDropout1D(0.1) }, { Activation(.tanh) }, { Softmax() }, { Flatten() }, { UpSampling1D() }, { ZeroPadding1D() },
    { TimeDistributed(Dense(2)) }, { Normalization(mean: Tensor([1.0, 2, 3]), variance: Tensor([1.0, 2, 3])) }, { AdaptiveMaxPooling1D(2) },
  ]

  @Test(arguments: layersOfFractions.indices)
  func `whole numbers that a layer gives go into any layer`(_ index: Int) throws {
    let x = Fixture.pattern([5, 4, 3], salt: 1)
    let whole = Sequential(seed: 1) { Input(shape: [4, 3]); Discretization(binBoundaries: [-0.5, 0, 0.5]); PortedProgramTests.layersOfFractions[index]() }
    let bins = Sequential { Input(shape: [4, 3]); Discretization(binBoundaries: [-0.5, 0, 0.5]) }
    let alone = Sequential(seed: 1) { Input(shape: [4, 3]); PortedProgramTests.layersOfFractions[index]() }
    let numbers = try bins.predict(x)
    #expect(numbers.dtype == .int32)
    let result = try whole.predict(x)
    expectClose(result.cast(to: .float32), try alone.predict(numbers.cast(to: .float32)).doubles, tolerance: 1e-6)
  }

  private final class Two: Layer {
    let first = Dense(4), second = Dense(4)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try first(tanh(second(x, context)), context) }
  }

  private final class TwoModel: Model {
    let parts = [Dense(4), Dense(4)], last = Dense(1)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      try last(parts[0](tanh(parts[1](x, context)), context), context)
    }
  }

  /// As in Keras, whose files of optimizers go by the order of variables.
  @Test func `layers within a layer come in the order of its properties, not of its calls`() throws {
    let two = Two()
    _ = try two(Tensor.zeros([2, 4]))
    #expect(two.sublayers.map { $0 === two.first } == [true, false])
    #expect(two.variables.count == 4 && two.variables[0] === two.first.variables[0])
    let model = TwoModel()
    try model.build(rows: [4])
    #expect(model.layers.map { $0 === model.last } == [false, false, true] && model.layers[0] === model.parts[0])
  }

  @Test func `a column without its axis is one with it`() throws {
    let x = Fixture.pattern([12], salt: 2), y = Fixture.pattern([12, 1], salt: 3)
    func made() throws -> Sequential {
      let model = Sequential(seed: 2) { Input(shape: [1]); Dense(3, activation: .tanh); Dense(1) }
      try model.compile(optimizer: .sgd, loss: .mse)
      return model
    }
    let flat = try made(), deep = try made()
    let losses = try flat.fit(x, y, epochs: 2, verbose: 0)["loss"]
    #expect(try losses == deep.fit(x.reshaped([12, 1]), y, epochs: 2, verbose: 0)["loss"])
    #expect(try flat.predict(x).shape == [12, 1] && flat.predict(x).doubles == deep.predict(x.reshaped([12, 1])).doubles)
    #expect(try flat.evaluate(x, y, verbose: 0)["loss"] == deep.evaluate(x.reshaped([12, 1]), y, verbose: 0)["loss"])
    // And a picture with an axis of channels too many.
    let sums = Sequential(seed: 2) { Input(shape: [4]); Dense(1) }
    #expect(try sums.predict(Fixture.pattern([3, 4, 1], salt: 4)).doubles == sums.predict(Fixture.pattern([3, 4], salt: 4)).doubles)
    #expect(failure(.data) { _ = try flat.predict(Fixture.pattern([12, 2], salt: 2)) }.contains("takes rows of shape [1]"))
  }

  @Test func `a loss that nothing trained leads to is refused`() throws {
    let model = Sequential { Dense(1, inputShape: [2]) }
    try model.compile(optimizer: .sgd, loss: .custom("targets") { target, _ in target * target })
    let message = failure(.state) { try model.fit(Tensor.ones([4, 2]), Tensor.ones([4, 1]), verbose: 0) }
    #expect(message.contains("the loss depends on none of the variables that are trained"))
  }

  @Test func `Keras's other names of layers make the same`() throws {
    let model = Sequential(seed: 1) {
      Convolution2D(2, 3, inputShape: [8, 8, 1]); MaxPool2D(2); SeparableConvolution2D(3, 2); AvgPool2D(2); GlobalAvgPool2D()
    }
    let json = try model.toJSON()
    for name in ["Conv2D", "MaxPooling2D", "SeparableConv2D", "AveragePooling2D", "GlobalAveragePooling2D"] {
      #expect(json.contains("\"class_name\": \"\(name)\""))
    }
  }

  @Test func `what cannot be is thrown, not a crash`() throws {
    let x = Tensor.ones([4, 5, 3])
    #expect(failure(.invalidArgument) { _ = try Sequential { Input(shape: [5, 3]); Bidirectional(LSTM(-3)) }.predict(x) }.contains("-3"))
    #expect(failure(.invalidArgument) { _ = try Sequential { Input(shape: [5, 3]); LSTM(-3) }.predict(x) }.contains("-3"))
    let attention = MultiHeadAttention(numHeads: 2, keyDim: 2)
    #expect(failure(.invalidArgument) { _ = try attention([x, x[0..<3]]) }.contains("expected as many rows"))
    let constrained = Sequential { Dense(3, kernelConstraint: .maxNorm(1, axes: [9]), inputShape: [2]) }
    #expect(failure(.invalidArgument) { try constrained.build(rows: [2]) }.contains("the constraint max_norm is along axis 9"))
    #expect(failure(.invalidArgument) { _ = try timeseriesDatasetFromArray(Tensor.ones([9]), sequenceLength: 2, batchSize: 0) }.contains("batchSize is 0"))
    let rows = try Dataset(rows: (["a": x, "b": x], ["c": Tensor.ones([4])], Tensor.ones([4])))
    let batch = try #require(rows.batch(2).elements().first)
    #expect(batch.0["b"]?.shape == [2, 5, 3] && batch.1["c"]?.shape == [2] && batch.2.shape == [2])
    let normalized = Sequential { Normalization(mean: Tensor([1.0, 2]), variance: Tensor([1.0, -1]), inputShape: [2]) }
    #expect(failure(.invalidArgument) { try normalized.build(rows: [2]) }.contains("a variance is -1.0; it must be at least 0"))
    let weighted = Sequential { Dense(1, inputShape: [2]) }
    try weighted.compile(optimizer: .sgd, loss: .mse)
    #expect(failure(.data) { try weighted.fit(Tensor.ones([4, 2]), Tensor.ones([4, 1]), verbose: 0, sampleWeight: Tensor.ones([4, 2])) }
      .contains("sampleWeight is float32 [4, 2] for an output with rows of shape [1]"))
    let classes = Sequential { Dense(3, activation: .softmax, inputShape: [2]) }
    try classes.compile(optimizer: .sgd, loss: .sparseCategoricalCrossentropy)
    #expect(failure(.invalidArgument) {
      try classes.fit(Tensor.ones([4, 2]), Tensor([0, 1, 2, 0] as [Int32]), verbose: 0, classWeight: [1: 2], sampleWeight: Tensor.ones([4, 3]))
    }.contains("classWeight gives each row one weight"))
  }

  @Test func `sizes of windows come from variables too`() throws {
    let (size, sizes, margins) = (3, [2, 1], [[1, 0], [0, 2]])
    func made(_ literals: Bool) throws -> String {
      let model = Sequential(name: "m") {
        if literals {
          Conv2D(2, 3, strides: [2, 1], inputShape: [12, 9, 1], name: "a")
          ZeroPadding2D([[1, 0], [0, 2]], name: "b")
          Conv2DTranspose(2, [2, 1], strides: 3, outputPadding: 1, name: "c")
          MaxPooling2D(3, strides: nil, name: "d")
          UpSampling2D([2, 1], name: "e")
        } else {
          Conv2D(2, size, strides: sizes, inputShape: [12, 9, 1], name: "a")
          ZeroPadding2D(margins, name: "b")
          Conv2DTranspose(2, sizes, strides: size, outputPadding: size - 2, name: "c")
          MaxPooling2D(size, name: "d")
          UpSampling2D(sizes, name: "e")
        }
      }
      return try model.toJSON()
    }
    #expect(try made(true) == made(false))
  }

  @Test func `weights of a single layer`() throws {
    let table = Embedding(4, 3, inputShape: [2], trainable: false)
    let model = Sequential { table; Flatten(); Dense(1) }
    #expect(failure(.invalidArgument) { try table.setWeights([Tensor.ones([4, 3])]) }.hasSuffix("but 1 tensors were given; it is not built yet"))
    try model.build(rows: [2])
    let values = Fixture.pattern([4, 3], salt: 1)
    try table.setWeights([values])
    #expect(table.weights[0].doubles == values.doubles && model.weights[0].doubles == values.doubles)
    #expect(failure(.invalidArgument) { try table.setWeights([Tensor.ones([3, 3])]) }.contains("[4, 3]"))
  }

  @Test func `constants of several numbers`() throws {
    let values = Fixture.pattern([4, 3], salt: 2)
    let model = Sequential {
      Embedding(4, 3, embeddingsInitializer: .constant(values: values), inputShape: [2])
      Dense(3, kernelInitializer: .constant(values: Tensor([1.0, 2, 3])), biasInitializer: .constant(1))
    }
    try model.build(rows: [2])
    #expect(model.weights[0].doubles == values.doubles && model.weights[1].doubles == [1, 2, 3, 1, 2, 3, 1, 2, 3])
    let json = try model.toJSON()
    #expect(json.contains("__numpy__"))
    let read = try Model.fromJSON(json)
    try read.build(rows: [2])
    #expect(read.weights.map(\.doubles) == model.weights.map(\.doubles))
    #expect(try read.toJSON() == json)
    let wrong = Sequential { Dense(3, kernelInitializer: .constant(values: Tensor([1.0, 2])), inputShape: [2]) }
    #expect(failure(.invalidArgument) { try wrong.build(rows: [2]) }.contains("values of shape [2] do not stretch to weights of shape [2, 3]"))
    for value in ["\"a\"", "[[1], [1, 2]]", "{\"class_name\": \"__numpy__\", \"config\": {\"value\": [1], \"dtype\": \"complex64\"}}"] {
      let hostile = json.replacing(#/\{"class_name": "__numpy__".*?\}\}/#, with: value)
      #expect(throws: DescentError.self, "\(value)") { _ = try Model.fromJSON(hostile) }
    }
  }

  private final class Graph: Model {
    let features = Variable(Fixture.pattern([20, 3], salt: 1), name: "features")
    let dense = Dense(1)
    override var acceptsIntegers: Bool { true }
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try dense(take(features.value, x, axis: 0), context) }
  }

  /// As in Keras, which casts rows of floating-point numbers alone.
  @Test func `whole numbers reach a model of one's own that takes them`() throws {
    let model = Graph(seed: 1)
    try model.compile(optimizer: .sgd, loss: .mse)
    let ids = Tensor([3, 19, 0, 7] as [Int32]), y = Tensor.ones([4, 1])
    let history = try model.fit(ids, y, epochs: 3, verbose: 0)["loss"]
    #expect(history[2] < history[0])
    #expect(try model.predict(ids).shape == [4, 1] && model.evaluate(ids, y, verbose: 0)["loss"]! < history[0])
  }

  @Test func `activations are functions of tensors and of symbols`() throws {
    let x = Fixture.pattern([3, 4], salt: 5)
    let pairs: [(Tensor, (Symbol) throws -> Symbol, ActivationFunction)] = [
      (relu6(x), { try relu6($0) }, .relu6), (leakyReLU(x), { try leakyReLU($0) }, .leakyReLU),
      (leakyReLU(x, negativeSlope: 0.5), { try leakyReLU($0, negativeSlope: 0.5) }, .leakyReLU(negativeSlope: 0.5)),
      (elu(x, alpha: 2), { try elu($0, alpha: 2) }, .elu(alpha: 2)), (selu(x), { try selu($0) }, .selu), (celu(x), { try celu($0) }, .celu),
      (gelu(x), { try gelu($0) }, .gelu(approximate: true)), (gelu(x, approximate: false), { try gelu($0, approximate: false) }, .gelu),
      (silu(x), { try silu($0) }, .silu), (softsign(x), { try softsign($0) }, .softsign), (logSigmoid(x), { try logSigmoid($0) }, .logSigmoid),
      (hardSigmoid(x), { try hardSigmoid($0) }, .hardSigmoid), (hardSilu(x), { try hardSilu($0) }, .hardSilu),
    ]
    for (values, function, activation) in pairs {
      let input = Input(shape: [4])
      let model = try Model(inputs: input, outputs: function(input.symbol))
      expectClose(values, activation(x).doubles, tolerance: 0, activation.name)
      expectClose(try model.predict(x), values.doubles, tolerance: 1e-7, activation.name)
    }
  }

  @Test func `operations take constants and what stretches`() throws {
    let table = Tensor([10.0, 11, 12, 13] as [Float])
    let places = Input(shape: [2], dtype: .int32)
    let taken = try Model(inputs: places, outputs: take(table, places.symbol))
    #expect(try taken.predict(Tensor([[3, 0], [1, 1]] as [[Int32]])).doubles == [13, 10, 11, 11])
    let x = Input(shape: [3, 2]), indices = Input(shape: [2, 1], dtype: .int32)
    let along = try Model(inputs: [x, indices], outputs: takeAlongAxis(x.symbol, indices.symbol, axis: 1))
    let rows = Tensor.range(6, dtype: .float32).reshaped([1, 3, 2])
    #expect(try along.predict([rows, Tensor([2, 0] as [Int32]).reshaped([1, 2, 1])]).doubles == [4, 5, 0, 1])
  }

  @Test func `all results of a layer and of a model, outside of any other`() throws {
    let x = Fixture.pattern([2, 5, 3], salt: 6)
    let recurrent = LSTM(4, returnState: true)
    let results = try recurrent.outputs([x])
    #expect(results.map(\.shape) == [[2, 4], [2, 4], [2, 4]] && results[0].doubles == results[1].doubles)
    #expect(failure(.invalidArgument) { _ = try recurrent(x) }.contains("it gives 3 tensors; ask for its outputs"))
    let input = Input(shape: [3])
    let model = try Model(inputs: input, outputs: [Dense(2)(input), Dense(1)(input)])
    let rows = Fixture.pattern([4, 3], salt: 7)
    let predicted = try model.predictAll(rows)
    for (place, output) in try model.outputs([rows]).enumerated() { expectClose(output, predicted[place].doubles, tolerance: 1e-6) }
  }

  private final class Pair: Model {
    let dense = Dense(1)
    override func forward(_ x: [Tensor], _ context: ForwardContext) throws -> [Tensor] { [try dense(x[0] * x[1], context)] }
  }

  @Test func `a model of several inputs that is built is not called with fewer`() throws {
    let model = Pair(), x = Tensor.ones([4, 2]), y = Tensor.ones([4, 1])
    try model.compile(optimizer: .sgd, loss: .mse)
    try model.fit([x, x], y, verbose: 0)
    #expect(failure(.data) { try model.fit(x, y, verbose: 0) }.hasPrefix("fit: x is one tensor, and the model has 2; give a list"))
    #expect(failure(.data) { try model.predict([x, x, x], verbose: 0) } == "predict: x has 3 parts, and the model 2")
    // By name, in the order of these.
    try model.fit(["a": x, "b": x], y, verbose: 0)
    #expect(failure(.data) { try model.fit(["a": x], y, verbose: 0) } == "fit: x has 1 parts, and the model 2")
  }

  @Test func `a model's own input and output`() throws {
    let input = Input(shape: [3])
    let hidden = Dense(2), last = Dense(1)
    let inner = try Model(inputs: input, outputs: try last(hidden(input)))
    let both = try Model(inputs: inner.input, outputs: [hidden.output, inner.output])
    let results = try both.predictAll(Tensor.ones([2, 3]))
    #expect(results[0].shape == [2, 2] && results[1].shape == [2, 1])
    #expect(results[1].doubles == (try inner.predict(Tensor.ones([2, 3]))).doubles)
    // Its own, also where it is a part of another.
    let outer = Input(shape: [3])
    _ = try inner(outer)
    #expect(try inner.output.layer === last && inner.input.layer === input)
    #expect(failure(.invalidArgument) { try both.output }.contains("it has 2 outputs; ask for its outputs"))
    let chain = Sequential { Dense(2, inputShape: [3]); Dense(1) }
    #expect(try chain.output.layer === chain.layers[1])
  }

  @Test func `what an optimizer keeps of frozen weights is not counted`() throws {
    let model = Sequential { Dense(4, inputShape: [3], trainable: false); Dense(2) }
    try model.compile(optimizer: .rmsprop, loss: .mse)
    try model.trainOnBatch(Tensor.ones([2, 3]), Tensor.ones([2, 2]))
    let text = model.summaryText(lineLength: 88)
    // The rate, the number of steps, and a mean of squares for each of the ten weights that are trained.
    #expect(text.contains("Optimizer params: 12 (48.00 B)") && text.contains("Total params: 38"))
  }

  @Test func `a mistake in a closure names its layer`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let model = Sequential { Lambda(inputShape: [3], name: "mixed") { x in matmul(x, Tensor.ones([5, 2])) } }
      _ = try model.predict(Tensor.ones([2, 3]))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("layer mixed: ") && text.contains("[5, 2]"))
  }
}

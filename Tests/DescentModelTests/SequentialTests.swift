import Descent
import DescentTestSupport
import Testing

@Suite struct SequentialTests {
  private func classifier(seed: UInt64? = 3, dtype: DType = .float32) -> Sequential {
    Sequential(dtype: dtype, seed: seed) {
      Flatten(inputShape: [28, 28])
      Dense(100, activation: .relu)
      Dense(10, activation: .softmax)
    }
  }

  @Test func `Layers at once by array and by add are the same`() {
    let one = classifier()
    let two = Sequential([Flatten(inputShape: [28, 28]), Dense(100, activation: "relu"), Dense(10, activation: "softmax")], seed: 3)
    let three = Sequential(seed: 3)
    three.add(Input(shape: [28, 28]))
    three.add(Flatten())
    three.add(Dense(100, activation: .relu))
    three.add(Dense(10))
    three.add(Activation("softmax"))
    #expect(one.numbers == two.numbers)
    #expect(one.numbers == three.numbers)
    #expect(one.numbers.count == 79_510 && one.countParameters() == 79_510)
    #expect(one.variables.map(\.path) == [
      "sequential/dense/kernel", "sequential/dense/bias", "sequential/dense_1/kernel", "sequential/dense_1/bias",
    ])
    #expect(one.layers.map(\.name) == ["flatten", "dense", "dense_1"])
  }

  @Test func `Builders take conditions and loops`() throws {
    let isDeep = true
    let model = Sequential {
      Input(shape: [4])
      for width in [8, 6] { Dense(width) }
      if isDeep { Dense(5) } else { Dropout(0.5) }
      if !isDeep { Dropout(0.5) }
    }
    try model.build(rows: [4])
    #expect(model.layers.map(\.outputShape) == [[8], [6], [5]])
  }

  @Test func `The seed decides the weights`() {
    #expect(classifier(seed: 3).numbers == classifier(seed: 3).numbers)
    #expect(classifier(seed: 3).numbers != classifier(seed: 4).numbers)
    // Layers of one shape do not start alike.
    let twins = Sequential(seed: 3) {
      Dense(4, inputShape: [4])
      Dense(4)
    }
    #expect(twins.variables[0].value.doubles != twins.variables[2].value.doubles)
  }

  @Test func `Pop and add keep what stays`() throws {
    let model = classifier()
    let kernel = model.variables[0].value.doubles
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
    #expect(model.pop()?.name == "dense_1")
    model.add(Dense(3))
    #expect(model.layers.map(\.name) == ["flatten", "dense", "dense_1"])
    #expect(model.variables[0].value.doubles == kernel)
    #expect(model.variables[2].shape == [100, 3])
    #expect(failure(.state) { try model.fit(Tensor.zeros([2, 28, 28]), Tensor([0 as UInt8, 1]), verbose: 0) }
      == "fit: layers were added or removed after compile; call compile again")
  }

  @Test func `Models nest`() throws {
    let inner = Sequential {
      Dense(3, activation: .relu)
      Dense(2)
    }
    let model = Sequential(seed: 2) {
      Input(shape: [4])
      inner
      Dense(1)
    }
    #expect(model.variables.map(\.path) == [
      "sequential/sequential/dense/kernel", "sequential/sequential/dense/bias", "sequential/sequential/dense_1/kernel",
      "sequential/sequential/dense_1/bias", "sequential/dense/kernel", "sequential/dense/bias",
    ])
    #expect(try model.predict(Tensor.ones([5, 4]), verbose: 0).shape == [5, 1])
  }

  @Test func `Mistakes in layers are told`() {
    func message(_ layers: [Layer]) -> String {
      failure(.invalidArgument) {
        try Sequential(layers).compile(optimizer: .sgd, loss: .meanSquaredError)
      }
    }
    #expect(message([Dense(3, activation: "rellu", inputShape: [2])]).lowercased().hasPrefix("unknown activation 'rellu'; did you mean 'relu'?"))
    #expect(message([Dense(3, kernelInitializer: "unifrom", inputShape: [2])]).contains("did you mean 'uniform'?"))
    #expect(message([Dense(3, kernelRegularizer: "l3", inputShape: [2])]).hasPrefix("unknown regularizer 'l3'"))
    #expect(message([Dense(0, inputShape: [2])]) == "layer dense: units is 0; it must be at least 1")
    #expect(message([Dense(1, inputShape: [2], name: "a"), Dense(1, name: "a")])
      == "sequential: there are two layers named 'a'; give one of them another name")
    #expect(message([Dense(1, inputShape: [2]), Input(shape: [2])]) == "sequential: Input must be the first layer")
    #expect(message([Dense(1, inputShape: [2]), Dense(1, inputShape: [3])])
      == "layer dense_1: inputShape is [3] but a row of the input has shape [1]")
  }

  @Test func `Weights are read and set`() throws {
    let model = classifier()
    let weights = model.weights
    let other = classifier(seed: 9)
    try other.setWeights(weights)
    #expect(other.numbers == model.numbers)
    #expect(failure(.invalidArgument) { try model.setWeights(Array(weights.dropLast())) }
      == "setWeights: sequential has 4 variables but 3 tensors were given")
    let before = model.numbers
    #expect(failure(.invalidArgument) { try model.setWeights([Tensor.zeros([784, 100]), Tensor.zeros([99])] + weights[2...]) }
      == "setWeights: sequential/dense/bias is float32 [100] but the tensor is float32 [99]")
    #expect(model.numbers == before)
  }

  @Test func `Layers are found by name`() throws {
    #expect(try classifier().layer(named: "dense_1").outputShape == nil)
    #expect(failure(.invalidArgument) { try classifier().layer(named: "dens") }
      == "sequential has no layer 'dens'; it has flatten, dense, dense_1")
  }

  /// Numbers of rows above 2²⁴, which float32 has not.
  @Test func `whole numbers that Input declares reach layers behind those that pass them on`() throws {
    let model = Sequential {
      Input(shape: [1, 1], dtype: .int32)
      Flatten()
      Lambda { x in x - Tensor(number: 16_777_200) }
      Embedding(32, 1)
      Flatten()
    }
    let values = Tensor(shape: [32, 1], scalars: (0..<32).map(Float.init))
    let ids = Tensor(shape: [2, 1, 1], scalars: [16_777_217, 16_777_219] as [Int32])
    _ = try model.predict(ids, verbose: 0)
    try model.setWeights([values])
    #expect(try model.predict(ids, verbose: 0).doubles == [17, 19])
    #expect(try model(ids).doubles == [17, 19])
    // In a model of models too.
    let outer = Sequential { model }
    #expect(try outer(ids).doubles == [17, 19])
    // Fractions are not cut off.
    let cut = Sequential {
      Input(shape: [2], dtype: .uint8)
      Flatten()
      Rescaling(2)
    }
    #expect(try cut.predict(Tensor([[0.25 as Float, 0.5]]), verbose: 0).doubles == [0.5, 1])
    #expect(try cut.predict(Tensor([[Int32(300), 7]]), verbose: 0).doubles == [600, 14])
    // A call computes what a prediction does.
    let picture = Tensor(shape: [1, 2, 2, 1], scalars: [0, 10, 20, 255] as [UInt8])
    let larger = Sequential { Resizing(3, 3) }
    #expect(try larger(picture).doubles == larger.predict(picture, verbose: 0).doubles)
    // What computes fractions gets fractions.
    let dense = Sequential {
      Input(shape: [2, 2], dtype: .int32)
      Flatten()
      Dense(1, kernelInitializer: .ones)
    }
    #expect(try dense.predict(Tensor(shape: [1, 2, 2], scalars: [1, 2, 3, 4] as [Int32]), verbose: 0).doubles == [10])
  }
}

import Descent
import DescentTestSupport
import Testing

/// h′ = tanh(x·w + h·u) in ten lines.
private final class Minimal: RNNCell, ConfigurableLayer {
  let units: Int

  init(_ units: Int, name: String? = nil) {
    self.units = units
    super.init(name: name)
  }

  convenience init(_ options: inout LayerOptions) throws { self.init(try options.int("units"), name: options.name) }
  func options() -> JSONObject { JSONObject([("units", JSONValue(units))]) }

  override var stateShapes: [[Int]] { [[units]] }

  override func build(inputShape: [Int]) throws {
    try addVariable("kernel", shape: [inputShape[0], units])
    try addVariable("recurrent_kernel", shape: [units, units], initializer: .orthogonal)
  }

  override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    let h = tanh(matmul(x[0], variables[0].value) + matmul(state[0], variables[1].value))
    return (h, [h])
  }
}

/// A cell that says too little.
private final class Unfinished: RNNCell {
  let saysStates: Bool

  init(saysStates: Bool) {
    self.saysStates = saysStates
    super.init()
  }

  override var stateShapes: [[Int]] { saysStates ? [[2]] : super.stateShapes }
}

/// What recurrent layers do that is not a number of Keras's.
@Suite struct RecurrentBehaviourTests {
  /// A cell that was made without a dtype takes the one around it, in the copies too.
  @Test func `both directions of a cell have the model's dtype`() throws {
    let x = Fixture.pattern([2, 5, 3], salt: 1)
    func made(_ layer: RecurrentLayer) throws -> Sequential {
      let model = Sequential([Bidirectional(layer, inputShape: [5, 3])], dtype: .float64, seed: 1)
      try model.build(rows: [5, 3])
      return model
    }
    let cells = try made(RNN(StackedRNNCells([LSTMCell(4)]))), layers = try made(LSTM(4))
    #expect(cells.variables.count == 6 && cells.variables.allSatisfy { $0.dtype == .float64 })
    try cells.setWeights(layers.weights)
    expectClose(try cells.predict(x, verbose: 0), try layers.predict(x, verbose: 0).doubles)
  }

  private let x = Fixture.pattern([4, 5, 3], salt: 1, dtype: .float32)

  @Test func `a cell of one's own computes what the layer of the same formula does`() throws {
    let own = RNN(Minimal(2), returnSequences: true), simple = SimpleRNN(2, useBias: false, returnSequences: true)
    let mask = Tensor(shape: [4, 5], scalars: (0..<20).map { $0 % 3 == 0 ? 0.0 : 1.0 }) .!= 0
    _ = try (own(x, mask: mask), simple(x, mask: mask))
    for (a, b) in zip(own.variables, simple.variables) { a.assign(b.value) }
    expectClose(try own(x, mask: mask), try simple(x, mask: mask).doubles, tolerance: 1e-6)
    #expect(own.variables.map(\.name) == ["kernel", "recurrent_kernel"])
    #expect(own.countParameters() == 3 * 2 + 2 * 2)
    LayerRegistry.register(Minimal.self)
    let again = try Layer.deserialize(own.serialize())
    #expect(try again.serialize()["config"]?["cell"]?["config"]?["units"]?.int == 2)
  }

  @Test(arguments: [(true, "override step(_:_:_:)"), (false, "says no stateShapes")])
  func `a cell that is not finished is an error`(saysStates: Bool, expected: String) {
    let error = #expect(throws: DescentError.self) { try RNN(Unfinished(saysStates: saysStates))(x) }
    #expect(error?.message.contains(expected) == true && error?.message.contains("Unfinished") == true, "\(String(describing: error))")
  }

  @Test func `a cell is a layer of one step`() throws {
    let cell = LSTMCell(2), layer = RNN(cell, returnState: true)
    let model = try { () -> Model in
      let (input, h, c) = (Input(shape: [3]), Input(shape: [2]), Input(shape: [2]))
      return try Model(inputs: [input, h, c], outputs: cell.outputs([input, h, c]))
    }()
    let zeros = Tensor.zeros([4, 2])
    let first = x[0..<4, 0..<1]
    let step = try model.predictAll([first.reshaped([4, 3]), zeros, zeros], verbose: 0).tensors
    let input = Input(shape: [1, 3])
    let whole = try Model(inputs: input, outputs: layer.outputs([input])).predictAll(first, verbose: 0).tensors
    try #require(step.count == 3 && whole.count == 3)
    for (a, b) in zip(step, whole) { expectClose(a, b.doubles, tolerance: 1e-6) }
  }

  @Test(arguments: [0, 1]) func `training drops the same elements at each step`(_ kind: Int) throws {
    // Ones that are added up: what a row keeps, it keeps at every step.
    let layer = kind == 0
      ? SimpleRNN(1, activation: .linear, useBias: false, kernelInitializer: .ones, recurrentInitializer: .zeros, dropout: 0.5, seed: 3, returnSequences: true)
      : SimpleRNN(1, activation: .linear, useBias: false, kernelInitializer: .ones, recurrentInitializer: .ones, recurrentDropout: 0.5, seed: 3, returnSequences: true)
    let ones = Tensor.ones([64, 3, 1])
    let numbers = try layer(ones, training: true).doubles
    let rows = Set((0..<64).map { Array(numbers[(3 * $0)..<(3 * $0 + 3)]) })
    let expected: Set<[Double]> = kind == 0 ? [[0, 0, 0], [2, 2, 2]] : [[1, 1, 1], [1, 3, 7]]
    #expect(rows == expected)
    let greatest = try layer(ones).doubles.max()
    #expect(greatest == (kind == 0 ? 1 : 3))
    for rate in [-0.1, 1] {
      #expect(throws: DescentError.self) { try GRU(2, dropout: rate)(x) }
      #expect(throws: DescentError.self) { try LSTM(2, recurrentDropout: rate)(x) }
    }
  }

  @Test func `gates drop elements of their own where the state is dropped from`() throws {
    for layer in [LSTM(3, dropout: 0.5, recurrentDropout: 0.5, seed: 1), GRU(3, dropout: 0.5, recurrentDropout: 0.5, resetAfter: false, seed: 1)] as [RecurrentLayer] {
      let (a, b) = (try layer(x, training: true), try layer(x, training: true))
      #expect(a.doubles != b.doubles)
      #expect(a.doubles.allSatisfy { $0.isFinite })
      let (c, d) = (try layer(x), try layer(x))
      #expect(c.doubles == d.doubles)
    }
  }

  @Test func `the forget gate's bias starts at one`() throws {
    let layer = LSTM(2, biasInitializer: .constant(0.25))
    _ = try layer(x)
    #expect((layer.cell as? LSTMCell)?.bias?.value.doubles == [0.25, 0.25, 1, 1, 0.25, 0.25, 0.25, 0.25])
    let plain = LSTM(2, unitForgetBias: false)
    _ = try plain(x)
    #expect((plain.cell as? LSTMCell)?.bias?.value.doubles == [Double](repeating: 0, count: 8))
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func `what does not fit is told`() throws {
    let expected = "expected [steps, features] with at least one step"
    #expect(message { _ = try LSTM(2, name: "a")(Tensor.zeros([4, 3])) } == "layer a: a row of the input has shape [3]; \(expected)")
    #expect(message { _ = try LSTM(2, name: "a")(Tensor.zeros([4, 0, 3])) }.contains(expected))
    #expect(message { _ = try GRU(0, name: "a")(x) }.contains("units is 0; it must be at least 1"))
    #expect(message { _ = try GRU(2, name: "a")([x, Tensor.zeros([3, 2])]) }.contains("the initial state has 3 rows; the input has 4"))
    #expect(message { _ = try GRU(2, name: "a")([x, Tensor.zeros([4, 3])]) } == "layer a: a row of the initial states has the shapes [3]; expected [2]")
    #expect(message { _ = try LSTM(2, name: "a")([x, Tensor.zeros([4, 2])]) } == "layer a: a row of the initial states has the shapes [2]; expected [2], [2]")
    let built = GRU(2, name: "a")
    _ = try built(x)
    #expect(message { _ = try built(Tensor.zeros([4, 5, 2])) }.contains("built for 3 features"))
    #expect(message { _ = try Bidirectional(GRU(2), backwardLayer: GRU(2), name: "b")(x) }.contains("one of its layers must have goBackwards set"))
    let other = GRU(2, returnSequences: true, goBackwards: true)
    #expect(message { _ = try Bidirectional(GRU(2), backwardLayer: other, name: "b")(x) }.contains("differ in returnSequences"))
    #expect(message { _ = try RNN([])(x) }.contains("there are no cells"))
    #expect(throws: DescentError.self) { try Layer.deserialize(["class_name": "LSTM", "config": ["units": 2, "time_major": true, "name": "l"]]) }
    // Whatever the length: it was built for another.
    #expect(try built(Tensor.zeros([2, 9, 3])).shape == [2, 2])
  }

  @Test func `a stateful layer goes on where the batch before it stopped`() throws {
    let layer = GRU(2, returnSequences: true, stateful: true), whole = GRU(2, returnSequences: true)
    _ = try (layer(x), whole(x))
    for (a, b) in zip(whole.variables, layer.variables) { a.assign(b.value) }
    layer.resetStates()
    let parts = [try layer(x[0..<4, 0..<2]), try layer(x[0..<4, 2..<5])]
    expectClose(concatenate(parts, axis: 1), try whole(x).doubles, tolerance: 1e-6)
    layer.resetStates()
    expectClose(try layer(x), try whole(x).doubles, tolerance: 1e-6)
    #expect(message { _ = try layer(x[0..<3]) }.contains("it is stateful and began with batches of 4 rows; this one has 3"))
  }

  @Test func `a run of a stateful model goes on from a checkpoint in the same bits`() throws {
    let (x, y) = (Fixture.pattern([8, 3, 2], salt: 1, dtype: .float32), Fixture.pattern([8, 1], salt: 2, dtype: .float32))
    func model() throws -> Sequential {
      let model = Sequential(seed: 5) { LSTM(3, stateful: true, inputShape: [3, 2]); Dense(1) }
      try model.compile(optimizer: Adam(), loss: .mse)
      return model
    }
    let through = try model()
    try through.fit(x, y, batchSize: 4, epochs: 3, verbose: 0, shuffle: false)
    let folder = TemporaryFolder()
    struct Cut: Error {}
    var batches = 0
    let cutter = LambdaCallback(onTrainBatchEnd: { _, _ in
      batches += 1
      if batches == 4 { throw Cut() }
    })
    let first = try model()
    #expect(throws: Cut.self) {
      try first.fit(
        x, y, batchSize: 4, epochs: 3, verbose: 0, callbacks: [cutter, BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))],
        shuffle: false)
    }
    let second = try model()
    try second.fit(
      x, y, batchSize: 4, epochs: 3, verbose: 0, callbacks: [BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))], shuffle: false)
    #expect(second.weights.map(\.doubles) == through.weights.map(\.doubles))
    let states = { (model: Sequential) in (model.layers[0] as? LSTM)?.states?.map(\.value.doubles) }
    #expect(states(second) == states(through) && states(through) != nil)
    second.resetStates()
    #expect(states(second)?.flatMap { $0 } == [Double](repeating: 0, count: 24))
  }
}

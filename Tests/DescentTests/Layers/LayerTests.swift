import Descent
import DescentTestSupport
import Testing

/// A factor for each column, and nothing but a forward pass.
private final class Scale: Layer {
  let factor = Variable(Tensor([1.0 as Float, 2, 3]), name: "factor")
  override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { x * factor.value }
}

/// A layer that makes its variable to measure, and calls others.
private final class Gated: Layer {
  let gate = Dense(2, activation: .sigmoid)
  var value: Variable?

  override func build(inputShape: [Int]) throws {
    value = try addVariable("value", shape: [inputShape[0], 2], initializer: .ones)
  }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try gate(x, context) * matmul(x, value!.value)
  }
}

/// Keeps what no result depends on: a counter, a statistic, and generators that stand in an array.
private final class Keeper: Layer {
  /// In which kinds of pass it does so.
  private let passes: [Bool]

  init(trainingIn passes: [Bool] = [true], name: String? = nil) {
    self.passes = passes
    super.init(name: name)
  }

  let calls = Variable(Tensor(Int32(0)), name: "calls")
  let greatest = Variable(Tensor.zeros([]), name: "greatest", isTrainable: false)
  let generators = [RandomGenerator(seed: 1, name: "first"), RandomGenerator(seed: 2, name: "second")]

  override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    guard passes.contains(context.isTraining) else { return x }
    calls.assign(calls.value + 1)
    greatest.assign(maximum(greatest.value, stopGradient(x).max()))
    return generators.reduce(x) { $0 + $1.uniform(x.shape) }
  }
}

/// A layer of several tensors.
private final class Distance: Layer {
  override func forward(_ inputs: [Tensor], _ context: ForwardContext) -> [Tensor] { [abs(inputs[0] - inputs[1])] }
}

@Suite struct LayerTests {
  @Test(arguments: [[true], [false], [true, false]])
  func `what only training or only inference draws from or assigns belongs to the layer`(_ passes: [Bool]) throws {
    let x = Tensor.ones([2, 3])
    func check(_ layer: Layer, _ place: String) {
      #expect(layer.variables.map(\.name).filter { !["kernel", "bias"].contains($0) } == ["calls", "greatest"], "\(place)")
      #expect(layer.randomStates.map(\.name) == ["first", "second"], "\(place)")
    }
    let alone = Keeper(trainingIn: passes)
    _ = try alone(x)
    check(alone, "alone")

    let listed = Sequential(seed: 1) {
      Keeper(trainingIn: passes)
      Dense(1)
    }
    try listed.build(rows: [3])
    check(listed, "in a list")

    let input = Input(shape: [3])
    check(try Model(inputs: input, outputs: try Dense(1)(Keeper(trainingIn: passes)(input)), seed: 1), "in a graph")

    let steps = TimeDistributed(Keeper(trainingIn: passes))
    _ = try steps(Tensor.ones([2, 4, 3]))
    check(steps, "in another layer")

    // As often as there were passes of its kind.
    let keeper = Keeper(trainingIn: passes)
    let model = Sequential(seed: 1) {
      keeper
      Dense(1)
    }
    try model.compile(optimizer: .sgd, loss: .meanSquaredError)
    for _ in 0..<3 { try model.trainOnBatch(x, Tensor.ones([2, 1])) }
    for _ in 0..<2 { _ = try model.predictOnBatch(x).evaluated() }
    let count = (passes.contains(true) ? 3 : 0) + (passes.contains(false) ? 2 : 0)
    #expect(keeper.calls.value.item() == Double(count))
    #expect(keeper.generators.map { $0.state.value.doubles[1] } == [Double(count), Double(count)])
  }

  @Test func `what a forward pass draws from or assigns belongs to the layer`() throws {
    let keeper = Keeper()
    let model = Sequential(seed: 1) {
      keeper
      Dense(1)
    }
    try model.build(rows: [3])
    #expect(model.variables.map(\.name) == ["calls", "greatest", "kernel", "bias"])
    #expect(model.trainableVariables.map(\.name) == ["kernel", "bias"])
    #expect(model.randomStates.map(\.name) == ["first", "second"])
    try model.compile(optimizer: .sgd, loss: .meanSquaredError)
    for _ in 0..<3 { try model.trainOnBatch(Tensor.ones([2, 3]), Tensor.ones([2, 1])) }
    #expect(keeper.calls.value.item() == 3 && keeper.greatest.value.item() == 1)
    #expect(keeper.generators.map { $0.state.value.doubles[1] } == [3, 3])
  }

  @Test func `a layer takes several tensors`() throws {
    let layer = Distance()
    expectClose(try layer([Tensor([[1.0, 5]]), Tensor([[4.0, 2]])]), [3, 3])
    #expect(layer.inputShapes == [[2], [2]])
    #expect(failure(.invalidArgument) { _ = try Dense(1)([Tensor([[1.0]]), Tensor([[1.0]])]) }
      == "layer dense: it takes one tensor, and was called with 2")
    #expect(failure(.invalidArgument) { _ = try Add()([Tensor.ones([2, 3]), Tensor.ones([2, 4])]) }
      == "layer add: rows of shapes [3] and [4] cannot be merged; sizes must be equal, or 1")
  }

  @Test func `a layer that is not trained says so at its making`() throws {
    let model = Sequential {
      Dense(2, inputShape: [3], name: "first", trainable: false)
      Dense(1)
    }
    #expect(model.trainableVariables.map(\.path) == ["sequential/dense/kernel", "sequential/dense/bias"])
  }

  @Test func `noise has the moments it should have`() throws {
    let x = Tensor.ones([200, 50])
    func moments(_ layer: Layer) throws -> (mean: Double, variance: Double) {
      #expect(try layer(x).doubles.allSatisfy { $0 == 1 })
      let values = try layer(x, training: true).doubles
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
    }
    // Tolerances are six standard deviations of 10,000 draws.
    var found = try moments(GaussianNoise(0.5, seed: 1))
    #expect(Swift.abs(found.mean - 1) < 0.03 && Swift.abs(found.variance - 0.25) < 0.022)
    found = try moments(GaussianDropout(0.2, seed: 1))
    #expect(Swift.abs(found.mean - 1) < 0.03 && Swift.abs(found.variance - 0.25) < 0.022)
    // Of ones, kept or saturated: scaled and shifted.
    let saturated = -1.6732632423543772 * 1.0507009873554805
    let scale = 1 / (0.7 * (1 + 0.3 * saturated * saturated)).squareRoot()
    let values = Set(try AlphaDropout(0.3, seed: 1)(x, training: true).doubles.map { ($0 * 1e4).rounded() })
    let expected = Set([1, saturated].map { ((scale * $0 - scale * saturated * 0.3) * 1e4).rounded() })
    #expect(values == expected)
    let maps = try SpatialDropout1D(0.5, seed: 1)(Tensor.ones([8, 5, 4]), training: true)
    for row in 0..<8 {
      for channel in 0..<4 { #expect(Set(maps[row..<row + 1, 0..<5, channel..<channel + 1].doubles).count == 1) }
    }
    #expect(Set(maps.doubles) == [0, 2])
  }

  @Test func `Names follow Keras`() {
    let names = [
      "Dense": "dense", "BatchNormalization": "batch_normalization", "ReLU": "re_lu", "LeakyReLU": "leaky_re_lu", "ELU": "elu",
      "Conv2DTranspose": "conv2d_transpose", "LSTM": "lstm", "PReLU": "p_re_lu",
    ]
    for (className, expected) in names { #expect(Layer.kerasName(ofClass: className) == expected) }
  }

  @Test func `A forward pass is all that a layer needs`() throws {
    let layer = Scale()
    let model = Sequential(seed: 1) { layer }
    try model.compile(optimizer: SGD(learningRate: 0.5), loss: .meanSquaredError)
    let x = Tensor([[1 as Float, 1, 1]])
    // The derivative of the mean of (factor − 0)² is 2/3 · factor.
    try model.trainOnBatch(x, Tensor.zeros([1, 3]))
    expectClose(layer.factor.value, [2.0 / 3, 4.0 / 3, 2], tolerance: 1e-6)
    #expect(model.variables.map(\.path) == ["sequential/scale/factor"])
    #expect(layer.outputShape == [3])
  }

  @Test func `Sublayers are found by calling them`() throws {
    let layer = Gated()
    let model = Sequential(seed: 1) {
      Input(shape: [3])
      layer
      Dense(1)
    }
    #expect(
      model.variables.map(\.path) == [
        "sequential/gated/value", "sequential/gated/dense/kernel", "sequential/gated/dense/bias", "sequential/dense/kernel",
        "sequential/dense/bias",
      ])
    #expect(layer.sublayers.count == 1 && layer.outputShape == [2])
    layer.isTrainable = false
    #expect(model.trainableVariables.map(\.path) == ["sequential/dense/kernel", "sequential/dense/bias"])
  }

  @Test func `A layer can be called on its own`() throws {
    let layer = Dense(2, activation: .relu, kernelInitializer: .ones, biasInitializer: .constant(-3))
    expectClose(try layer(Tensor([[1 as Float, 1], [2, 3]])), [0, 0, 2, 2])
    #expect(layer.variables.map(\.path) == ["dense/kernel", "dense/bias"])
  }

  @Test func `Layers change shapes of rows`() throws {
    let model = Sequential {
      Flatten(inputShape: [2, 3])
      Reshape([3, -1])
      Rescaling(2, offset: 1)
    }
    let x = Tensor(shape: [2, 2, 3], scalars: (0..<12).map(Float.init))
    let y = try model.predict(x, verbose: 0)
    #expect(y.shape == [2, 3, 2])
    expectClose(y, (0..<12).map { Double(2 * $0 + 1) })
    #expect(failure(.invalidArgument) { try Sequential([Reshape([4], inputShape: [2, 3])]).build(rows: [2, 3]) }
      == "layer reshape: rows of shape [2, 3] have 6 elements and cannot take the shape [4]")
  }

  @Test func `Dropout drops its share and scales the rest`() throws {
    let x = Tensor.ones([200, 50])
    let layer = Dropout(0.3, seed: 5)
    #expect(try layer(x).doubles.allSatisfy { $0 == 1 })
    let first = try layer(x, training: true).doubles
    let kept = first.filter { $0 != 0 }
    #expect(kept.allSatisfy { abs($0 - 1 / 0.7) < 1e-6 })
    // Six standard deviations around 7,000 of 10,000.
    #expect(abs(kept.count - 7000) < 275)
    #expect(try layer(x, training: true).doubles != first)
    #expect(try Dropout(0.3, seed: 5)(x, training: true).doubles == first)
    let columns = try Dropout(0.5, noiseShape: [1], seed: 5)(x, training: true)
    #expect((0..<200).allSatisfy { row in Set(columns[row..<row + 1].doubles).count == 1 })
    #expect(failure(.invalidArgument) { try Dropout(1)(x) } == "layer dropout: rate is 1.0; it must be at least 0 and less than 1")
  }

  private var x: Tensor {
    Tensor([[1.0, 2, -1], [0.5, -3, 2], [2, 0, 4], [-1.5, 1, 0.25]])
  }

  private func setScaleAndOffset(_ layer: Layer) {
    for variable in layer.variables where variable.name == "gamma" { variable.assign(Tensor([1.0, 2, 0.5])) }
    for variable in layer.variables where variable.name == "beta" { variable.assign(Tensor([0.0, 0.5, -1])) }
  }

  /// Numbers of Keras 3.15.1, whose normalization layers compute in float32 here.
  @Test func `Batch normalization agrees with Keras`() throws {
    let layer = BatchNormalization(momentum: 0.9)
    _ = try layer(x)
    setScaleAndOffset(layer)
    expectClose(
      try layer(x, training: true),
      [
        0.3921116292476654, 2.637784481048584, -1.614195704460144, 0.0, -2.706676721572876, -0.8174012303352356,
        1.1763348579406738, 0.5, -0.2862049341201782, -1.5684465169906616, 1.568892240524292, -1.2821979522705078,
      ], tolerance: 1e-6)
    // Values of a pass that is not compiled are computed when they are read; the statistics followed it all the same.
    expectClose(try #require(layer.movingMean).value, [0.05, 0, 0.13125], tolerance: 1e-7)
    expectClose(try #require(layer.movingVariance).value, [1.0625, 1.25, 1.254296898841858], tolerance: 1e-7)
    expectClose(
      try layer(x),
      [
        0.9212019443511963, 4.0762786865234375, -1.5048418045043945, 0.43635880947113037, -4.864417552947998,
        -0.16603469848632812, 1.8908882141113281, 0.5, 0.7265033721923828, -1.5030137300491333, 2.2881393432617188,
        -0.9470055103302002,
      ], tolerance: 1e-6)
    #expect(layer.trainableVariables.map(\.name) == ["gamma", "beta"])
    #expect(layer.variables.map(\.name) == ["gamma", "beta", "moving_mean", "moving_variance"])
  }

  @Test func `Layer normalization agrees with Keras`() throws {
    let layer = LayerNormalization()
    _ = try layer(x)
    setScaleAndOffset(layer)
    expectClose(
      try layer(x),
      [
        0.2671753764152527, 2.6374030113220215, -1.667938470840454, 0.3181867003440857, -2.2045867443084717,
        -0.48294663429260254, 0.0, -1.9490306377410889, -0.38774240016937256, -1.3518314361572266, 2.567506790161133,
        -0.8409609794616699,
      ], tolerance: 1e-6)
  }

  @Test func `Derivatives match differences`() throws {
    let layers: [Layer] = [
      Dense(2, activation: .tanh), BatchNormalization(), LayerNormalization(), ReLU(negativeSlope: 0.1), LeakyReLU(), ELU(),
      Softmax(), Activation(.gelu), Rescaling(0.5), Flatten(), Reshape([1, 3]),
    ]
    // Away from 0, where some have a kink.
    let x = self.x + 0.125
    for layer in layers {
      _ = try layer(x)
      expectDerivativesMatchDifferences(at: x, tolerance: 2e-6, layer.name) { x in
        (try? layer(x, training: true)) ?? Tensor.zeros([])
      }
    }
  }
}

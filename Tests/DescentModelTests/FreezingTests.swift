import Descent
import DescentTestSupport
import Testing

/// Every way of freezing a layer, crossed with everything that is kept of a weight.
@Suite struct FreezingTests {
  enum Way: String, CaseIterable {
    case layer, nestedModel, variables, setting
  }

  /// Frozen layers that have every kind of effect: a penalty, statistics of their own, weights.
  private func model(_ way: Way, optimizer: any Optimizer) throws -> (model: Sequential, frozen: [Variable], freeze: (Bool) -> Void) {
    let dense = Dense(3, kernelRegularizer: .l2(0.1), inputShape: [2], name: "first")
    let normalization = BatchNormalization(momentum: 0.5, name: "norm")
    let model: Sequential
    var inner: Sequential?
    if way == .nestedModel {
      inner = Sequential([dense, normalization], name: "inner", seed: 5)
      model = Sequential([inner!, Dense(1, name: "last")], dtype: .float64, seed: 3)
    } else {
      model = Sequential([dense, normalization, Dense(1, name: "last")], dtype: .float64, seed: 3)
    }
    var optimizer = optimizer
    if way == .setting {
      optimizer.options.parameterSettings = [ParameterSetting(.pathPattern(".*(first|norm)/.*"), isFrozen: true)]
    }
    try model.build(rows: [2])
    try model.compile(anyOptimizer: optimizer, loss: .meanSquaredError)
    let frozen = dense.variables + normalization.variables
    return (
      model, frozen,
      { isFrozen in
        switch way {
        case .layer: [dense, normalization].forEach { $0.isTrainable = !isFrozen }
        case .nestedModel: inner!.isTrainable = !isFrozen
        case .variables: (dense.variables + [normalization.gamma!, normalization.beta!]).forEach { $0.isTrainable = !isFrozen }
        case .setting: break
        }
      }
    )
  }

  private let x = Tensor(shape: [6, 2], scalars: [1, 2, -1, 0.5, 3, 1, 0, -2, 1, 1, 2, -1] as [Double])
  private let y = Tensor([1, 0, 2, -1, 1, 0.5] as [Double])

  static let optimizers: [(name: String, optimizer: any Optimizer)] = [
    ("plain", SGD(learningRate: 0.1)), ("momentum", SGD(learningRate: 0.1, momentum: 0.9)),
    ("averages", SGD(learningRate: 0.1).with { $0.useEMA = true; $0.emaMomentum = 0.9 }),
    ("overwriting averages", SGD(learningRate: 0.1).with { $0.useEMA = true; $0.emaMomentum = 0.9; $0.emaOverwriteFrequency = 2 }),
    ("accumulation", SGD(learningRate: 0.1).with { $0.gradientAccumulationSteps = 2 }),
    ("decay", AdamW(learningRate: 0.1, weightDecay: 0.1)), ("skipping", Adam(learningRate: 0.1).with { $0.nonFinite = .skip }),
    ("schedule-free", AdamWScheduleFree(learningRate: 0.1)), ("lookahead", Lookahead(Adam(learningRate: 0.1), syncPeriod: 2)),
    ("averages of micro-steps", SGD(learningRate: 0.1).with { $0.useEMA = true; $0.gradientAccumulationSteps = 2; $0.countsMicroSteps = true }),
  ]

  @Test(arguments: Way.allCases, FreezingTests.optimizers.map(\.name))
  func `what is frozen stays to the bit, in every entry, before the first step and after`(_ way: Way, _ name: String) throws {
    let optimizer = FreezingTests.optimizers.first { $0.name == name }!.optimizer
    for stepsBefore in [0, 3] {
      if way == .setting && stepsBefore > 0 { continue }
      let (model, frozen, freeze) = try model(way, optimizer: optimizer)
      for _ in 0..<stepsBefore { try model.trainOnBatch(x, y) }
      freeze(true)
      // Statistics are a layer's, not the optimizer's and not a single variable's affair.
      let watched = way == .variables || way == .setting ? frozen.filter { !$0.name.hasPrefix("moving") } : frozen
      _ = model.weights
      let before = watched.map(\.value.doubles)
      let last = model.variables.last { $0.name == "kernel" }!.value.doubles
      try model.trainOnBatch(x, y)
      try model.trainOnBatch(x, y)
      #expect(watched.map(\.value.doubles) == before)
      try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, validationSplit: 0.3)
      #expect(watched.map(\.value.doubles) == before)
      try model.evaluate(x, y, verbose: 0)
      _ = try model.predict(x, verbose: 0)
      model.optimizerState!.finalizeVariableValues()
      model.optimizerState!.exchangeAveragedValues()
      #expect(watched.map(\.value.doubles) == before)
      model.optimizerState!.exchangeAveragedValues()
      #expect(model.variables.last { $0.name == "kernel" }!.value.doubles != last)
      if way == .setting { continue }
      freeze(false)
      try model.fit(x, y, batchSize: 3, epochs: 4, verbose: 0)
      #expect(watched.allSatisfy { variable in variable.value.doubles != before[watched.firstIndex { $0 === variable }!] })
      #expect(!model.numbers.contains { !$0.isFinite })
    }
  }

  @Test func `the average of a weight that stood still begins with it when it is thawed`() throws {
    let a = Dense(1, useBias: false, kernelInitializer: .ones, inputShape: [1], name: "a")
    let b = Dense(1, useBias: false, kernelInitializer: .ones, name: "b")
    let model = Sequential([a, b], dtype: .float64, seed: 1)
    try model.compile(optimizer: SGD(learningRate: 0.1).with { $0.useEMA = true; $0.emaMomentum = 0.5 }, loss: .meanSquaredError)
    let (one, zero) = (Tensor(shape: [1, 1], scalars: [1] as [Double]), Tensor([0] as [Double]))
    a.isTrainable = false
    try model.trainOnBatch(one, zero)
    try model.trainOnBatch(one, zero)
    a.isTrainable = true
    let (wa, wb) = (a.kernel!.value.item(), b.kernel!.value.item())
    #expect(wa == 1)
    try model.trainOnBatch(one, zero)
    let next = wa - 0.1 * 2 * wa * wb * wb
    expectClose(a.kernel!.value.doubles, [next])
    model.optimizerState!.finalizeVariableValues()
    expectClose(a.kernel!.value.doubles, [0.5 * wa + 0.5 * next])
  }

  @Test func `gradients of a layer that is frozen within a group are left out of the next one`() throws {
    let a = Dense(1, useBias: false, kernelInitializer: .ones, inputShape: [1], name: "a")
    let b = Dense(1, useBias: false, kernelInitializer: .ones, name: "b")
    let model = Sequential([a, b], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 1).with { $0.gradientAccumulationSteps = 2 }, loss: .meanSquaredError)
    let (one, zero) = (Tensor.ones([1, 1]), Tensor([0] as [Float]))
    try model.trainOnBatch(one, zero)
    a.isTrainable = false
    try model.trainOnBatch(one, zero)
    a.isTrainable = true
    try model.setWeights([one, one])
    try model.trainOnBatch(one, zero)
    try model.trainOnBatch(one, zero)
    #expect(model.numbers == [-1, -1])
  }

  /// Keras 3.15.1 gives 1.25 both times.
  @Test func `a frozen batch normalization neither moves nor looks at the batch`() throws {
    let normalization = BatchNormalization(momentum: 0.5, center: false, scale: false, inputShape: [1])
    let model = Sequential([normalization, Dense(1, kernelInitializer: .ones)], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
    let x = Tensor(shape: [4, 1], scalars: [1, 2, 3, 4] as [Float]), y = Tensor([1, 2, 3, 4] as [Float])
    try model.fit(x, y, batchSize: 4, verbose: 0)
    #expect(normalization.movingMean!.value.doubles == [1.25])
    normalization.isTrainable = false
    let loss = try model.fit(x, y, batchSize: 4, verbose: 0)["loss"][0]
    #expect(normalization.movingMean!.value.doubles == [1.25])
    // It computes with its own statistics, as evaluate does.
    expectClose([loss], [try model.evaluate(x, y, verbose: 0).loss], tolerance: 1e-6)
    normalization.isTrainable = true
    try model.fit(x, y, batchSize: 4, verbose: 0)
    #expect(normalization.movingMean!.value.doubles == [1.875])
    // What a callback marks takes effect with the next call.
    let freezing = LambdaCallback(onTrainBatchEnd: { _, _ in normalization.isTrainable = false })
    try model.fit(x, y, batchSize: 3, verbose: 0, callbacks: [freezing], shuffle: false)
    expectClose(normalization.movingMean!.value.doubles, [0.5 * (0.5 * 1.875 + 0.5 * 2) + 0.5 * 4])
  }

  /// Keras 3.15.1: the penalties of the weights that are trained, in `evaluate` too.
  @Test func `frozen weights have no penalty, and a shared layer has one`() throws {
    let layer = Dense(1, useBias: false, kernelInitializer: .ones, kernelRegularizer: .l2(1), inputShape: [1])
    let model = Sequential([layer], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
    let one = Tensor.ones([2, 1])
    #expect(try model.evaluate(one, one, verbose: 0).loss == 1)
    layer.isTrainable = false
    #expect(try model.evaluate(one, one, verbose: 0).loss == 0)
    #expect(try model.testOnBatch(one, one).loss == 0)
    #expect(try model.trainOnBatch(one, one).loss == 0)
    layer.isTrainable = true
    #expect(try model.trainOnBatch(one, one).loss == 1)

    let shared = Sequential([Sequential([layer]), Sequential([layer])], seed: 1)
    try shared.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
    #expect(try shared.evaluate(one, one, verbose: 0).loss == 1)
  }

  /// As in Keras: a step in which nothing is trained is none.
  @Test func `nothing to train makes no step`() throws {
    let (model, _, _) = try model(.layer, optimizer: Adam())
    model.isTrainable = false
    try model.fit(x, y, epochs: 2, verbose: 0)
    #expect(model.optimizerState!.iterations == 0)
    model.isTrainable = true
    try model.fit(x, y, epochs: 2, verbose: 0)
    #expect(model.optimizerState!.iterations == 2)
  }

  @Test func `a variable that was fixed when the model was compiled trains once it is not`() throws {
    let layer = Dense(1, useBias: false, kernelInitializer: .ones, inputShape: [1])
    let model = Sequential([layer, Dense(1, useBias: false, kernelInitializer: .ones)], seed: 1)
    try model.build(rows: [1])
    layer.kernel!.isTrainable = false
    try model.compile(optimizer: Adam(learningRate: 0.1).with { $0.nonFinite = .stop }, loss: .meanSquaredError)
    let (one, zero) = (Tensor.ones([1, 1]), Tensor([0] as [Float]))
    try model.trainOnBatch(one, zero)
    #expect(layer.kernel!.value.item() == 1)
    layer.kernel!.isTrainable = true
    try model.trainOnBatch(one, zero)
    #expect(layer.kernel!.value.item() < 1)
  }

  /// The numbers are Keras 3.15.1's.
  @Test func `to freeze a model is to freeze each layer in it`() throws {
    let input = Input(shape: [4])
    let first = Dense(3), last = Dense(3)
    let base = try Model(inputs: input, outputs: last(first(input)), name: "base")
    base.isTrainable = false
    let outer = Input(shape: [4])
    let model = try Model(inputs: outer, outputs: Dense(1)(base(outer)))
    #expect(model.trainableVariables.count == 2 && base.layers.allSatisfy { !$0.isTrainable })
    let read = try Model.fromJSON(model.toJSON())
    let readBase = try #require(read.layers[1] as? Model)
    #expect(read.trainableVariables.count == 2 && !readBase.isTrainable && readBase.layers.suffix(2).allSatisfy { !$0.isTrainable })
    // What is cut out of a frozen model stays frozen.
    let part = try Model(inputs: base.inputs, outputs: Dense(1)(first.output))
    #expect(part.trainableVariables.count == 2)
    base.isTrainable = true
    model.isTrainable = false
    first.isTrainable = true
    #expect(model.trainableVariables.isEmpty && base.trainableVariables.isEmpty && first.trainableVariables.count == 2)
    model.isTrainable = true
    #expect(model.trainableVariables.count == 6)
    // A layer that is frozen where it is made stays so in a model that is not.
    let chain = Sequential { Dense(3, inputShape: [4], trainable: false); Dense(2) }
    #expect(chain.trainableVariables.count == 2)
    #expect(try Model.fromJSON(chain.toJSON()).trainableVariables.count == 2)
    chain.isTrainable = true
    #expect(chain.trainableVariables.count == 4)
  }

  private final class Holder: Layer {
    let parts = [Dense(2), Dense(2)]
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try parts[1](parts[0](x, context), context) }
  }

  @Test func `layers that were not called yet are frozen with the one that holds them`() throws {
    let holder = Holder()
    holder.isTrainable = false
    #expect(holder.parts.allSatisfy { !$0.isTrainable })
    let bidirectional = Bidirectional(LSTM(2)), repeated = TimeDistributed(Dense(2))
    bidirectional.isTrainable = false
    repeated.isTrainable = false
    #expect(!bidirectional.forwardLayer.isTrainable && !repeated.layer.isTrainable)
  }
}

import Descent
import DescentTestSupport
import TestSupport
import Testing

/// What a model and a metric of a program's own keep in stored properties is theirs: reset, saved and restored, or refused.
@Suite struct HeldStateTests {
  /// A step that uses variables and random numbers which the forward pass does not know.
  private final class Counting: Model {
    let dense = Dense(1)
    let steps = Variable(Tensor(repeating: 0, dtype: .int32), name: "steps", isTrainable: false)
    let queue = Variable(Tensor.zeros([3]), name: "queue", isTrainable: false)
    let generator = RandomGenerator(seed: 9)
    var elsewhere: [Elsewhere] = []

    final class Elsewhere {
      let lost = Variable(Tensor(0.0), name: "lost", isTrainable: false)
    }

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try dense(x, context) }

    override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
      steps.assignAdd(Tensor(repeating: 1, dtype: .int32))
      queue.assign(queue.value * 0.5 + generator.uniform([3]))
      for part in elsewhere { part.lost.assignAdd(1) }
      return try super.trainStep(step)
    }
  }

  private let x = Fixture.pattern([10, 3], salt: 1), y = Fixture.pattern([10, 1], salt: 2)

  private func made() throws -> Counting {
    let model = Counting()
    model.seed = 4
    try model.compile(optimizer: .adam, loss: .meanSquaredError)
    return model
  }

  @Test func `what only a step uses is saved with the model`() throws {
    let model = try made()
    try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0)
    #expect(model.variables.map(\.name) == ["steps", "queue", "kernel", "bias"])
    #expect(model.randomStates.count == 1 && model.trainableVariables.count == 2)
    #expect(model.steps.value.item() == 6 && model.queue.value.doubles.contains { $0 != 0 })
    let folder = TemporaryFolder()
    try model.saveWeights(folder.file("w.npz"))
    let again = try made()
    try again.build(rows: [3])
    try again.loadWeights(folder.file("w.npz"))
    #expect(again.steps.value.item() == 6 && again.queue.value.doubles == model.queue.value.doubles)
  }

  @Test func `what only a step uses goes on where it was killed`() throws {
    let folder = TemporaryFolder(), whole = try made()
    let expected = try whole.fit(x, y, batchSize: 4, epochs: 4, verbose: 0)
    struct Killed: Error {}
    let stopped = try made()
    let killer = LambdaCallback(onTrainBatchBegin: { if $0 == 1 && stopped.steps.value.item() == 4 { throw Killed() } })
    let backup = { BackupAndRestore(folder.file("b"), saveFrequency: .batches(1)) }
    #expect(throws: Killed.self) { try stopped.fit(x, y, batchSize: 4, epochs: 4, verbose: 0, callbacks: [backup(), killer]) }
    let resumed = try made()
    let history = try resumed.fit(x, y, batchSize: 4, epochs: 4, verbose: 0, callbacks: [backup()])
    #expect(history.values == expected.values)
    #expect(resumed.steps.value.item() == 12 && resumed.queue.value.doubles == whole.queue.value.doubles)
    #expect(resumed.generator.uniform([4]).doubles == whole.generator.uniform([4]).doubles)
  }

  @Test func `a checkpoint that would miss a variable is refused`() throws {
    let folder = TemporaryFolder(), model = try made()
    model.elsewhere = [Counting.Elsewhere()]
    let message = failure(.state) {
      try model.fit(x, y, batchSize: 4, epochs: 1, verbose: 0, callbacks: [BackupAndRestore(folder.file("b"))])
    }
    #expect(message.contains("trainStep changes the variable 'lost', which no stored property of the model"))
  }

  /// All that a step changes beside the model's optimizer, and that a checkpoint knows.
  private final class Busy: Model {
    let recurrent = GRU(2, stateful: true), norm = BatchNormalization(), dropout = Dropout(0.5), dense = Dense(1)
    let temperature = Variable(Tensor([2.0, 1.0]).cast(to: .float32), name: "temperature", isTrainable: false)
    let mean = MeanMetric(name: "mean")
    let stepper: Stepper<[Tensor]>

    init(_ optimizer: any Optimizer) throws {
      stepper = try Stepper(optimizer, variables: [temperature])
      super.init()
    }

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      try dense(dropout(norm(recurrent(x, context), context), context), context)
    }

    override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
      let penalty = square(temperature.value - 1).sum()
      try mean.updateState(penalty)
      try stepper.update(gradients: gradients(of: penalty, withRespectTo: stepper.variables))
      return try super.trainStep(step)
    }
  }

  static let optimizers: [any Optimizer] = [
    Prodigy(), Adam().with { $0.globalClipnorm = 0.5 }, SGD().with { $0.nonFinite = .skip }, LossScaleOptimizer(SGD(momentum: 0.9)),
    Lamb().with { $0.useEMA = true }, AdamWScheduleFree(), Adam().with { $0.gradientAccumulationSteps = 2 }, SAM(SGD()), Lookahead(Adam()),
    MultiOptimizer(default: Adam()),
  ]

  @Test(arguments: optimizers.indices)
  func `all that steps change is in checkpoints`(_ index: Int) throws {
    let optimizer = HeldStateTests.optimizers[index], folder = TemporaryFolder()
    let x = Fixture.pattern([8, 3, 2], salt: 1), y = Fixture.pattern([8, 1], salt: 2)
    func made() throws -> Busy {
      let model = try Busy(optimizer)
      model.seed = 4
      try model.compile(optimizer: optimizer, loss: .meanSquaredError, metrics: ["mae"])
      return model
    }
    func fit(_ model: Busy, epochs: Int, _ callbacks: [Callback]) throws -> History {
      try model.fit(x, y, batchSize: 4, epochs: epochs, verbose: 0, callbacks: callbacks)
    }
    let whole = try made(), expected = try fit(whole, epochs: 3, [])
    struct Killed: Error {}
    let killer = LambdaCallback(onEpochBegin: { if $0 == 2 { throw Killed() } })
    let stopped = try made()
    #expect(throws: Killed.self) { try fit(stopped, epochs: 3, [BackupAndRestore(folder.file("b")), killer]) }
    let resumed = try made(), history = try fit(resumed, epochs: 3, [BackupAndRestore(folder.file("b"))])
    #expect(history.values == expected.values)
    #expect(resumed.variables.map(\.value.doubles) == whole.variables.map(\.value.doubles))
    #expect(resumed.variables.contains { $0 === resumed.temperature })
  }

  /// Its state lies in two other metrics.
  private final class Difference: StatefulMetric {
    let first: MeanMetric, second: [MeanMetric]
    let calls = Variable(Tensor(0.0), name: "calls", isTrainable: false)

    init() {
      (first, second) = (MeanMetric(name: "first"), [MeanMetric(name: "second")])
      super.init(name: "difference")
    }

    override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) throws {
      calls.assignAdd(1)
      try first.updateState(yTrue)
      try second[0].updateState(yPred)
    }
    override var result: Tensor { first.result - second[0].result }
  }

  private final class Measuring: Layer {
    let dense = Dense(2), size = MeanMetric(name: "size")

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      let y = try dense(x, context)
      try size.updateState(abs(y).mean())
      return y
    }
  }

  private final class Outer: Layer {
    let inner = Measuring(name: "inner")
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try inner(x, context) }
  }

  /// As in Keras: `self.size = keras.metrics.Mean()` in a layer.
  @Test(arguments: [false, true])
  func `a metric that a layer holds is logged, reset with each epoch, and no weight`(isNested: Bool) throws {
    let measuring = isNested ? Outer(name: "outer") : Measuring(name: "measuring")
    let model = Sequential(seed: 3) { Input(shape: [3]); measuring; Dense(1) }
    try model.compile(optimizer: SGD(learningRate: 0), loss: .mse)
    let history = try model.fit(x, y, batchSize: 5, epochs: 2, verbose: 0, validationData: (x, y))
    #expect(model.variables.map(\.name) == ["kernel", "bias", "kernel", "bias"])
    let expected = abs(try measuring(x)).mean().item()
    for name in ["size", "val_size"] { expectClose(history[name], [expected, expected], tolerance: 1e-6, name) }
    expectClose([try #require(model.evaluate(x, y, batchSize: 5, verbose: 0)["size"])], [expected], tolerance: 1e-6)
  }

  /// Reads a variable of its own before it calls the layer it holds, and in another order than they are held.
  private final class Scaled: Layer {
    let gamma = Variable(Tensor([1.0, 2, 3]).cast(to: .float32), name: "gamma")
    let count = Variable(Tensor.zeros([3]), name: "count", isTrainable: false)
    let beta = Variable(Tensor.zeros([3]), name: "beta")
    let inner = Dense(2)
    var unread = [Variable(Tensor.ones([1]), name: "unread")]
    var kernel: Variable!

    override func build(inputShape: [Int]) throws { kernel = try addVariable("kernel", shape: [3]) }

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      try inner((x - beta.value) * gamma.value * kernel.value + count.value, context)
    }
  }

  /// As in Keras, which takes them where they are assigned to attributes.
  @Test func `variables in properties are the layer's, in the order of these`() throws {
    let scaled = Scaled(name: "scaled")
    let model = Sequential { Input(shape: [3]); scaled }
    #expect(
      model.variables.map(\.path) == ["gamma", "beta", "unread", "kernel", "count", "dense/kernel", "dense/bias"].map { "sequential/scaled/\($0)" })
    scaled.inner.isTrainable = false
    #expect(model.trainableVariables.map(\.name) == ["gamma", "beta", "unread", "kernel"])
  }

  private final class Choosy: Layer {
    let scale = Variable(Tensor.ones([2]), name: "scale")
    override func build(inputShape: [Int]) throws {
      guard inputShape == [2] else { throw DescentError(.invalidArgument, "not two") }
    }
    override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { x * scale.value }
  }

  @Test func `what a layer holds is its own after an attempt that failed too`() throws {
    let layer = Choosy()
    #expect(throws: DescentError.self) { _ = try layer(Tensor.ones([1, 3])) }
    _ = try layer(Tensor.ones([1, 2]))
    #expect(layer.variables.map(\.name) == ["scale"])
    // A layer that is met first in a step.
    final class Late: Model {
      let dense = Dense(2), late = Choosy()
      override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try dense(x, context) }
      override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
        try step.minimize(late(self(step.x, step.context), step.context).sum())
        return [:]
      }
    }
    let model = Late()
    try model.compile(optimizer: .sgd, loss: .meanSquaredError)
    #expect(throws: DescentError.self) { try model.fit(x, Tensor.zeros([10, 2]), verbose: 0) }
    _ = try model.late(Tensor.ones([1, 2]))
    #expect(model.late.variables.count == 1)
  }

  private final class Averaged: Model {
    let network: Sequential, average: Model

    init() throws {
      network = Sequential(name: "network") { Dense(2, inputShape: [3], name: "first"); Dense(1, name: "last") }
      average = try cloneModel(network)
      super.init()
    }

    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      try network(x, context) + stopGradient(average(x, context))
    }
  }

  @Test func `a model and its clone side by side`() throws {
    let model = try Averaged()
    try model.compile(optimizer: .adam, loss: .meanSquaredError)
    let losses = try model.fit(x, y, epochs: 2, verbose: 0)["loss"]
    #expect(losses[1] < losses[0])
    #expect(Set(model.variables.map(\.path)).count == 8 && model.variables[4].path == "averaged/network_1/first/kernel")
    let folder = TemporaryFolder()
    try model.saveWeights(folder.file("w.npz"))
    let again = try Averaged()
    try again.build(rows: [3])
    try again.loadWeights(folder.file("w.npz"))
    #expect(again.weights.map(\.doubles) == model.weights.map(\.doubles))
  }

  @Test func `a metric made of metrics is reset with them`() throws {
    let metric = Difference(), model = Sequential(dtype: .float64) { Dense(1, inputShape: [3]) }
    #expect(metric.variables.map(\.name) == ["calls", "total", "count", "total", "count"])
    // Weights that stay as they are, so that each epoch gives the same.
    try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError, metrics: [.stateful(metric)])
    let history = try model.fit(x, y, batchSize: 4, epochs: 3, verbose: 0, shuffle: false)
    let expected: Double = try y.doubles.reduce(0, +) / 10 - model.predict(x).doubles.reduce(0, +) / 10
    expectClose(history["difference"], [expected, expected, expected], tolerance: 1e-6)
    #expect(metric.calls.value.item() == 3)
    metric.resetState()
    #expect(metric.variables.allSatisfy { $0.value.item() == 0 })
  }

  /// Its state lies where nobody finds it.
  private final class Hidden: StatefulMetric {
    final class Box {
      let count = Variable(Tensor(0.0), name: "boxed", isTrainable: false)
    }
    let box = Box()

    override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) { box.count.assignAdd(1) }
    override var result: Tensor { box.count.value }
  }

  @Test func `state that a metric would not reset is refused`() throws {
    let model = Sequential(dtype: .float64) { Dense(1, inputShape: [3]) }
    try model.compile(optimizer: .sgd, loss: .meanSquaredError, metrics: [.stateful(Hidden())])
    let before = model.weights.map(\.doubles)
    let message = failure(.state) { try model.fit(x, y, verbose: 0) }
    #expect(message.contains("metric hidden: updateState assigns the variable 'boxed', which no stored property"))
    #expect(model.weights.map(\.doubles) == before)
  }
}

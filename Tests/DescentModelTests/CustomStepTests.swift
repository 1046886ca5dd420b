import DescentTestSupport
import Testing

@testable import Descent

private func chain(_ inputs: Int, _ units: Int, _ outputs: Int, _ activation: ActivationFunction = .linear) -> Sequential {
  Sequential(dtype: .float64) {
    Dense(units, activation: .tanh, inputShape: [inputs])
    Dense(outputs, activation: activation)
  }
}

/// A model of one inner model, whose loss is its own.
private class Penalized: Model {
  let inner = chain(3, 4, 1)

  init() { super.init(dtype: .float64) }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try inner(x, context) }

  override func computeLoss(_ step: StepContext, _ predictions: [Tensor]) throws -> Tensor {
    try super.computeLoss(step, predictions) + 0.1 * abs(predictions[0]).mean()
  }
}

private final class Doubled: Penalized {
  let size = MeanMetric(name: "size")

  override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
    let predictions = try outputs(step.inputs, step.context)
    let loss = try computeLoss(step, predictions)
    try step.apply(gradients: step.gradients(of: loss).map { 2 * $0 })
    try size.updateState(abs(predictions[0]))
    var logs = try computeMetrics(step, predictions, loss: loss)
    logs["last"] = loss
    logs["size"] = size.result
    return logs
  }

  override func testStep(_ step: StepContext) throws -> [String: Tensor] {
    ["biggest": try abs(self(step.x, step.context) - step.y).max()]
  }
}

/// Two models, two optimizers: a generative adversarial network (Goodfellow et al., 2014).
private final class GAN: Model {
  let generator = chain(3, 4, 2), discriminator = chain(2, 5, 1)
  let generatorStepper, discriminatorStepper: Stepper<[Tensor]>
  let dLoss = MeanMetric(name: "d_loss"), gLoss = MeanMetric(name: "g_loss")

  init() throws {
    generatorStepper = try Stepper(SGD(learningRate: 0.1, momentum: 0.5), variables: generator.trainableVariables)
    discriminatorStepper = try Stepper(Adam(learningRate: 0.02, beta1: 0.875, beta2: 1 - 0x1p-10, epsilon: 0x1p-23), variables: discriminator.trainableVariables)
    super.init(dtype: .float64)
  }

  override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
    let noise = step.x, real = try step.y, rows = noise.shape[0]
    let bce = Loss.binaryCrossentropy(fromLogits: true)
    let ones = Tensor.ones([rows, 1], dtype: dtype), zeros = Tensor.zeros([rows, 1], dtype: dtype)

    let both = concatenate([try generator(noise, step.context), real], axis: 0)
    let d = bce(target: concatenate([ones, zeros], axis: 0), prediction: try discriminator(both, step.context))
    try discriminatorStepper.update(gradients: gradients(of: d, withRespectTo: discriminatorStepper.variables))

    let g = bce(target: zeros, prediction: try discriminator(generator(noise, step.context), step.context))
    try generatorStepper.update(gradients: gradients(of: g, withRespectTo: generatorStepper.variables))

    try dLoss.updateState(d)
    try gLoss.updateState(g)
    return ["d_loss": dLoss.result, "g_loss": gLoss.result]
  }
}

/// A loss that the forward pass adds.
private final class Added: Model {
  let inner = chain(3, 4, 3)

  init() { super.init(dtype: .float64) }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let y = try inner(x, context)
    context.addLoss(square(y - x).mean())
    return y
  }
}

/// Steps and metrics of a program's own, against Keras's numbers.
@Suite struct CustomStepTests {
  private static let fixture = try! Fixture("steps")
  private let x = Fixture.pattern([10, 3], salt: 1), y = Fixture.pattern([10, 1], salt: 2)
  private let labels = Fixture.pattern([10, 1], salt: 3, from: 0, to: 1, over: 1)
  private let weights = Fixture.pattern([10], salt: 4, from: 0, to: 64, over: 32)

  private func entry(_ name: String) throws -> JSONValue {
    try needed(CustomStepTests.fixture.cases.first { $0["name"]?.string == name }, name)
  }

  private func fill(_ model: Model, salt: Int) throws {
    try model.setWeights(model.variables.enumerated().map { Fixture.pattern($1.shape, salt: salt + $0) / 2 })
  }

  private func expect(
    _ history: History, _ scores: Scores? = nil, _ weights: [Tensor], _ entry: JSONValue, tolerance: Double = 1e-9
  ) throws {
    let expected = try needed(entry["history"]?.object)
    #expect(Set(history.names) == Set(expected.keys))
    for (name, values) in expected.members {
      expectClose(history[name], try Fixture.numbers(values), tolerance: tolerance, name)
    }
    for (name, value) in entry["evaluate"]?.object?.members ?? [] {
      expectClose([scores?[name] ?? .nan], try Fixture.numbers(value), tolerance: tolerance, "evaluate: \(name)")
    }
    for (weight, values) in zip(weights, try needed(entry["weights_after"]?.array)) {
      expectClose(weight, try Fixture.numbers(values), tolerance: tolerance, "weights")
    }
  }

  @Test func `computeLoss is overridden`() throws {
    let model = Penalized()
    try fill(model.inner, salt: 20)
    try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError, metrics: "mae")
    let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false, sampleWeight: weights)
    let scores = try model.evaluate(x, y, batchSize: 4, verbose: 0)
    try expect(history, scores, model.weights, entry("computeLoss"))
    // Each call by its own: trainOnBatch and testOnBatch, too, have the model's loss.
    #expect(try abs(model.testOnBatch(x, y).loss - model.evaluate(x, y, batchSize: 10, verbose: 0).loss) < 1e-12)
  }

  @Test func `trainStep and testStep are overridden`() throws {
    let model = Doubled()
    try fill(model.inner, salt: 20)
    try model.compile(optimizer: Adam(learningRate: 0.02, beta1: 0.875, beta2: 1 - 0x1p-10, epsilon: 0x1p-23), loss: .meanSquaredError, metrics: "mae")
    let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
    try expect(history, model.evaluate(x, y, batchSize: 4, verbose: 0), model.weights, entry("trainStep"))
    #expect(model.optimizerState?.iterations == 6)
    #expect(try model.evaluate(x, y, verbose: 0).names == ["biggest"])
  }

  @Test func `a GAN of two models and two optimizers trains in fit`() throws {
    let model = try GAN()
    try fill(model.generator, salt: 30)
    try fill(model.discriminator, salt: 40)
    try model.compile()
    let history = try model.fit(x, Fixture.pattern([10, 2], salt: 5), batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
    try expect(history, nil, model.weights, entry("GAN"))
    // What the model holds belongs to it; its optimizer made no step, its own made one a batch.
    #expect(model.layers.map(\.name) == ["sequential", "sequential_1"] && model.variables.count == 8)
    #expect(model.optimizerState?.iterations == 0 && model.generatorStepper.state.iterations == 6)
    #expect(model.training?.plans.count == 2, "one trace for each number of rows")
  }

  /// In the middle of an epoch, and behind its last batch, where no step is left to say what it counts.
  @Test(arguments: [(1, 4), (0, 3), (0, 6)])
  func `a GAN goes on where it was killed`(_ place: (step: Int, iterations: Int)) throws {
    let real = Fixture.pattern([10, 2], salt: 5)
    func made() throws -> GAN {
      let model = try GAN()
      model.seed = 3
      try fill(model.generator, salt: 30)
      try fill(model.discriminator, salt: 40)
      try model.compile()
      return model
    }
    let folder = TemporaryFolder()
    let whole = try made()
    let expected = try whole.fit(x, real, batchSize: 4, epochs: 4, verbose: 0)
    let stopped = try made()
    struct Killed: Error {}
    let killer = LambdaCallback(onTrainBatchBegin: { if $0 == place.step && stopped.generatorStepper.state.iterations == place.iterations { throw Killed() } })
    #expect(throws: Killed.self) {
      try stopped.fit(x, real, batchSize: 4, epochs: 4, verbose: 0, callbacks: [BackupAndRestore(folder.file("b"), saveFrequency: .batches(1)), killer])
    }
    let resumed = try made()
    let history = try resumed.fit(
      x, real, batchSize: 4, epochs: 4, verbose: 0, callbacks: [BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))])
    #expect(history.values == expected.values && history.values.keys.sorted() == expected.values.keys.sorted())
    #expect(resumed.weights.map(\.doubles) == whole.weights.map(\.doubles))
  }

  @Test func `a layer's loss is enough`() throws {
    let model = Added()
    try fill(model.inner, salt: 50)
    try model.compile(optimizer: SGD(learningRate: 0.1))
    let history = try model.fit(x, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)
    try expect(history, model.evaluate(x, batchSize: 4, verbose: 0), model.weights, entry("addLoss"))
    #expect(try model.trainOnBatch(x).names == ["loss"])
  }

  @Test func `a metric with state counts in fit, in evaluate and alone`() throws {
    let model = chain(3, 4, 1, .sigmoid), metric = BinaryTruePositives()
    try fill(model, salt: 60)
    try model.compile(
      optimizer: SGD(learningRate: 0.1), loss: .binaryCrossentropy, metrics: [.stateful(metric)],
      weightedMetrics: [.stateful(BinaryTruePositives(name: "weighted"))])
    let history = try model.fit(
      x, labels, batchSize: 4, epochs: 2, verbose: 0, validationSplit: 0.3, shuffle: false, sampleWeight: weights)
    let scores = try model.evaluate(x, labels, batchSize: 4, verbose: 0)
    try expect(history, scores, model.weights, entry("metric"))
    #expect(metric.result.item() == scores["binary_true_positives"])
    metric.resetState()
    let (yTrue, yPred) = (Tensor([[1.0], [0], [1]]), Tensor([[0.7], [0.8], [0.2]]))
    #expect(try metric(yTrue, yPred).item() == 1)
    metric.updateState(yTrue, yPred, sampleWeight: Tensor([2.5, 1, 1]))
    #expect(metric.result.item() == 3.5 && metric.variables.count == 1)
  }

  @Test func `callbacks are told of several steps at once`() throws {
    func run(_ steps: Int) throws -> (hooks: [JSONValue], history: History, weights: [[Double]]) {
      let model = chain(3, 4, 1)
      try fill(model, salt: 70)
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError, metrics: "mae", stepsPerExecution: steps)
      let watch = HookWatch()
      let history = try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, callbacks: [watch], shuffle: false)
      try model.evaluate(x, y, batchSize: 4, verbose: 0, callbacks: [watch])
      _ = try model.predict(x, batchSize: 4, verbose: 0, callbacks: [watch])
      // The same from a stream, whose length is not known.
      let streamed = chain(3, 4, 1)
      try fill(streamed, salt: 70)
      try streamed.compile(optimizer: SGD(learningRate: 0.1), loss: .meanSquaredError, metrics: "mae", stepsPerExecution: steps)
      let batches = stride(from: 0, to: 10, by: 4).map { (x[$0..<min($0 + 4, 10)], y[$0..<min($0 + 4, 10)]) }
      let again = HookWatch()
      try streamed.fit(batches, epochs: 2, verbose: 0, callbacks: [again])
      try streamed.evaluate(batches, verbose: 0, callbacks: [again])
      _ = try streamed.predict(batches, verbose: 0, callbacks: [again])
      #expect(again.seen == watch.seen)
      return (watch.seen, history, model.weights.map(\.doubles))
    }
    let two = try run(2), one = try run(1), many = try run(100)
    let expected = try needed(entry("stepsPerExecution")["hooks"]?.array)
    #expect(two.hooks.count == expected.count)
    for (hook, other) in zip(two.hooks, expected) {
      #expect(hook[0] == other[0])
      // Keras counts on past the last batch where the number of batches is odd: batch 3 of three.
      #expect(min(2, other[1]?.int ?? -1) == hook[1]?.int)
      for place in 2..<max(2, other.array?.count ?? 0) {
        expectClose([hook[place]?.double ?? .nan], [other[place]?.double ?? .nan], tolerance: 1e-9)
      }
    }
    try expect(two.history, nil, two.weights.map { Tensor($0) }, entry("stepsPerExecution"))
    #expect(one.history.values == two.history.values && many.history.values == two.history.values)
    #expect(one.weights == two.weights && many.weights == two.weights)
    #expect(many.hooks.map { $0[1]?.int } == [0, 2, 0, 2, 2, 2])
    #expect(failure(.invalidArgument) { try chain(3, 4, 1).compile(loss: "mse", stepsPerExecution: 0) }
      == "compile: stepsPerExecution is 0; it must be at least 1")
  }

  @Test func `a step of the model's own runs the same plan`() throws {
    /// Says what the default does.
    final class Spelled: Model {
      let inner: Sequential
      init(_ inner: Sequential) {
        self.inner = inner
        super.init(dtype: .float64)
      }
      override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try inner(x, context) }
      override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
        let predictions = try outputs(step.inputs, step.context)
        let loss = try computeLoss(step, predictions)
        try step.minimize(loss)
        return try computeMetrics(step, predictions, loss: loss)
      }
    }
    let (own, plain) = (Spelled(chain(3, 4, 1)), chain(3, 4, 1))
    for model in [own.inner, plain] { try fill(model, salt: 20) }
    for model in [own, plain] as [Model] {
      try model.compile(optimizer: Adam(learningRate: 0.02, clipnorm: 1), loss: .meanSquaredError, metrics: "mae")
      try model.fit(x, y, batchSize: 5, epochs: 3, verbose: 0, shuffle: false)
    }
    #expect(own.weights.map(\.doubles) == plain.weights.map(\.doubles))
    #expect(own.history?.values == plain.history?.values)
    let plans = [own, plain].map { $0.training!.plans.latest!.plan.statistics }
    #expect(plans[0].kernels == plans[1].kernels && plans[0].instructions == plans[1].instructions)
  }

  @Test func `what a step cannot do is told`() throws {
    final class Step: Model {
      let inner = chain(3, 4, 1)
      let loose = Dense(1)
      var body: (Step, StepContext) throws -> Void = { _, _ in }
      init() { super.init(dtype: .float64) }
      override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try inner(x, context) }
      override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
        try body(self, step)
        return [:]
      }
    }
    func message(_ kind: DescentError.Kind, _ body: @escaping (Step, StepContext) throws -> Void) throws -> String {
      let model = Step()
      model.body = body
      try model.compile(loss: "mse")
      return failure(kind) { try model.fit(x, y, verbose: 0) }
    }
    #expect(try message(.invalidArgument) { try $1.minimize($1.x) } == "step: trainStep: the loss is float64 [10, 3]; expected one number, float64 []")
    #expect(try message(.state) { try $1.minimize($0(($1.x), $1.context).sum()); try $1.minimize($1.x.sum()) }
      .hasPrefix("step: trainStep: the model's optimizer made its step already"))
    #expect(try message(.invalidArgument) { try $1.apply(gradients: []) } == "step: trainStep: 0 gradients for 4 trainable variables")
    #expect(try message(.state) { _ = try $0.loose($1.x, $1.context) }.hasPrefix("layer dense: it is first called in a step"))
    #expect(try message(.invalidArgument) { _ = try $0.computeMetrics($1, [], loss: nil) }
      == "step: trainStep: 0 predictions for 1 outputs; losses and metrics are of each output")
    let model = chain(3, 4, 1)
    try model.compile(optimizer: .sgd)
    #expect(failure(.state) { try model.fit(x, y, verbose: 0) }.contains("there is no loss: compile was given none, and no layer adds one"))
    try model.compile(loss: "mse")
    #expect(failure(.data) { try model.fit(x, verbose: 0) } == "fit: there are no targets y; the losses and metrics that compile was given need them")
    #expect(failure(.data) { try model.evaluate(x, verbose: 0) }.hasPrefix("evaluate: there are no targets y"))
    #expect(failure(.data) { try model.trainOnBatch(x) }.hasPrefix("trainOnBatch: there are no targets y"))
    let metric = BinaryTruePositives()
    #expect(failure(.invalidArgument) { try model.compile(loss: "mse", metrics: [.stateful(metric)], weightedMetrics: [.stateful(metric)]) }
      .contains("has one state and is named twice"))
    #expect(throws: DescentError.self) { try MeanMetric().updateState(x, y) }
    // A stepper in an evaluation would train.
    final class Cheat: Model {
      let inner = chain(3, 4, 1)
      let stepper: Stepper<[Tensor]>
      init() throws {
        stepper = try Stepper(SGD(learningRate: 0.1), variables: inner.trainableVariables)
        super.init(dtype: .float64)
      }
      override func testStep(_ step: StepContext) throws -> [String: Tensor] {
        let loss = try inner(step.x, step.context).sum()
        try stepper.update(gradients: gradients(of: loss, withRespectTo: stepper.variables))
        return ["wide": step.x]
      }
    }
    let cheat = try Cheat()
    try cheat.compile()
    #expect(failure(.invalidArgument) { try cheat.evaluate(x, verbose: 0) } == "cheat: testStep: the log 'wide' has shape [10, 3]; expected one number, []")
  }

  @Test func `a loss that is no number names its layer`() throws {
    final class Wide: Layer {
      override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        context.addLoss(x)
        return x
      }
    }
    let model = Sequential { Dense(2, inputShape: [3]); Wide(name: "wide") }
    #expect(failure(.invalidArgument) { try model.compile(loss: "mse") } == "layer wide: addLoss: the loss is float32 [2, 2]; expected one number, []")
    #expect(failure(.invalidArgument) { _ = try Wide(name: "alone")(Tensor.ones([4, 2])) }.hasPrefix("layer alone: addLoss: the loss is float32 [2, 2]"))
  }

  @Test func `closures of activations and initializers keep the shape`() throws {
    func message(_ layer: Layer) -> String {
      failure(.invalidArgument) { try Sequential([layer]).build(rows: [3]) }
    }
    #expect(message(Dense(2, activation: .custom("first") { $0.sum(axis: -1) }))
      == "activation first: the closure gives float32 [2] for float32 [2, 2]; expected the same")
    #expect(message(Dense(2, activation: .custom("whole") { $0.cast(to: .int32) }))
      == "activation whole: the closure gives int32 [2, 2] for float32 [2, 2]; expected the same")
    #expect(message(Dense(2, kernelInitializer: .custom("row") { shape, dtype, _ in Tensor.ones([shape[0]], dtype: dtype) }))
      == "initializer row: it gives float32 [3]; expected float32 [3, 2]")
    #expect(message(Dense(2, kernelInitializer: .custom("exact") { shape, _, _ in Tensor.ones(shape, dtype: .float64) }))
      == "initializer exact: it gives float64 [3, 2]; expected float32 [3, 2]")
  }
}


/// The calls of hooks, with what the logs said.
private final class HookWatch: Callback {
  private(set) var seen: [JSONValue] = []

  private func note(_ hook: String, _ batch: Int, _ logs: Logs? = nil) {
    let numbers = logs.map { [$0["loss"], $0["mae"]].map { JSONValue($0 ?? .nan) } } ?? []
    seen.append(.array([.string(hook), JSONValue(batch)] + numbers))
  }

  override func onTrainBatchBegin(_ batch: Int) { note("train begin", batch) }
  override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) { note("train end", batch, logs) }
  override func onTestBatchEnd(_ batch: Int, _ logs: Logs) { note("test end", batch, logs) }
  override func onPredictBatchEnd(_ batch: Int) { note("predict end", batch) }
}

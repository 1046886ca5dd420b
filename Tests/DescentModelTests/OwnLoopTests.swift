import Descent
import DescentTestSupport
import Testing

/// A model trained by a loop of the program's own, beside `trainOnBatch`.
@Suite struct OwnLoopTests {
  @Test func `a stepper in a compiled step trains a model as trainOnBatch does`() throws {
    let optimizers: [any Optimizer] = [
      Adam(learningRate: 0.01, clipnorm: 1), SGD(learningRate: 0.1, momentum: 0.9, gradientAccumulationSteps: 2),
      AdamW(learningRate: ExponentialDecay(initialLearningRate: 0.01, decaySteps: 2, decayRate: 0.5)),
    ]
    for optimizer in optimizers {
      let name = type(of: optimizer).className
      let (ours, theirs) = (try SmallData.model(optimizer: optimizer), try SmallData.model(optimizer: optimizer))
      let loss = Loss.sparseCategoricalCrossentropy
      let stepper = try Stepper(optimizer, variables: ours.trainableVariables)
      let step = compile { x, y in
        let value = loss(target: y, prediction: try ours(x, training: true))
        try stepper.update(gradients: gradients(of: stepper.scaled(loss: value), withRespectTo: stepper.variables))
        return value
      }
      let (x, y) = (SmallData.x(), SmallData.labels)
      for _ in 0..<6 {
        _ = try step(x, y).item()
        _ = try theirs.trainOnBatch(x, y)
      }
      let greatest = zip(ours.numbers, theirs.numbers).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(greatest < 1e-5, "\(name)")
      #expect(stepper.state.iterations == theirs.optimizerState?.iterations, "\(name)")
    }
  }

  @Test func `what layers add to the loss is asked for in the loop`() throws {
    final class Penalty: Layer {
      override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        context.addLoss(square(x).mean() * 0.25)
        return x
      }
    }
    func model() throws -> Sequential {
      let model = Sequential(seed: 1) {
        Dense(8, activation: .relu, kernelRegularizer: .l2(0.1), activityRegularizer: .l1(0.01), inputShape: [4])
        Penalty()
        Dense(4, biasRegularizer: .l1(1), trainable: false)
        Dense(3, activation: .softmax, kernelRegularizer: .l1(0.02))
      }
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .sparseCategoricalCrossentropy)
      return model
    }
    let (ours, theirs) = (try model(), try model())
    let stepper = try Stepper(SGD(learningRate: 0.1), variables: ours.trainableVariables)
    let step = compile { x, y in
      let loss = try Loss.sparseCategoricalCrossentropy(y, ours(x, training: true))
      let total = try ours.losses.reduce(loss, +)
      try stepper.update(gradients: gradients(of: total, withRespectTo: stepper.variables))
      return total
    }
    let (x, y) = (SmallData.x(), SmallData.labels)
    for _ in 0..<4 {
      let (one, other) = (try step(x, y).item(), try theirs.trainOnBatch(x, y)["loss"])
      #expect(abs(one - (try #require(other))) < 1e-5)
    }
    #expect(zip(ours.numbers, theirs.numbers).allSatisfy { abs($0 - $1) < 1e-5 })
    // What was added in the step is not there outside of it.
    #expect(failure(.state) { try ours.losses }.contains("its last call was in another function"))
    // Outside of a trace: the last call's, an activity penalty and an added loss, and two penalties on weights that are trained.
    _ = try ours(x, training: true)
    #expect(try ours.losses.count == 4)
    #expect(try ours.layers.map { try $0.losses.count } == [2, 1, 0, 1])
    let stranger = compile { (x: Tensor) -> Tensor in try ours.losses.reduce(x.sum(), +) }
    #expect(failure(.state) { try stranger(x) }.contains("its last call was in another function"))
    ours.layers[3].isTrainable = false
    #expect(try ours.losses.count == 3)
  }

  @Test func `what layers add is there in a computeLoss of one's own`() throws {
    final class Own: Model {
      let dense = Dense(3, activation: .softmax, kernelRegularizer: .l2(0.5), activityRegularizer: .l1(0.1))
      override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try dense(x, context) }
      override func computeLoss(_ step: StepContext, _ predictions: [Tensor]) throws -> Tensor {
        try losses.reduce(Loss.sparseCategoricalCrossentropy(step.y, predictions[0]), +)
      }
    }
    final class Standard: Model {
      let dense = Dense(3, activation: .softmax, kernelRegularizer: .l2(0.5), activityRegularizer: .l1(0.1))
      override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try dense(x, context) }
    }
    let models = [Own(seed: 3), Standard(seed: 3)]
    let (x, y) = (SmallData.x(), SmallData.labels)
    let found = try models.map { model in
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: .sparseCategoricalCrossentropy)
      return try model.fit(x, y, epochs: 3, verbose: 0, shuffle: false)["loss"]
    }
    #expect(zip(found[0], found[1]).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found)")
  }

  @Test func `a metric counts in a loop as in evaluate`() throws {
    let model = try SmallData.model(metrics: [.sparseCategoricalAccuracy, .sparseTopKCategoricalAccuracy(k: 2)])
    let (x, y) = (SmallData.x(), SmallData.labels)
    try model.fit(x, y, epochs: 2, verbose: 0)
    let scores = try model.evaluate(x, y, verbose: 0)
    let accuracy = try Metric.sparseCategoricalAccuracy.makeState(), top = try Metric.sparseTopKCategoricalAccuracy(k: 2).makeState()
    #expect(accuracy.result == 0 && accuracy.variables.isEmpty)
    for _ in 0..<2 {
      for rows in stride(from: 0, to: SmallData.rows, by: 17).map({ $0..<min($0 + 17, SmallData.rows) }) {
        let predictions = try model(x[rows])
        try accuracy.updateState(y[rows], predictions)
        try top.updateState(y[rows], predictions)
      }
      #expect(abs(accuracy.result - (try #require(scores["sparse_categorical_accuracy"]))) < 1e-12)
      #expect(abs(top.result - (try #require(scores["sparse_top_k_categorical_accuracy"]))) < 1e-12)
      accuracy.resetState()
      top.resetState()
      #expect(accuracy.result == 0)
    }
    // In a compiled function as outside of it.
    let counted = try Metric.sparseCategoricalAccuracy.makeState()
    let step = compile { x, y in
      let predictions = try model(x)
      try counted.updateState(y, predictions)
      return predictions
    }
    for _ in 0..<3 { _ = try step(x, y).evaluated() }
    #expect(abs(counted.result - (try #require(scores["sparse_categorical_accuracy"]))) < 1e-12)
    #expect(throws: DescentError.self) { try counted.updateState(Tensor.zeros([3]), Tensor.zeros([4, 2])) }
    let classes = try Metric.f1Score().makeState()
    try classes.updateState(Tensor.zeros([2, 3]), Tensor.ones([2, 3]))
    #expect(failure(.data) { try classes.updateState(Tensor.zeros([2, 4]), Tensor.ones([2, 4])) }.contains("other classes than those before"))
    let whole = try Metric.meanAbsoluteError.makeState()
    try whole.updateState(Tensor([[1, 2]] as [[Int32]]), Tensor([[3, 2]] as [[Int32]]))
    #expect(whole.result == 1)
    let unused = try Metric.meanSquaredError.makeState()
    #expect(throws: DescentError.self) { try unused.updateState(Tensor.zeros([3, 2]), Tensor.zeros([4, 2])) }
    #expect(unused.variables.isEmpty)
  }

  @Test func `losses are functions of tensors`() throws {
    let y = Tensor([1.0, 2, 3]), predictions = Tensor([1.0, 4, 0])
    #expect(try Loss.mae(y, predictions).item() == 5.0 / 3)
    #expect(try Loss.mse(y.reshaped([3, 1]), predictions.reshaped([3, 1])).item() == 13.0 / 3)
    #expect(try Loss.mae.values(y.reshaped([3, 1]), predictions.reshaped([3, 1])).doubles == [0, 2, 3])
    #expect(try Loss.mae(y.reshaped([3, 1]), predictions.reshaped([3, 1]), sampleWeight: Tensor([3.0, 1.5, 0])).item() == 1)
    #expect(throws: DescentError.self) { try Loss.mae(y, Tensor.zeros([4, 5])) }
    #expect(try Loss.mae(Tensor([[1, 2]] as [[Int32]]), Tensor([[3, 2]] as [[Int32]])).item() == 1)
  }
}

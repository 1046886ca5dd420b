import DescentTestSupport
import Testing

@testable import Descent

/// Callbacks that train, judge or compile the model whose loop they are called in.
@Suite struct CallbackTrainingTests {
  private final class OnTestBatchEnd: Callback {
    private let body: () throws -> Void

    init(_ body: @escaping () throws -> Void) { self.body = body }

    override func onTestBatchEnd(_ batch: Int, _ logs: Logs) throws { try body() }
  }

  private let x = SmallData.x()
  private let y = SmallData.labels
  private let other = (x: SmallData.x() * -2 + 0.25, y: Tensor((0..<SmallData.rows).map { UInt8(($0 / 7) % 3) }))

  @Test func `fit goes on with its own rows after steps on others of the same shape`() throws {
    let (model, steps) = (try SmallData.model(), try SmallData.model())
    let history = try model.fit(
      x, y, batchSize: 60, epochs: 3, verbose: 0,
      callbacks: [LambdaCallback(onEpochEnd: { [other] _, _ in try model.trainOnBatch(other.x, other.y) })], shuffle: false)
    let losses = try (0..<3).map { _ in
      let loss = try steps.trainOnBatch(x, y).loss
      try steps.trainOnBatch(other.x, other.y)
      return loss
    }
    #expect(history["loss"] == losses)
    #expect(model.numbers == steps.numbers)
  }

  @Test func `fit goes on with its own order after a step that takes rows as they come`() throws {
    let (model, steps) = (try SmallData.model(), try SmallData.model())
    try model.fit(
      x, y, batchSize: 60, epochs: 4, verbose: 0,
      callbacks: [LambdaCallback(onTrainBatchEnd: { [other] _, _ in try model.trainOnBatch(other.x, other.y) })], stepsPerEpoch: 1)
    for pass in 0..<4 {
      let order = RowOrder.shuffled(60, seed: 1, pass: pass)
      try steps.trainOnBatch(x.gathering(order), y.gathering(order))
      try steps.trainOnBatch(other.x, other.y)
    }
    #expect(model.numbers == steps.numbers)
  }

  @Test func `scores are those of their own rows whatever callbacks judge meanwhile`() throws {
    let model = try SmallData.model(metrics: [.accuracy])
    let some = (x: other.x[0..<20].evaluated(), y: other.y[0..<20].evaluated())
    let judges: [() throws -> Void] = [
      { _ = try model.testOnBatch(some.x, some.y) },
      { try model.evaluate(some.x, some.y, batchSize: 20, verbose: 0) },
      { try model.evaluate([(some.x, some.y)], verbose: 0) },
      { _ = try model.predict(some.x, batchSize: 20, verbose: 0) },
    ]
    let (plain, batches) = (try model.evaluate(x, y, batchSize: 20, verbose: 0), try Dataset(x, y).batch(20))
    for (number, judge) in judges.enumerated() {
      let callback = OnTestBatchEnd(judge)
      #expect(try model.evaluate(x, y, batchSize: 20, verbose: 0, callbacks: [callback]) == plain, "\(number)")
      #expect(try model.evaluate(batches, verbose: 0, callbacks: [callback]) == plain, "\(number)")
    }
  }

  @Test func `validation judges its own rows whatever callbacks judge meanwhile`() throws {
    func losses(_ judges: Bool) throws -> [Double] {
      let model = try SmallData.model()
      let some = (x: other.x[0..<10].evaluated(), y: other.y[0..<10].evaluated())
      let callback = OnTestBatchEnd { _ = try model.testOnBatch(some.x, some.y) }
      return try model.fit(
        x, y, batchSize: 10, epochs: 2, verbose: 0, callbacks: judges ? [callback] : [], validationData: (other.x, other.y))["val_loss"]
    }
    #expect(try losses(true) == losses(false))
  }

  @Test func `compile is refused while fit goes on, on its own thread too`() throws {
    let model = try SmallData.model()
    var message = ""
    let history = try model.fit(
      x, y, epochs: 2, verbose: 0,
      callbacks: [LambdaCallback(onEpochEnd: { epoch, _ in
        if epoch == 0 { message = failure(.state) { try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError) } }
      })])
    #expect(message == "compile: the model is being trained by a fit that has not ended; a callback cannot compile it")
    #expect(history.epochs == [0, 1] && model.optimizer is Adam)
    try model.compile(optimizer: SGD(learningRate: 0), loss: .sparseCategoricalCrossentropy)
    #expect(model.optimizer is SGD)
  }
}

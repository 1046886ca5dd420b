import Descent
import DescentTestSupport
import Testing

/// What is dropped is gone: no model, layer, weight, slot or total is kept alive by another.
@Suite struct LifetimeTests {
  private struct Watched {
    weak var object: AnyObject?
    let name: String
  }

  private final class Residual: Model {
    let inner = Dense(4, activation: .relu)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try x + inner(x, context) }
  }

  private static let models: [(name: String, make: @Sendable () throws -> Model)] = [
    (
      "every kind of layer",
      {
        Sequential(seed: 1) {
          Dense(8, activation: .relu, kernelRegularizer: .l2(0.01), kernelConstraint: .maxNorm(2), inputShape: [4])
          BatchNormalization()
          Dropout(0.1)
          LayerNormalization()
          Dense(3, activation: .softmax)
        }
      }
    ),
    ("a model inside a model", { Sequential([Residual(), Dense(3, activation: .softmax)], seed: 1) }),
  ]

  @Test(arguments: LifetimeTests.models.indices)
  func `a dropped model leaves nothing`(index: Int) throws {
    let (name, make) = LifetimeTests.models[index]
    let optimizers: [any Optimizer] = [
      SGD(momentum: 0.9), Adam().with { $0.globalClipnorm = 1; $0.useEMA = true; $0.gradientAccumulationSteps = 2 }, AdamWScheduleFree(),
      LossScaleOptimizer(Adam()), MultiOptimizer(default: SGD(), [(.name("bias"), Adam())]),
    ]
    for optimizer in optimizers {
      var watched: [Watched] = []
      do {
        let model = try make()
        try model.compile(anyOptimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy, .init(named: "sparse_top_k_categorical_accuracy")])
        let callbacks: [Callback] = [
          EarlyStopping(monitor: "loss", restoreBestWeights: true), ReduceLROnPlateau(monitor: "loss"),
          LambdaCallback(onEpochEnd: { _, _ in }), TerminateOnNaN(),
        ]
        let (x, y) = (SmallData.x(), SmallData.labels)
        let history = try model.fit(x, y, batchSize: 20, epochs: 2, verbose: 0, callbacks: callbacks, validationSplit: 0.2)
        _ = try model.evaluate(x, y, verbose: 0)
        _ = try model.predict(x)
        _ = try model.trainOnBatch(x, y)
        if index == 0 { _ = try model.toJSON() }
        let state = try #require(model.optimizerState)
        watched = [Watched(object: model, name: model.name), Watched(object: state, name: "the optimizer's state"),
          Watched(object: history, name: "history")]
        watched += callbacks.map { Watched(object: $0, name: "\(type(of: $0))") }
        watched += model.layers.map { Watched(object: $0, name: $0.name) }
        watched += (model.variables + state.stateVariables).map { Watched(object: $0, name: $0.path) }
      }
      let left = watched.filter { $0.object != nil }.map(\.name)
      #expect(left.isEmpty, "\(name), \(type(of: optimizer).className)")
    }
  }
}

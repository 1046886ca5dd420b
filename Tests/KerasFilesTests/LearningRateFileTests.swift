import Descent
import KerasFiles
import TestSupport
import Testing

@Suite struct LearningRateFileTests {
  static let optimizers: [(name: String, optimizer: any Optimizer)] = [
    ("number", Adam(learningRate: 0.1)), ("schedule", SGD(learningRate: ExponentialDecay(initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5))),
    ("decay", SGD(learningRate: 0.1).with { $0.decay = 0.5 }), ("wrapped", LossScaleOptimizer(Adam(learningRate: 0.1))),
    ("lookahead", Lookahead(Adam(learningRate: 0.1))),
    ("several", MultiOptimizer(default: SGD(learningRate: 0.1), [(.name("bias"), Adam(learningRate: 0.2))])),
  ]

  @Test(arguments: LearningRateFileTests.optimizers.map(\.name))
  func `the rate that is set now is the one in the file`(_ name: String) throws {
    let model = Sequential([Dense(1, inputShape: [1])], seed: 1)
    try model.compile(anyOptimizer: LearningRateFileTests.optimizers.first { $0.name == name }!.optimizer, loss: .meanSquaredError)
    let x = Tensor.ones([2, 1])
    try model.fit(x, x, verbose: 0)
    try model.setLearningRate(0.025)
    if name == "several" { model.optimizerState!.learningRates = [0.0125, 0.025] }
    let copy = try Sequential.fromJSON(try model.toJSON())
    #expect(try copy.learningRate == 0.025)
    if name == "several" { #expect(copy.optimizerState!.learningRates == [0.0125, 0.025]) }
    // With the state of the optimizer too.
    try withTemporaryFolder { folder in
      try model.save("\(folder)/m.keras")
      let loaded = try Sequential.load("\(folder)/m.keras")
      // Keras keeps it in float32; a time decay is a schedule in the file.
      if name != "decay" { expectClose([try loaded.learningRate], [0.025], tolerance: 1e-8) }
      expectClose([loaded.optimizerState!.effectiveLearningRate], [model.optimizerState!.effectiveLearningRate], tolerance: 1e-8)
      for one in [model, loaded] { try one.fit(x, x, verbose: 0) }
      expectClose(loaded.weights.flatMap(\.doubles), model.weights.flatMap(\.doubles), tolerance: 1e-6)
    }
  }
}

import Descent
import DescentTestSupport
import Testing

/// A constraint with gradient accumulation: Keras applies it in every micro-step, to weights that stand still.
@Suite struct AccumulatedConstraintTests {
  /// Keras 3.15 leaves [0.6, 0.8] of [3, 4] after the first of three micro-steps, on JAX and on TensorFlow.
  @Test(arguments: [false, true])
  func `A unit norm before the first update`(countsMicroSteps: Bool) throws {
    let model = Sequential([Dense(1, useBias: false, kernelConstraint: "unit_norm", inputShape: [2])])
    let optimizer = SGD(learningRate: 0.1).with { $0.gradientAccumulationSteps = 3; $0.countsMicroSteps = countsMicroSteps }
    try model.compile(optimizer: optimizer, loss: "mse")
    try model.setWeights([Tensor([3, 4]).reshaped([2, 1])])
    func step() throws { try model.fit(Tensor.ones([4, 2]), Tensor.zeros([4, 1]), batchSize: 4, epochs: 1, verbose: 0, shuffle: false) }
    try step()
    expectClose(model.weights[0], countsMicroSteps ? [0.6, 0.8] : [3, 4], tolerance: 1e-6)
    for _ in 0..<2 { try step() }
    let weights = model.weights[0].doubles
    let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - 1) < 1e-6)
    #expect(abs(weights[0] - 0.6) > 1e-3, "the third one is an update")
  }
}

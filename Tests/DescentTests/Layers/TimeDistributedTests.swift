import Descent
import DescentTestSupport
import Testing

/// Layers applied to each step, with masks and with states. Expected numbers are Keras's on JAX.
@Suite struct TimeDistributedTests {
  /// ((7 · i + 5 · `salt`) mod 11 − 5) / 8, as the numbers of Keras's were made.
  private func pattern(_ shape: [Int], _ salt: Int) -> Tensor {
    Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { Double(($0 * 7 + salt * 5) % 11 - 5) / 8 }).cast(to: .float32)
  }

  private let ids = Tensor(shape: [2, 3, 3], scalars: [Int32(1), 2, 0, 3, 0, 0, 0, 0, 0, 2, 2, 1, 0, 0, 0, 1, 0, 2])

  private func setWeights(_ model: Model) throws {
    try model.setWeights(model.weights.enumerated().map { pattern($1.shape, $0 + 1) })
  }

  @Test func `the layer inside sees the mask of its steps, and steps of padding alone do not count`() throws {
    let input = Input(shape: [3, 3], dtype: .int32)
    let sentences = try TimeDistributed(LSTM(2))(Embedding(4, 2, maskZero: true)(input))
    let model = try Model(inputs: [input], outputs: [sentences, LSTM(2)(sentences)])
    try setWeights(model)
    let results = try model.predictAll(ids, verbose: 0)
    expectClose(
      results[0],
      [
        -0.03350364, -0.16363883, -0.01406555, -0.14286889, 0, 0, -0.03869367, -0.20019887, 0, 0, -0.03350364, -0.16363883,
      ], tolerance: 1e-6)
    expectClose(results[1], [0.0576145, -0.04973406, 0.05366906, -0.05149058], tolerance: 1e-6)
    // Which Keras refuses: the sentences that hold words.
    let y = results[0].doubles
    let mean = try Model(inputs: input, outputs: GlobalAveragePooling1D()(sentences)).predict(ids, verbose: 0)
    expectClose(mean, [(0, 2), (1, 3), (6, 10), (7, 11)].map { (y[$0] + y[$1]) / 2 }, tolerance: 1e-6)
    for layer in [Attention(), MultiHeadAttention(numHeads: 1, keyDim: 2)] as [Layer] {
      #expect(try Model(inputs: input, outputs: layer([sentences, sentences])).predict(ids, verbose: 0).shape == [2, 3, 2])
    }
  }

  @Test func `a mask of what is in the steps goes on to the next layer`() throws {
    let input = Input(shape: [3, 3], dtype: .int32)
    let words = try TimeDistributed(Dense(2))(Embedding(4, 2, maskZero: true)(input))
    let model = try Model(inputs: input, outputs: TimeDistributed(LSTM(2))(words))
    try setWeights(model)
    expectClose(
      try model.predict(ids, verbose: 0),
      [-0.0516958, 0.2174704, -0.0406284, 0.1590087, 0, 0, -0.0454458, 0.2199373, 0, 0, -0.0516958, 0.2174704], tolerance: 1e-6)
  }

  @Test func `statistics are of the steps that count`() throws {
    let layer = TimeDistributed(BatchNormalization(momentum: 0.5))
    let inner = try #require(layer.layer as? BatchNormalization)
    let mask = Tensor(shape: [2, 3, 2], scalars: [1.0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1]) .!= 0
    let y = try layer(pattern([2, 3, 2, 2], 3), mask: mask, training: true)
    expectClose(
      Array(y.doubles.prefix(20)),
      [
        0.1157978, -1.1579784, 1.1579784, -0.1157979, 0.969896, 0.969896, -3.685605, 2.7157087, 3.9528465, 3.9528446, 15.811388, 15.8113861,
        -1.2737762, 1.2737762, -0.2315957, 2.3159566, -1.3578544, -1.3578545, 0.3879584, 0.3879584,
      ], tolerance: 1e-4)
    expectClose(try #require(inner.movingMean).value, [0.0208333, -0.359375], tolerance: 1e-6)
    expectClose(try #require(inner.movingVariance).value, [0.1523438, 0.1523438], tolerance: 1e-6)

    let ofSteps = TimeDistributed(BatchNormalization(momentum: 0.5))
    let other = try #require(ofSteps.layer as? BatchNormalization)
    let steps = Tensor([[true, true, false], [true, false, false]])
    _ = try ofSteps(pattern([2, 3, 2], 3), mask: steps, training: true).doubles
    expectClose(try #require(other.movingMean).value, [0.03124999, -0.07031249], tolerance: 1e-6)
    expectClose(try #require(other.movingVariance).value, [0.12695313, 0.1645508], tolerance: 1e-6)
  }

  @Test func `a layer that keeps its states sees one step after another`() throws {
    let inner = SimpleRNN(2, stateful: true), layer = TimeDistributed(inner)
    let x = pattern([2, 3, 2, 2], 4)
    _ = try layer(x)
    try layer.setWeights(layer.weights.enumerated().map { pattern($1.shape, $0 + 2) })
    inner.resetStates()
    expectClose(
      try layer(x),
      [
        -0.02138794, -0.3003999, 0.5549646, -0.34816685, -0.02605896, -0.13898148, 0.56861496, -0.3159385, 0.06957214, 0.39791107, 0.5734352,
        -0.2725578,
      ], tolerance: 1e-6)
    expectClose(
      try layer(x),
      [
        -0.00652408, -0.3018613, 0.5536471, -0.3454306, -0.02609292, -0.13935025, 0.533916, -0.20128062, 0.0638766, 0.38206670, 0.5747319,
        -0.27310022,
      ], tolerance: 1e-6)
  }
}

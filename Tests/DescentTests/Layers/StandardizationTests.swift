import TensorCore
import TestSupport
import Testing

@testable import Descent

/// Normalization's own derivative, against differences.
struct StandardizationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let shape: [Int], axes: [Int]
    /// Of scale and offset; nil for none.
    var scale: [Int]?, offset: [Int]?
    var testDescription: String { "\(shape) over \(axes), scale \(scale ?? [-1]), offset \(offset ?? [-1])" }
  }

  /// Layers', groups' and batches' ways of taking moments: a scale that varies where they are taken, and one that does not.
  static let cases = [
    Case(shape: [2, 5], axes: [1], scale: [1, 5], offset: [1, 5]), Case(shape: [2, 5], axes: [1], scale: [1, 5]),
    Case(shape: [2, 5], axes: [1], offset: [1, 5]), Case(shape: [2, 5], axes: [1]),
    Case(shape: [2, 3, 2], axes: [1, 2], scale: [1, 3, 2], offset: [1, 3, 2]),
    Case(shape: [4, 3], axes: [0], scale: [1, 3], offset: [1, 3]), Case(shape: [4, 1, 3], axes: [0, 1], scale: [1, 1, 3]),
    Case(shape: [2, 2, 2, 2], axes: [1, 3], scale: [1, 1, 2, 2], offset: [1, 1, 2, 2]),
  ]

  @Test(arguments: cases) func `Derivatives match differences`(_ test: Case) {
    var next = 0.21
    let points = [test.shape, test.scale, test.offset].compactMap { $0 }.map { shape in
      Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in
          next = (next * 7.3 + 0.37).truncatingRemainder(dividingBy: 1)
          return 3 * next - 1
        })
    }
    func value(_ inputs: [Tensor]) -> Tensor {
      standardized(inputs[0], axes: test.axes, epsilon: 1e-3, scale: test.scale.map { _ in inputs[1] }, offset: test.offset.map { _ in inputs.last! })
    }
    expectDerivativesMatchDifferences(at: points, tolerance: 1e-5) { value($0) }
    let (mean, variance) = moments(points[0], axes: test.axes, keepDims: true)
    var expected = (points[0] - mean) / sqrt(variance + 1e-3)
    if test.scale != nil { expected *= points[1] }
    if test.offset != nil { expected += points.last! }
    expectClose(value(points), expected.doubles)
  }

  /// Two ways to the same numbers: with a mask that leaves nothing out, the derivative follows from the operations.
  @Test func `A batch with a mask that keeps all is the batch without a mask`() throws {
    let x = RandomGenerator(seed: 3).normal([4, 5, 3], dtype: .float64).evaluated()
    let weights = RandomGenerator(seed: 4).normal([4, 5, 3], dtype: .float64).evaluated()
    func trained(masked: Bool) throws -> [[Double]] {
      let layers: [Layer] = (masked ? [Masking(maskValue: 1e9)] : []) + [BatchNormalization(), Dense(3, kernelInitializer: .identity)]
      let model = Sequential(layers, dtype: .float64)
      try model.compile(optimizer: .sgd(learningRate: 0.5), loss: .meanSquaredError)
      try model.fit(x, weights, batchSize: 4, epochs: 3, verbose: .silent)
      return model.weights.map(\.doubles)
    }
    for (plain, masked) in zip(try trained(masked: false), try trained(masked: true)) { expectClose(masked, plain, tolerance: 1e-6) }
  }

  /// Of a batch: the sums for scale and offset are those that the derivative with respect to the input needs.
  @Test func `Normalizing a batch takes two sums on the way back`() {
    let x = RandomGenerator(seed: 1).normal([64, 8], dtype: .float64).evaluated()
    let step = CompiledFunction { inputs in
      let y = standardized(inputs[0], axes: [0], epsilon: 1e-3, scale: inputs[1], offset: inputs[2])
      return gradients(of: (square(y) * y).sum(), withRespectTo: inputs)
    }
    let plan = step.plan(for: [x, Tensor.ones([1, 8], dtype: .float64), Tensor.zeros([1, 8], dtype: .float64)])
    let sumsInPasses = plan.programs.reduce(0) { $0 + $1.reductions.filter { $0.columns == 8 }.count }
    // Mean and variance, and the two: all but the mean, which is of what lies in memory, where something else is computed.
    #expect(plan.reducingKernels == 1 && sumsInPasses == 3)
  }
}

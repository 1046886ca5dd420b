import Descent
import TestSupport

/// Three classes of points, 60 rows of 4 numbers, that a small network learns.
package enum SmallData {
  package static let rows = 60

  package static func x(_ dtype: DType = .float32) -> Tensor {
    var generator = SeededGenerator(seed: 7)
    let values = (0..<rows).flatMap { row in
      (0..<4).map { column in Double.random(in: -1...1, using: &generator) + (row % 3 == column ? 1.5 : 0) }
    }
    return Tensor(shape: [rows, 4], scalars: values).cast(to: dtype).evaluated()
  }

  package static var labels: Tensor { Tensor((0..<rows).map { UInt8($0 % 3) }) }

  /// A classifier of it, compiled.
  package static func model(
    dtype: DType = .float32, seed: UInt64 = 1, optimizer: any Optimizer = Adam(learningRate: 0.01), metrics: [Metric] = []
  ) throws -> Sequential {
    let model = Sequential(dtype: dtype, seed: seed) {
      Dense(8, activation: .relu, inputShape: [4])
      Dense(3, activation: .softmax)
    }
    try model.compile(anyOptimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: metrics)
    return model
  }
}

extension Model {
  /// All weights as numbers, for comparing bits.
  package var numbers: [Double] { weights.flatMap(\.doubles) }
}

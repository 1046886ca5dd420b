import TensorCore
import TestSupport
import Testing

/// Two values are computed once only if they are the same in everything: for each operation two that differ in one argument.
@Suite struct CommonSubexpressionTests {
  typealias Pair = (name: String, first: @Sendable (Tensor) -> Tensor, second: @Sendable (Tensor) -> Tensor)

  /// Of a square matrix, so that shapes do not give them away.
  static let pairs: [Pair] = [
    ("sum", { $0.sum(axis: 0) }, { $0.sum(axis: 1) }),
    ("max", { $0.max(axis: 0) }, { $0.max(axis: 1) }),
    ("sum and max", { $0.sum(axis: 1) }, { $0.max(axis: 1) }),
    ("argmax", { $0.argmax(axis: 0) }, { $0.argmax(axis: 1) }),
    ("product, first factor", { matmul($0, $0 * 2) }, { matmul($0, $0 * 2, transposeA: true) }),
    ("product, second factor", { matmul($0, $0 * 2) }, { matmul($0, $0 * 2, transposeB: true) }),
    ("product, order", { matmul($0, $0 + 1) }, { matmul($0 + 1, $0) }),
    ("transpose", { cube($0).transposed([1, 0, 2]) }, { cube($0).transposed([2, 1, 0]) }),
    ("slice, starts", { $0.sliced(starts: [0, 1], sizes: [2, 2]) }, { $0.sliced(starts: [1, 0], sizes: [2, 2]) }),
    (
      "slice, strides", { $0.sliced(starts: [0, 0], sizes: [2, 2], strides: [1, 2]) },
      { $0.sliced(starts: [0, 0], sizes: [2, 2], strides: [2, 1]) }
    ),
    ("pad", { $0.padded(low: [1, 0], high: [0, 1]) }, { $0.padded(low: [0, 1], high: [1, 0]) }),
    ("concatenate", { concatenate([cube($0), cube($0)], axis: 0).reshaped([54]) }, { concatenate([cube($0), cube($0)], axis: 1).reshaped([54]) }),
    ("broadcast", { $0.sum(axis: 0, keepDims: true) + $0 * 0 }, { $0.sum(axis: 1, keepDims: true) + $0 * 0 }),
    ("reshape", { $0.reshaped([4, 9]).sum(axis: 1).sum() * 1 + $0.reshaped([4, 9]).max(axis: 1).sum() }, { $0.reshaped([9, 4]).max(axis: 1).sum() }),
    ("gather", { $0.gathering(rows(0, 1)) }, { $0.gathering(rows(1, 0)) }),
    ("scatter", { $0.scatterAdding(at: rows(0, 1, 2, 0, 1, 2), rows: 3) }, { $0.scatterAdding(at: rows(2, 1, 0, 0, 1, 2), rows: 3) }),
    ("replaced rows", { $0.replacingRows(at: rows(1), with: $0.gathering(rows(0))) }, { $0.replacingRows(at: rows(2), with: $0.gathering(rows(0))) }),
    ("cast", { $0.cast(to: .int32).cast(to: .float64) }, { $0.cast(to: .float32).cast(to: .float64) }),
    ("unary", { exp($0) }, { sqrt(exp($0)) }),
    ("binary", { maximum($0, 1) }, { minimum($0, 1) }),
    ("comparison", { ($0 .< 1).cast(to: .float64) }, { ($0 .<= 1).cast(to: .float64) }),
    ("order of a difference", { $0 - $0.transposed([1, 0]) }, { $0.transposed([1, 0]) - $0 }),
    ("select", { select($0 .> 0, $0, $0 + 1) }, { select($0 .> 0, $0 + 1, $0) }),
    ("zero and minus zero", { clamped(1 / select($0 .< 100, 0.0, $0)) }, { clamped(1 / select($0 .< 100, -0.0, $0)) }),
    ("numbers", { $0 + 1 }, { $0 + 1.0.nextUp }),
    ("elements", { $0 + Tensor(shape: [6], scalars: [1.0, 2, 3, 4, 5, 6]) }, { $0 + Tensor(shape: [6], scalars: [1.0, 2, 3, 4, 5, 7]) }),
  ]

  private static func rows(_ rows: Int32...) -> Tensor { Tensor(rows) }
  private static func cube(_ x: Tensor) -> Tensor { x.sliced(starts: [0, 0], sizes: [6, 6]).reshaped([36]).sliced(starts: [0], sizes: [27]).reshaped([3, 3, 3]) }
  private static func clamped(_ x: Tensor) -> Tensor { maximum(minimum(x, 1), -1) }

  @Test(arguments: pairs.indices)
  func `Values that differ in one argument are two`(index: Int) {
    let pair = CommonSubexpressionTests.pairs[index]
    let x = Tensor(shape: [6, 6], scalars: (0..<36).map { (place: Int) -> Double in Double((place * 17 + 5) % 36) / 8 - 1.5 }).evaluated()
    // Before it is computed, or it would be a constant.
    let values = Trace.discarding { [pair.first(x), pair.second(x)] }
    var interpreter = ReferenceInterpreter()
    let expected = values.map { interpreter.evaluate($0.node) }
    #expect(expected[0] != expected[1], "\(pair.name): the two do not differ")
    let results = Plan(arguments: [], outputs: values.map(\.node), assignments: []).run()
    for (result, value) in zip(results, expected) { PlanTests.expectEqual(result.doubles, value, within: 1e-12, pair.name) }
  }

  @Test func `Values that are computed in the same way are one`() {
    let x = Variable(Tensor(shape: [6, 6], scalars: (0..<36).map { Double($0) }))
    let function = CompiledFunction { _ in
      let y = matmul(x.value, x.value, transposeA: true), z = matmul(x.value, x.value, transposeA: true)
      return [exp(y) + exp(z)]
    }
    // The product, and one group.
    #expect(function.plan(for: []).statistics.kernels == 2)
  }
}

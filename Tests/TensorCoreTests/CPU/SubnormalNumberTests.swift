import CKernels
import TensorCore
import TestSupport
import Testing

/// Results that would be subnormal are zero in every kind of kernel, on every thread, and nowhere else.
@Suite struct SubnormalNumberTests {
  private let smallest = Float.leastNormalMagnitude

  /// Enough elements for several threads' shares.
  private let count = 100_000

  @Test(arguments: [1, 3])
  func `results of plans`(threadCount: Int) {
    let number = Variable(Tensor([Float](repeating: smallest, count: count)))
    let kinds: [(name: String, result: Tensor)] = [
      ("arithmetic", number.value * 0.5), ("a function", exp(number.value - 100)), ("a sum", number.value * 0.25 + number.value * 0.25),
      ("columns", (number.value * 0.5).reshaped([count / 10, 10]).max(axis: 0)),
      ("a product", matmul(number.value.reshaped([count / 10, 10]), Tensor.ones([10, 1]) * Tensor([Float(0.05)]))),
    ]
    let pool = ThreadPool(threadCount: threadCount)
    for (name, result) in kinds {
      let plan = Plan(arguments: [], outputs: [result.node], assignments: [], threadCount: threadCount)
      for width in [0] + TranslationTests.vectorWidths {
        if width > 0 { plan.translate(vectorBytes: width) }
        let isZero = plan.run(on: pool)[0].doubles.allSatisfy { $0 == 0 }
        #expect(isZero, "\(name), vectors of \(width) bytes")
      }
    }
    let small = Variable(Tensor(shape: [3], scalars: [Double.leastNormalMagnitude, 1, 2]))
    #expect((small.value * 0.5).doubles == [0, 0.5, 1])
  }

  @Test func `the mean of a gradient that ended ends`() {
    let mean = Variable(Tensor([Float](repeating: 1, count: count)))
    let plan = Plan(arguments: [], outputs: [], assignments: [(variable: mean, value: mean.value + (0 - mean.value) * 0.1)])
    for _ in 0..<1000 { plan.run() }
    #expect(mean.value.max().item() == 0)
  }

  @Test func `what is given or moved stays as it is, and so does arithmetic outside of plans`() {
    // By its bits: a thread that were left flushing would compute 0.
    let half = Float(bitPattern: 1 << 22)
    let numbers = Variable(Tensor([half, 1, 2, half]))
    let moved = numbers.value.reshaped([2, 2]).transposed()
    #expect(moved.scalars(as: Float.self) == [half, 2, 1, half])
    #expect((numbers.value + 0.5).scalars(as: Float.self) == [0.5, 1.5, 2.5, 0.5])
    #expect(ck_float_mode() & UInt64(CK_FLUSHES_SUBNORMALS) == 0)
    #expect(smallest * numbers.value.scalars(as: Float.self)[2] / 4 == half)
    #if arch(x86_64)
      #expect((numbers.value * 4).scalars(as: Float.self) == [4 * half, 4, 8, 4 * half])
    #endif
  }

  /// Swift code that is part of a plan computes as Swift does.
  @Test func `functions of Swift`() {
    let numbers = Variable(Tensor([Float(1), 2]))
    let result = hostComputation("half", [numbers.value * 1], shape: [2], dtype: .float64) { $0[0].map { $0 * Double.leastNormalMagnitude / 4 } }
    #expect(result.doubles == [Double.leastNormalMagnitude / 4, Double.leastNormalMagnitude / 2])
  }
}

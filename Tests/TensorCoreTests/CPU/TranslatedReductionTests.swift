import Foundation
import TensorCore
import TestSupport
import Testing

/// Groups that combine elements, as machine code against the same groups interpreted: every bit, whatever else the pass computes.
@Suite(.timeLimit(.minutes(20))) struct TranslatedReductionTests {
  typealias Formula = @Sendable (_ a: Tensor, _ b: Tensor, _ c: Tensor) -> [Tensor]

  static let formulas: [(name: String, formula: Formula)] = [
    ("Σ a b", { a, b, _ in [(a * b).sum()] }),
    ("greatest of a b", { a, b, _ in [(a * b).max()] }),
    ("Σ a², Σ b², Σ a b", { a, b, _ in [(a * a).sum(), (b * b).sum(), (a * b).sum()] }),
    ("Σ and greatest of the same", { a, b, _ in [abs(a - b).sum(), abs(a - b).max()] }),
    ("Σ and its elements", { a, b, c in
      let d = a * b + c
      return [d, d.sum(), (d * d).sum()]
    }),
    ("Σ of what is used on", { a, b, c in
      let d = sqrt(abs(a)) / (abs(b) + 1)
      return [d.sum(), select(d .< c, d, c) * a]
    }),
    ("how often", { a, b, _ in [select(a .< b, Tensor.ones([a.count], dtype: a.dtype), 0).sum(), a + b] }),
    ("Σ of truths", { a, b, c in [(a .< b).cast(to: a.dtype).sum(), select(a .< b, a, c).sum()] }),
    ("five of them", { a, b, c in [(a * b).sum(), (a * c).max(), (b * c).sum(), (a + b).sum(), (a - b).max()] }),
    ("Σ of a number, and of both", { a, b, _ in [(a * 0 + 2.5).sum(), (a * b).sum()] }),
  ]

  private func ordinary(_ count: Int, seed: UInt64, of dtype: DType = .float32) -> [Tensor] {
    var random = SeededGenerator(seed: seed)
    return (0..<3).map { _ in
      let numbers = (0..<count).map { _ in Double.random(in: -2...2, using: &random) }
      return dtype == .float64 ? Tensor(numbers) : Tensor(numbers.map { Float($0) })
    }
  }

  @Test(arguments: formulas.indices, TranslationTests.types)
  func `One formula`(index: Int, dtype: DType) {
    let (name, formula) = TranslatedReductionTests.formulas[index]
    for count in [1, 7, 8, 15, 16, 17, 33, 500, 1023, 1024, 1025, 2049, 5000, dtype == .float32 ? 79_510 : 513] {
      let special = TranslationTests.leaves(count, 3, seed: UInt64(count), of: dtype)
      for (kind, leaves) in [("ordinary", ordinary(count, seed: UInt64(count), of: dtype)), ("special", special)] {
        let counts = TranslationTests.expectSameBits(formula(leaves[0], leaves[1], leaves[2]), "\(name) of \(count) \(kind)")
        #expect(count == 1 || counts.translated >= TranslationTests.vectorWidths.count, "\(name) of \(count)")
      }
    }
  }

  /// The interpreted sum is not the only witness: a plain one in float64.
  @Test func `Against a plain sum`() {
    let leaves = ordinary(79_510, seed: 4)
    let (a, b) = (leaves[0].scalars(as: Float.self), leaves[1].scalars(as: Float.self))
    let plan = Plan(arguments: [], outputs: [(leaves[0] * leaves[1]).sum().node, (leaves[0] * leaves[1]).max().node], assignments: [])
    plan.translate()
    let results = plan.run().map { $0.doubles[0] }
    let products = zip(a, b).map { Double($0 * $1) }
    #expect(abs(results[0] - products.reduce(0, +)) < 1e-2)
    #expect(results[1] == products.max())
  }

  /// Each share has totals of its own, whose number depends on sizes alone.
  @Test(arguments: [3, 16, 100, 128, 1000, 2048], TranslationTests.types)
  func `Sums of columns`(columns: Int, dtype: DType) {
    for rows in [1, 2, 31, 64, 100, 700] {
      let leaves = ordinary(rows * columns, seed: UInt64(rows), of: dtype).map { $0.reshaped([rows, columns]) }
      let product = leaves[0] * leaves[1]
      let outputs = [product.sum(axis: 0), (product + leaves[2]).sum(axis: 0), product.sum(), product * 2]
      TranslationTests.expectSameBits(outputs, "\(rows) rows of \(columns)")
    }
  }

  /// What is written in place is combined as it was, or as it becomes, as the formula says.
  @Test(arguments: [1, 2, 3])
  func `Of variables that the same pass changes`(threadCount: Int) {
    let sizes = [70_000, 9, 1024, 1025, 40_001, 5]
    let pool = ThreadPool(threadCount: threadCount)
    func run(translated: Bool) -> [UInt64] {
      let variables = Variable.sideBySide(sizes.enumerated().map { ("v\($0)", "v\($0)", [$1], .float32, true) })
      let sums = sizes.map { _ in Variable(Tensor.zeros([4])) }
      for (variable, leaf) in zip(variables, sizes.map { ordinary($0, seed: UInt64($0))[0] }) { variable.assign(leaf) }
      let assignments = zip(variables, sums).flatMap { variable, sum in
        let old = variable.value, new = old * 0.5 + sign(old) * 0.125
        let totals = [old.sum(), (old * old).sum(), new.sum(), abs(new).max()].map { $0.reshaped([1]) }
        return [(variable: variable, value: new), (variable: sum, value: concatenate(totals, axis: 0))]
      }
      let plan = Plan(arguments: [], outputs: [], assignments: assignments, threadCount: threadCount)
      if translated { #expect(plan.translate() > 0 || TranslationTests.vectorWidths.isEmpty) }
      for _ in 0..<3 { plan.run(on: pool) }
      return TranslationTests.bits(variables.map(\.value) + sums.map(\.value))
    }
    let isSame = run(translated: true) == run(translated: false)
    #expect(isSame)
  }

  /// Where a bound is NaN the rest of a share is interpreted: sums of blocks that had code and of those that had not are put together.
  @Test(arguments: [1, 2, 3])
  func `Bounds of many arrays, some of them NaN`(threadCount: Int) {
    let sizes = [70_000, 9, 40_001, 120_000, 5]
    let bounds: [Float] = [0.5, -0.25, .nan, 0.75, .nan]
    let leaves = sizes.map { ordinary($0, seed: UInt64($0))[0] }
    let limits = bounds.map { Variable(Tensor([$0]).reshaped([])) }
    let totals = sizes.map { _ in Variable(Tensor.zeros([])) }
    let assignments = zip(zip(leaves, limits), totals).map { pair, total in
      (variable: total, value: (maximum(pair.0 * 0.5, pair.1.value) + 1).sum())
    }
    let plan = Plan(arguments: [], outputs: [], assignments: assignments, threadCount: threadCount)
    let pool = ThreadPool(threadCount: threadCount)
    plan.run(on: pool)
    let interpreted = TranslationTests.bits(totals.map(\.value))
    for total in totals { total.assign(Tensor.zeros([])) }
    #expect(plan.translate() >= (TranslationTests.vectorWidths.isEmpty ? 0 : 1))
    plan.run(on: pool)
    #expect(TranslationTests.bits(totals.map(\.value)) == interpreted)
    #expect(totals.map { $0.value.doubles[0].isNaN } == bounds.map(\.isNaN))
  }

  /// Rows that are gathered lie anywhere, and a block is several of them.
  @Test func `Of gathered rows`() {
    var random = SeededGenerator(seed: 8)
    let table = Tensor((0..<300 * 100).map { _ in Float.random(in: -1...1, using: &random) }).reshaped([300, 100])
    for count in [1, 2, 21, 32, 100] {
      let index = Tensor((0..<count).map { _ in Int32.random(in: 0..<300, using: &random) })
      let rows = table.gathering(index)
      TranslationTests.expectSameBits([(rows * 0.5 + 1).sum(), rows * 2, (rows * rows).max()], "\(count) rows")
    }
  }
}

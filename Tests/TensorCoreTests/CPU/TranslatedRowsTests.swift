import TensorCore
import TestSupport
import Testing

/// Rows that are the same each time or lie apart, and truths written as bytes: as machine code against the same groups interpreted, and
/// against plain loops.
@Suite struct TranslatedRowsTests {
  struct Case: CustomTestStringConvertible {
    var width: Int, rows: Int, dtype: DType
    var testDescription: String { "\(rows) rows of \(width), \(dtype)" }
  }

  /// Widths that divide vectors, that vectors divide, and neither; short rows, which the code takes several at a time, and long ones.
  static let cases = [1, 2, 3, 7, 8, 10, 16, 31, 33, 64, 100, 128, 255, 384, 511, 512, 513, 1000, 4100].flatMap { width in
    [1, 2, 5, 64, 301].filter { $0 * width < 160_000 }.flatMap { rows in TranslationTests.types.map { Case(width: width, rows: rows, dtype: $0) } }
  }

  private func ordinary(_ shape: [Int], seed: UInt64, of dtype: DType) -> Tensor {
    var random = SeededGenerator(seed: seed)
    let numbers = (0..<shape.reduce(1, *)).map { _ in (Double.random(in: -2...2, using: &random) * 16).rounded() / 16 }
    return (dtype == .float64 ? Tensor(numbers) : Tensor(numbers.map { Float($0) })).reshaped(shape)
  }

  private func expectTranslated(_ counts: (groups: Int, translated: Int), _ comment: String) {
    #expect(counts.translated == counts.groups && counts.groups == TranslationTests.vectorWidths.count, "\(comment)")
  }

  @Test(arguments: cases)
  func `A bias and what follows it`(_ one: Case) {
    let x = ordinary([one.rows, one.width], seed: 1, of: one.dtype), bias = ordinary([one.width], seed: 2, of: one.dtype)
    let sum = x + bias
    let counts = TranslationTests.expectSameBits([maximum(sum, 0), sum .> 0, select(sum .< x, sum * bias, x)], one.testDescription)
    if one.rows > 1 && one.width > 1 { expectTranslated(counts, one.testDescription) }
    let (numbers, biases) = (x.doubles, bias.doubles)
    let plan = Plan(arguments: [], outputs: [maximum(sum, 0).node, (sum .> 0).node], assignments: [])
    for width in [0] + TranslationTests.vectorWidths {
      if width > 0 { plan.translate(vectorBytes: width) }
      let results = plan.run().map(\.doubles)
      let expected = numbers.indices.map { numbers[$0] + biases[$0 % one.width] }
      let isSame = results[0] == expected.map { max($0, 0.0) } && results[1] == expected.map { $0 > 0 ? 1.0 : 0.0 }
      #expect(isSame, "vectors of \(width) bytes")
    }
  }

  /// Comparisons' results, and other numbers that are asked whether they are zero: NaN is not, and neither are the smallest ones.
  @Test(arguments: TranslationTests.types)
  func `Truths of special numbers`(dtype: DType) {
    for count in [2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 500, 2049, 5000] {
      let leaves = TranslationTests.leaves(count, 3, seed: UInt64(count), of: dtype)
      let (a, b, c) = (leaves[0], leaves[1], leaves[2])
      let kinds = [a .< b, a .== b, a .!= 0, !(a .< c), (a .< b) .|| (b .< c), isFinite(b), (a * b).cast(to: .bool)]
      for (number, truth) in kinds.enumerated() {
        expectTranslated(TranslationTests.expectSameBits([truth], "\(number) of \(count)"), "\(number) of \(count)")
        TranslationTests.expectSameBits([truth, select(truth, b, c) * a], "\(number) of \(count), and what it chooses")
      }
      let plan = Plan(arguments: [], outputs: kinds.map(\.node), assignments: [])
      plan.translate()
      let found = plan.run()[2].doubles, expected = a.doubles.map { $0 != 0 ? 1.0 : 0 }
      #expect(found == expected)
    }
  }

  /// Some columns of a matrix: the rows' elements are neighbours, the rows are not.
  @Test(arguments: [3, 64, 65, 100, 130, 513], TranslationTests.types)
  func `Rows that lie apart`(width: Int, dtype: DType) {
    let places: [(rows: Int, total: Int, start: Int)] = [(2, width + 1, 1), (7, width + 3, 0), (64, 2 * width, width), (300, width + 8, 5)]
    for (rows, total, start) in places {
      let matrix = ordinary([rows, total], seed: 3, of: dtype), bias = ordinary([width], seed: 4, of: dtype)
      let part = matrix.sliced(starts: [0, start], sizes: [rows, width])
      let other = ordinary([rows, width], seed: 5, of: dtype)
      let counts = TranslationTests.expectSameBits([part * 2 + other, part .> other], "\(rows) rows of \(width) in \(total)")
      if width >= 64 { expectTranslated(counts, "\(rows) rows of \(width) in \(total)") }
      TranslationTests.expectSameBits([part * 2 + bias, (part + bias).sum()], "the same and a bias")
      TranslationTests.expectSameBits([part + bias + other.sum(axis: 1, keepDims: true)], "the same and a number for each row")
    }
  }

  /// Of gathered rows and a bias: both have the rows' length, or the group is interpreted.
  @Test(arguments: [10, 64, 100, 700])
  func `Gathered rows and a bias`(width: Int) {
    let table = ordinary([40, width], seed: 6, of: .float32), bias = ordinary([width], seed: 7, of: .float32)
    for count in [1, 2, 33, 200] {
      let numbers: [Int32] = (0..<count).map { Int32($0 * 7 % 40) }
      let index = Tensor(numbers)
      let rows = table.gathering(index)
      TranslationTests.expectSameBits([rows + bias, rows + bias .> 0, (rows * bias).sum()], "\(count) rows of \(width)")
      let missing = Tensor(numbers.enumerated().map { place, number in place % 5 == 4 ? Int32(-1) : number })
      TranslationTests.expectSameBits([table.gathering(missing) * bias], "\(count) rows of \(width), some missing")
    }
  }

  /// In place, on some threads, with sums: nothing left out, nothing computed twice, nothing written beyond the end.
  @Test(arguments: [1, 2, 3, 5])
  func `In place on some threads`(threadCount: Int) {
    let pool = ThreadPool(threadCount: threadCount)
    for (rows, width) in [(300, 10), (700, 33), (64, 100), (1000, 128), (90, 511), (70, 1030), (3, 40_001)] {
      let start = ordinary([rows, width], seed: 8, of: .float32), bias = ordinary([width], seed: 9, of: .float32)
      let kept = Variable.sideBySide([("a", "a", [rows, width], .float32, true), ("b", "b", [64], .float32, true)])
      kept[1].assign(ordinary([64], seed: 10, of: .float32))
      let value = maximum(kept[0].value + bias, 0)
      let plan = Plan(
        arguments: [], outputs: [(value .> 1).node, value.sum().node], assignments: [(variable: kept[0], value: value)],
        threadCount: threadCount)
      var results: [[[Double]]] = []
      for vectorBytes in [0] + TranslationTests.vectorWidths {
        kept[0].assign(start)
        if vectorBytes > 0 { #expect(plan.translate(vectorBytes: vectorBytes) == 1) }
        results.append(plan.run(on: pool).map(\.doubles) + kept.map(\.value.doubles))
      }
      let biases = bias.doubles
      let expected = start.doubles.enumerated().map { max($0.element + biases[$0.offset % width], 0) }
      let truths = expected.map { $0 > 1 ? 1.0 : 0.0 }
      for result in results {
        let isRight = result[2] == expected && result[0] == truths && result[1] == results[0][1]
        let isKept = result[3] == ordinary([64], seed: 10, of: .float32).doubles
        #expect(isRight && isKept, "\(rows) rows of \(width)")
      }
    }
  }
}

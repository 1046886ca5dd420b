import TensorCore
import TestSupport
import Testing

/// Groups of single numbers, as the coefficients of an optimizer's step are, against the same formulas over arrays: every bit.
@Suite struct NumberGroupTests {
  typealias Formula = TranslationTests.Formula

  static let formulas: [(name: String, formula: Formula)] = TranslationTests.formulas + others

  private static let others: [(name: String, formula: Formula)] = [
    ("power", { a, b, _ in pow(abs(a), b) }),
    ("exponentials", { a, b, _ in exp(a) + log(abs(b)) * tanh(a) }),
    ("truths", { a, b, _ in (a .< b) .&& isFinite(a) }),
    ("whole numbers", { a, b, c in (a.cast(to: .int32) * 3 + b.cast(to: .int32)).cast(to: c.dtype) }),
    ("whole numbers out", { a, _, _ in a.cast(to: .int32) }),
    ("the other type", { a, b, _ in a.cast(to: .float64) * b.cast(to: .float32).cast(to: .float64) }),
    ("a power of a power", { a, b, c in 1 - pow(1 - pow(abs(a) + 0.5, b), c) * a }),
  ]

  /// Many groups of one formula are one group of many segments.
  @Test(arguments: formulas.indices, TranslationTests.types)
  func `One formula`(index: Int, dtype: DType) {
    let (name, formula) = NumberGroupTests.formulas[index]
    let leaves = TranslationTests.leaves(441 + 40, 3, seed: 7, of: dtype)
    let whole = Plan(arguments: [], outputs: [formula(leaves[0], leaves[1], leaves[2]).node], assignments: []).run()
    let places = Array(stride(from: 0, to: 481, by: 11))
    let numbers = places.map { place in
      let one = leaves.map { Variable($0[place..<place + 1]) }
      return formula(one[0].value, one[1].value, one[2].value).node
    }
    let single = Plan(arguments: [], outputs: numbers, assignments: []).run()
    let expected = places.map { TranslationTests.bits(whole)[$0] }
    #expect(TranslationTests.bits(single) == expected, "\(name)")
  }

  /// What is written in place is read as it was, or as it becomes, as the formula says; all of many numbers that lie side by side are kept.
  @Test(arguments: TranslationTests.types)
  func `Numbers that a step changes`(dtype: DType) {
    func steps(_ shape: [Int]) -> [[Double]] {
      let fill = { (value: Double) in Variable(Tensor(repeating: value, shape: shape, dtype: dtype)) }
      let (product, rate, step) = (fill(1), fill(0.25), Variable(Tensor(repeating: 0, shape: shape, dtype: .float64)))
      let others = (0..<12).map { fill(Double($0) / 3) }
      let parameter = Variable(Tensor((0..<100).map { Float($0) }).cast(to: dtype))
      func first(_ x: Tensor) -> Tensor { shape.isEmpty ? x : x[0..<1].reshaped([]) }
      let next = product.value * (1 - 0.5 * pow(Tensor(number: 0.96), step.value.cast(to: dtype)))
      let sums = others.enumerated().map { $1.value * product.value + next / Double($0 + 1) }
      var assignments = [(variable: product, value: next), (variable: step, value: step.value + 1)]
      assignments += zip(others, sums).map { ($0, $1 - rate.value * $0.value) }
      assignments.append((parameter, sums.reduce(parameter.value) { $0 * 0.5 + first($1) }))
      let plan = Plan(arguments: [], outputs: [next.node], assignments: assignments)
      var seen: [[Double]] = []
      for _ in 0..<6 {
        let results = plan.run() + ([product, step] + others).map { $0.value.evaluated() }
        seen.append(results.map { $0.doubles[0] } + parameter.value.doubles)
      }
      return seen
    }
    let single = steps([1])
    #expect(single == steps([5]))
    #expect(single == steps([]))
    let isFinite = single.allSatisfy { $0.allSatisfy { $0.isFinite } }
    #expect(isFinite)
  }

  /// An element of a table, one that is missing, and what is drawn.
  @Test func `Numbers from elsewhere`() {
    let table = Tensor((0..<50).map { Float($0) / 8 })
    for place in [0, 3, 49, 50, -1] {
      let found = (table.gathering(Tensor([Int32(place)])) * 3).doubles
      let expected = table.gathering(Tensor([Int32(place), 2])) * 3
      #expect(TranslationTests.bits([Tensor(found)]) == [TranslationTests.bits([expected])[0]], "\(place)")
    }
    for seed in 0..<5 as Range<UInt64> {
      let one = RandomGenerator(seed: seed).normal([1], standardDeviation: 2) + 1, many = RandomGenerator(seed: seed).normal([40], standardDeviation: 2) + 1
      #expect(one.doubles == [many.doubles[0]])
    }
  }

  /// Sums and greatest ones of single numbers, among sums of more.
  @Test func `Reductions of numbers`() {
    for count in [1, 2, 300] {
      let x = Variable(Tensor((0..<count).map { Float($0) - 0.5 }))
      let results = Plan(arguments: [], outputs: [(x.value * 2).sum().node, (x.value - 1).max().node, (x.value * x.value).mean().node], assignments: []).run()
      let values = (0..<count).map { Double($0) - 0.5 }
      let sum = values.reduce(0, +), squares = values.reduce(0) { $0 + $1 * $1 }
      #expect(results[0].doubles == [2 * sum])
      #expect(results[1].doubles == [values[count - 1] - 1])
      #expect(abs(results[2].doubles[0] - squares / Double(count)) < 1e-6 * squares)
    }
  }
}

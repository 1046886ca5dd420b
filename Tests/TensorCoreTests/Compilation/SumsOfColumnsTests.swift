import Foundation
import TensorCore
import TestSupport
import Testing

/// Sums over leading axes of what a group computes: taken where it is computed.
struct SumsOfColumnsTests {
  private func sums(_ values: [Double], columns: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for (index, value) in values.enumerated() { sums[index % columns] += value }
    return sums
  }

  private func plan(of function: CompiledFunction, _ arguments: [Tensor]) -> Plan {
    let plan = function.plan(for: arguments)
    for (index, argument) in arguments.enumerated() { plan.bind(argument: index, to: argument) }
    return plan
  }

  private static let threads = [1, 2, 5].map { ThreadPool(threadCount: $0) }

  /// Widths that are and are not multiples of a vector, longer than a block, and rows that end anywhere in one.
  @Test(arguments: [2, 3, 8, 10, 16, 48, 65, 100, 512, 2500, 4096], [DType.float32, .float64])
  func `Of so many columns`(columns: Int, dtype: DType) {
    for rows in columns <= 16 ? [8, 31, 257, 2000] : columns <= 512 ? [8, 31, 150] : [8, 33] {
      let x = randomNumbers([rows, columns], seed: 1, dtype), y = randomNumbers([rows, columns], seed: 2, dtype)
      let function = CompiledFunction { inputs in
        let product = inputs[0] * inputs[1]
        return [product.sum(axis: 0), (product + 1).sum(axes: [0, 1]), product - inputs[0], (product * 2).sum(axis: 0)]
      }
      let plan = plan(of: function, [x, y])
      #expect(plan.reducingKernels == 0)
      let products = zip(x.doubles, y.doubles).map { dtype == .float32 ? Double(Float($0 * $1)) : $0 * $1 }
      let expected = sums(products, columns: columns)
      let tolerance = dtype == .float32 ? 3e-7 * Double(rows).squareRoot() * 8 : 1e-11
      var bits: [[Double]] = []
      for pool in SumsOfColumnsTests.threads {
        let results = plan.run(on: pool)
        #expect(zip(results[0].doubles, expected).allSatisfy { abs($0 - $1) <= tolerance }, "\(rows) × \(columns), \(dtype)")
        #expect(zip(results[3].doubles, expected).allSatisfy { abs($0 - 2 * $1) <= 2 * tolerance }, "\(rows) × \(columns), \(dtype)")
        let all = products.reduce(0, +) + Double(products.count)
        #expect(abs(results[1].doubles[0] - all) <= 1e-6 * all.magnitude + 1)
        #expect(zip(results[2].doubles, zip(products, x.doubles)).allSatisfy { abs($0 - ($1.0 - $1.1)) < 1e-5 })
        bits.append(results[0].doubles)
      }
      #expect(bits.allSatisfy { $0 == bits[0] }, "the same bits for any number of threads")
    }
  }

  /// Where the group has rows, of its elements and of what has one element a row; leading axes of more than one, and axes of length 1.
  @Test(arguments: [(40, 6, 12), (257, 3, 16), (9, 64, 33)])
  func `In groups with rows, over several axes`(outer: Int, middle: Int, inner: Int) {
    let x = randomNumbers([outer, middle, inner], seed: 3)
    let function = CompiledFunction { inputs in
      let chances = inputs[0].softmax(axis: -1)
      // One element a row, and all of them.
      let greatest = chances.max(axis: -1)
      return [
        chances.sum(axes: [0, 1]), (greatest * 3).sum(axis: 0), (chances * inputs[0]).sum(axis: 0, keepDims: true), exp(inputs[0]).sum(axes: [0, 1]),
      ]
    }
    let plan = plan(of: function, [x])
    #expect(plan.reducingKernels == 0)
    let rows = x.doubles.count / inner
    let chances = (0..<rows).flatMap { row -> [Double] in
      let values = x.doubles[(row * inner)..<((row + 1) * inner)].map { Foundation.exp($0) }
      return values.map { $0 / values.reduce(0, +) }
    }
    let greatest = (0..<rows).map { 3 * chances[($0 * inner)..<(($0 + 1) * inner)].max()! }
    let expected = [
      sums(chances, columns: inner), sums(greatest, columns: middle), sums(zip(chances, x.doubles).map { $0 * $1 }, columns: middle * inner),
      sums(x.doubles.map { Foundation.exp($0) }, columns: inner),
    ]
    for (result, expected) in zip(plan.run(), expected) {
      #expect(zip(result.doubles, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "\(result.shape)")
    }
  }

  /// Equal programs on different memory are one kernel; these keep their own sums.
  @Test func `Of several arrays`() {
    let arrays = (0..<3).map { randomNumbers([200, 16], seed: UInt64($0) + 7) }
    let plan = plan(of: CompiledFunction { inputs in inputs.map { ($0 * 2).sum(axis: 0) } }, arrays)
    for (array, result) in zip(arrays, plan.run()) {
      #expect(zip(result.doubles, sums(array.doubles, columns: 16)).allSatisfy { abs($0 - 2 * $1) < 1e-11 })
    }
  }

  @Test func `What is not a number stays in its column`() {
    var scalars = (0..<400).map { Float($0) }
    scalars[203] = .nan
    scalars[317] = .infinity
    let x = Tensor(shape: [100, 4], scalars: scalars)
    let results = CompiledFunction { inputs in [(inputs[0] * 2).sum(axis: 0)] }.call([x])[0].doubles
    #expect(results[3].isNaN && results[1] == .infinity && results[0] == 39600 && results[2] == 40000)
  }

  /// Sums reach a variable, and a second one that waits for the first.
  @Test func `Sums of squares of what is left when the mean is taken off`() {
    let x = randomNumbers([320, 24], seed: 5), mean = Variable(Tensor.zeros([24], dtype: .float64))
    let function = CompiledFunction { inputs in
      let center = (inputs[0] * 1.5).mean(axis: 0)
      mean.assign(center)
      return [square(inputs[0] * 1.5 - center).sum(axis: 0)]
    }
    let result = function.call([x])[0].doubles
    let values = x.doubles.map { $0 * 1.5 }
    let expectedMean = sums(values, columns: 24).map { $0 / 320 }
    let expected = sums(values.enumerated().map { ($1 - expectedMean[$0 % 24]) * ($1 - expectedMean[$0 % 24]) }, columns: 24)
    #expect(zip(mean.value.doubles, expectedMean).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-9 })
  }
}

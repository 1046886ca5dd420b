import Foundation
import TensorCore
import Testing

/// Sums of arrays with zeros around.
struct PartsTests {
  /// How many operations of a kind a plan has.
  private func count(in plan: Plan, _ isMeant: (TensorCore.Operation) -> Bool) -> Int {
    plan.schedule.kernels.filter { kernel in
      if case .operation(let call) = kernel { isMeant(call.operation) } else { false }
    }.count
  }

  private func pads(_ plan: Plan) -> Int { count(in: plan) { if case .pad = $0 { true } else { false } } }
  private func concatenations(_ plan: Plan) -> Int { count(in: plan) { if case .concatenate = $0 { true } else { false } } }

  @Test(arguments: [0, 1, 2])
  func `What reaches a tensor that was cut in parts is put together`(axis: Int) {
    let shape = [8, 8, 8], x = RandomGenerator(seed: 3).normal(shape, dtype: .float64).evaluated()
    let function = CompiledFunction { inputs in
      let parts = (0..<4).map { index -> Tensor in
        var starts = [0, 0, 0], sizes = shape
        (starts[axis], sizes[axis]) = (2 * index, 2)
        return tanh(inputs[0].sliced(starts: starts, sizes: sizes)) * Double(index + 1)
      }
      return gradients(of: parts.map { $0.sum() }.reduce(Tensor.zeros([], dtype: .float64), +), withRespectTo: inputs)
    }
    let plan = function.plan(for: [x])
    #expect(pads(plan) == 0)
    #expect(concatenations(plan) == 1)
    let found = function([x])[0].doubles, stride = [64, 8, 1][axis]
    for (index, value) in x.doubles.enumerated() {
      let t = Foundation.tanh(value)
      #expect(abs(found[index] - Double(index / stride % 8 / 2 + 1) * (1 - t * t)) < 1e-14)
    }
  }

  /// Where each of the parts of a row of 10 begins, and how long it is, in the order in which they are added.
  private static let cases: [(parts: [(Int, Int)], padsLeft: Int)] = [
    ([(0, 4), (4, 6)], 0), ([(4, 6), (0, 4)], 0), ([(7, 3), (5, 2), (1, 4), (0, 1)], 0), ([(2, 3), (5, 2)], 1), ([(5, 2), (2, 3)], 1),
    ([(0, 4), (3, 7)], 2), ([(0, 4), (5, 5)], 2), ([(0, 2), (8, 2), (2, 6)], 3), ([(3, 2), (3, 2)], 2), ([(1, 3), (1, 4)], 2),
  ]

  @Test(arguments: cases.indices)
  func `Only parts side by side are put together, in whatever order they are added`(number: Int) {
    let (parts, padsLeft) = PartsTests.cases[number]
    var expected = [Double](repeating: 0, count: 30)
    let inputs = parts.enumerated().map { index, part in
      Tensor(shape: [3, part.1], scalars: (0..<(3 * part.1)).map { Double($0 + 100 * (index + 1)) }).evaluated()
    }
    for (input, part) in zip(inputs, parts) {
      for row in 0..<3 {
        for column in 0..<part.1 { expected[10 * row + part.0 + column] += input.doubles[row * part.1 + column] }
      }
    }
    let function = CompiledFunction { inputs in
      let all = zip(inputs, parts).map { $0.padded(low: [0, $1.0], high: [0, 10 - $1.0 - $1.1]) }
      return [all.dropFirst().reduce(all[0], +)]
    }
    #expect(function(inputs)[0].doubles == expected)
    #expect(pads(function.plan(for: inputs)) == padsLeft)
  }

  @Test func `Parts that lie elsewhere on another axis stay apart`() {
    let x = Tensor.ones([2, 2]).evaluated()
    let function = CompiledFunction { inputs in
      [inputs[0].padded(low: [0, 0], high: [1, 2]) + inputs[0].padded(low: [1, 2], high: [0, 0])]
    }
    #expect(function([x])[0].doubles == [1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1])
    #expect(pads(function.plan(for: [x])) == 2)
  }
}

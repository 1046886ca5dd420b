import TensorCore
import Testing

/// What is kept of values that were computed on the way to others.
struct EvaluationTests {
  private func counted(_ calls: Counter, _ input: Tensor) -> Tensor {
    hostComputation("count", [input], shape: input.shape, dtype: .float32, body: { inputs in
      calls.add()
      return inputs[0]
    })
  }

  @Test func `A tensor that a loop cuts into batches is computed twice, not once a batch`() {
    let calls = Counter()
    let x = counted(calls, Tensor(shape: [64, 4], scalars: (0..<256).map(Float.init))) / 255
    for batch in 0..<16 {
      let rows = x[(4 * batch)..<(4 * batch + 4)]
      #expect(abs(rows.doubles[5] - Double(16 * batch + 5) / 255) < 1e-6)
    }
    #expect(calls.count == 2)
    #expect(x.node.value != nil)
  }

  @Test func `What lies below a kept tensor is not kept`() {
    let y = Tensor([1.0, 2, 3]) + 1
    let x = y * 2
    for _ in 0..<3 { _ = (x + 1).doubles }
    #expect(x.node.value != nil)
    #expect(y.node.value == nil)
  }

  @Test func `What is far larger than what it is made of is not kept`() {
    let row = Tensor.ones([4000]) + 1
    let table = row.reshaped([4000, 1]) * row
    for _ in 0..<3 { #expect(table.sum().item() == 4 * 16e6) }
    #expect(table.node.value == nil)
  }

  @Test func `A value computed once is not kept`() {
    let x = Tensor([1.0, 2]) * 3
    #expect((x + 1).doubles == [4, 7])
    #expect(x.node.value == nil)
  }

  /// They take far longer than reading them does, and come from next to nothing.
  @Test func `Random numbers that are read in parts are kept`() {
    let x = RandomGenerator(seed: 1).normal([1000, 300]), shifted = x * 2 + 1
    let rows = (0..<3).map { shifted[$0].doubles }
    #expect(x.node.value != nil)
    #expect((0..<3).map { shifted[$0].doubles } == rows)
  }
}

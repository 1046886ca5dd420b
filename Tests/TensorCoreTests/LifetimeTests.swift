import TensorCore
import Testing

/// What is dropped is gone.
@Suite struct LifetimeTests {
  @Test func `a dropped compiled function leaves no variable and no plan`() throws {
    weak var variable: Variable?
    weak var function: CompiledFunction?
    weak var plan: Plan?
    weak var node: Node?
    do {
      let w = Variable(Tensor.ones([4]), name: "w")
      let step = compile { (x: [Tensor]) -> [Tensor] in
        let loss = square(w.value * x[0] - 1).sum()
        w.assign(w.value - 0.1 * gradients(of: loss, withRespectTo: [w])[0])
        return [loss]
      }
      let loss = step(Tensor([1, 2, 3, 4] as [Float]))[0]
      _ = loss.item()
      _ = square(w.value).sum().item()
      (variable, function, plan, node) = (w, step, step.plan(for: [Tensor.ones([4])]), loss.node)
    }
    #expect(variable == nil)
    #expect(function == nil)
    #expect(plan == nil)
    #expect(node == nil)
  }

  @Test func `a variable and a tensor computed from it let each other go`() {
    weak var variable: Variable?
    do {
      let w = Variable(Tensor.ones([4]))
      let before = w.value + 1
      w.assign(w.value * 2)
      #expect(before.sum().item() == 8)
      variable = w
    }
    #expect(variable == nil)
  }
}

import Foundation
import TensorCore
import Testing

/// Compiling takes time in proportion to the size of the graph. A walk over the whole graph inside a loop over the graph would take
/// hours at these sizes, and recursion would overflow the small stacks.
@Suite(.timeLimit(.minutes(20))) struct CompileTimeTests {
  /// A step of training of `depth` layers.
  static func step(depth: Int) -> (plan: Plan, weights: [Variable]) {
    let weights = (0..<depth).map { layer in
      Variable(Tensor(shape: [4, 4], scalars: (0..<16).map { (place: Int) -> Double in Double((place * 7 + layer) % 11) / 20 }).cast(to: .float32))
    }
    let biases = (0..<depth).map { _ in Variable(Tensor.zeros([4])) }
    let function = CompiledFunction { arguments in
      var x = arguments[0]
      for (weight, bias) in zip(weights, biases) { x = relu(matmul(x, weight.value) + bias.value) }
      let loss = square(x).mean()
      for (variable, gradient) in zip(weights + biases, gradients(of: loss, withRespectTo: weights + biases)) {
        variable.assign(variable.value - 0.01 * gradient)
      }
      return [loss]
    }
    return (function.plan(for: [Tensor.ones([2, 4])]), weights)
  }

  @Test func `Twice as many layers are twice the work`() {
    let (plan, _) = CompileTimeTests.step(depth: 100), (twice, _) = CompileTimeTests.step(depth: 200)
    // Kernels: for each layer the same, and the updates of all of them together.
    #expect(twice.statistics.kernels < 2 * plan.statistics.kernels)
    #expect(twice.statistics.searchSteps < 5 * plan.statistics.searchSteps / 2)
    #expect(plan.statistics.searchSteps < 100 * 100)
  }

  @Test func `A network of a thousand layers is trained`() {
    onSmallStack {
      let (plan, weights) = CompileTimeTests.step(depth: 1000)
      plan.bind(argument: 0, to: Tensor.ones([2, 4]))
      #expect(plan.run()[0].item().isFinite)
      #expect(weights[0].value.doubles.allSatisfy { $0.isFinite })
      // Three kernels forward and backward for a layer, and one for all updates of the same form.
      #expect(plan.statistics.kernels < 8 * 1000)
    }
  }

  /// More operations than a 16-bit index has numbers, all over the same elements.
  @Test(arguments: [1, 3])
  func `A chain of seventy thousand operations gives the right value`(size: Int) {
    onSmallStack {
      let x = Variable(Tensor(shape: [size], scalars: (0..<size).map { Double($0) }))
      let function = CompiledFunction { _ in
        var y = x.value
        for step in 0..<35_000 { y = maximum(y * 0.5, Tensor(number: Double(step % 3))) }
        return [y]
      }
      var expected = (0..<size).map { Double($0) }
      for step in 0..<35_000 { expected = expected.map { Swift.max($0 * 0.5, Double(step % 3)) } }
      #expect(function.call([])[0].doubles == expected)
    }
  }

  @Test func `A long chain has a derivative`() {
    onSmallStack {
      let x = Variable(Tensor(shape: [2], scalars: [1.0, 2.0]))
      let function = CompiledFunction { _ in
        var y = x.value
        for _ in 0..<10_000 { y = y + sin(y) * 1e-5 }
        return gradients(of: y, withRespectTo: [x])
      }
      var expected: [Double] = []
      for start in [1.0, 2.0] {
        var (y, derivative) = (start, 1.0)
        for _ in 0..<10_000 { (y, derivative) = (y + sin(y) * 1e-5, derivative * (1 + cos(y) * 1e-5)) }
        expected.append(derivative)
      }
      for (result, value) in zip(function.call([])[0].doubles, expected) { #expect(Swift.abs(result - value) < 1e-9) }
    }
  }

  @Test func `Thousands of values that are needed at once are right`() {
    onSmallStack {
      let x = Variable(Tensor(shape: [3], scalars: [0.5, 1.0, 2.0]))
      let function = CompiledFunction { _ in
        let parts = (0..<10_000).map { x.value * Double($0) + 1 }
        // Each is needed once forward and once backward.
        var sum = parts[0]
        for part in parts.dropFirst() { sum = maximum(sum, part) }
        for part in parts.reversed() { sum = minimum(sum, part + 5) }
        return [sum]
      }
      #expect(function.call([])[0].doubles == [6, 6, 6])
    }
  }

  @Test func `Steps of thousands of parameters become few kernels`() {
    let variables = (0..<2000).map { Variable(Tensor(Double($0))) } + (0..<2000).map { _ in Variable(Tensor.ones([7])) }
    let function = CompiledFunction { _ in
      let norm = variables.map { square($0.value.cast(to: .float64)).sum() }.reduce(Tensor(0.0), +)
      for variable in variables { variable.assign(variable.value / (1 + norm * 0).cast(to: variable.dtype)) }
      return [norm]
    }
    let plan = function.plan(for: [])
    let squares: [Double] = (0..<2000).map { Double($0 * $0) }
    let sum: Double = squares.reduce(0, +) + 14_000
    #expect(plan.run()[0].item() == sum)
    #expect(variables[1234].value.item() == 1234)
    #expect(plan.statistics.kernels < 4200)
  }
}

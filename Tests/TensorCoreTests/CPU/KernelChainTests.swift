import TensorCore
import TestSupport
import Testing

/// Kernels in one call against the same kernels one after another.
@Suite(.timeLimit(.minutes(20))) struct KernelChainTests {
  /// How many kernels run in the call of another.
  private func chained(_ plan: Plan) -> Int { plan.explanation().kernels.count { $0.runsWith != nil } }

  /// A network of two layers, its loss and its parameters' gradients.
  private static func step(_ rows: Int, _ sizes: [Int], _ dtype: DType) -> [Tensor] {
    func leaf(_ shape: [Int], _ factor: Int) -> Variable {
      let values = (0..<shape.reduce(1, *)).map { Double($0 * factor % 61) / 61 - 0.5 }
      return Variable(Tensor(shape: shape, scalars: values).cast(to: dtype))
    }
    let x = leaf([rows, sizes[0]], 7), w = leaf([sizes[0], sizes[1]], 11), b = leaf([sizes[1]], 13)
    let v = leaf([sizes[1], sizes[2]], 17), c = leaf([sizes[2]], 19)
    let hidden = maximum(matmul(x.value, w.value) + b.value, 0)
    let p = (matmul(hidden, v.value) + c.value).softmax()
    let isRight = Tensor((0..<rows).map { Int32($0 * 5 % sizes[2]) }).reshaped([rows, 1]) .== Tensor((0..<sizes[2]).map { Int32($0) })
    let loss = -(select(isRight, log(p), 0).sum() / Double(rows))
    return [p, loss] + gradients(of: loss, withRespectTo: [w, b, v, c])
  }

  @Test(arguments: [16, 32, 41, 128], [[784, 100, 10], [30, 64, 3], [50, 200, 33]])
  func `A training step`(rows: Int, sizes: [Int]) {
    for dtype in [DType.float32, .float64] {
      func plan(_ threadCount: Int, _ limits: ChainFinder.Limits) -> Plan {
        Plan(arguments: [], outputs: KernelChainTests.step(rows, sizes, dtype).map(\.node), assignments: [], threadCount: threadCount, chains: limits)
      }
      let apart = plan(1, .apart).run().map(\.doubles)
      var results: [[[Double]]] = []
      for threadCount in [1, 2, 5] {
        let together = plan(threadCount, .init(fewestMembers: 2, fewestRows: 16, shortest: 0))
        let fewest = dtype == .float32 && sizes[0] == 784 && rows == 32 ? 5 : sizes[2] < 33 ? 1 : 0
        #expect(chained(together) >= fewest, "\(threadCount) threads")
        results += (0..<2).map { _ in together.run(on: ThreadPool(threadCount: threadCount)).map(\.doubles) }
      }
      let areSame = results.allSatisfy { $0 == results[0] }
      #expect(areSame, "the bits do not depend on the number of threads")
      for (together, apart) in zip(results[0], apart) {
        PlanTests.expectEqual(together, apart, within: dtype == .float64 ? 1e-13 : 2e-6, "\(rows) rows of \(sizes), \(dtype)")
      }
    }
  }

  /// The first rows of a result lie where all of them begin, but are not those of the same shares.
  @Test func `The first rows of a member are no member's`() {
    let x = Variable(Tensor((0..<320).map { Float($0 % 7) / 8 }).reshaped([32, 10]))
    let w = Variable(Tensor((0..<100).map { Float($0 % 5) / 8 }).reshaped([10, 10]))
    func plan(_ limits: ChainFinder.Limits) -> Plan {
      let h = tanh(matmul(x.value, w.value))
      let outputs = [h, h[0..<16, 0..<10] * 2, h * 3 + matmul(h, w.value)]
      return Plan(arguments: [], outputs: outputs.map(\.node), assignments: [], threadCount: 2, chains: limits)
    }
    let together = plan(.init(fewestMembers: 2, fewestRows: 16, shortest: 0))
    var alone = 0
    for case (.group(let programs), let kernel) in zip(together.schedule.kernels, together.explanation().kernels) where programs[0].count == 160 {
      alone += kernel.runsWith == nil ? 1 : 0
    }
    #expect(alone == 1 && chained(together) > 0)
    let apart = plan(.apart)
    #expect(together.run(on: ThreadPool(threadCount: 2)).map(\.doubles) == apart.run().map(\.doubles))
  }

  /// Sums over the rows are known when all shares have done theirs: nothing in the same call may read them, whatever their shape is.
  @Test(arguments: [2, 4]) func `A product does not read sums over the rows in the call that computes them`(threadCount: Int) {
    let x = Variable(Tensor((0..<2560).map { Float($0 % 13) / 16 }).reshaped([16, 16, 10]))
    let w = Variable(Tensor((0..<100).map { Float($0 % 5) / 8 }).reshaped([10, 10]))
    func results(_ limits: ChainFinder.Limits) -> [[Double]] {
      let sums = tanh(x.value).sum(axes: [0])
      let outputs = [sums, tanh(matmul(sums, w.value)), tanh(x.value) * 2]
      let plan = Plan(arguments: [], outputs: outputs.map(\.node), assignments: [], threadCount: threadCount, chains: limits)
      return plan.run(on: ThreadPool(threadCount: threadCount)).map(\.doubles)
    }
    let apart = results(.apart)
    for (together, apart) in zip(results(.init(fewestMembers: 2, fewestRows: 16, shortest: 0)), apart) {
      PlanTests.expectEqual(together, apart, within: 1e-6, "")
    }
  }

  /// Whatever can be chained, in any order of reading and writing, against the interpreter of schedules.
  @Test func `Random steps with every chain that is possible`() {
    var count = 0
    for seed in 0..<200 {
      var grower = PlanTests.Grower(seed: UInt64(seed) + 50_000, dtype: .float64)
      let shapes: [[Int]] = [[32, 10], [32, 10], [32, 24], [10, 24], [24, 10], [32, 1], [10], [24], [16, 10], []]
      let variables = shapes.map { Variable(grower.leaf($0)) }
      grower.pool = variables.map(\.value)
      for _ in 0..<(3 + seed % 30) {
        grower.grow()
        let matrices = grower.pool.filter { $0.rank == 2 && $0.dtype == .float64 }
        let a = grower.pick(matrices)
        if let b = matrices.filter({ $0.shape[0] == a.shape[1] }).randomElement(using: &grower.random) { grower.pool.append(tanh(matmul(a, b) * 0.25)) }
        if let b = matrices.filter({ $0.shape[0] == a.shape[0] }).randomElement(using: &grower.random) {
          grower.pool.append(tanh(matmul(a.transposed(), b) * 0.25))
        }
      }
      var assignments: [(variable: Variable, value: Tensor)] = []
      for variable in variables {
        let fitting = grower.pool.filter { $0.shape == variable.shape && $0.dtype == .float64 }
        if let value = fitting.randomElement(using: &grower.random) { assignments.append((variable, value)) }
      }
      let outputs = (0..<3).map { _ in grower.pick(grower.pool).node }
      let plan = Plan(
        arguments: [], outputs: outputs, assignments: assignments, threadCount: 1 + seed % 3, chains: .init(fewestMembers: 2, fewestRows: 9, shortest: 0))
      count += chained(plan)
      var interpreter = ScheduleInterpreter(plan.schedule)
      let expected = interpreter.run()
      for (result, expected) in zip(plan.run(on: ThreadPool(threadCount: 1 + seed % 3)), expected) {
        PlanTests.expectEqual(result.doubles, expected, within: 1e-11, "seed \(seed), result of shape \(result.shape)")
      }
      for (index, buffer) in plan.schedule.buffers.enumerated() {
        guard case .variable(let variable) = buffer.role else { continue }
        PlanTests.expectEqual(variable.value.doubles, interpreter.buffers[index], within: 1e-11, "seed \(seed), variable of shape \(variable.shape)")
      }
    }
    #expect(count > 200)
  }
}

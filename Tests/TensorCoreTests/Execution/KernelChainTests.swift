import TensorCore
import TestSupport
import Testing

/// Kernels in one call against the same kernels one after another.
@Suite(.timeLimit(.minutes(20))) struct KernelChainTests {
  /// How many kernels run in the call of another.
  private func chained(_ plan: Plan) -> Int { plan.explanation().kernels.count { $0.runsWith != nil } }

  // MARK: - A product and an update

  private struct Job {
    let x: Variable, d: Variable, w: Variable, slot: Variable
    let others: [Variable]

    /// A gradient xᵀ d [rows, columns] for `w`, and some parameters that have gradients without products.
    init(rows: Int, columns: Int, others sizes: [Int], dtype: DType = .float32) {
      func variable(_ shape: [Int], _ factor: Int) -> Variable {
        let values = (0..<shape.reduce(1, *)).map { Double($0 * factor % 251) / 64 - 2 }
        return Variable(Tensor(shape: shape, scalars: values).cast(to: dtype))
      }
      (x, d) = (variable([32, rows], 37), variable([32, columns], 29))
      (w, slot) = (variable([rows, columns], 31), variable([rows, columns], 7))
      others = sizes.map { variable([$0], 11) }
    }

    var gradient: Tensor { matmul(x.value, d.value, transposeA: true) }

    func step(_ gradient: Tensor) -> [(variable: Variable, value: Tensor)] {
      let momentum = lerp(slot.value, gradient, 0.1)
      return [(slot, momentum), (w, w.value - 0.01 * momentum / (sqrt(abs(gradient)) + 1e-3))]
        + others.map { ($0, $0.value * 0.5 + 1) }
    }

    var state: [[Double]] { ([w, slot] + others).map(\.value.doubles) }

    func set(_ state: [[Double]]) {
      for (variable, values) in zip([w, slot] + others, state) {
        variable.assign(Tensor(shape: variable.shape, scalars: values).cast(to: variable.dtype))
      }
    }
  }

  @Test(arguments: [[784, 100], [785, 96], [1031, 64], [64, 1024], [300, 304], [2000, 16]], [1, 2, 5])
  func `An update in the shares of its gradient`(size: [Int], threadCount: Int) {
    for (dtype, others) in [(DType.float32, []), (.float32, [10, 1]), (.float64, [7]), (.float32, [50_000, 3, 400_000])] {
      let job = Job(rows: size[0], columns: size[1], others: others, dtype: dtype)
      let begin = job.state, pool = ThreadPool(threadCount: threadCount)
      let apart = Plan(arguments: [], outputs: [], assignments: job.step(job.gradient.evaluated()), threadCount: 1)
      let together = Plan(arguments: [], outputs: [], assignments: job.step(job.gradient), threadCount: threadCount)
      for run in 0..<2 {
        job.set(begin)
        apart.run()
        let expected = job.state
        job.set(begin)
        together.run(on: pool)
        let isSame = job.state == expected
        #expect(isSame, "\(dtype), beside \(others), run \(run)")
        // The second time in machine code.
        together.translate()
      }
      #expect(chained(apart) == 0)
      if size == [784, 100], threadCount <= 2 { #expect(chained(together) == 1, "\(dtype), beside \(others)") }
    }
  }

  /// A group that needs more of the product than its own rows, and a step that reads a parameter which others have changed.
  @Test func `What is not chained`() {
    let job = Job(rows: 784, columns: 100, others: [])
    let square = Variable(Tensor(shape: [784, 784], scalars: (0..<(784 * 784)).map { Double($0 % 17) / 16 }).cast(to: .float32))
    let cases: [(name: String, product: () -> Tensor, group: (Tensor) -> Tensor)] = [
      ("a row and the next", { job.gradient }, { $0[0..<783, 0..<100] + $0[1..<784, 0..<100] }),
      ("transposed", { job.gradient }, { $0.transposed() * 2 }),
      ("with a sum", { job.gradient }, { $0 * $0.sum() }),
      ("by rows' sums", { job.gradient }, { $0 / ($0.sum(axis: 1, keepDims: true) + 1) }),
      ("over what it is computed from", { matmul(square.value, job.w.value) }, { job.w.value - 0.1 * $0 }),
    ]
    for (name, product, group) in cases {
      let begin = job.state, isUpdate = name.hasPrefix("over")
      let expected = group(product().evaluated()).doubles
      let value = group(product())
      let plan = Plan(
        arguments: [], outputs: isUpdate ? [] : [value.node], assignments: isUpdate ? [(job.w, value)] : [], threadCount: 2)
      let results = plan.run(on: ThreadPool(threadCount: 2))
      let isSame = (results.first?.doubles ?? job.w.value.doubles) == expected
      #expect(isSame, "\(name)")
      #expect(chained(plan) == 0, "\(name)")
      job.set(begin)
    }
  }

  /// The product reads memory that nobody needs after it; what the group writes must not be put there while other shares still read.
  @Test(arguments: [1, 2, 4])
  func `Memory is not used again too early`(threadCount: Int) {
    let job = Job(rows: 784, columns: 104, others: [])
    func result(_ product: (Tensor, Tensor) -> Tensor) -> Tensor {
      let x = job.x.value.sum(axis: 0) * Tensor(shape: [104, 1], scalars: (0..<104).map { Double($0 % 5) / 64 }).cast(to: .float32)
      let gradient = product(x, matmul(job.d.value, job.d.value, transposeA: true))
      let wide = sqrt(abs(gradient)) + job.slot.value
      return matmul(wide, wide, transposeA: true)
    }
    let expected = result { x, d in matmul(x.evaluated(), d.evaluated(), transposeA: true).evaluated() }.doubles
    let output = result { matmul($0, $1, transposeA: true) }
    let plan = Plan(arguments: [], outputs: [output.node], assignments: [], threadCount: threadCount)
    let pool = ThreadPool(threadCount: threadCount)
    for _ in 0..<20 {
      let isSame = plan.run(on: pool)[0].doubles == expected
      #expect(isSame)
    }
    #expect(threadCount > 2 || chained(plan) == 1)
  }

  // MARK: - Small kernels over a batch's rows

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

  @Test(arguments: [16, 32, 40, 41, 100, 128], [[784, 100, 10], [30, 64, 3], [50, 200, 33]])
  func `A training step`(rows: Int, sizes: [Int]) {
    for dtype in [DType.float32, .float64] {
      func plan(_ threadCount: Int, _ limits: ChainFinder.Limits) -> Plan {
        Plan(arguments: [], outputs: KernelChainTests.step(rows, sizes, dtype).map(\.node), assignments: [], threadCount: threadCount, chains: limits)
      }
      let apart = plan(1, .init(fewestMembers: .max, fewestRows: .max, shortest: 0)).run().map(\.doubles)
      var results: [[[Double]]] = []
      for threadCount in [1, 2, 3, 5] {
        let together = plan(threadCount, .init(fewestMembers: 2, fewestRows: 16, shortest: 0))
        let fewest = dtype == .float32 && sizes[0] == 784 && rows == 32 ? 5 : sizes[2] < 33 ? 1 : 0
        #expect(chained(together) >= fewest, "\(threadCount) threads")
        results += (0..<3).map { _ in together.run(on: ThreadPool(threadCount: threadCount)).map(\.doubles) }
      }
      let areSame = results.allSatisfy { $0 == results[0] }
      #expect(areSame, "the bits do not depend on the number of threads")
      for (together, apart) in zip(results[0], apart) {
        PlanTests.expectEqual(together, apart, within: dtype == .float64 ? 1e-13 : 2e-6, "\(rows) rows of \(sizes), \(dtype)")
      }
    }
  }

  /// Whatever can be chained, in any order of reading and writing, against the interpreter of schedules.
  @Test func `Random steps with every chain that is possible`() {
    var count = 0
    for seed in 0..<400 {
      var grower = PlanTests.Grower(seed: UInt64(seed) + 50_000, dtype: .float64)
      let shapes: [[Int]] = [[32, 10], [32, 10], [32, 24], [10, 24], [24, 10], [32, 1], [10], [24], [16, 10], []]
      let variables = shapes.map { Variable(grower.leaf($0)) }
      grower.pool = variables.map(\.value)
      for _ in 0..<(3 + seed % 30) {
        grower.grow()
        let matrices = grower.pool.filter { $0.rank == 2 && $0.dtype == .float64 }
        let a = grower.pick(matrices)
        if let b = matrices.filter({ $0.shape[0] == a.shape[1] }).randomElement(using: &grower.random) { grower.pool.append(tanh(matmul(a, b) * 0.25)) }
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
    #expect(count > 400)
  }
}

import TensorCore
import TestSupport
import Testing

/// Loops against the same computation written out step by step, and against central differences.
struct ScanTests {
  private typealias Body = @Sendable (_ state: [Tensor], _ step: [Tensor]) -> (state: [Tensor], results: [Tensor])

  /// What `scan` is short for.
  private static func unrolled(
    _ initial: [Tensor], over inputs: [Tensor], count: Int, reverse: Bool, _ body: Body
  ) -> (state: [Tensor], results: [Tensor]) {
    var state = initial
    var rows: [(step: Int, results: [Tensor])] = []
    for position in 0..<count {
      let step = reverse ? count - 1 - position : position
      let parts = inputs.map { input in
        input.sliced(starts: [step], sizes: [1]).reshaped(Array(input.shape.dropFirst()))
      }
      let (next, results) = body(state, parts)
      state = next
      rows.append((step, results))
    }
    rows.sort { $0.step < $1.step }
    let kinds = rows.first?.results.count ?? 0
    return (state, (0..<kinds).map { kind in stack(rows.map { $0.results[kind] }) })
  }

  private static func numbers(_ shape: [Int], _ phase: Double) -> Tensor {
    let values = (0..<shape.reduce(1, *)).map { (index: Int) -> Double in
      let place = Double(index * (index + 3))
      return 0.9 * (phase + 1.7 * place).remainder(dividingBy: 1.93)
    }
    return Tensor(shape: shape, scalars: values)
  }

  /// A body made of everything that loops are used with: products with what is outside, sums over rows, a mask, a value that no step
  /// changes, a result that is a state, and one that depends on the step alone.
  private static func network(_ arguments: [Tensor], _ mask: Tensor, scan loop: ([Tensor], [Tensor], Body) -> (state: [Tensor], results: [Tensor])) -> [Tensor] {
    let (h, c, x, w, u, b) = (arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
    let body: Body = { state, step in
      let sum: Tensor = matmul(step[0], w) + matmul(state[0], u)
      let z: Tensor = sum + b * tanh(b)
      let mask: Tensor = step[1].expandingShape(at: -1)
      let next: Tensor = select(mask, tanh(z) * state[1], state[0])
      let cell: Tensor = lerp(state[1], sigmoid(z), 0.3) * w.sum()
      let squares: Tensor = square(step[0])
      let columns: Tensor = state[1].sum(axis: 0)
      return ([next, cell], [next, squares, columns])
    }
    let (state, results): ([Tensor], [Tensor]) = loop([h, c], [x, mask], body)
    return state + results
  }

  private static let shapes = [[2, 3], [2, 3], [5, 2, 4], [4, 3], [3, 3], [3]]

  private static func total(_ values: [Tensor]) -> Tensor {
    var sum = Tensor(0.0)
    for (index, value) in values.enumerated() {
      let part: Tensor = square(value).sum() * Double(index + 1)
      sum = sum + part
    }
    return sum
  }

  @Test(arguments: [false, true], [false, true]) func `a loop is what it is written out`(_ reverse: Bool, _ recompute: Bool) {
    let arguments = Self.shapes.enumerated().map { Self.numbers($1, 0.3 * Double($0 + 1)) }
    let mask = Tensor([[true, true], [false, true], [true, false], [true, true], [false, false]])
    func all(_ values: [Tensor], isLoop: Bool) -> [Tensor] {
      let results = Self.network(values, mask) { initial, inputs, body in
        isLoop ? scan(initial, over: inputs, reverse: reverse, recompute: recompute, body) : Self.unrolled(initial, over: inputs, count: 5, reverse: reverse, body)
      }
      let first = gradients(of: Self.total(results), withRespectTo: values)
      return results + first + gradients(of: Self.total(first), withRespectTo: values)
    }
    let expected = compile { all($0, isLoop: false) }(arguments)
    let compiled = compile { all($0, isLoop: true) }
    for _ in 0..<2 {
      for (index, (actual, expected)) in zip(compiled(arguments), expected).enumerated() {
        #expect(actual.shape == expected.shape)
        expectClose(actual, expected.doubles, tolerance: 1e-11, "compiled, \(index)")
      }
    }
    for (index, (actual, expected)) in zip(all(arguments, isLoop: true), expected).enumerated() {
      expectClose(actual, expected.doubles, tolerance: 1e-11, "not compiled, \(index)")
    }
  }

  @Test func `derivatives match differences`() {
    let shapes = [[1, 2], [1, 2], [2, 1, 1], [1, 2], [2, 2], [2]]
    let arguments = shapes.enumerated().map { Self.numbers($1, 0.2 * Double($0 + 1)) }
    let mask = Tensor([[true], [true]])
    expectDerivativesMatchDifferences(at: arguments, tolerance: 1e-5) { values in
      let results = Self.network(values, mask) { scan($0, over: $1, $2) }
      return concatenate(results.map { $0.reshaped([$0.count]) }, axis: 0)
    }
  }

  @Test func `loops inside loops`() {
    let x = Self.numbers([4, 3, 2], 0.4), w = Self.numbers([2], 0.7)
    func nested(_ values: [Tensor]) -> Tensor {
      scan(Tensor.zeros([2], dtype: .float64), over: values[0]) { outer, row in
        let inner = scan(outer, over: row) { tanh($0 * values[1] + $1 * outer) }
        return inner.last + inner.all.sum(axis: 0)
      }.all
    }
    func plain(_ values: [Tensor]) -> Tensor {
      var outer = Tensor.zeros([2], dtype: .float64), rows: [Tensor] = []
      for row in 0..<4 {
        var inner = outer, all: [Tensor] = []
        for column in 0..<3 {
          let part: Tensor = values[0][row..<(row + 1), column..<(column + 1)].reshaped([2])
          inner = tanh(inner * values[1] + part * outer)
          all.append(inner)
        }
        outer = inner + stack(all).sum(axis: 0)
        rows.append(outer)
      }
      return stack(rows)
    }
    let (value, slopes) = valueAndGradients(at: [x, w]) { square(nested($0)).sum() }
    let (expected, expectedSlopes) = valueAndGradients(at: [x, w]) { square(plain($0)).sum() }
    expectClose(value, expected.doubles)
    for (a, b) in zip(slopes, expectedSlopes) { expectClose(a, b.doubles, tolerance: 1e-11) }
  }

  @Test func `no step, one step and ten thousand`() {
    for count in [0, 1, 10_000] {
      let x = Tensor(shape: [count, 2], scalars: (0..<(2 * count)).map { Double($0 % 7) })
      let start = Tensor([1.0, -1])
      let (slopes, value) = { () -> ([Tensor], [Tensor]) in
        let copies = [start, x].map { stopGradient($0) }
        let (last, all) = scan(copies[0], over: copies[1]) { $0 + $1 }
        return (gradients(of: last.sum() + 2 * all.sum(), withRespectTo: copies), [last, all])
      }()
      var sum = [1.0, -1], sums: [Double] = []
      for (index, number) in x.doubles.enumerated() {
        sum[index % 2] += number
        sums.append(sum[index % 2])
      }
      #expect(value[0].doubles == sum)
      #expect(value[1].doubles == sums)
      #expect(slopes[0].doubles == [1, 1].map { $0 + 2 * Double(count) })
      #expect(slopes[1].doubles == (0..<(2 * count)).map { 1 + 2 * Double(count - $0 / 2) })
    }
    let empty = scan(Tensor([2.0]), over: Tensor.zeros([0, 1], dtype: .float64)) { $0 * $1 }
    #expect(empty.all.shape == [0, 1])
    // Without rows there is nothing to do.
    #expect(scan(Tensor.zeros([0, 2]), over: Tensor.zeros([3, 0, 2])) { $0 + $1 }.all.shape == [3, 0, 2])
  }

  @Test func `a loop without inputs, and one without states`() {
    let powers = scan([Tensor([1.0, 1])], over: [], count: 4) { state, _ in ([state[0] * Tensor([2.0, 3])], [state[0]]) }
    #expect(powers.state[0].doubles == [16, 81])
    #expect(powers.results[0].doubles == [1, 1, 2, 3, 4, 9, 8, 27])
    let squares = scan([], over: [Tensor([1.0, 2, 3])]) { _, step in ([], [square(step[0])]) }
    #expect(squares.results[0].doubles == [1, 4, 9])
  }

  private static func training(_ steps: Int) -> (CompiledFunction, [Variable]) {
    let u = Variable(numbers([24, 24], 0.1).cast(to: .float32) * 0.2, name: "u")
    let function = compile { tensors in
      let x = tensors[0]
      let (last, all) = scan(Tensor.zeros([x.shape[1], 24]), over: x) { h, x in tanh(x + matmul(h, u.value)) }
      let loss = square(last).sum() + square(all).mean()
      u.assign(u.value - 0.01 * gradients(of: loss, withRespectTo: [u])[0])
      return [loss, all]
    }
    return (function, [u])
  }

  @Test func `neither the plan nor the work of making it grows with the steps`() throws {
    let plans = [3, 300].map { steps in
      Self.training(steps).0.plan(for: [Tensor.zeros([steps, 4, 24])])
    }
    #expect(plans[0].schedule.kernels.count == plans[1].schedule.kernels.count)
    #expect(plans[0].statistics.searchSteps == plans[1].statistics.searchSteps)
    // The loop runs once forwards and once backwards, not once more for what the derivative needs.
    let loops = plans[0].explanation().kernels.filter { $0.code == .loop }
    #expect(loops.count == 2)
  }

  @Test func `the same bits for any number of threads`() {
    let x = Self.numbers([30, 40, 24], 0.3).cast(to: .float32)
    let results = [1, 3, 4].map { threads -> [[Double]] in
      let (function, variables) = Self.training(30)
      let pool = ThreadPool(threadCount: threads)
      let plan = function.plans(for: [x]).makePlan(threadCount: threads)
      plan.bind(argument: 0, to: x)
      var all: [[Double]] = []
      for _ in 0..<3 { all += plan.run(on: pool).map(\.doubles) }
      return all + variables.map(\.value.doubles)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}

#if compiler(>=6.2)
  struct ScanErrorTests {
    private func message(_ result: ExitTest.Result?) throws -> String {
      String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    }

    @Test func `a state of another shape`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = scan(Tensor.zeros([2]), over: Tensor.zeros([3, 4, 2])) { $0 + $1 }
      }
      #expect(try message(result).contains("scan: state 0 is float32 [2], and float32 [4, 2] after a step"))
    }

    @Test func `inputs of different lengths`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = scan([Tensor.zeros([2])], over: [Tensor.zeros([3, 2]), Tensor.zeros([4, 2])]) { ([$0[0] + $1[0]], [$1[1]]) }
      }
      #expect(try message(result).contains("scan: an input has shape [4, 2]; expected 3 steps along axis 0"))
    }

    @Test func `a variable that is assigned in the body`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let total = Variable(Tensor.zeros([2]), name: "total")
        let function = compile { tensors in
          [scan(Tensor.zeros([2]), over: tensors[0]) { state, x in
            total.assign(total.value + x)
            return state + x
          }.last]
        }
        _ = function(Tensor.zeros([3, 2]))
      }
      #expect(try message(result).contains("scan: the body assigns a variable what depends on the state or the step"))
    }

    @Test func `elements that are read in the body`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = scan(Tensor.zeros([1]), over: Tensor.zeros([3, 1])) { $0 + $1 * $0.item() }
      }
      #expect(try message(result).contains("float32 [1] has no elements yet"))
    }
  }
#endif

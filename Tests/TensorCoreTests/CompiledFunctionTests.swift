import Dispatch
import Synchronization
import TensorCore
import Testing

@Suite(.timeLimit(.minutes(20))) struct CompiledFunctionTests {
  @Test func `A function that throws while it is traced throws at the call and changes nothing`() throws {
    let w = Variable(Tensor([1.0, 2.0]))
    let step = compile { x, y throws in
      w.assign(w.value + x)
      guard y.shape == [2] else { throw DescentError(.invalidArgument, "y") }
      return x + y
    }
    #expect(throws: DescentError(.invalidArgument, "y")) { try step(Tensor([1.0, 1.0]), Tensor([1.0])) }
    #expect(w.value.doubles == [1, 2])
    #expect(try step(Tensor([1.0, 1.0]), Tensor([1.0, 3.0])).doubles == [2, 4])
    #expect(w.value.doubles == [2, 3])
    let many = compile { (x: [Tensor]) throws -> [Tensor] in
      if x.isEmpty { throw DescentError(.invalidArgument, "none") }
      return [x[0] * 2]
    }
    #expect(throws: DescentError.self) { try many() }
    #expect(try many(Tensor([1.5]))[0].doubles == [3])
    let one = compile { x throws in
      if x.rank != 1 { throw DescentError(.data, "rank") }
      return x
    }
    #expect(throws: DescentError(.data, "rank")) { try one(Tensor(1.0)) }
    #expect(try one(Tensor([1.0])).doubles == [1])
  }

  /// As on PyTorch's and TensorFlow's tapes, where a variable is a leaf whatever was written to it.
  @Test func `No gradient passes through an assignment`() {
    let a = Variable(Tensor([1.0, 2])), b = Variable(Tensor([3.0, 5]))
    let step = compile { (x: [Tensor]) -> [Tensor] in
      let before = (a.value * b.value).sum()
      b.assign(a.value * a.value * b.value)
      let after = (a.value * b.value * b.value).sum()
      return gradients(of: after, withRespectTo: [a, b]) + gradients(of: before + after, withRespectTo: [b])
        + gradients(of: before, withRespectTo: [a, b])
    }
    let results = step().map(\.doubles)
    // b is 3 and 20 afterwards: b², 2ab; that and a; and b, a of before.
    #expect(results == [[9, 400], [6, 80], [7, 82], [3, 5], [1, 2]])
    #expect(b.value.doubles == [3, 20])
  }

  @Test func `One compiled function may be called from many threads`() {
    func numbers(_ count: Int, _ factor: Int, _ modulus: Int) -> [Float] {
      (0..<count).map { (index: Int) -> Float in Float(index * factor % modulus) }
    }
    let w = Variable(Tensor(shape: [64, 64], scalars: numbers(4096, 1, 7)))
    let f = compile { (x: Tensor) -> Tensor in maximum(matmul(x, w.value), 0) + x }
    let inputs: [Tensor] = (0..<8).map { (k: Int) -> Tensor in Tensor(shape: [32, 64], scalars: numbers(2048, k + 3, 11)) }
    let right: [[Float]] = inputs.map { f($0).scalars(as: Float.self) }
    let wrong = Counter()
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for k in 0..<200 {
        let index = (thread + k) % inputs.count
        if f(inputs[index]).scalars(as: Float.self) != right[index] { wrong.add() }
      }
    }
    #expect(wrong.count == 0)
  }

  @Test func `Who reads sees all that a run changes, or nothing of it`() {
    let size = 5000
    let a = Variable(Tensor.zeros([size])), b = Variable(Tensor.zeros([size]))
    let step = compile { (_: [Tensor]) -> [Tensor] in
      a.assign(a.value + 1)
      b.assign(b.value + 1)
      return []
    }
    _ = step()
    let read = compile { (x: Tensor) -> Tensor in concatenate([a.value - x, b.value - x], axis: 0) }
    let torn = Counter()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for _ in 0..<300 {
        switch thread {
        case 0: _ = step()
        case 1: if Set(read(Tensor(Float(0))).scalars(as: Float.self)).count != 1 { torn.add() }
        case 2: if Set(a.value.scalars(as: Float.self)).count != 1 { torn.add() }
        default:
          let value = b.value
          let (once, again) = ((value * 2).scalars(as: Float.self), (value * 2).scalars(as: Float.self))
          if Set(once).count != 1 || once != again { torn.add() }
        }
      }
    }
    #expect(torn.count == 0)
    #expect(a.value.doubles[0] == 301)
  }

  @Test func `A lazily computed value that threads share is computed once`() {
    for _ in 0..<20 {
      let calls = Counter()
      let lazy = hostComputation("count", [Tensor.ones([4])], shape: [4], dtype: .float32, body: { inputs in
        calls.add()
        return inputs[0]
      })
      DispatchQueue.concurrentPerform(iterations: 4) { _ in _ = lazy.doubles }
      #expect(calls.count == 1)
    }
  }

  /// However many arguments, and whether it may throw: each form explains and measures itself.
  @Test func `Every form explains itself`() throws {
    let w = Variable(Tensor.ones([300]))
    let (x, y) = (Tensor(repeating: 2, shape: [300]), Tensor(repeating: 3, shape: [300]))
    let one = compile { (x: Tensor) -> Tensor in
      w.assign(w.value * 0.5)
      return x * w.value + 1
    }
    let two = compiled { x, y in square(x - y).sum() }
    let throwing = compile { (x: Tensor, y: Tensor) throws -> Tensor in
      if x.shape != y.shape { throw DescentError(.invalidArgument, "\(x.shape), \(y.shape)") }
      return x * y + x
    }
    #expect(one.description == "a function that was not called yet")
    #expect(one.explain(x).description.contains("in place"))
    #expect(w.value.doubles == [Double](repeating: 1, count: 300), "explaining runs nothing")
    #expect(one(x).doubles == [Double](repeating: 2, count: 300) && one.description.hasPrefix("function of (float32 [300])"))
    _ = one.profile(x, runs: 2)
    #expect(w.value.doubles == [Double](repeating: 0.125, count: 300), "each run of a profile is a run")
    #expect(two(x, y).item() == 300 && two.profile(x, y, runs: 1).description.contains(#/\d (ns|µs|ms)/#))
    #expect(try throwing(x, y).doubles[0] == 8 && throwing.description.hasPrefix("function of (float32 [300], float32 [300])"))
    #expect(throws: DescentError.self) { try throwing.explain(x, Tensor.ones([2])) }
    #expect(throws: DescentError.self) { try throwing(x, Tensor.ones([2])) }
  }

  @Test func `Draws of one generator in several threads differ`() {
    let generator = RandomGenerator(seed: 3)
    let drawn = Collected()
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<50 { drawn.add(generator.uniform([2], dtype: .float64).doubles) }
    }
    #expect(drawn.values.count == 200)
  }

  @Test func `what was read of a variable before a function is what it held then, in each of its runs`() {
    let w = Variable(Tensor([1.0, 2.0]))
    let start = w.value, doubled = w.value * 2
    let step = compile { (_: [Tensor]) -> [Tensor] in
      w.assign(w.value + 1)
      return [w.value - start, w.value - doubled, w.value]
    }
    #expect(step().map(\.doubles) == [[1, 1], [0, -1], [2, 3]])
    #expect(step().map(\.doubles) == [[2, 2], [1, 0], [3, 4]])
    // Read when the variable had changed already, before the function is traced for another shape.
    let now = w.value
    let other = compile { (x: Tensor) -> Tensor in
      w.assign(w.value + x)
      return w.value - now
    }
    #expect(other(Tensor([1.0, 1.0])).doubles == [1, 1])
    #expect(other(Tensor([1.0])).doubles == [2, 2])
    #expect(other(Tensor([1.0, 1.0])).doubles == [3, 3])
  }

  @Test func `what a function reads of a variable has no elements while it is traced`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let w = Variable(Tensor([1.0, 2.0]))
      let step = compile { (_: [Tensor]) -> [Tensor] in
        w.assign(w.value + w.value.doubles[0])
        return []
      }
      _ = step()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("float64 [2] has no elements yet: it is read while the function that computes it is traced"))
  }

  @Test func `A function keeps the plans that were used last`() {
    var traces: [Int] = []
    let function = compile { (x: [Tensor]) -> [Tensor] in
      traces.append(x[0].count)
      return [(x[0] * 2).sum()]
    }
    func call(_ count: Int) { #expect(function(Tensor.ones([count], dtype: .float64))[0].item() == Double(2 * count)) }
    for count in 1...100 {
      call(count)
      call(1)
    }
    #expect(traces == Array(1...100) && function.planCount == 64)
    call(100)
    call(2)
    #expect(traces == Array(1...100) + [2] && function.planCount == 64)
  }

  @Test func `a tensor that is traced can be printed`() {
    var printed = ""
    let function = compile { (x: Tensor) -> Tensor in
      printed = "\(x * 2)"
      return x
    }
    _ = function(Tensor([1.0, 2.0]))
    #expect(printed == "Tensor(traced, shape: [2], dtype: float64)")
  }
}

final class Counter: Sendable {
  private let number = Mutex(0)
  func add() { number.withLock { $0 += 1 } }
  var count: Int { number.withLock { $0 } }
}

final class Collected: Sendable {
  private let all = Mutex<Set<[Double]>>([])
  func add(_ value: [Double]) { all.withLock { _ = $0.insert(value) } }
  var values: Set<[Double]> { all.withLock { $0 } }
}

import TensorCore
import TestSupport
import Testing

/// Matrix products of arrays whose axes lie in another order, and results that are read in one.
struct ProductViewTests {
  /// The passes that only bring elements into another order.
  private func copies(in plan: Plan) -> Int {
    plan.schedule.kernels.filter { kernel in
      guard case .group(let programs) = kernel else { return false }
      return programs.allSatisfy { $0.instructions.allSatisfy { $0.function == .load || $0.function == .copy } }
    }.count
  }

  /// A matrix product by its definition.
  private static func product(_ a: [Double], _ b: [Double], _ batch: Int, _ m: Int, _ k: Int, _ n: Int) -> [Double] {
    (0..<(batch * m * n)).map { index in
      let (matrix, row, column) = (index / (m * n), index / n % m, index % n)
      return (0..<k).reduce(0.0) { $0 + a[(matrix * m + row) * k + $1] * b[(matrix * k + $1) * n + column] }
    }
  }

  private static let orders: [[Int]] = [0, 1, 2, 3].flatMap { a in
    [0, 1, 2, 3].flatMap { b in [0, 1, 2, 3].flatMap { c in [0, 1, 2, 3].map { [a, b, c, $0] } } }
  }.filter { Set($0).count == 4 }

  /// All orders of one side with some of the other's and of the result's, against plain sums and against the schedule's interpreter.
  @Test(arguments: orders)
  func `Axes in any order`(_ order: [Int]) {
    let shape = [3, 2, 5, 4], otherShape = [3, 2, 4, 7]
    let place = ProductViewTests.orders.firstIndex(of: order)!
    for (number, other) in ProductViewTests.orders.enumerated() where number % 5 == place % 5 {
      // Stored so that in this order they are [3, 2, 5, 4] and [3, 2, 4, 7].
      var stored = shape, storedOther = otherShape
      for axis in 0..<4 { stored[order[axis]] = shape[axis] }
      for axis in 0..<4 { storedOther[other[axis]] = otherShape[axis] }
      let a = randomNumbers(stored, seed: 1), b = randomNumbers(storedOther, seed: 2)
      let last = ProductViewTests.orders[(number * 7 + 3) % 24]
      let function = CompiledFunction { _ in [matmul(a.transposed(order), b.transposed(other)).transposed(last) + 1] }
      let plan = function.plan(for: [])
      let product = ProductViewTests.product(
        (a.transposed(order) + 0.0).doubles, (b.transposed(other) + 0.0).doubles, 6, 5, 4, 7)
      let expected = (Tensor(shape: [3, 2, 5, 7], scalars: product).transposed(last) + 1).doubles
      var interpreter = ScheduleInterpreter(plan.schedule)
      let results = [plan.run()[0].doubles, interpreter.run()[0]]
      for result in results { #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(order), \(other)") }
    }
  }

  /// [rows, steps, heads, depth], as attention has it.
  @Test func `Heads are neither taken apart nor put together by copies`() {
    let (q, k, v) = (randomNumbers([2, 6, 3, 4], seed: 1), randomNumbers([2, 6, 3, 4], seed: 2), randomNumbers([2, 6, 3, 4], seed: 3))
    let w = randomNumbers([12, 5], seed: 4)
    let attention = CompiledFunction { inputs in
      let scores = einsum("btnd,bsnd->bnts", inputs[0], inputs[1])
      let y = einsum("bnts,bsnd->btnd", scores.softmax(axis: -1), inputs[2])
      let loss = square(matmul(y.reshaped([12, 12]), w)).sum()
      // As if from dense layers: products of matrices.
      return [loss] + gradients(of: loss, withRespectTo: inputs).map { matmul($0.reshaped([12, 12]), w) }
    }
    #expect(copies(in: attention.plan(for: [q, k, v])) == 0)
    let backwards = CompiledFunction { inputs in [matmul(flip(inputs[0].reshaped([12, 12]), axes: [0]), w)] }
    #expect(copies(in: backwards.plan(for: [q])) == 1, "what no product can read is copied")
    expectDerivativesMatchDifferences(at: [q, k, v], tolerance: 1e-5) { inputs in
      let scores = einsum("btnd,bsnd->bnts", inputs[0], inputs[1]) * 0.2
      return matmul(einsum("bnts,bsnd->btnd", scores.softmax(axis: -1), inputs[2]).reshaped([12, 12]), w)
    }
  }

  /// As large as oneDNN's products are, with rows a multiple of 2 KiB apart, and the result in another order: the same as of copies.
  @Test func `oneDNN reads and writes them as well, with the same bits for any number of threads`() {
    let a = RandomGenerator(seed: 1).normal([24, 3, 512]).evaluated(), b = RandomGenerator(seed: 2).normal([40, 3, 512]).evaluated()
    let c = RandomGenerator(seed: 3).normal([40, 3, 170]).evaluated(), d = RandomGenerator(seed: 4).normal([512, 3, 40]).evaluated()
    let cases: [(Tensor, Tensor, Bool, Bool)] = [
      (a, b, false, true), (b.transposed([2, 1, 0]).evaluated().transposed([2, 1, 0]), a, false, true), (c, b, true, false), (d, b, true, true),
    ]
    for (number, (x, y, transposeX, transposeY)) in cases.enumerated() {
      func product(_ change: (Tensor) -> Tensor) -> Tensor {
        matmul(change(x.transposed([1, 0, 2])), change(y.transposed([1, 0, 2])), transposeA: transposeX, transposeB: transposeY)
      }
      let plan = Plan(arguments: [], outputs: [(product { $0 }.transposed([1, 0, 2]) + 1).node], assignments: [])
      let results = [1, 3].map { plan.run(on: ThreadPool(threadCount: $0))[0].doubles }
      #expect(results[0] == results[1], "\(number)")
      let expected = (product { $0.cast(to: .float64).evaluated() }.evaluated().transposed([1, 0, 2]) + 1).doubles
      #expect(zip(results[0], expected).allSatisfy { abs($0 - $1) < 1e-3 }, "\(number)")
    }
  }

  /// In another order than the product's own, also over what the product reads.
  @Test func `A product is assigned to a variable in another order of axes`() {
    let a = randomNumbers([3, 3, 4], seed: 1), b = randomNumbers([3, 4, 4], seed: 2)
    let expected = (Tensor(shape: [3, 3, 4], scalars: ProductViewTests.product(a.doubles, b.doubles, 3, 3, 4, 4)).transposed([1, 0, 2]) + 0.0).doubles
    let v = Variable(Tensor.zeros([3, 3, 4], dtype: .float64)), w = Variable(a)
    _ = CompiledFunction { _ in
      v.assign(matmul(a, b).transposed([1, 0, 2]))
      w.assign(matmul(w.value, b).transposed([1, 0, 2]))
      return []
    }([])
    for variable in [v, w] { #expect(zip(variable.value.doubles, expected).allSatisfy { abs($0 - $1) < 1e-12 }) }
  }

  @Test func `A result that is read in two orders, or is wanted itself, stays as it is`() {
    let a = randomNumbers([2, 3, 4], seed: 1), b = randomNumbers([2, 4, 5], seed: 2)
    let plain = ProductViewTests.product(a.doubles, b.doubles, 2, 3, 4, 5)
    let turned = (Tensor(shape: [2, 3, 5], scalars: plain).transposed([1, 0, 2]) + 0.0).doubles
    let results = CompiledFunction { _ in
      let product = matmul(a, b)
      return [product, product.transposed([1, 0, 2]) + 0.0, (product.transposed([0, 2, 1]) + 0.0).sum()]
    }([])
    #expect(zip(results[0].doubles, plain).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(zip(results[1].doubles, turned).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(abs(results[2].item() - plain.reduce(0, +)) < 1e-11)
  }

  /// Parts of arrays, every other row, one matrix for a whole batch, rows that are all the same one, and turned round ones.
  @Test(arguments: [DType.float64, .float32])
  func `Parts, repeated matrices and what no product can read`(_ dtype: DType) {
    let a = randomNumbers([4, 6, 9], seed: 1).cast(to: dtype).evaluated(), b = randomNumbers([4, 9, 8], seed: 2).cast(to: dtype).evaluated()
    let left: [(Tensor) -> Tensor] = [
      { $0.sliced(starts: [0, 1, 2], sizes: [4, 5, 6]) }, { $0.sliced(starts: [1, 0, 1], sizes: [1, 5, 6]).broadcast(to: [4, 5, 6]) },
      { $0.sliced(starts: [0, 0, 0], sizes: [4, 3, 6], strides: [1, 2, 1]) }, { $0.sliced(starts: [0, 2, 0], sizes: [4, 1, 6]).broadcast(to: [4, 3, 6]) },
      { flip($0, axes: [1]).sliced(starts: [0, 0, 0], sizes: [4, 6, 6]) }, { flip($0, axes: [0]).sliced(starts: [0, 0, 0], sizes: [4, 6, 6]) },
      { $0.sliced(starts: [0, 0, 0], sizes: [4, 6, 5], strides: [1, 1, 2]) }, { $0.sliced(starts: [0, 0, 3], sizes: [4, 6, 1]).broadcast(to: [4, 6, 6]) },
    ]
    let right: [(Tensor, Int) -> Tensor] = [
      { $0.sliced(starts: [0, 9 - $1, 3], sizes: [4, $1, 4]) }, { $0.sliced(starts: [2, 0, 0], sizes: [1, $1, 8]).broadcast(to: [4, $1, 8]) },
      { $0.transposed([0, 2, 1]).sliced(starts: [0, 1, 0], sizes: [4, $1, 7]) },
    ]
    for (i, first) in left.enumerated() {
      for (j, second) in right.enumerated() {
        let found = CompiledFunction { inputs in
          let x = first(inputs[0])
          return [matmul(x, second(inputs[1], x.shape[2])), x + 0.0, second(inputs[1], x.shape[2]) + 0.0]
        }([a, b])
        let (x, y) = (found[1], found[2])
        let expected = ProductViewTests.product(x.doubles, y.doubles, 4, x.shape[1], x.shape[2], y.shape[2])
        #expect(zip(found[0].doubles, expected).allSatisfy { abs($0 - $1) < (dtype == .float64 ? 1e-12 : 1e-4) }, "\(i), \(j)")
      }
    }
  }

  /// More axes of a batch than a product keeps apart, and rows whose number is around those of a kernel's tiles.
  @Test func `Many axes, and few rows`() {
    let a = randomNumbers([2, 3, 2, 2, 3, 5, 4], seed: 1), b = randomNumbers([2, 3, 2, 2, 3, 4, 6], seed: 2)
    let order = [4, 2, 0, 3, 1, 5, 6]
    let x = a.transposed(order), y = b.transposed(order)
    let expected = ProductViewTests.product((x + 0.0).doubles, (y + 0.0).doubles, 72, 5, 4, 6)
    #expect(zip(CompiledFunction { _ in [matmul(x, y)] }([])[0].doubles, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    for m in 1...33 {
      for dtype in [DType.float32, .float64] {
        let (left, right) = (randomNumbers([m, 19], seed: 3), randomNumbers([19, 21], seed: 4))
        let found = matmul(left.cast(to: dtype), right.cast(to: dtype)).doubles
        let turned = matmul(left.cast(to: dtype), right.transposed([1, 0]).evaluated().cast(to: dtype), transposeB: true).doubles
        let sums = ProductViewTests.product(left.doubles, right.doubles, 1, m, 19, 21)
        for result in [found, turned] { #expect(zip(result, sums).allSatisfy { abs($0 - $1) < (dtype == .float64 ? 1e-12 : 1e-4) }, "\(m)") }
      }
    }
  }
}

import TestSupport
import Testing

@testable import TensorCore

/// Loops whose rows threads take through all steps by themselves: only those whose rows do not meet, and with the same numbers.
struct ScanRowsTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let isSplit: Bool
    let body: @Sendable (_ h: Tensor, _ x: Tensor, _ given: Given) -> Tensor
  }

  /// As many rows as columns, so that sizes alone tell nothing.
  private static let size = 12

  /// What bodies take from outside.
  struct Given: Sendable {
    let square: Tensor, vector: Tensor, column: Tensor
    let table: Tensor, places: Tensor
  }

  static let cases: [Case] = [
    Case(testDescription: "a factor on the right", isSplit: true) { h, x, given in tanh(x + matmul(h, given.square)) },
    Case(testDescription: "a factor on the right, transposed", isSplit: true) { h, x, given in
      tanh(x + matmul(h, given.square, transposeB: true))
    },
    Case(testDescription: "a factor on the left", isSplit: false) { h, x, given in tanh(x + matmul(given.square, h)) },
    Case(testDescription: "a factor that is also added", isSplit: false) { h, x, given in tanh(matmul(h, given.square) + given.square) },
    Case(testDescription: "rows given from outside", isSplit: true) { h, x, given in tanh(x * given.square + h) * given.column },
    Case(testDescription: "a vector for all rows", isSplit: true) { h, x, given in tanh(x + h * given.vector) },
    Case(testDescription: "a mean over the rows", isSplit: false) { h, x, _ in x + h - h.mean(axis: 0) },
    Case(testDescription: "the greatest of a column", isSplit: false) { h, x, _ in x + h.max(axis: 0) },
    Case(testDescription: "sums within a row", isSplit: true) { h, x, _ in x * (h + 1).softmax(axis: 1) - h.mean(axis: 1, keepDims: true) },
    Case(testDescription: "columns cut out and put together", isSplit: true) { h, x, _ in
      let left = h.sliced(starts: [0, 0], sizes: [size, 5]), right = x.sliced(starts: [0, 5], sizes: [size, 7])
      return tanh(concatenate([right, left], axis: 1))
    },
    Case(testDescription: "rows backwards", isSplit: false) { h, x, _ in x + flip(h, axes: [0]) * 0.5 },
    Case(testDescription: "columns backwards", isSplit: true) { h, x, _ in x + flip(h, axes: [1]) * 0.5 },
    Case(testDescription: "rows and columns exchanged", isSplit: false) { h, x, _ in x + h.transposed() * 0.5 },
    Case(testDescription: "a row that becomes a table", isSplit: true) { h, x, given in
      let tables = h.reshaped([size, 3, 4])
      return tanh(x + matmul(tables, tables, transposeB: true).reshaped([size, 9]).sum(axis: 1, keepDims: true))
    },
    Case(testDescription: "rows of a table", isSplit: true) { h, x, given in tanh(x + h + given.table.gathering(given.places)) },
  ]

  @Test(arguments: cases)
  func `rows go through a loop alone where they do not meet, and give the same numbers`(test: Case) throws {
    let size = Self.size, steps = 5
    func numbers(_ shape: [Int], _ phase: Double) -> Tensor {
      let count: Int = shape.reduce(1, *)
      return Tensor(shape: shape, scalars: (0..<count).map { (place: Int) -> Double in (phase + 1.7 * Double(place * (place + 3))).remainder(dividingBy: 1.93) })
    }
    let given = Given(
      square: numbers([size, size], 0.2) * 0.4, vector: numbers([size], 0.4), column: numbers([size, 1], 0.8),
      table: numbers([30, size], 0.1), places: Tensor((0..<size).map { Int32($0 * 7 % 30) }))
    let start = numbers([size, size], 0.6), inputs = numbers([steps, size, size], 0.3)
    var expected = start
    for step in 0..<steps {
      expected = test.body(expected, inputs.sliced(starts: [step, 0, 0], sizes: [1, size, size]).reshaped([size, size]), given)
    }
    let last = scan(start, over: inputs) { test.body($0, $1, given) }.last
    let loop = try #require(
      nodesBelow([last.node]).lazy.compactMap { node -> Scan? in
        if case .scan(let scan) = node.operation { scan } else { nil }
      }.first)
    #expect((ScanRows(loop) != nil) == test.isSplit)
    for threads in [1, 2, 3, 7] {
      let plan = Plan(arguments: [], outputs: [last.node], assignments: [], threadCount: threads, leastLoopWork: 1)
      for _ in 0..<2 { expectClose(plan.run(on: ThreadPool(threadCount: threads))[0], expected.doubles, tolerance: 1e-12) }
    }
  }

  @Test func `too few rows are not shared`() throws {
    let last = scan(Tensor.zeros([7, 2]), over: Tensor.ones([3, 7, 2])) { $0 + $1 }.last
    let loop = nodesBelow([last.node]).lazy.compactMap { node -> Scan? in
      if case .scan(let scan) = node.operation { scan } else { nil }
    }.first
    let rows = try ScanRows(#require(loop))
    #expect(rows?.canBeShared == false)
  }

  @Test func `little work is not shared`() throws {
    func shares(_ columns: Int, threads: Int) throws -> Int {
      let last = scan(Tensor.zeros([64, columns]), over: Tensor.ones([3, 64, columns])) { tanh($0 + $1) }.last
      let loop = nodesBelow([last.node]).lazy.compactMap { node -> Scan? in
        if case .scan(let scan) = node.operation { scan } else { nil }
      }.first
      let found = try #require(loop)
      let body = Scheduler.schedule(arguments: found.arguments, outputs: found.newStates + found.results, assignments: [])
      return try #require(ScanRows(found)).shareCount(threads: threads, work: KernelTime.additions(of: body))
    }
    #expect(try shares(8, threads: 16) == 1)
    #expect(try shares(64, threads: 16) == 2)
    #expect(try shares(1024, threads: 16) == 16)
    #expect(try shares(1024, threads: 64) == 16)
  }
}

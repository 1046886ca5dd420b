import TensorCore
import TestSupport
import Testing

@Suite struct TableRowsTests {
  @Test func `Distinct rows in order`() {
    let (rows, places) = Tensor(shape: [2, 4], scalars: [Int32(7), 2, -1, 7, 10, 2, 0, 9]).distinctRows(of: 10)
    #expect(rows.doubles == [0, 2, 7, 9, -1, -1, -1, -1])
    #expect(places.doubles == [2, 1, -1, 2, -1, 1, 0, 3])
  }

  @Test func `Distinct rows of none`() {
    let (rows, places) = Tensor([Int32]()).distinctRows(of: 10)
    #expect(rows.shape == [0] && places.shape == [0])
    #expect(Tensor([Int32(0), -3]).distinctRows(of: 0).rows.doubles == [-1, -1])
  }

  /// More digits than one pass of the sort looks at, against Swift's own sets.
  @Test(arguments: [5, 2048, 3_000_000, Int(Int32.max)])
  func `Distinct rows of large tables`(limit: Int) {
    var random = SeededGenerator(seed: UInt64(limit))
    let indices = (0..<5000).map { _ in Int32.random(in: -2...Int32(limit / 2), using: &random) * (Bool.random(using: &random) ? 1 : 2) }
    let (rows, places) = Tensor(indices).distinctRows(of: limit)
    let expected = Set(indices.filter { $0 >= 0 && $0 < limit }).sorted()
    #expect(rows.scalars(as: Int32.self) == expected + [Int32](repeating: -1, count: 5000 - expected.count))
    for (index, place) in zip(indices, places.scalars(as: Int32.self)) {
      #expect(place < 0 ? index < 0 || index >= limit : expected[Int(place)] == index)
    }
  }

  @Test func `Rows are written and nothing else`() {
    let table = Variable(Tensor.range(12, dtype: .float32).reshaped([4, 3]))
    let old = table.value
    table.assignRows(at: Tensor([Int32(3), -1, 1, 4]), Tensor.range(12, dtype: .float32).reshaped([4, 3]) + 100)
    let expected: [Double] = [0, 1, 2, 106, 107, 108, 6, 7, 8, 100, 101, 102]
    #expect(table.value.doubles == expected)
    #expect(old.doubles == (0..<12).map(Double.init), "what was read before keeps its value")
  }

  /// A large table is not copied: a step that writes a few rows needs memory for those alone, wherever its rows come from.
  @Test func `A step on rows keeps out of the table`() {
    let table = Variable(Tensor.zeros([5000, 16]), name: "table")
    let indices = Tensor([Int32(4), 77, 4, 4999, 5000, -1])
    let plan = CompiledFunction { _ in
      let (rows, places) = indices.distinctRows(of: 5000)
      let sums = Tensor.ones([6, 16]).scatterAdding(at: places, rows: 6)
      let output = table.value.gathering(Tensor([Int32(4)]))
      table.assignRows(at: rows, table.value.gathering(rows) + sums)
      return [output]
    }.plan(for: [])
    #expect(plan.statistics.workspaceBytes < 5000)
    #expect(plan.run()[0].doubles.allSatisfy { $0 == 0 })
    #expect(plan.run()[0].doubles.allSatisfy { $0 == 2 }, "reads come before the write, though they need not")
    let sums = table.value.sum(axes: [1]).doubles
    #expect(sums[4] == 4 * 16 && sums[77] == 2 * 16 && sums[4999] == 2 * 16 && sums.reduce(0, +) == 8 * 16)
  }

  @Test func `The number of threads does not change a bit`() {
    let results = [1, 2, 5].map { threads in
      let pool = ThreadPool(threadCount: threads)
      let table = Variable(Tensor.range(30_000 * 8, dtype: .float32).reshaped([30_000, 8]) * 0.37)
      let indices = Tensor((0..<20_000).map { Int32($0 * 7919 % 9001) })
      let plan = CompiledFunction { _ in
        let (rows, places) = indices.distinctRows(of: 30_000)
        let sums = sin(table.value.gathering(indices)).scatterAdding(at: places, rows: 20_000)
        table.assignRows(at: rows, table.value.gathering(rows) - sums)
        return []
      }.plan(for: [])
      for _ in 0..<3 { plan.run(on: pool) }
      return table.value.scalars(as: Float.self).map(\.bitPattern)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }
}

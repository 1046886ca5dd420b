import TensorCore
import Testing

/// The rows of a batch are gathered once, though the forward pass reads them and a gradient does.
@Suite struct GatheredRowsTests {
  /// How many kernels or pieces of kernels bring rows into memory, and the plan's results.
  private func copies(_ outputs: [Tensor], of count: Int) -> (copies: Int, results: [Tensor]) {
    let plan = Plan(arguments: [], outputs: outputs.map(\.node), assignments: [])
    var copies = 0
    for case .group(let programs) in plan.schedule.kernels where programs[0].instructions.count <= 1 {
      copies += programs.count { $0.count == count }
    }
    return (copies, plan.run())
  }

  private let table = Variable(Tensor(shape: [20, 6], scalars: (0..<120).map { Double(($0 * 37) % 23) / 8 - 1 }), name: "table")
  private let order = Variable(Tensor([3, 17, 3, 0, 9] as [Int32]), name: "order")

  @Test func `A product and its gradient read the same rows`() {
    let rows = table.value.gathering(order.value)
    let w = Variable(Tensor(shape: [6, 4], scalars: (0..<24).map { Double($0 % 7) - 3 }), name: "w")
    let y = matmul(rows, w.value)
    let gradient = gradients(of: (y * y).sum(), withRespectTo: [w])[0]
    let (copies, results) = copies([y, gradient], of: 5 * 6)
    #expect(copies == 1)
    let whole = rows.evaluated()
    let expected = matmul(whole, w.value)
    #expect(results[0].doubles == expected.doubles)
    #expect(results[1].doubles == matmul(whole, 2 * expected, transposeA: true).doubles)
  }

  /// Each result has memory of its own, whoever else reads the rows.
  @Test func `Rows that are results are there as often as they are asked for`() {
    let rows = table.value.gathering(order.value)
    let product = matmul(rows, rows, transposeB: true)
    let (_, results) = copies([rows, product, rows], of: 5 * 6)
    #expect(results[0].doubles == results[2].doubles && results[0].doubles == rows.doubles)
    #expect(results[1].doubles == matmul(rows.evaluated(), rows.evaluated(), transposeB: true).doubles)
  }

  /// Rows that were read stay what they were when the table changes in the same run.
  @Test func `A table that is assigned to`() {
    let before = table.value.evaluated().doubles
    let rows = table.value.gathering(order.value)
    let product = matmul(rows, rows, transposeB: true)
    let gradient = gradients(of: product.sum(), withRespectTo: [rows])[0]
    let plan = Plan(
      arguments: [], outputs: [gradient.node],
      assignments: [(variable: table, value: table.value - gradient.scatterAdding(at: order.value, rows: 20))])
    let found = plan.run()[0].doubles
    // Each row's sum of products with all rows, from both sides.
    let numbers = [3, 17, 3, 0, 9].map { row in Array(before[(6 * row)..<(6 * row + 6)]) }
    let sums = (0..<6).map { column in numbers.reduce(0) { $0 + $1[column] } }
    #expect(found == (0..<30).map { 2 * sums[$0 % 6] })
    #expect(table.value.doubles[0] == before[0] - 2 * sums[0] && table.value.doubles[6 * 3] == before[18] - 4 * sums[0])
  }
}

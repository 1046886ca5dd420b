import CKernels
import TestSupport
import Testing

@testable import TensorCore

/// A batch's rows in panels of columns, against the same rows one behind the other.
@Suite struct ColumnPanelsTests {
  private struct Batch {
    let rows: Int, columns: [Int], units: Int, isBytes: Bool
    /// Whether more than the product and its gradient reads the rows.
    var isReadWhole = false

    var width: Int { columns.reduce(1, *) }

    static func numbers(_ count: Int, _ factor: Int) -> [Float] { (0..<count).map { Float(($0 * factor + $0 / 97) % 61) / 61 - 0.5 } }

    /// The product of a batch's rows with a matrix, its gradient, and the rows.
    func outputs() -> (results: [Tensor], rows: Tensor) {
      let count = 50
      let table = isBytes
        ? Variable(Tensor(shape: [count] + columns, scalars: (0..<count * width).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 / 255) }))
        : Variable(Tensor(shape: [count] + columns, scalars: Self.numbers(count * width, 7)))
      let order = Variable(Tensor((0..<rows).map { Int32($0 * 31 % count) }))
      let w = Variable(Tensor(shape: [width, units], scalars: Self.numbers(width * units, 11)))
      let gathered = table.value.gathering(order.value)
      let x = (isBytes ? gathered.cast(to: .float32) / 255 : gathered * 2 + 1).reshaped([rows, width])
      let y = matmul(x, w.value)
      return ([y, gradients(of: (y * y).sum(), withRespectTo: [w])[0]] + (isReadWhole ? [x.sum()] : []), x)
    }

    func plan(_ threadCount: Int) -> Plan { Plan(arguments: [], outputs: outputs().results.map(\.node), assignments: [], threadCount: threadCount) }
  }

  /// How many panels each buffer of a plan has that has any.
  private func panels(_ plan: Plan) -> [Int] {
    let panels = ColumnPanels(plan.schedule, ChainFinder.order(plan.schedule, limits: .init()))
    return plan.schedule.buffers.indices.compactMap { panels.of($0)?.count }
  }

  @Test(arguments: [
    (32, [784], 100, false, 2), (32, [784], 100, true, 2), (32, [28, 28], 100, true, 2), (32, [1024], 64, true, 8), (17, [784], 100, false, 2),
    (32, [2048], 64, false, 16), (32, [785], 100, false, 0), (32, [100], 50, false, 0), (64, [784], 300, true, 0),
  ])
  func `the same bits for any number of threads, and the numbers of rows one behind the other`(
    rows: Int, columns: [Int], units: Int, isBytes: Bool, count: Int
  ) {
    let batch = Batch(rows: rows, columns: columns, units: units, isBytes: isBytes)
    #expect(panels(batch.plan(2)) == (count > 0 ? [count] : []))
    let all = [1, 2, 3, 5].flatMap { threadCount in
      // Interpreted, and in machine code.
      [false, true].map { isTranslated in
        let plan = batch.plan(threadCount)
        if isTranslated { plan.translate() }
        return plan.run(on: ThreadPool(threadCount: threadCount)).map(\.doubles)
      }
    }
    #expect(all.allSatisfy { $0 == all[0] } == true)

    let x = batch.outputs().rows.evaluated(), width = batch.width
    let numbers = x.doubles, w = Batch.numbers(width * units, 11).map(Double.init)
    var y = [Double](repeating: 0, count: rows * units), gradient = [Double](repeating: 0, count: width * units)
    for row in 0..<rows {
      for k in 0..<width {
        for unit in 0..<units { y[row * units + unit] += numbers[row * width + k] * w[k * units + unit] }
      }
    }
    for row in 0..<rows {
      for k in 0..<width {
        for unit in 0..<units { gradient[k * units + unit] += 2 * numbers[row * width + k] * y[row * units + unit] }
      }
    }
    PlanTests.expectEqual(all[0][0], y, within: 1e-5, "product")
    PlanTests.expectEqual(all[0][1], gradient, within: 1e-4, "gradient")
  }

  @Test func `rows that something else reads as well stay one behind the other`() {
    var batch = Batch(rows: 32, columns: [784], units: 100, isBytes: false)
    let apart = batch.plan(2).run().map(\.doubles)
    batch.isReadWhole = true
    #expect(panels(batch.plan(2)) == [])
    let together = batch.plan(2).run().map(\.doubles)
    let areSame = Array(together.prefix(2)) == apart
    #expect(areSame, "where rows lie changes no bit")
  }

  /// The next row's beginning is written twice where vectors go beyond a row, which must not happen to what is still to be read.
  @Test(arguments: [64, 66, 72, 79, 96, 97, 392]) func `rows that are no whole vectors, added in place and not`(width: Int) {
    let table = Variable(Tensor(shape: [40, width], scalars: Batch.numbers(40 * width, 13)))
    let order = Variable(Tensor((0..<32).map { Int32($0 * 11 % 40) }))
    let rows = table.value.gathering(order.value), gathered = rows.evaluated().doubles
    for vectorBytes in [nil] + TranslationTests.vectorWidths.map(Optional.some) {
      let sum = Variable(Tensor(shape: [32, width], scalars: Batch.numbers(32 * width, 5))), before = sum.value.doubles
      let plan = Plan(
        arguments: [], outputs: [(table.value.gathering(order.value) * 3).node],
        assignments: [(variable: sum, value: sum.value + table.value.gathering(order.value) * 2)], threadCount: 2)
      if let vectorBytes { #expect(plan.translate(vectorBytes: vectorBytes) > 0) }
      let apart = plan.run()[0].doubles
      #expect((apart == gathered.map { Double(Float($0) * 3) }) == true, "apart, \(vectorBytes ?? 0) bytes")
      let isRight = sum.value.doubles == zip(before, gathered).map { Double(Float($0) + Float($1) * 2) }
      #expect(isRight, "in place, \(vectorBytes ?? 0) bytes")
    }
  }
}

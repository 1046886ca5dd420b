import Testing

@testable import TensorCore

/// The Q of QR decompositions by its definition, at sizes on both sides of lanes, of panels and of where threads are woken.
@Suite struct OrthonormalColumnsTests {
  private static func columns(_ count: Int, _ size: Int, seed: UInt64 = 1) -> [[Double]] {
    let numbers = RandomGenerator(seed: seed).normal([count, size], dtype: .float64).doubles
    return (0..<count).map { Array(numbers[$0 * size..<($0 + 1) * size]) }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  private static func expectOrthonormal(_ q: [[Double]], _ what: String) {
    for (row, a) in q.enumerated() {
      for (column, b) in q.enumerated() { #expect(abs(product(a, b) - (row == column ? 1 : 0)) < 1e-13, "\(what): \(row), \(column)") }
    }
  }

  @Test(arguments: [(1, 1), (1, 9), (3, 3), (7, 8), (8, 8), (9, 17), (31, 40), (32, 32), (33, 70), (65, 100), (100, 100)])
  func `They are orthonormal and span what the columns span`(count: Int, size: Int) {
    let a = OrthonormalColumnsTests.columns(count, size), q = orthonormalColumns(a)
    OrthonormalColumnsTests.expectOrthonormal(q, "\(count) of \(size)")
    for (number, column) in a.enumerated() {
      let coefficients = q.map { OrthonormalColumnsTests.product($0, column) }
      #expect(coefficients[number] > 0, "the diagonal of r")
      for later in number + 1..<max(count, number + 1) { #expect(abs(coefficients[later]) < 1e-12, "r is upper triangular") }
      for row in 0..<size {
        let sum = (0...number).reduce(0) { $0 + coefficients[$1] * q[$1][row] }
        #expect(abs(sum - column[row]) < 1e-12)
      }
    }
  }

  @Test func `Bits do not depend on threads`() {
    // Large enough for several.
    let a = OrthonormalColumnsTests.columns(150, 300), q = orthonormalColumns(a)
    OrthonormalColumnsTests.expectOrthonormal(q, "150 of 300")
    for _ in 0..<3 { #expect(orthonormalColumns(a) == q) }
    // A column's result does not depend on those behind it, nor does how they are shared out.
    #expect(orthonormalColumns(Array(a.prefix(5))) == Array(q.prefix(5)))
  }

  @Test func `Columns that are zero, depend on others, or are very small or great`() {
    OrthonormalColumnsTests.expectOrthonormal(orthonormalColumns([[0, 0, 0], [0, 0, 0]]), "zeros")
    OrthonormalColumnsTests.expectOrthonormal(orthonormalColumns([[1, 2, 3], [1, 2, 3], [2, 4, 6]]), "multiples")
    let a = OrthonormalColumnsTests.columns(3, 5), q = orthonormalColumns(a)
    for scale in [1e-300, 1e-200, 1e200, 1e300] {
      let other = orthonormalColumns(a.map { $0.map { $0 * scale } })
      OrthonormalColumnsTests.expectOrthonormal(other, "times \(scale)")
      for (x, y) in zip(q, other) { for (x, y) in zip(x, y) { #expect(abs(x - y) < 1e-13) } }
    }
    // What is left of the second beside the first is very small.
    for small in [1e-150, 1e-160, 1e-170, 1e-300, Double.leastNormalMagnitude / 1024] {
      OrthonormalColumnsTests.expectOrthonormal(orthonormalColumns([[1, 0, 0], [1, small, 2 * small], [0, 0, 1]]), "\(small) beside 1")
    }
    #expect(orthonormalColumns([]) == [])
    #expect(orthonormalColumns([[.nan, 1], [1, 2]]).joined().contains { $0.isNaN })
  }
}

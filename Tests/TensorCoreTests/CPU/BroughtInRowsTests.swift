import TensorCore
import Testing

/// Bytes and gathered rows in machine code, against plain loops.
@Suite struct BroughtInRowsTests {
  /// Runs a plan as it is interpreted and then in code of each width.
  /// - Returns: what each run gave, and how many groups had code.
  private func run(
    _ plan: Plan, on pool: ThreadPool = .shared, bind: (Plan) -> Void = { _ in }
  ) -> (interpreted: [Float], translated: [[Float]], groups: Int) {
    func result() -> [Float] {
      bind(plan)
      return plan.run(on: pool)[0].scalars(as: Float.self)
    }
    let interpreted = result()
    var translated: [[Float]] = [], groups = 0
    for width in TranslationTests.vectorWidths {
      groups += plan.translate(vectorBytes: width)
      translated.append(result())
    }
    return (interpreted, translated, groups)
  }

  private func isSame(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
  }

  static let divisors: [Float] = [
    255, 3, -127.5, 0.1, 1e-7, 0x1.fffffep0, 0x1.000002p-30, 0x1p59, 0x1.8p-60, 1e30, -1e-30, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0,
    .infinity, .nan,
  ]

  /// The code divides bytes by multiplying them; every quotient is the nearest number to the true one all the same, and those of
  /// divisors that are too small or too large for that are divided.
  @Test(arguments: divisors)
  func `All bytes by a divisor`(divisor: Float) {
    for count in [256, 300, 9, 5000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      let number = Variable(Tensor([divisor]).reshaped([]))
      let quotient = Tensor(bytes).cast(to: .float32) / number.value
      let found = run(Plan(arguments: [], outputs: [quotient.node], assignments: []))
      let expected = bytes.map { byte in
        let quotient = Float(byte) / divisor
        return quotient.isSubnormal ? 0 : quotient
      }
      #expect(found.groups == TranslationTests.vectorWidths.count)
      for values in [found.interpreted] + found.translated {
        let isRight = isSame(values, expected)
        #expect(isRight, "\(count) bytes")
      }
    }
  }

  /// Among other arithmetic, with registers running short: what is divided by is kept in a register, or it is not.
  @Test func `Bytes in long formulas`() {
    let bytes = (0..<777).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for width in 1...14 {
      var sum = Tensor(bytes).cast(to: .float32) / 255
      for term in 0..<width {
        let number = Variable(Tensor([Float(term) + 0.5]).reshaped([]))
        let floats = Tensor((0..<777).map { Float(($0 * (term + 3)) % 17) })
        sum = sum * floats + Tensor(bytes).cast(to: .float32) / number.value - sqrt(floats + number.value) * sum
      }
      let counts = TranslationTests.expectSameBits([sum], "\(width) terms")
      if width < 6 { #expect(counts.translated == counts.groups) }
    }
  }

  struct Rows: CustomTestStringConvertible {
    var dtype: DType, shape: [Int], batch: Int
    var isMissing = false
    /// Short rows, and rows of which some are not there, are interpreted.
    var isTranslated: Bool { shape[1...].reduce(1, *) >= 64 }
    var testDescription: String { "\(batch) of \(dtype) \(shape)\(isMissing ? ", some missing" : "")" }
  }

  static let rows: [Rows] = [
    Rows(dtype: .uint8, shape: [50, 784], batch: 32), Rows(dtype: .uint8, shape: [50, 100], batch: 7), Rows(dtype: .uint8, shape: [9, 5, 13], batch: 20),
    Rows(dtype: .float32, shape: [50, 65], batch: 33), Rows(dtype: .float32, shape: [40, 2049], batch: 9), Rows(dtype: .int32, shape: [50, 71], batch: 40),
    Rows(dtype: .bool, shape: [50, 128], batch: 100), Rows(dtype: .uint8, shape: [50, 63], batch: 90), Rows(dtype: .uint8, shape: [40, 64], batch: 1),
    Rows(dtype: .float32, shape: [50, 100], batch: 60, isMissing: true), Rows(dtype: .uint8, shape: [50, 90], batch: 200, isMissing: true),
    Rows(dtype: .uint8, shape: [5, 50_000], batch: 3), Rows(dtype: .uint8, shape: [20, 256, 3], batch: 70),
  ]

  /// A window that moves over an order of rows, as training does: on one thread and on several, with rows of the next window known to the
  /// plan and at the order's end.
  @Test(arguments: rows, [1, 3])
  func `Rows in some order`(rows: Rows, threadCount: Int) {
    let width = rows.shape[1...].reduce(1, *), windows = 3
    let values = (0..<(rows.shape[0] * width)).map { Double(rows.dtype == .bool ? $0 % 3 % 2 : ($0 * 7 + $0 / width) % 251) }
    let table = Tensor(shape: rows.shape, scalars: values).cast(to: rows.dtype).evaluated()
    let order = (0..<(rows.batch * windows)).map { place in
      rows.isMissing && place % 23 == 22 ? Int32(place % 2 == 0 ? -1 : rows.shape[0]) : Int32((place * 29 + 5) % rows.shape[0])
    }
    let factors = (0..<(rows.batch * width)).map { Float($0 % 13) - 6 }
    let divisor = Variable(Tensor([Float(7)]).reshaped([]))
    let arguments = [
      Tensor(.argument(0), shape: rows.shape, dtype: rows.dtype), Tensor(.argument(1), shape: [rows.batch], dtype: .int32),
    ]
    let factor = Variable(Tensor(factors).reshaped([rows.batch] + rows.shape[1...]))
    let result = arguments[0].gathering(arguments[1]).cast(to: .float32) / divisor.value * factor.value
    let plan = Plan(arguments: arguments.map(\.node), outputs: [result.node], assignments: [], threadCount: threadCount)
    let pool = ThreadPool(threadCount: threadCount), orderTensor = Tensor(order)
    for window in [0, 2, 1] {
      let found = run(plan, on: pool) {
        $0.bind(argument: 0, to: table)
        $0.bind(argument: 1, to: orderTensor)
        $0.bind(argument: 1, offset: window * rows.batch * 4)
      }
      let expected = (0..<(rows.batch * width)).map { element -> Float in
        let row = Int(order[window * rows.batch + element / width])
        return row < 0 || row >= rows.shape[0] ? .nan : Float(values[row * width + element % width]) / 7 * factors[element]
      }
      #expect(found.groups == (rows.isTranslated ? TranslationTests.vectorWidths.count : 0))
      for values in [found.interpreted] + found.translated { #expect(isSame(values, expected), "window \(window)") }
    }
  }

  /// Rows that are brought in as they are, into memory that lies before other memory: nothing is written behind them.
  @Test(arguments: [64, 65, 71, 100])
  func `Nothing is written behind rows`(width: Int) {
    let table = Tensor((0..<(30 * width)).map { Float($0) }).reshaped([30, width])
    let kept = Variable.sideBySide([("a", "a", [4, width], .float32, true), ("b", "b", [64], .float32, true)])
    kept[1].assign(Tensor((0..<64).map { Float($0) }))
    let order = Variable(Tensor([29, 0, 7, 7] as [Int32]))
    let plan = Plan(arguments: [], outputs: [], assignments: [(variable: kept[0], value: table.gathering(order.value) * 1.5)], threadCount: 2)
    for width in [0] + TranslationTests.vectorWidths {
      kept[0].assign(Tensor.zeros([4, table.shape[1]]))
      if width > 0 { #expect(plan.translate(vectorBytes: width) == 1) }
      plan.run()
      let expected = [29, 0, 7, 7].flatMap { row in (0..<table.shape[1]).map { Float(row * table.shape[1] + $0) * 1.5 } }
      let isWritten = isSame(kept[0].value.scalars(), expected), isKept = isSame(kept[1].value.scalars(), (0..<64).map(Float.init))
      #expect(isWritten && isKept)
    }
  }
}

import TensorCore
import TestSupport
import Testing

/// What repeats itself all along a pass (one number for each channel) is read once for all blocks of a share.
struct InvariantLoadTests {
  /// Periods that blocks can be multiples of and others, more of them than are kept, rows that end anywhere in a block or a share.
  @Test(arguments: [2, 16, 48, 96, 100, 512, 1024, 2000, 4096], [DType.float32, .float64])
  func `Every so many elements`(period: Int, dtype: DType) {
    for rows in period <= 100 ? [1, 67, 500] : period <= 1024 ? [3, 40] : [1, 9] {
      let x = randomNumbers([rows, period], seed: 1, dtype)
      let vectors = (0..<6).map { randomNumbers([period], seed: UInt64($0) + 2, dtype) }
      let function = CompiledFunction { inputs in
        let shifted = vectors.reduce(inputs[0]) { ($0 + $1) * $1 }
        return [shifted, shifted * 2 + vectors[0]]
      }
      let plan = function.plan(for: [x])
      plan.bind(argument: 0, to: x)
      #expect(plan.programs.count == 1)
      var expected = x.doubles
      for vector in vectors {
        let elements = vector.doubles
        for index in expected.indices { expected[index] = (expected[index] + elements[index % period]) * elements[index % period] }
      }
      let tolerance = dtype == .float32 ? 1e-4 : 1e-11
      let results = [1, 2].map { plan.run(on: ThreadPool(threadCount: $0)).map(\.doubles) }
      #expect(zip(results[0][0], expected).allSatisfy { abs($0 - $1) <= tolerance * (1 + abs($1)) }, "\(rows) × \(period), \(dtype)")
      let first = vectors[0].doubles
      #expect(
        zip(results[0][1], expected.indices).allSatisfy { abs($0 - expected[$1] * 2 - first[$1 % period]) <= tolerance * (2 + 2 * abs(expected[$1])) },
        "\(rows) × \(period), \(dtype)")
      #expect(results[0] == results[1])
    }
  }

  /// Of rows: what is the same for each of them, and what is the same for some; one kernel for several arrays.
  @Test func `In passes over rows, and over several arrays`() {
    let x = randomNumbers([30, 4, 24], seed: 1), scale = randomNumbers([24], seed: 2), heads = randomNumbers([4, 24], seed: 3)
    let arrays = [randomNumbers([130, 32], seed: 4, .float32), randomNumbers([130, 32], seed: 5, .float32)], offsets = [randomNumbers([32], seed: 6, .float32), randomNumbers([32], seed: 7, .float32)]
    let function = CompiledFunction { inputs in
      [(inputs[0] + heads).softmax(axis: -1) * scale + heads] + zip(arrays, offsets).map { $0 * $1 - $1 }
    }
    let plan = function.plan(for: [x])
    plan.bind(argument: 0, to: x)
    #expect(plan.programs.filter { $0.count == 130 * 32 }.count == 2 && plan.schedule.kernels.count == 2)
    let results = plan.run()
    var interpreter = ScheduleInterpreter(CompiledFunction { _ in [(x + heads).softmax(axis: -1) * scale + heads] }.plan(for: []).schedule)
    #expect(zip(results[0].doubles, interpreter.run()[0]).allSatisfy { abs($0 - $1) < 1e-12 })
    for (index, array) in arrays.enumerated() {
      let offset = offsets[index].doubles
      let expected = array.doubles.enumerated().map { Float($1) * Float(offset[$0 % 32]) - Float(offset[$0 % 32]) }
      #expect(zip(results[1 + index].doubles, expected).allSatisfy { abs($0 - Double($1)) < 1e-5 })
    }
  }
}

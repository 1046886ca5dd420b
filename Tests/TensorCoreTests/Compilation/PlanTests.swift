import TestSupport
import Testing

@testable import TensorCore

/// Random expressions, computed by a plan and by the plainest interpreter there is.
@Suite struct PlanTests {
  /// Grows an expression at random; every tensor made is a candidate for further use.
  struct Grower {
    var random: SeededGenerator
    let dtype: DType
    var pool: [Tensor] = []
    var integers: [Tensor] = []

    init(seed: UInt64, dtype: DType) {
      random = SeededGenerator(seed: seed)
      self.dtype = dtype
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements.randomElement(using: &random)! }

    mutating func leaf(_ shape: [Int]) -> Tensor {
      let values = (0..<shape.reduce(1, *)).map { _ in Double(Int.random(in: -64...64, using: &random)) / 32 }
      return Tensor(shape: shape, scalars: values).cast(to: dtype).evaluated()
    }

    mutating func shape() -> [Int] {
      pick([[], [1], [5], [4, 6], [4, 1], [6], [3, 4, 6], [20, 10], [20, 1], [2, 3, 1, 4], [17], [33, 40], [1500]])
    }

    /// A tensor of the pool that broadcasts with another, or a new leaf that does.
    mutating func partner(of other: Tensor) -> Tensor {
      let fitting = pool.filter { broadcastShape($0.shape, other.shape) != nil && $0.count * other.count < 40_000 }
      if let found = fitting.randomElement(using: &random), Bool.random(using: &random) { return found }
      var shape = Array(other.shape.suffix(Int.random(in: 0...other.rank, using: &random)))
      for axis in shape.indices where Int.random(in: 0..<3, using: &random) == 0 { shape[axis] = 1 }
      return leaf(shape)
    }

    mutating func grow() {
      if pool.isEmpty || Int.random(in: 0..<12, using: &random) == 0 { pool.append(leaf(shape())) }
      let a = pick(pool)
      guard let next = step(a), next.count < 40_000 else { return }
      // Kept within bounds, so that no expression runs away and rounding stays comparable.
      pool.append(tanh(next * 0.5) * 2)
      if Bool.random(using: &random) { pool.append(next) }
    }

    /// Distinct rows of a table and one that it does not have.
    mutating func someRows(of table: Tensor) -> Tensor {
      let rows = (0..<table.shape[0]).shuffled(using: &random).prefix(Int.random(in: 1...table.shape[0], using: &random))
      return Tensor((rows + [pick([-1, table.shape[0]])]).map { Int32($0) })
    }

    private mutating func replacingSomeRows(of table: Tensor) -> Tensor {
      let rows = someRows(of: table)
      let values = Bool.random(using: &random)
        ? leaf(rows.shape + table.shape.dropFirst()) : select(isFinite(table.gathering(rows)), table.gathering(rows) * 2, 1)
      return table.replacingRows(at: rows, with: values)
    }

    private mutating func step(_ a: Tensor) -> Tensor? {
      let b = partner(of: a)
      switch Int.random(in: 0..<38, using: &random) {
      case 0: return a + b
      case 1: return a - b
      case 2: return a * b
      case 3: return a / (abs(b) + 1.5)
      case 4: return maximum(a, b)
      case 5: return select(a .< b, a, b * 0.5)
      case 6: return lerp(a, b, 0.25)
      case 7: return lerp(a, b * b, 0.125)
      case 8: return a - 0.5 * b / (sqrt(abs(a * b)) + 0.25)
      case 9: return sqrt(abs(a) + 0.5) + b
      case 10: return exp(-abs(a))
      case 11: return a.sum() * 0.001 + b
      case 12 where a.rank > 0: return a.sum(axis: a.rank - 1, keepDims: Bool.random(using: &random)) * 0.1
      case 13 where a.rank > 0: return a.max(axis: Int.random(in: 0..<a.rank, using: &random), keepDims: true)
      case 14 where a.rank > 1: return a.sum(axes: [0]) * 0.1
      case 15 where a.rank > 0: return a.softmax() * 2
      case 16 where a.rank > 1:
        return a.transposed(Array(0..<a.rank).shuffled(using: &random))
      case 17 where a.rank > 0 && a.shape[0] > 1:
        return a.sliced(starts: [1], sizes: [(a.shape[0] - 1 + 1) / 2], strides: [2])
      case 18 where a.rank > 0: return concatenate([a, a * 2], axis: Int.random(in: 0..<a.rank, using: &random))
      case 19 where a.rank > 0: return a.padded(low: a.shape.map { _ in 1 }, high: a.shape.map { _ in 2 })
      case 20: return a.reshaped([a.count])
      case 21 where a.rank == 2:
        return matmul(a, leaf([a.shape[1], 7]), transposeA: false) * 0.1
      case 22 where a.rank >= 2:
        let last = a.shape[a.rank - 2]
        return matmul(a, leaf([3, last]), transposeA: true, transposeB: true) * 0.1
      case 23 where a.rank > 0:
        let rows = Tensor((0..<6).map { _ in Int32.random(in: 0..<Int32(a.shape[0]), using: &random) })
        return a.gathering(rows)
      case 24 where a.rank > 0 && a.shape[0] > 0:
        let rows = Tensor((0..<a.shape[0]).map { _ in Int32.random(in: 0..<5, using: &random) })
        return a.scatterAdding(at: rows, rows: 5)
      case 25 where a.rank > 0:
        return a.argmax().cast(to: dtype) * 0.1 + 0.0
      case 26 where a.rank > 0 && a.shape[0] > 0: return replacingSomeRows(of: a)
      case 27, 28: return any(UnaryFunction.allCases, a)
      case 29, 30: return any(BinaryFunction.allCases, a, b)
      // Few steps: states that come to rest would be equal but for rounding, and an argmax of them any.
      case 31 where a.rank > 1 && (1...6).contains(a.shape[0]): return loop(over: a)
      case 32 where a.rank > 2: return window(of: a)
      case 33:
        let key = Tensor((0..<2).map { _ in Int32.random(in: .min ... .max, using: &random) })
        return Tensor(.random(pick([.uniform, .normal])), [key], shape: a.shape, dtype: dtype) * 0.2
      case 34 where a.rank > 0:
        // In an order that rounding does not change.
        return sort((a * 64).cast(to: .int32).cast(to: dtype), axis: a.rank - 1) * 0.015
      case 35 where a.rank > 1: return windowOfLargest(a)
      case 36 where a.rank > 0 && (1...64).contains(a.shape.last!): return transform(of: a)
      case 37 where a.rank > 0 && a.shape[0] > 0:
        let limit = a.shape[0]
        let indices = Tensor((0..<6).map { _ in Int32.random(in: -1...Int32(limit), using: &random) })
        let (rows, places) = indices.distinctRows(of: limit)
        return rows.cast(to: dtype) * 0.0517 + places.cast(to: dtype) * 0.1043 + 0.0123
      default: return a * (b .> 0).cast(to: dtype)
      }
    }

    /// A function of one element. Where it jumps, it is not where sums of leaves lie.
    private mutating func any(_ functions: [UnaryFunction], _ a: Tensor) -> Tensor {
      let function = pick(functions)
      let argument: Tensor = switch function {
      case .sqrt, .log, .log1p, .reciprocal: abs(a) + 0.5
      case .exp, .expm1: -abs(a)
      case .floor, .ceil, .round, .sign: a * 1.37 + 0.0123
      case .not: a .> 0.0123
      default: a
      }
      return Tensor.unary(function, argument).cast(to: dtype)
    }

    private mutating func any(_ functions: [BinaryFunction], _ a: Tensor, _ b: Tensor) -> Tensor {
      let function = pick(functions)
      let (first, second): (Tensor, Tensor) = switch function {
      case .power: (abs(a) + 0.5, b)
      case .divide: (a, abs(b) + 1.5)
      case .and, .or: (a .> 0.0123, b .> -0.0123)
      case .equal, .notEqual, .less, .lessOrEqual: ((a * 3).cast(to: .int32), (b * 3).cast(to: .int32))
      default: (a, b)
      }
      return Tensor.binary(function, first, second).cast(to: dtype)
    }

    /// A loop along axis 0, with something that is the same in each step, and with a result of each.
    private mutating func loop(over a: Tensor) -> Tensor {
      let part = Array(a.shape.dropFirst()), given = partner(of: leaf(part)), reverse = Bool.random(using: &random)
      let isFitting = broadcastShape(given.shape, part) == part
      let (states, results) = scan([leaf(part)], over: [a], reverse: reverse) { states, step in
        let next = tanh(states[0] * 0.5 + (isFitting ? step[0] * given : step[0]))
        return ([next], [next * step[0] + 0.25])
      }
      return Bool.random(using: &random) ? states[0] : results[0]
    }

    /// A convolution or a pooling of a tensor as rows, positions and channels.
    private mutating func window(of a: Tensor) -> Tensor {
      let x = a.reshaped([a.shape[0], a.shape[1], a.shape[2...].reduce(1, *)]), channels = x.shape[2]
      if channels == 0 || x.shape[0] == 0 || x.shape[1] == 0 { return a }
      let padding: Padding = Bool.random(using: &random) ? .same : .valid
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return conv(x, leaf([Swift.min(2, x.shape[1]), channels, 3]), padding: padding) * 0.1
      case 1: return averagePool(x, [Swift.min(2, x.shape[1])], padding: padding)
      default: return maxPool(x, [Swift.min(3, x.shape[1])], strides: [2], padding: padding)
      }
    }

    /// A Fourier transform of its rows. Sums that are zero but for rounding would have roots that differ, and of several of them any might be
    /// the greatest: they are moved away from zero and from one another.
    private mutating func transform(of a: Tensor) -> Tensor {
      let n = a.shape.last!, factor = 1 / Double(n)
      let transform = switch Int.random(in: 0..<3, using: &random) {
      case 0: FourierTransform(.complex, length: n, isInverse: Bool.random(using: &random))
      case 1: FourierTransform(.fromReal, length: n)
      default: FourierTransform(.toReal, length: 2 * n - 1 - (n > 1 && Bool.random(using: &random) ? 1 : 0))
      }
      let result = transform(transform.form == .fromReal ? [a] : [a, a * a])
      let apart = Tensor((0..<result.count).map { 0.0371 + 0.00137 * Double($0 % 1000) }).reshaped(result.shape).cast(to: dtype)
      return result * factor + apart
    }

    /// The derivative of a pooling, which puts elements where they came from.
    private mutating func windowOfLargest(_ a: Tensor) -> Tensor {
      let x = a.reshaped([1, a.count, 1])
      if a.count < 4 { return a }
      return gradients(of: (maxPool(x, [3], strides: [2]) * averagePool(x, [3], strides: [2])).sum(), withRespectTo: [x])[0]
    }
  }

  /// Every random assignment is tried with rows of the variable alone, too.
  @Test(arguments: 0..<200)
  func `Random assignments of rows`(seed: Int) {
    var grower = Grower(seed: UInt64(seed) + 20_000, dtype: .float64)
    let shapes: [[Int]] = [[4, 6], [20, 10], [33, 40], [17], [3, 4, 6]]
    let variables = shapes.map { Variable(grower.leaf($0)) }
    let before = variables.map { $0.value.evaluated().doubles }
    var expected: [[Double]] = []
    let function = CompiledFunction { _ in
      grower.pool = variables.map(\.value)
      for _ in 0..<(seed % 25) { grower.grow() }
      var interpreter = ReferenceInterpreter()
      for (variable, value) in zip(variables, before) { interpreter.variables[ObjectIdentifier(variable)] = value }
      var outputs = (0..<2).map { _ in grower.pick(grower.pool) }
      var news: [[Double]] = []
      for variable in variables {
        // Once or twice, so that rows are put into what rows were put into.
        for _ in 0..<Int.random(in: 1...2, using: &grower.random) {
          let table = variable.value
          let rows = grower.someRows(of: table)
          let sources = grower.pool.filter { $0.rank > 0 && $0.shape[0] > 0 && $0.shape.dropFirst() == table.shape.dropFirst() }
          let source = grower.pick(sources + [table])
          let chosen = Tensor((0..<rows.count).map { _ in Int32.random(in: 0..<Int32(source.shape[0]), using: &grower.random) })
          variable.assignRows(at: rows, source.gathering(chosen) * 0.5 + 1)
        }
        news.append(interpreter.evaluate(variable.value.node))
        grower.pool.append(variable.value)
      }
      outputs.append(grower.pick(grower.pool))
      expected = outputs.map { interpreter.evaluate($0.node) } + news
      return outputs
    }
    let results = function.call([]).map(\.doubles) + variables.map { $0.value.doubles }
    for (index, result) in results.enumerated() {
      PlanTests.expectEqual(result, expected[index], within: 1e-11, "seed \(seed), value \(index)")
    }
  }

  static func expectEqual(
    _ result: [Double], _ expected: [Double], within tolerance: Double, _ comment: @autoclosure () -> String
  ) {
    #expect(result.count == expected.count, "\(comment())")
    for (a, b) in zip(result, expected) where !((a - b).magnitude <= tolerance * Swift.max(1, b.magnitude)) {
      Issue.record("\(comment()): \(a) where \(b) was expected")
      return
    }
  }

  @Test(arguments: 0..<400)
  func `Random expressions`(seed: Int) {
    var grower = Grower(seed: UInt64(seed), dtype: .float64)
    for _ in 0..<(5 + seed % 40) { grower.grow() }
    let chosen = (0..<4).map { _ in grower.pick(grower.pool) }
    let plan = Plan(arguments: [], outputs: chosen.map(\.node), assignments: [])
    var interpreter = ReferenceInterpreter()
    for (result, tensor) in zip(plan.run(), chosen) {
      PlanTests.expectEqual(result.doubles, interpreter.evaluate(tensor.node), within: 1e-11, "seed \(seed), shape \(tensor.shape)")
    }
  }

  /// Otherwise a new primitive would be missing here without anybody noticing.
  @Test func `Random expressions hold every kind of operation`() {
    var found: Set<String> = []
    for seed in 0..<400 {
      var grower = Grower(seed: UInt64(seed), dtype: .float64)
      for _ in 0..<(5 + seed % 40) { grower.grow() }
      for node in nodesBelow(grower.pool.map(\.node)) {
        switch node.operation {
        case .unary(let function): found.insert("unary \(function)")
        case .binary(let function): found.insert("binary \(function)")
        case .reduce(let reduction, _): found.insert("reduce \(reduction)")
        case .random(let distribution): found.insert("random \(distribution)")
        case .pooling(_, let part): found.insert("pooling \(part)")
        case .fourier(let transform): found.insert("fourier \(transform.form)")
        default: found.insert(Mirror(reflecting: node.operation).children.first?.label ?? "\(node.operation)")
        }
      }
    }
    let elementwise = UnaryFunction.allCases.map { "unary \($0)" } + BinaryFunction.allCases.map { "binary \($0)" }
    let others = [
      "select", "cast", "reduce sum", "reduce max", "argmax", "matrixProduct", "convolution", "pooling chosen", "pooling placed",
      "pooling mean", "pooling spread", "reshape", "broadcast", "transpose", "slice", "pad", "concatenate", "gather", "scatterAdd", "distinctRows",
      "fourier complex", "fourier fromReal", "fourier toReal", "replaceRows", "random uniform", "random normal", "scan", "host",
    ]
    #expect(Set(elementwise + others).subtracting(found).isEmpty)
  }

  /// Groups that read the same memory are one, which must not write before it has read.
  @Test func `Variables that take each others values`() {
    let a = Variable(Tensor((0..<100).map { Float($0) })), b = Variable(Tensor((0..<100).map { Float(-$0) }))
    let function = CompiledFunction { _ in
      let (old, other) = (a.value, b.value)
      a.assign(other)
      b.assign(old + other * 2)
      return []
    }
    let plan = function.plan(for: [])
    #expect(plan.statistics.groups == 1)
    for _ in 0..<6 {
      let (old, other) = (a.value.doubles, b.value.doubles)
      plan.run()
      #expect(a.value.doubles == other)
      #expect(b.value.doubles == zip(old, other).map { $0 + $1 * 2 })
    }
  }

  @Test(arguments: 0..<100)
  func `Random expressions in single precision`(seed: Int) {
    var grower = Grower(seed: UInt64(seed) + 5000, dtype: .float32)
    for _ in 0..<(5 + seed % 12) { grower.grow() }
    let chosen = (0..<3).map { _ in grower.pick(grower.pool) }
    let plan = Plan(arguments: [], outputs: chosen.map(\.node), assignments: [])
    var interpreter = ReferenceInterpreter()
    for (result, tensor) in zip(plan.run(), chosen) {
      let expected = interpreter.evaluate(tensor.node)
      let results = result.doubles
      #expect(results.count == expected.count)
      // Comparisons may fall on the other side after rounding; all but a few elements agree.
      let off = zip(results, expected).filter { !(($0 - $1).magnitude <= 2e-3 * Swift.max(1, $1.magnitude)) }.count
      #expect(off <= expected.count / 50, "seed \(seed), shape \(tensor.shape): \(off) of \(expected.count) differ")
    }
  }

  /// Variables read and written in one plan: every read means the old value, however the writes are ordered.
  @Test(arguments: 0..<200)
  func `Random assignments`(seed: Int) {
    var grower = Grower(seed: UInt64(seed) + 9000, dtype: .float64)
    let shapes: [[Int]] = [[4, 6], [4, 6], [6], [20, 10], [20, 1], []]
    let variables = shapes.map { Variable(grower.leaf($0)) }
    let before = variables.map { $0.value.evaluated().doubles }
    var expected: [[Double]] = []
    var outputs: [Tensor] = []
    let function = CompiledFunction { _ in
      grower.pool = variables.map(\.value)
      for _ in 0..<(3 + seed % 25) { grower.grow() }
      var news: [(Variable, Tensor)] = []
      for variable in variables {
        let fitting = grower.pool.filter { $0.shape == variable.shape && $0.dtype == .float64 }
        if let value = fitting.randomElement(using: &grower.random) { news.append((variable, value)) }
      }
      outputs = (0..<2).map { _ in grower.pick(grower.pool) }
      var interpreter = ReferenceInterpreter()
      for (variable, value) in zip(variables, before) { interpreter.variables[ObjectIdentifier(variable)] = value }
      let after = Dictionary(uniqueKeysWithValues: news.map { (ObjectIdentifier($0.0), interpreter.evaluate($0.1.node)) })
      expected = outputs.map { interpreter.evaluate($0.node) }
      for (index, variable) in variables.enumerated() { expected.append(after[ObjectIdentifier(variable)] ?? before[index]) }
      for (variable, value) in news { variable.assign(value) }
      return outputs
    }
    let results = function.call([]).map(\.doubles) + variables.map { $0.value.doubles }
    for (index, result) in results.enumerated() {
      PlanTests.expectEqual(result, expected[index], within: 1e-11, "seed \(seed), value \(index)")
    }
  }
}

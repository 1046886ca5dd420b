import CKernels
import Foundation
import TensorCore
import TestSupport
import Testing

/// Groups as machine code against the same groups interpreted: every bit.
@Suite(.timeLimit(.minutes(20))) struct TranslationTests {
  /// The types that groups with code compute in.
  static let types: [DType] = [.float32, .float64]

  /// Numbers at which instructions could differ.
  static func special<Scalar: BinaryFloatingPoint>() -> [Scalar] {
    let limits: [Scalar] = [.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .infinity, 1e-20]
    return [0, -0.0, 1, -1, 0.5, -3.25, .nan, 2.5, 3.5, -0.75, 1e10] + limits + limits.map { -$0 }
  }

  /// Every special number in every third place, so that all pairs and many triples meet; then numbers at random.
  static func leaves(_ count: Int, _ number: Int, seed: UInt64, of dtype: DType = .float32) -> [Tensor] {
    dtype == .float64 ? leaves(of: Double.self, count, number, seed: seed) : leaves(of: Float.self, count, number, seed: seed)
  }

  private static func leaves<Scalar: TensorScalar & BinaryFloatingPoint>(of _: Scalar.Type, _ count: Int, _ number: Int, seed: UInt64) -> [Tensor]
  where Scalar.RawSignificand: FixedWidthInteger {
    var random = SeededGenerator(seed: seed)
    let special: [Scalar] = special(), size = special.count
    return (0..<number).map { leaf in
      let values = (0..<count).map { index -> Scalar in
        if index < size * size { return leaf == 0 ? special[index % size] : special[(index / size + leaf * leaf * index / 7) % size] }
        return Scalar.random(in: -2...2, using: &random)
      }
      return Tensor(values)
    }
  }

  static func bits(_ tensors: [Tensor]) -> [UInt64] {
    // Which of two NaNs survives an addition is nobody's concern.
    tensors.flatMap { $0.doubles.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern } }
  }

  /// Machine code is for processors with AVX2 or more; elsewhere there is nothing to compare.
  static var vectorWidths: [Int] {
    #if arch(x86_64)
      if ProcessInfo.processInfo.environment["DESCENT_INTERPRET"] == "1" { return [] }
      switch instructionSet {
      case "avx512": return [32, 64]
      case "avx2": return [32]
      default: return []
      }
    #else
      return []
    #endif
  }

  /// Says how many groups there were, and how many of them in code, over all widths.
  @discardableResult
  static func expectSameBits(_ outputs: [Tensor], _ comment: String) -> (groups: Int, translated: Int) {
    let plan = Plan(arguments: [], outputs: outputs.map(\.node), assignments: [])
    let interpreted = bits(plan.run())
    var counts = (groups: 0, translated: 0)
    for width in vectorWidths {
      counts.groups += plan.statistics.groups
      counts.translated += plan.translate(vectorBytes: width)
      let translated = bits(plan.run())
      if translated == interpreted { continue }
      let place = zip(translated, interpreted).enumerated().first { $1.0 != $1.1 }!
      Issue.record("\(comment), vectors of \(width) bytes: element \(place.offset) is \(place.element)")
    }
    return counts
  }

  typealias Formula = @Sendable (_ a: Tensor, _ b: Tensor, _ c: Tensor) -> Tensor

  static let formulas: [(name: String, formula: Formula)] = [
    ("a + b", { a, b, _ in a + b }), ("a − b", { a, b, _ in a - b }), ("a · b", { a, b, _ in a * b }), ("a / b", { a, b, _ in a / b }),
    ("−a", { a, _, _ in -a }), ("|a|", { a, _, _ in abs(a) }), ("sign", { a, _, _ in sign(a) }), ("√", { a, _, _ in sqrt(a) }),
    ("1 / a", { a, _, _ in 1 / a }), ("floor", { a, _, _ in floor(a) }), ("ceil", { a, _, _ in ceil(a) }),
    ("round", { a, _, _ in round(a) }), ("max", { a, b, _ in maximum(a, b) }), ("min", { a, b, _ in minimum(a, b) }),
    ("max of a bound", { a, _, _ in maximum(a, 0.5) }), ("min of a bound", { _, b, _ in minimum(2.5, b) }),
    ("max of zero", { a, _, _ in maximum(a, 0) }), ("min of negative zero", { a, _, _ in minimum(a, -0.0) }),
    ("clip", { a, b, _ in clip(a * b, -1, 1) }), ("max of NaN", { a, _, _ in maximum(a, Tensor(number: .nan)) }),
    ("min of NaN, in a sum", { a, b, c in minimum(Tensor(number: .nan), b) * a + c }),
    ("finite", { a, b, _ in select(isFinite(a), b, 7) }), ("<", { a, b, c in select(a .< b, c, a) }),
    ("≤", { a, b, c in select(a .<= b, c, a) }), ("=", { a, b, c in select(a .== b, c, 1) }), ("≠", { a, b, c in select(a .!= b, c, 1) }),
    ("and", { a, b, c in select((a .< b) .&& (b .< c), a, b) }), ("or", { a, b, c in select((a .< b) .|| (b .< c), a, b) }),
    ("not", { a, b, c in select(!(a .< b), c, b) }), ("a b + c", { a, b, c in a * b + c }), ("a b − c", { a, b, c in a * b - c }),
    ("c − a b", { a, b, c in c - a * b }), ("lerp", { a, b, c in lerp(a, b, c) }), ("lerp of the square", { a, b, _ in lerp(a, b * b, 0.01) }),
    ("a b c", { a, b, c in a * b * c }), ("a b + c d", { a, b, c in a * 0.9 + b * c }), ("a b − c d", { a, b, c in a * 0.9 - b * c }),
    ("a / (√b + c)", { a, b, c in a / (sqrt(b) + c) }), ("a / √(b + c)", { a, b, _ in a / sqrt(b + 1e-7) }),
    ("√a + b", { a, b, _ in sqrt(a) + b }), ("a − b c / d", { a, b, c in a - 0.1 * b / c }),
    ("a − b c / (√d + e)", { a, b, c in a - 0.1 * b / (sqrt(c) + 1e-7) }), ("a − b c / √(d + e)", { a, b, c in a - 0.1 * b / sqrt(c + 1e-7) }),
    ("a − b sign(c)", { a, b, _ in a - 0.1 * sign(b) }), ("a √((b + d) / (c + d))", { a, b, c in a * sqrt((b + 1e-6) / (c + 1e-6)) }),
  ]

  @Test(arguments: formulas.indices, types)
  func `One formula`(index: Int, dtype: DType) {
    let (name, formula) = TranslationTests.formulas[index]
    for count in [1, 3, 4, 5, 7, 8, 15, 16, 17, 33, 500, 2049, 5000] {
      let leaves = TranslationTests.leaves(count, 3, seed: UInt64(count), of: dtype)
      let counts = TranslationTests.expectSameBits([formula(leaves[0], leaves[1], leaves[2])], "\(name) of \(count)")
      #expect(counts.translated == (count == 1 ? 0 : counts.groups), "\(name) of \(count)")
    }
  }

  /// Long expressions with several results, so that registers run short.
  @Test(arguments: types)
  func `Random formulas`(dtype: DType) {
    var groups = 0, translated = 0
    for seed in 0..<300 {
      var random = SeededGenerator(seed: UInt64(seed))
      let count = Int.random(in: 1...3000, using: &random)
      var pool = TranslationTests.leaves(count, Int.random(in: 1...5, using: &random), seed: UInt64(seed) + 1000, of: dtype)
      for _ in 0..<Int.random(in: 1...25, using: &random) {
        let picked = (0..<3).map { _ in pool.randomElement(using: &random)! }
        pool.append(TranslationTests.formulas.randomElement(using: &random)!.formula(picked[0], picked[1], picked[2]))
      }
      let outputs = pool.suffix(4).filter { $0.node.value == nil }
      let counts = TranslationTests.expectSameBits(outputs.isEmpty ? [pool[0] + 1] : outputs, "seed \(seed)")
      groups += counts.groups
      translated += counts.translated
    }
    #expect(translated * 20 >= groups * 19, "\(translated) of \(groups)")
  }

  /// A number that only chooses stays as a mask, as long as there are registers for masks.
  @Test(arguments: [1, 2, 9], types)
  func `Choosing by a number`(flagCount: Int, dtype: DType) {
    let leaves = TranslationTests.leaves(500, 3, seed: 1, of: dtype)
    for pattern in [0, 1, 0b1_0110_1010, 0b1_1111_1111] {
      let flags = (0..<flagCount).map { Variable(Tensor([Float(pattern >> $0 & 1)]).reshaped([])) }
      var outputs = [leaves[0] * leaves[1]]
      for flag in flags {
        let isSet = flag.value .!= 0
        let chosen = select(isSet, outputs[0] + leaves[1], leaves[2])
        // One of them does something else as well.
        outputs = [chosen * 0.5 + outputs[0], flag === flags[0] ? select(isSet .&& (chosen .< leaves[1]), outputs[0], chosen) : chosen * chosen]
      }
      let counts = TranslationTests.expectSameBits(outputs, "flags \(pattern)")
      #expect(counts.translated >= TranslationTests.vectorWidths.count)
    }
  }

  /// The code takes bounds to be numbers. From the first array on whose bound is NaN a share is interpreted; what was done stays done.
  @Test(arguments: [1, 2, 3], types)
  func `Bounds of many arrays, some of them NaN`(threadCount: Int, dtype: DType) {
    let sizes = [70_000, 9, 40_001, 120_000, 5]
    let bounds: [Float] = [0.5, -0.25, .nan, 0.75, .nan]
    let starts = sizes.map { TranslationTests.leaves($0, 1, seed: UInt64($0), of: dtype)[0] }
    let variables = starts.map { Variable($0) }
    let limits = bounds.map { Variable(Tensor([$0]).reshaped([]).cast(to: dtype)) }
    let assignments = zip(variables, limits).map { variable, limit in
      (variable: variable, value: minimum(maximum(variable.value * 0.5, limit.value), 1.5) + 1)
    }
    let plan = Plan(arguments: [], outputs: [], assignments: assignments, threadCount: threadCount)
    let pool = ThreadPool(threadCount: threadCount)
    plan.run(on: pool)
    let interpreted = TranslationTests.bits(variables.map(\.value))
    for (variable, start) in zip(variables, starts) { variable.assign(start) }
    #expect(plan.translate() == (TranslationTests.vectorWidths.isEmpty ? 0 : 1))
    plan.run(on: pool)
    // Not compared in the expectation: to show how so many elements differ would take minutes.
    let isSame = TranslationTests.bits(variables.map(\.value)) == interpreted
    #expect(isSame)
    #expect(variables.map { variable in variable.value.doubles.allSatisfy(\.isNaN) } == bounds.map(\.isNaN))
  }

  /// What belongs to the next share is left alone, wherever a share ends; the last vector of all may reach into the room behind the array.
  @Test(arguments: [1, 7, 9, 17, 1001, 1372, 2044], [1, 2])
  func `Shares that end within a vector`(block: Int, sharesOfThread: Int32) {
    let shares = 3, count = block * shares - block / 2
    func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, elements.count) * MemoryLayout<Element>.stride, alignment: 64)
        .bindMemory(to: Element.self, capacity: elements.count)
      memory.initialize(from: elements, count: elements.count)
      return memory
    }
    let start = (0..<count).map { Float($0 % 997) }, room = [Float](repeating: -1, count: 64)
    let sums = array(start + room), ones = array([Float](repeating: 1, count: count + 64))
    let bases = array([UnsafeMutableRawPointer?](arrayLiteral: sums, ones, sums)), starts = array((0...shares).map(Int64.init))
    let kind = UInt8(CK_STREAM.rawValue), type = UInt8(CK_F32.rawValue)
    let operands = array((0..<3).map { ck_operand(kind: kind, dtype: type, row: 0, output: $0 == 2 ? 1 : 0, slot: 0, view: -1) })
    var add = ck_instr()
    (add.op, add.dst, add.args) = (UInt8(CK_ADD.rawValue), 2, (0, 1, 0, 0))
    let instructions = array([add]), segments = array([ck_segment(count: Int64(count), first_block: 0, bases: bases, padded: true)])
    let memory: [UnsafeMutableRawPointer] = [
      .init(sums), .init(ones), .init(bases), .init(starts), .init(operands), .init(instructions), .init(segments),
    ]
    defer { memory.forEach { $0.deallocate() } }
    var group = ck_group()
    (group.dtype, group.instr_count, group.operand_count, group.segment_count) = (Int32(CK_F32.rawValue), 1, 3, 1)
    group.instrs = UnsafePointer(instructions)
    group.operands = UnsafePointer(operands)
    group.segments = UnsafePointer(segments)
    (group.block, group.block_count, group.shares, group.shares_of_thread) = (Int64(block), Int64(shares), Int32(shares), sharesOfThread)
    group.share_starts = UnsafePointer(starts)
    for width in [0] + TranslationTests.vectorWidths {
      if width > 0 { #expect(ck_group_translate(&group, Int64(width))) }
      // The shares of three threads, in both orders.
      for order in [Array(0..<shares), (0..<shares).reversed()] {
        sums.update(from: start + room, count: count + 64)
        for share in order { ck_group_run(&group, share) }
        let isRight = (0..<count).allSatisfy { sums[$0] == start[$0] + 1 }
        #expect(isRight, "vectors of \(width) bytes, shares \(order)")
        let roomUsed = (count + 15) / 16 * 16 - count
        let isRestLeft = (roomUsed..<64).allSatisfy { sums[count + $0] == -1 }
        #expect(isRestLeft, "beyond the room: vectors of \(width) bytes")
      }
    }
    ck_group_discard_code(&group)
  }

  /// What a group with exponentials, rows or sums computes does not depend on asking for code.
  @Test func `Other groups are interpreted`() {
    let x = TranslationTests.leaves(600, 1, seed: 3)[0]
    for tensor in [exp(x), x.sum(), exp(x).sum(), x.reshaped([20, 30]).softmax(), x.cast(to: .int32) + 1, exp(x.cast(to: .float64))] {
      let plan = Plan(arguments: [], outputs: [tensor.node], assignments: [])
      #expect(plan.translate() == 0)
    }
  }

  /// What is computed in `float64` comes from memory of any type, beginning at any element of an array, and may overwrite what it read.
  @Test(arguments: [DType.float32, .float64, .int32, .uint8, .bool])
  func `Doubles of other types`(source: DType) {
    for count in [1, 3, 4, 5, 8, 9, 17, 100, 5001] {
      let numbers = (0..<count + 1).map { Double(source == .bool ? $0 % 3 % 2 : $0 * 37 % 251) }
      let read = Tensor(numbers).cast(to: source).evaluated()[1..<count + 1]
      let doubles = Variable(Tensor(numbers.dropFirst().map { $0 / 7 }))
      let value = read.cast(to: .float64) / 3 - doubles.value * 0.1
      let plan = Plan(arguments: [], outputs: [(value * value).node], assignments: [(variable: doubles, value: value)])
      var expected = numbers.dropFirst().map { $0 / 7 }
      for width in [0] + TranslationTests.vectorWidths {
        if width > 0 { #expect(plan.translate(vectorBytes: width) == (count == 1 ? 0 : 1)) }
        let squares = plan.run()[0].doubles
        expected = zip(numbers.dropFirst(), expected).map { $0 / 3 - $1 * 0.1 }
        let isSame = zip(doubles.value.doubles, expected).allSatisfy { abs($0 - $1) <= 1e-14 * abs($1) }
        let isSquare = zip(squares, doubles.value.doubles).allSatisfy { $0 == $1 * $1 }
        #expect(isSame && isSquare, "\(count) of \(source), vectors of \(width) bytes")
      }
    }
  }

  /// Runs before and after a plan gets its code are the same.
  @Test func `Steps that are partly translated`() {
    let parameter = Variable(Tensor((0..<1000).map { Float($0) / 100 }))
    let slot = Variable(Tensor.zeros([1000]))
    func step() {
      let gradient = parameter.value * 0.5 - 1
      slot.assign(lerp(slot.value, gradient * gradient, 0.1))
      parameter.assign(parameter.value - 0.01 * gradient / (sqrt(slot.value) + 1e-7))
    }
    let function = compile { (_: [Tensor]) -> [Tensor] in
      step()
      return []
    }
    for _ in 0..<20 { _ = function.call([]) }
    let translated = TranslationTests.bits([parameter.value])
    parameter.assign(Tensor((0..<1000).map { Float($0) / 100 }))
    slot.assign(Tensor.zeros([1000]))
    // A plan of its own for each step is never old enough.
    for _ in 0..<20 {
      _ = compile { (_: [Tensor]) -> [Tensor] in
        step()
        return []
      }.call([])
    }
    #expect(TranslationTests.bits([parameter.value]) == translated)
  }

  /// One pass over many arrays, each with a number of its own: no element is left out, computed twice or written past its array's end,
  /// into however many shares the pass is cut and wherever their boundaries lie.
  @Test(arguments: [1, 2, 3, 5, 16, 200])
  func `Many arrays on some threads`(threadCount: Int) {
    let sizes = [70_000, 1, 5, 31_003, 64, 8, 9, 4_095, 4_096, 4_097, 120_001, 3, 2_047]
    let variables = Variable.sideBySide(sizes.enumerated().map { ("v\($0)", "v\($0)", [$1], .float32, true) })
    let slots = sizes.map { Variable(Tensor.zeros([$0])) }
    for (number, variable) in variables.enumerated() {
      variable.assign(Tensor((0..<sizes[number]).map { Float($0 % 1000 + number) }))
    }
    let assignments = zip(variables, slots).flatMap { variable, slot in
      let next = slot.value * 0.5 + variable.value
      return [(variable: slot, value: next), (variable: variable, value: variable.value + Double(variable.count % 7) / (sqrt(next) + 1))]
    }
    let plan = Plan(arguments: [], outputs: [], assignments: assignments, threadCount: threadCount)
    let pool = ThreadPool(threadCount: min(threadCount, 8))
    var expected = sizes.enumerated().map { number, size in (0..<size).map { (Float($0 % 1000 + number), Float(0)) } }
    // As it is interpreted, and as machine code.
    for run in 0..<2 {
      plan.run(on: pool)
      plan.translate()
      for number in sizes.indices {
        expected[number] = expected[number].map { value, slot in
          let next = slot * 0.5 + value
          return (value + Float(sizes[number] % 7) / (next.squareRoot() + 1), next)
        }
        #expect(variables[number].value.doubles == expected[number].map { Double($0.0) }, "run \(run), array \(number)")
        #expect(slots[number].value.doubles == expected[number].map { Double($0.1) }, "run \(run), slot \(number)")
      }
    }
  }
}

import CKernels

/// Instruction selection (a peephole optimization): replaces several instructions by one of the richer ones, which round once where they would
/// have rounded twice.
///
/// An instruction is drawn into its reader only if it has no other reader and its result is not kept.
struct InstructionFuser {
  typealias Instruction = CPUProgram.Instruction
  typealias Reference = GroupProgram.Reference

  private(set) var instructions: [Instruction]
  private let kept: Set<Reference>
  private var definition: [Reference: Int] = [:]
  private var useCount: [Reference: Int] = [:]
  private var isDead: [Bool]

  init(_ instructions: [Instruction], kept: Set<Reference>) {
    self.instructions = instructions
    self.kept = kept
    isDead = instructions.map { _ in false }
    for (index, instruction) in instructions.enumerated() {
      definition[instruction.result] = index
      for argument in instruction.arguments { useCount[argument, default: 0] += 1 }
    }
  }

  mutating func run() {
    removeUnread(among: instructions.indices.reversed())
    for index in instructions.indices where !isDead[index] {
      while let better = combined(instructions[index]) { replace(index, by: better) }
    }
    instructions = instructions.indices.filter { !isDead[$0] }.map { instructions[$0] }
  }

  /// What nobody reads is not computed: a comparison whose result went into another form, say. Nor is then what only that read.
  private mutating func removeUnread(among candidates: some Sequence<Int>) {
    var waiting = Array(candidates.reversed())
    while let index = waiting.popLast() {
      let result = instructions[index].result
      guard !isDead[index], case .register = result, !kept.contains(result), useCount[result, default: 0] == 0 else { continue }
      isDead[index] = true
      for argument in instructions[index].arguments {
        useCount[argument]! -= 1
        if let definition = definition[argument] { waiting.append(definition) }
      }
    }
  }

  private mutating func replace(_ index: Int, by better: Instruction) {
    let before = instructions[index].arguments
    for argument in before { useCount[argument]! -= 1 }
    for argument in better.arguments { useCount[argument, default: 0] += 1 }
    instructions[index] = better
    // Instructions whose only reader this was are gone.
    removeUnread(among: before.compactMap { definition[$0] })
  }

  /// The arguments of the instruction that made `reference`, if it has this code and may be drawn in by one reader.
  /// With `shared` it may have other readers, for whom it stays: right where drawing it in costs nothing.
  private func parts(_ reference: Reference, _ code: ck_op, row: Bool, shared: Bool = false) -> [Reference]? {
    guard case .register = reference, let index = definition[reference], !isDead[index] else { return nil }
    let instruction = instructions[index]
    guard instruction.code == code, instruction.isRow == row, shared || (useCount[reference] == 1 && !kept.contains(reference))
    else { return nil }
    return instruction.arguments
  }

  private func combined(_ instruction: Instruction) -> Instruction? {
    let row = instruction.isRow
    let x = instruction.arguments
    func make(_ code: ck_op, _ arguments: [Reference]) -> Instruction {
      Instruction(code: code, isRow: row, result: instruction.result, arguments: arguments)
    }
    switch instruction.code {
    case CK_ADD:
      if let m = parts(x[0], CK_MUL, row: row) { return make(CK_FMA, [m[0], m[1], x[1]]) }
      if let m = parts(x[1], CK_MUL, row: row) { return make(CK_FMA, [m[0], m[1], x[0]]) }
    case CK_SUB:
      if let m = parts(x[0], CK_MUL, row: row), let n = parts(x[1], CK_MUL, row: row) {
        return make(CK_AXMBY, [m[0], m[1], n[0], n[1]])
      }
      if let m = parts(x[1], CK_MUL, row: row) { return make(CK_FNMA, [m[0], m[1], x[0]]) }
      if let m = parts(x[0], CK_MUL, row: row) { return make(CK_FMS, [m[0], m[1], x[1]]) }
    case CK_FMA:
      // a · b + c with a = d − c is c + b · (d − c).
      for (factor, other) in [(x[0], x[1]), (x[1], x[0])] {
        if let d = parts(factor, CK_SUB, row: row, shared: true), d[1] == x[2] { return make(CK_LERP, [x[2], d[0], other]) }
        if let d = parts(factor, CK_FMS, row: row), d[2] == x[2], d[0] == d[1] {
          return make(CK_SQLERP, [x[2], d[0], other])
        }
      }
      if let m = parts(x[2], CK_MUL, row: row) { return make(CK_AXPBY, [x[0], x[1], m[0], m[1]]) }
    case CK_LERP:
      if let m = parts(x[1], CK_MUL, row: row), m[0] == m[1] { return make(CK_SQLERP, [x[0], m[0], x[2]]) }
    default: break
    }
    return nil
  }
}

import CKernels

/// Lowering of one group's program: its instructions become the processor's kernels, the richer ones among them, and its registers
/// become slots of scratch memory.
struct CPUProgram {
  typealias Reference = GroupProgram.Reference

  struct Instruction: Hashable {
    var code: ck_op
    var isRow: Bool
    var result: Reference
    var arguments: [Reference]
  }

  /// All that lie in a slot one after the other are one operand, which follows those of the program.
  struct Temporary: Hashable {
    let slot: Int
    let isRow: Bool
  }

  let program: GroupProgram
  private(set) var instructions: [Instruction]
  private(set) var temporaries: [Temporary] = []
  private(set) var slotCount = 0
  /// The first instructions, which give the same in every block: they read what repeats itself as often as a block ends.
  private(set) var invariantCount = 0
  /// Blocks are whole multiples of this.
  let blockUnit: Int

  init(_ program: GroupProgram) {
    self.program = program
    var fuser = InstructionFuser(
      program.instructions.map { CPUProgram.instruction($0, of: program) }, kept: Set(program.stores.map(\.value)))
    fuser.run()
    instructions = fuser.instructions
    blockUnit = CPUProgram.blockUnit(of: program)
    hoistInvariants()
    storeResults()
    assignSlots()
  }

  private static func instruction(_ instruction: GroupProgram.Instruction, of program: GroupProgram) -> Instruction {
    var arguments = instruction.arguments
    let code = instruction.function.code
    // The processor's own maximum keeps a NaN of its second argument alone. A bound that is the same everywhere goes first, and
    // whether it is NaN is asked once.
    if code == CK_MAX || code == CK_MIN, case .operand(let bound) = arguments[1], program.operands[bound].access == .single {
      arguments.swapAt(0, 1)
    }
    return Instruction(code: code, isRow: instruction.isRow, result: instruction.result, arguments: arguments)
  }

  /// What repeats itself is read once for all blocks, as long as it leaves enough of the first-level cache to others.
  private static let mostInvariants = 4
  private static let longestUnit = 1024
  /// Elements of the widest vector, of which blocks without rows are multiples.
  static let vector = 16

  /// After how many elements an operand repeats itself: one number for each channel, say. Nil if it does not.
  private static func period(of operand: GroupProgram.Operand, in program: GroupProgram) -> Int? {
    guard case .view(let number) = operand.access, !operand.isRow else { return nil }
    let view = program.views[number]
    let period = view.layout.shape.dropFirst().reduce(1, *)
    return view.gatherOperand == nil && view.layout.strides[0] == 0 && period > 0 ? period : nil
  }

  /// Rows; or what the longest operand that repeats itself repeats, or columns that are added up.
  private static func blockUnit(of program: GroupProgram) -> Int {
    if program.inner > 0 { return program.inner }
    let lengths = program.operands.compactMap { period(of: $0, in: program) } + program.reductions.map(\.columns)
    return lengths.filter { $0 > 0 && $0 % vector == 0 && $0 <= longestUnit }.max() ?? 1
  }

  /// Loop-invariant code motion: what is the same for all elements is computed once, before the loop over blocks.
  private mutating func hoistInvariants() {
    let invariant = instructions.indices.filter { index in
      guard instructions[index].code == CK_LOAD, case .operand(let number) = instructions[index].arguments[0],
        let period = CPUProgram.period(of: program.operands[number], in: program)
      else { return false }
      return blockUnit % period == 0
    }.prefix(CPUProgram.mostInvariants)
    invariantCount = invariant.count
    let hoisted = Set(invariant)
    instructions = invariant.map { instructions[$0] } + instructions.indices.filter { !hoisted.contains($0) }.map { instructions[$0] }
  }

  private mutating func storeResults() {
    var definition: [Reference: Int] = [:]
    // Where the memory of a buffer is read last.
    var lastRead: [Int: Int] = [:]
    for (position, instruction) in instructions.enumerated() {
      definition[instruction.result] = definition[instruction.result] ?? position
      for case .operand(let index) in instruction.arguments {
        if let buffer = program.operands[index].buffer { lastRead[buffer] = position }
      }
    }
    // Registers whose values are computed right where they are stored.
    var replacement: [Reference: Reference] = [:]
    for store in program.stores {
      let output = program.operands[store.operand]
      let value = replacement[store.value] ?? store.value
      let result = Reference.operand(store.operand)
      if output.access == .converted {
        instructions.append(Instruction(code: CK_STORE, isRow: output.isRow, result: result, arguments: [value]))
      } else if case .register = value, let position = definition[value], instructions[position].code != CK_LOAD,
        output.overwrites.flatMap({ lastRead[program.operands[$0].buffer!] }) ?? -1 <= position
      {
        // Writing at once saves a copy, but not where the old value is still to be read.
        replacement[value] = result
      } else {
        instructions.append(Instruction(code: CK_COPY, isRow: output.isRow, result: result, arguments: [value]))
      }
    }
    if replacement.isEmpty { return }
    for index in instructions.indices {
      instructions[index].result = replacement[instructions[index].result] ?? instructions[index].result
      instructions[index].arguments = instructions[index].arguments.map { replacement[$0] ?? $0 }
    }
  }

  /// Register allocation by liveness: gives each register a slot of scratch memory, used again as soon as its last reader is done.
  private mutating func assignSlots() {
    var lastUse: [Reference: Int] = [:]
    for (position, instruction) in instructions.enumerated() {
      for argument in instruction.arguments { lastUse[argument] = position }
    }
    // There for all blocks.
    for instruction in instructions[..<invariantCount] { lastUse[instruction.result] = Int.max }
    var free: [Int] = []
    var temporaryIndex: [Temporary: Int] = [:]
    var temporaryOf: [Reference: Int] = [:]
    let first = program.operands.count
    for position in instructions.indices {
      let arguments = instructions[position].arguments
      instructions[position].arguments = arguments.map { argument in
        temporaryOf[argument].map { .operand(first + $0) } ?? argument
      }
      let result = instructions[position].result
      // Row and full results differ in length, and EXPAND reads while it writes: only elementwise results may reuse
      // the slot of an argument that ends here.
      let isElementwise = instructions[position].code.rawValue < CK_LOAD.rawValue
      var ending: [Int] = []
      for argument in Set(arguments) where lastUse[argument] == position {
        if let index = temporaryOf[argument] { ending.append(temporaries[index].slot) }
      }
      if isElementwise { free += ending.sorted() }
      if case .register(let number) = result {
        let slot = free.popLast() ?? slotCount
        slotCount = max(slotCount, slot + 1)
        let temporary = Temporary(slot: slot, isRow: program.registers[number])
        let index = temporaryIndex[temporary] ?? temporaries.count
        if index == temporaries.count {
          temporaries.append(temporary)
          temporaryIndex[temporary] = index
        }
        temporaryOf[result] = index
        instructions[position].result = .operand(first + index)
        if lastUse[result] == nil { free.append(slot) }
      }
      if !isElementwise { free += ending.sorted() }
    }
  }
}

extension GroupProgram.Function {
  /// The kernel that does it.
  var code: ck_op {
    switch self {
    case .unary(let function): function.code
    case .binary(let function): function.code
    case .select: CK_SELECT
    case .copy: CK_COPY
    case .load: CK_LOAD
    case .expand: CK_EXPAND
    case .rowReduce(.sum): CK_ROWSUM
    case .rowReduce(.max): CK_ROWMAX
    case .rowArgmax: CK_ROWARGMAX
    case .reduce(let reduction): reduction.code
    case .sumColumns: CK_SUMCOLUMNS
    case .random(.uniform): CK_UNIFORM
    case .random(.normal): CK_NORMAL
    }
  }
}

extension Reduction {
  var code: ck_op { self == .sum ? CK_SUMALL : CK_MAXALL }
}

extension UnaryFunction {
  var code: ck_op {
    switch self {
    case .negate: CK_NEG
    case .abs: CK_ABS
    case .sign: CK_SIGN
    case .sqrt: CK_SQRT
    case .reciprocal: CK_RECIP
    case .exp: CK_EXP
    case .expm1: CK_EXPM1
    case .log: CK_LOG
    case .log1p: CK_LOG1P
    case .sin: CK_SIN
    case .cos: CK_COS
    case .tanh: CK_TANH
    case .erf: CK_ERF
    case .sigmoid: CK_SIGMOID
    case .softplus: CK_SOFTPLUS
    case .floor: CK_FLOOR
    case .ceil: CK_CEIL
    case .round: CK_ROUND
    case .not: CK_NOT
    case .isFinite: CK_ISFINITE
    }
  }
}

extension BinaryFunction {
  var code: ck_op {
    switch self {
    case .add: CK_ADD
    case .subtract: CK_SUB
    case .multiply: CK_MUL
    case .divide: CK_DIV
    case .maximum: CK_MAX
    case .minimum: CK_MIN
    case .power: CK_POW
    case .equal: CK_EQ
    case .notEqual: CK_NE
    case .less: CK_LT
    case .lessOrEqual: CK_LE
    case .and: CK_AND
    case .or: CK_OR
    }
  }
}

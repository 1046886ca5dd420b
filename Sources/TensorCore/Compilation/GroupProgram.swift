import CKernels

/// The instructions of one fused group, before memory is known.
struct GroupProgram {
  enum Address: Hashable {
    /// A number of the plan's own.
    case constant(Double)
    /// The memory of a value, from an element on.
    case value(Int, offset: Int)
    case none
  }

  struct Operand: Hashable {
    var kind: ck_operand_kind
    var dtype: DType
    var isRow: Bool
    var isOutput = false
    var slot = 0
    var view: Int?
    var address: Address
  }

  enum Reference: Hashable {
    case register(Int)
    case operand(Int)
    /// The number of a full reduction.
    case reduction(Int)
  }

  struct Instruction: Hashable {
    var code: ck_op
    var isRow: Bool
    var result: Reference
    var arguments: [Reference]
  }

  struct StoredView: Hashable {
    var gatherOperand: Int?
    var limit: Int
    var dims: [Int]
    var strides: [Int]
  }

  let type: DType
  let count: Int
  let inner: Int
  private(set) var instructions: [Instruction] = []
  private(set) var operands: [Operand] = []
  private(set) var views: [StoredView] = []
  private(set) var slotCount = 0
  /// Full reductions: whether it is a sum, and the value it gives.
  private(set) var reductions: [(isSum: Bool, value: Int)] = []

  private let fusion: Fusion
  private let group: Fusion.Kernel
  private var registerCount = 0
  private var registerRows: [Bool] = []
  private var place: [Int: Reference] = [:]
  private var expanded: [Int: Reference] = [:]
  private var operandIndex: [Operand: Int] = [:]
  private var viewIndex: [StoredView: Int] = [:]
  private var loaded: [Int: Reference] = [:]

  /// - Parameters:
  ///   - stored: members whose values must be in memory afterwards.
  ///   - inPlace: for members that replace a variable's value where it lies, the value that reads it.
  init(_ group: Fusion.Kernel, _ fusion: Fusion, stored: Set<Int>, inPlace: [Int: Int]) {
    self.fusion = fusion
    self.group = group
    type = group.type
    count = group.count
    inner = group.inner
    let members = group.members.sorted()
    for member in members { emit(member) }
    // What is passed on from memory is read before anything is written: another member may write there.
    for member in members where stored.contains(member) {
      guard case .operand = place[member] else { continue }
      let isRow = group.rowMembers.contains(member)
      append(CK_COPY, isRow, member, [place[member]!])
    }
    fuseInstructions(kept: Set(members.filter { stored.contains($0) }.compactMap { place[$0] }))
    storeResults(members.filter { stored.contains($0) && !isReduction($0) }, inPlace: inPlace)
    assignSlots()
  }

  private func isReduction(_ member: Int) -> Bool {
    if case .reduction = place[member] { return true }
    return false
  }

  // MARK: - Operands

  private mutating func register(row: Bool) -> Reference {
    registerRows.append(row)
    registerCount += 1
    return .register(registerCount - 1)
  }

  private mutating func operand(_ operand: Operand) -> Int {
    if let index = operandIndex[operand] { return index }
    operands.append(operand)
    operandIndex[operand] = operands.count - 1
    return operands.count - 1
  }

  private mutating func constant(_ value: Double, row: Bool) -> Reference {
    .operand(operand(Operand(kind: CK_SPLAT, dtype: type, isRow: row, address: .constant(value))))
  }

  private mutating func load(_ input: Int, row: Bool) -> Reference {
    let view = fusion.views[input]
    let source = fusion.values[view.source]
    if case .fill(let value) = source.operation { return constant(value, row: row) }
    let address = Address.value(view.source, offset: view.offset)
    var entry = Operand(kind: CK_STREAM, dtype: source.dtype, isRow: row, address: address)
    if view.isSingle {
      entry.kind = CK_SPLAT
    } else if !view.isContiguous {
      let flat = view.collapsed()
      let indices = flat.gather.map { gather in
        operand(
          Operand(
            kind: CK_RAW, dtype: .int32, isRow: false,
            address: .value(fusion.views[gather].source, offset: fusion.views[gather].offset)))
      }
      let stored = StoredView(gatherOperand: indices, limit: flat.rowLimit, dims: flat.dims, strides: flat.strides)
      entry.kind = CK_VIEW
      if viewIndex[stored] == nil {
        viewIndex[stored] = views.count
        views.append(stored)
      }
      entry.view = viewIndex[stored]
    } else if source.dtype != type {
      entry.kind = CK_BYTES
    }
    let index = operand(entry)
    if entry.kind == CK_STREAM || entry.kind == CK_SPLAT { return .operand(index) }
    if let known = loaded[index] { return known }
    let result = register(row: row)
    instructions.append(Instruction(code: CK_LOAD, isRow: row, result: result, arguments: [.operand(index)]))
    loaded[index] = result
    return result
  }

  private mutating func reference(_ input: Int, for value: SimplifiedGraph.Value, row: Bool) -> Reference {
    if fusion.isAccessible(input, from: value, in: group) {
      switch fusion.access(input, from: value) {
      case .same(let source): return place[source]!
      case .rows(let source, _):
        if let known = expanded[source] { return known }
        let result = register(row: false)
        instructions.append(Instruction(code: CK_EXPAND, isRow: false, result: result, arguments: [place[source]!]))
        expanded[source] = result
        return result
      case .memory: break
      }
    }
    return load(input, row: row)
  }

  // MARK: - Instructions

  private mutating func emit(_ member: Int) {
    let value = fusion.values[member]
    let isRow = group.rowMembers.contains(member)
    var code = CK_COPY
    // The level of the arguments; a reduction over rows takes full ones and gives a row's.
    var argumentsAreRow = isRow
    switch value.operation {
    case .unary(let function): code = function.instruction
    case .binary(let function): code = function.instruction
    case .select: code = CK_SELECT
    case .cast where value.dtype == .bool:
      let input = reference(value.inputs[0], for: value, row: isRow)
      append(CK_NE, isRow, member, [input, constant(0, row: isRow)])
      return
    case .cast, .stopGradient:
      place[member] = reference(value.inputs[0], for: value, row: isRow)
      return
    case .random(let distribution):
      let key = fusion.views[value.inputs[0]]
      let raw = operand(Operand(kind: CK_RAW, dtype: .int32, isRow: false, address: .value(key.source, offset: key.offset)))
      append(distribution == .uniform ? CK_UNIFORM : CK_NORMAL, isRow, member, [.operand(raw)])
      return
    case .reduce(let reduction, _) where fusion.isLate[member]:
      let input = reference(value.inputs[0], for: value, row: isRow)
      let result = Reference.reduction(reductions.count)
      reductions.append((isSum: reduction == .sum, value: member))
      instructions.append(
        Instruction(code: reduction == .sum ? CK_SUMALL : CK_MAXALL, isRow: isRow, result: result, arguments: [input]))
      place[member] = result
      return
    case .reduce(let reduction, _):
      code = reduction == .sum ? CK_ROWSUM : CK_ROWMAX
      argumentsAreRow = false
    case .argmax:
      code = CK_ROWARGMAX
      argumentsAreRow = false
    default:
      preconditionFailure("\(value.operation) is not computed in groups")
    }
    let arguments = value.inputs.map { reference($0, for: value, row: argumentsAreRow) }
    append(code, argumentsAreRow, member, arguments, resultIsRow: isRow)
  }

  private mutating func append(
    _ code: ck_op, _ isRow: Bool, _ member: Int, _ arguments: [Reference], resultIsRow: Bool? = nil
  ) {
    let result = register(row: resultIsRow ?? isRow)
    instructions.append(Instruction(code: code, isRow: isRow, result: result, arguments: arguments))
    place[member] = result
  }

  private mutating func fuseInstructions(kept: Set<Reference>) {
    var fuser = InstructionFuser(instructions, kept: kept)
    fuser.run()
    instructions = fuser.instructions
  }

  // MARK: - Results

  private mutating func storeResults(_ members: [Int], inPlace: [Int: Int]) {
    var definition: [Reference: Int] = [:]
    // Where the memory of a value is read last.
    var lastRead: [Int: Int] = [:]
    for (position, instruction) in instructions.enumerated() {
      definition[instruction.result] = definition[instruction.result] ?? position
      for case .operand(let index) in instruction.arguments {
        if case .value(let source, _) = operands[index].address { lastRead[source] = position }
      }
    }
    // Registers whose values are computed right where they are stored.
    var replacement: [Reference: Reference] = [:]
    for member in members {
      let value = fusion.values[member]
      let isRow = group.rowMembers.contains(member)
      let reference = replacement[place[member]!] ?? place[member]!
      var output = Operand(
        kind: CK_STREAM, dtype: value.dtype, isRow: isRow, isOutput: true, address: .value(member, offset: 0))
      if value.dtype != type { output.kind = CK_BYTES }
      let result = Reference.operand(operand(output))
      if value.dtype != type {
        instructions.append(Instruction(code: CK_STORE, isRow: isRow, result: result, arguments: [reference]))
      } else if case .register = reference, let position = definition[reference], instructions[position].code != CK_LOAD,
        inPlace[member].flatMap({ lastRead[$0] }) ?? -1 <= position
      {
        // Writing at once saves a copy, but not where the old value is still to be read.
        replacement[reference] = result
      } else {
        instructions.append(Instruction(code: CK_COPY, isRow: isRow, result: result, arguments: [reference]))
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
    var free: [Int] = []
    var operandOf: [Reference: Int] = [:]
    for position in instructions.indices {
      let arguments = instructions[position].arguments
      instructions[position].arguments = arguments.map { operandOf[$0].map(Reference.operand) ?? $0 }
      let result = instructions[position].result
      // Row and full results differ in length, and EXPAND reads while it writes: only elementwise results may reuse
      // the slot of an argument that ends here.
      let isElementwise = instructions[position].code.rawValue < CK_LOAD.rawValue
      var ending: [Int] = []
      for argument in Set(arguments) where lastUse[argument] == position {
        if case .register = argument, let index = operandOf[argument] { ending.append(operands[index].slot) }
      }
      if isElementwise { free += ending.sorted() }
      if case .register(let number) = result {
        let slot = free.popLast() ?? slotCount
        slotCount = max(slotCount, slot + 1)
        // All that lie in a slot one after the other are one operand.
        let index = operand(Operand(kind: CK_TEMP, dtype: type, isRow: registerRows[number], slot: slot, address: .none))
        operandOf[result] = index
        instructions[position].result = .operand(index)
        if lastUse[result] == nil { free.append(slot) }
      }
      if !isElementwise { free += ending.sorted() }
    }
  }

  /// Equal for programs that differ in nothing but the memory they work on.
  struct Signature: Hashable {
    let type: DType
    let inner: Int
    /// Of programs that find elements through views, which depend on it.
    let count: Int?
    let views: [StoredView]
    let reductions: [Bool]
    let operands: [Operand]
    let instructions: [Instruction]
  }

  var signature: Signature {
    let operands = operands.map { operand in
      var operand = operand
      operand.address = .none
      return operand
    }
    return Signature(
      type: type, inner: inner, count: views.isEmpty ? nil : count, views: views, reductions: reductions.map(\.isSum),
      operands: operands, instructions: instructions)
  }
}

extension UnaryFunction {
  var instruction: ck_op {
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
  var instruction: ck_op {
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

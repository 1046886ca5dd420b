/// Writes the program of one fused group (code generation, for no processor yet).
struct ProgramWriter {
  private(set) var program: GroupProgram
  private let fusion: Fusion
  private let group: Fusion.Kernel
  /// The buffer of each value that lies in memory.
  private let buffers: [Int: Int]
  private var place: [Int: GroupProgram.Reference] = [:]
  private var expanded: [Int: GroupProgram.Reference] = [:]
  private var operandIndex: [GroupProgram.Operand: Int] = [:]
  private var viewIndex: [GroupProgram.StoredView: Int] = [:]
  private var loaded: [Int: GroupProgram.Reference] = [:]

  /// - Parameters:
  ///   - buffers: of all values in memory, members of this group among them: these are stored.
  ///   - inPlace: for members that replace a variable's value where it lies, the value that reads it.
  init(_ group: Fusion.Kernel, _ fusion: Fusion, buffers: [Int: Int], inPlace: [Int: Int]) {
    (self.fusion, self.group, self.buffers) = (fusion, group, buffers)
    program = GroupProgram(type: group.type, count: group.count, inner: group.inner)
    let members = group.members.sorted()
    for member in members { emit(member) }
    let stored = members.filter { buffers[$0] != nil && !isReduction($0) }
    // What is passed on from memory is read before anything is written: another member may write there.
    for member in stored {
      guard case .operand = place[member] else { continue }
      append(.copy, group.rowMembers.contains(member), member, [place[member]!])
    }
    for member in stored { store(member, over: inPlace[member]) }
  }

  private func isReduction(_ member: Int) -> Bool {
    if case .reduction = place[member] { return true }
    return false
  }

  // MARK: - Operands

  private mutating func register(row: Bool) -> GroupProgram.Reference {
    program.registers.append(row)
    return .register(program.registers.count - 1)
  }

  private mutating func operand(
    _ access: GroupProgram.Operand.Access, _ dtype: DType, row: Bool, _ memory: GroupProgram.Operand.Memory, isOutput: Bool = false,
    overwrites: Int? = nil
  ) -> Int {
    let operand = GroupProgram.Operand(
      access: access, dtype: dtype, isRow: row, isOutput: isOutput, memory: memory, overwrites: overwrites)
    if let index = operandIndex[operand] { return index }
    program.operands.append(operand)
    operandIndex[operand] = program.operands.count - 1
    return program.operands.count - 1
  }

  private mutating func constant(_ value: Double, row: Bool) -> GroupProgram.Reference {
    .operand(operand(.single, program.type, row: row, .number(value.bitPattern)))
  }

  /// The memory that a view looks at.
  private func memory(_ view: View) -> GroupProgram.Operand.Memory { .buffer(buffers[view.source]!, offset: view.offset) }

  private mutating func load(_ input: Int, row: Bool) -> GroupProgram.Reference {
    let view = fusion.views[input]
    let source = fusion.values[view.source]
    if case .fill(let value) = source.operation { return constant(value, row: row) }
    if view.isSingle { return .operand(operand(.single, source.dtype, row: row, memory(view))) }
    if view.isContiguous && source.dtype == program.type { return .operand(operand(.whole, source.dtype, row: row, memory(view))) }
    var access = GroupProgram.Operand.Access.converted
    if !view.isContiguous {
      let flat = view.collapsed()
      let indices = flat.gather.map { operand(.raw, .int32, row: false, memory(fusion.views[$0])) }
      access = .view(
        self.view(GroupProgram.StoredView(gatherOperand: indices, limit: flat.rowLimit, layout: flat.layout)))
    }
    let index = operand(access, source.dtype, row: row, memory(view))
    if let known = loaded[index] { return known }
    let result = register(row: row)
    program.instructions.append(.init(function: .load, isRow: row, result: result, arguments: [.operand(index)]))
    loaded[index] = result
    return result
  }

  private mutating func view(_ view: GroupProgram.StoredView) -> Int {
    if let known = viewIndex[view] { return known }
    program.views.append(view)
    viewIndex[view] = program.views.count - 1
    return program.views.count - 1
  }

  private mutating func reference(_ input: Int, for value: SimplifiedGraph.Value, row: Bool) -> GroupProgram.Reference {
    if fusion.isAccessible(input, from: value, in: group) {
      switch fusion.access(input, from: value) {
      case .same(let source): return place[source]!
      case .rows(let source, _):
        if let known = expanded[source] { return known }
        let result = register(row: false)
        program.instructions.append(.init(function: .expand, isRow: false, result: result, arguments: [place[source]!]))
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
    let function: GroupProgram.Function
    // The level of the arguments; a reduction over rows takes full ones and gives a row's.
    var argumentsAreRow = isRow
    switch value.operation {
    case .unary(let unary): function = .unary(unary)
    case .binary(let binary): function = .binary(binary)
    case .select: function = .select
    case .cast where value.dtype == .bool:
      let input = reference(value.inputs[0], for: value, row: isRow)
      append(.binary(.notEqual), isRow, member, [input, constant(0, row: isRow)])
      return
    case .cast, .stopGradient, .customGradient:
      place[member] = reference(value.inputs[0], for: value, row: isRow)
      return
    case .random(let distribution):
      let key = operand(.raw, .int32, row: false, memory(fusion.views[value.inputs[0]]))
      append(.random(distribution), isRow, member, [.operand(key)])
      return
    case .reduce(let reduction, _) where fusion.isLate[member]:
      let input = reference(value.inputs[0], for: value, row: isRow)
      let result = GroupProgram.Reference.reduction(program.reductions.count)
      let whole = GroupProgram.SpaceReduction(reduction: reduction, columns: value.count, buffer: buffers[member]!)
      program.reductions.append(whole)
      program.instructions.append(.init(function: whole.function, isRow: isRow, result: result, arguments: [input]))
      place[member] = result
      return
    case .reduce(let reduction, _):
      function = .rowReduce(reduction)
      argumentsAreRow = false
    case .argmax:
      function = .rowArgmax
      argumentsAreRow = false
    default:
      programmingError("\(value.operation) is not computed in groups")
    }
    let arguments = value.inputs.map { reference($0, for: value, row: argumentsAreRow) }
    append(function, argumentsAreRow, member, arguments, resultIsRow: isRow)
  }

  private mutating func append(
    _ function: GroupProgram.Function, _ isRow: Bool, _ member: Int, _ arguments: [GroupProgram.Reference], resultIsRow: Bool? = nil
  ) {
    let result = register(row: resultIsRow ?? isRow)
    program.instructions.append(.init(function: function, isRow: isRow, result: result, arguments: arguments))
    place[member] = result
  }

  private mutating func store(_ member: Int, over variable: Int?) {
    let value = fusion.values[member]
    let buffer = buffers[member]!
    let overwritten = variable == nil ? nil : program.operands.firstIndex { !$0.isOutput && $0.buffer == buffer }
    let index = operand(
      value.dtype == program.type ? .whole : .converted, value.dtype, row: group.rowMembers.contains(member), .buffer(buffer, offset: 0),
      isOutput: true, overwrites: overwritten)
    program.stores.append(.init(value: place[member]!, operand: index))
  }
}

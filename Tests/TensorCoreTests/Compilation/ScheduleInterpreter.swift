import TensorCore

/// Runs schedules the plainest way, one instruction over whole arrays in `Double`. It knows nothing of the processor: what it gives is
/// what a schedule says.
struct ScheduleInterpreter {
  let schedule: Schedule
  /// What each buffer holds. Temporaries hold nothing before and after their lifetime.
  private(set) var buffers: [[Double]]

  init(_ schedule: Schedule) {
    self.schedule = schedule
    buffers = schedule.buffers.map { buffer in
      switch buffer.role {
      case .constant(let elements): Tensor(.constant(elements), shape: buffer.shape, dtype: buffer.dtype).doubles
      case .variable(let variable): variable.value.evaluated().doubles
      case .argument: preconditionFailure("not interpreted")
      case .output, .temporary: [Double](repeating: .nan, count: buffer.shape.reduce(1, *))
      }
    }
  }

  /// Runs all kernels and gives the function's results.
  mutating func run() -> [[Double]] {
    for (position, kernel) in schedule.kernels.enumerated() {
      switch kernel {
      case .group(let programs): for program in programs { run(program) }
      case .operation(let call): run(call)
      case .copy(let source, let target): write(read(source), target.buffer, target.offset)
      }
      for (index, buffer) in schedule.buffers.enumerated() {
        if case .temporary = buffer.role, let lifetime = buffer.lifetime, lifetime.upperBound == position {
          buffers[index] = buffers[index].map { _ in .nan }
        }
      }
    }
    return schedule.outputs.map { buffers[$0] }
  }

  /// Where in their buffer the elements of a place lie.
  private func positions(of place: Schedule.Place) -> [Int] {
    zip(place.shape, place.strides).reduce([place.offset]) { starts, axis in starts.flatMap { start in (0..<axis.0).map { start + $0 * axis.1 } } }
  }

  private func read(_ place: Schedule.Place) -> [Double] { positions(of: place).map { buffers[place.buffer][$0] } }

  private mutating func write(_ values: [Double], _ buffer: Int, _ offset: Int) {
    buffers[buffer].replaceSubrange(offset..<(offset + values.count), with: values)
  }

  private mutating func run(_ call: Schedule.Call) {
    let result = ReferenceInterpreter.compute(
      call.operation, call.inputs.map(read), shapes: call.inputs.map(\.shape), shape: call.output.shape, dtype: call.output.dtype)
    for (position, value) in zip(positions(of: call.output), result) { buffers[call.output.buffer][position] = value }
  }

  // MARK: - Groups

  private mutating func run(_ program: GroupProgram) {
    var registers = [[Double]](repeating: [], count: program.registers.count)
    var reductions = [[Double]](repeating: [], count: program.reductions.count)
    for instruction in program.instructions {
      let arguments = instruction.arguments.map { argument in
        switch argument {
        case .register(let number): registers[number]
        case .operand(let number): elements(of: program.operands[number], in: program, isRow: instruction.isRow)
        case .reduction: preconditionFailure("reductions are read from memory")
        }
      }
      if case .reduction(let number) = instruction.result {
        reductions[number] = reduce(arguments[0], program.reductions[number], program.type)
        continue
      }
      let result = compute(instruction.function, arguments, program)
      switch instruction.result {
      case .register(let number): registers[number] = result
      case .operand, .reduction: preconditionFailure("instructions write registers")
      }
    }
    for store in program.stores {
      guard case .register(let number) = store.value, case .buffer(let buffer, let offset) = program.operands[store.operand].memory else {
        preconditionFailure("registers are stored in buffers")
      }
      let isWhole = !program.operands[store.operand].dtype.isFloatingPoint
      write(isWhole ? registers[number].map { $0.rounded(.towardZero) } : registers[number], buffer, offset)
    }
    for (reduction, values) in zip(program.reductions, reductions) { write(values, reduction.buffer, 0) }
  }

  private func compute(_ function: GroupProgram.Function, _ arguments: [[Double]], _ program: GroupProgram) -> [Double] {
    func elementwise(_ operation: TensorCore.Operation) -> [Double] {
      let shape = [arguments[0].count]
      return ReferenceInterpreter.compute(operation, arguments, shapes: arguments.map { [$0.count] }, shape: shape, dtype: program.type)
    }
    func overRows(_ operation: TensorCore.Operation) -> [Double] {
      let rows = arguments[0].count / program.inner
      return ReferenceInterpreter.compute(operation, arguments, shapes: [[rows, program.inner]], shape: [rows], dtype: program.type)
    }
    switch function {
    case .unary(let unary): return elementwise(.unary(unary))
    case .binary(let binary): return elementwise(.binary(binary))
    case .select: return elementwise(.select)
    case .copy, .load: return arguments[0]
    case .expand: return arguments[0].flatMap { [Double](repeating: $0, count: program.inner) }
    case .rowReduce(let reduction): return overRows(.reduce(reduction, axes: [1]))
    case .rowArgmax: return overRows(.argmax(axis: 1))
    case .reduce, .sumColumns: preconditionFailure("reductions over the space have results of their own")
    case .random: preconditionFailure("not interpreted")
    }
  }

  /// Of all elements, or of those in each column.
  private func reduce(_ elements: [Double], _ whole: GroupProgram.SpaceReduction, _ dtype: DType) -> [Double] {
    ReferenceInterpreter.compute(
      .reduce(whole.reduction, axes: [0]), [elements], shapes: [[elements.count / whole.columns, whole.columns]], shape: [whole.columns],
      dtype: dtype)
  }

  /// What an instruction finds in memory, one element for each of the space's or of its rows.
  private func elements(of operand: GroupProgram.Operand, in program: GroupProgram, isRow: Bool) -> [Double] {
    let count = isRow ? program.count / program.inner : program.count
    guard case .buffer(let buffer, let offset) = operand.memory else {
      guard case .number(let bits) = operand.memory else { preconditionFailure() }
      return [Double](repeating: Double(bitPattern: bits), count: count)
    }
    switch operand.access {
    case .single: return [Double](repeating: buffers[buffer][offset], count: count)
    case .whole, .converted: return Array(buffers[buffer][offset..<(offset + count)])
    case .raw: return buffers[buffer]
    case .view(let number):
      let view = program.views[number]
      precondition(view.dims.reduce(1, *) == count)
      let rows = view.gatherOperand.map { gather -> [Double] in
        guard case .buffer(let indices, let offset) = program.operands[gather].memory else { preconditionFailure() }
        return Array(buffers[indices][offset...])
      }
      return (0..<count).map { flat in
        var place = offset, rest = flat
        for axis in view.dims.indices.reversed() {
          var index = rest % view.dims[axis]
          rest /= view.dims[axis]
          if axis == 0, let rows {
            index = Int(rows[index])
            if index < 0 || index >= view.limit { return .nan }
          }
          place += index * view.strides[axis]
        }
        return buffers[buffer][place]
      }
    }
  }
}

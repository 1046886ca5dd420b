import TensorCore

/// Runs schedules the plainest way, one instruction over whole arrays in `Double`. It knows nothing of the processor: what it gives is
/// what a schedule says.
struct ScheduleInterpreter {
  let schedule: Schedule
  /// What each buffer holds. Temporaries hold nothing before and after their lifetime.
  private(set) var buffers: [[Double]]

  /// - Parameter arguments: the elements of each of the function's arguments.
  init(_ schedule: Schedule, arguments: [[Double]] = []) {
    self.schedule = schedule
    buffers = schedule.buffers.map { buffer in
      switch buffer.role {
      case .constant(let elements): Tensor(.constant(elements), shape: buffer.shape, dtype: buffer.dtype).doubles
      case .variable(let variable): variable.value.evaluated().doubles
      case .argument(let number): arguments[number]
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
      case .loop(let loop): run(loop)
      case .copy(let source, let target): write(read(source), target.buffer, target.offset)
      }
      for (index, buffer) in schedule.buffers.enumerated() {
        if case .temporary = buffer.role, let lifetime = buffer.lifetime, lifetime.upperBound == position {
          buffers[index] = buffers[index].map { _ in .nan }
        }
      }
    }
    return schedule.outputs.map { buffers[$0.buffer] }
  }

  /// Where in their buffer the elements of a place lie.
  private func positions(of place: Schedule.Place) -> [Int] {
    zip(place.layout.shape, place.layout.strides).reduce([place.offset]) { starts, axis in starts.flatMap { start in (0..<axis.0).map { start + $0 * axis.1 } } }
  }

  private func read(_ place: Schedule.Place) -> [Double] { positions(of: place).map { buffers[place.buffer][$0] } }

  private mutating func write(_ values: [Double], _ buffer: Int, _ offset: Int) {
    buffers[buffer].replaceSubrange(offset..<(offset + values.count), with: values)
  }

  private mutating func run(_ call: Schedule.Call) {
    let result = ReferenceInterpreter.compute(
      call.operation, call.inputs.map(read), call.inputs.map { ReferenceInterpreter.Form(shape: $0.shape, dtype: $0.dtype) },
      shape: call.output.shape, dtype: call.output.dtype)
    for (position, value) in zip(positions(of: call.output), result) { buffers[call.output.buffer][position] = value }
  }

  private mutating func run(_ loop: Schedule.Loop) {
    let inputs = loop.inputs.map(read)
    let fixed = loop.fixedArguments, parts = loop.stateCount..<fixed.lowerBound
    var states = Array(inputs[..<loop.stateCount])
    var results = [[Double]](repeating: [], count: loop.body.outputs.count - loop.stateCount)
    for step in loop.isReversed ? (0..<loop.count).reversed() : Array(0..<loop.count) {
      let part = parts.map { index in
        let size = inputs[index].count / loop.count
        return Array(inputs[index][(step * size)..<((step + 1) * size)])
      }
      var body = ScheduleInterpreter(loop.body, arguments: states + part + inputs[fixed])
      let outputs = body.run()
      states = Array(outputs[..<loop.stateCount])
      for (index, result) in outputs[loop.stateCount...].enumerated() {
        results[index] = loop.isReversed ? result + results[index] : results[index] + result
      }
    }
    write((states + results).flatMap { $0 }, loop.output.buffer, loop.output.offset)
  }

  // MARK: - Groups

  private mutating func run(_ program: GroupProgram) {
    var registers = [[Double]](repeating: [], count: program.registers.count)
    var reductions = [[Double]](repeating: [], count: program.reductions.count)
    for instruction in program.instructions {
      let arguments = instruction.arguments.map { argument in
        switch argument {
        case .register(let number): registers[number]
        case .operand(let number):
          program.type.isFloatingPoint
            ? elements(of: program.operands[number], in: program, isRow: instruction.isRow)
            : elements(of: program.operands[number], in: program, isRow: instruction.isRow).map { $0.rounded(.towardZero) }
        case .reduction: preconditionFailure("reductions are read from memory")
        }
      }
      if case .reduction(let number) = instruction.result {
        reductions[number] = reduce(arguments[0], program.reductions[number], program.type)
        continue
      }
      let result = compute(instruction, arguments, program)
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

  private func compute(_ instruction: GroupProgram.Instruction, _ arguments: [[Double]], _ program: GroupProgram) -> [Double] {
    func elementwise(_ operation: TensorCore.Operation) -> [Double] {
      let shape = [arguments[0].count]
      return ReferenceInterpreter.compute(
        operation, arguments, arguments.map { ReferenceInterpreter.Form(shape: [$0.count], dtype: program.type) }, shape: shape,
        dtype: program.type)
    }
    func overRows(_ operation: TensorCore.Operation) -> [Double] {
      let rows = arguments[0].count / program.inner
      return ReferenceInterpreter.compute(
        operation, arguments, [ReferenceInterpreter.Form(shape: [rows, program.inner], dtype: program.type)], shape: [rows],
        dtype: program.type)
    }
    switch instruction.function {
    case .unary(let unary): return elementwise(.unary(unary))
    case .binary(let binary): return elementwise(.binary(binary))
    case .select: return elementwise(.select)
    case .copy, .load: return arguments[0]
    case .expand: return arguments[0].flatMap { [Double](repeating: $0, count: program.inner) }
    case .rowReduce(let reduction): return overRows(.reduce(reduction, axes: [1]))
    case .rowArgmax: return overRows(.argmax(axis: 1))
    case .reduce, .sumColumns: preconditionFailure("reductions over the space have results of their own")
    case .random(let distribution):
      let count = instruction.isRow ? program.count / program.inner : program.count
      return ReferenceInterpreter.random(distribution, arguments[0], count: count, dtype: program.type)
    }
  }

  /// Of all elements, or of those in each column.
  private func reduce(_ elements: [Double], _ whole: GroupProgram.SpaceReduction, _ dtype: DType) -> [Double] {
    ReferenceInterpreter.compute(
      .reduce(whole.reduction, axes: [0]), [elements],
      [ReferenceInterpreter.Form(shape: [elements.count / whole.columns, whole.columns], dtype: dtype)], shape: [whole.columns], dtype: dtype)
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
    case .raw: return Array(buffers[buffer][offset...])
    case .view(let number):
      let view = program.views[number], layout = view.layout
      precondition(layout.count == count)
      let rows = view.gatherOperand.map { gather -> [Double] in
        guard case .buffer(let indices, let offset) = program.operands[gather].memory else { preconditionFailure() }
        return Array(buffers[indices][offset...])
      }
      return (0..<count).map { flat in
        var place = offset, rest = flat
        for axis in layout.shape.indices.reversed() {
          var index = rest % layout.shape[axis]
          rest /= layout.shape[axis]
          if axis == 0, let rows {
            index = Int(rows[index])
            if index < 0 || index >= view.limit { return .nan }
          }
          place += index * layout.strides[axis]
        }
        return buffers[buffer][place]
      }
    }
  }
}

extension Schedule: CustomStringConvertible {
  /// The kernels in order: what each computes, from what, and where the result goes.
  package var description: String {
    kernels.indices.flatMap { PlanExplanation.Kernel(self, $0).lines(number: $0 + 1) }.joined(separator: "\n")
  }
}

extension PlanExplanation.Kernel {
  /// What a schedule says of one of its kernels.
  init(_ schedule: Schedule, _ index: Int) {
    let kernel = schedule.kernels[index]
    (operations, extent) = kernel.work
    (reads, writes) = (kernel.reads.map(schedule.name), kernel.writes.map(schedule.name))
    inPlace = kernel.overwritten.map(schedule.name)
    byteCount = schedule.byteCount(of: kernel)
    isPass = kernel.isGroup
  }
}

extension Schedule {
  /// What a buffer is called.
  fileprivate func name(of buffer: Int) -> String {
    switch buffers[buffer].role {
    case .argument(let number): "argument \(number)"
    case .output(let number): "result \(number)"
    case .variable(let variable): variable.path
    case .constant: "constant \(buffers[buffer].shape)"
    case .temporary: "%\(buffer)"
    }
  }

  /// How many bytes of memory a kernel goes over.
  fileprivate func byteCount(of kernel: Kernel) -> Int {
    switch kernel {
    case .group(let programs): programs.reduce(0) { $0 + byteCount(of: $1) }
    case .operation(let call):
      // In place, what is put in is written, and the rest is left alone.
      call.isInPlace
        ? call.inputs.dropFirst().reduce(0) { $0 + $1.byteCount } + (call.inputs.last?.byteCount ?? 0)
        : call.inputs.reduce(call.output.byteCount) { $0 + $1.layout.shownCount * $1.dtype.byteCount }
    case .loop(let loop): loop.inputs.reduce(loop.output.byteCount) { $0 + $1.layout.shownCount * $1.dtype.byteCount }
    case .copy(let source, let target): source.byteCount + target.byteCount
    }
  }

  private func byteCount(of program: GroupProgram) -> Int {
    var sum = 0
    for operand in program.operands {
      guard let buffer = operand.buffer else { continue }
      let elements = operand.isRow && program.inner > 0 ? program.count / program.inner : program.count
      switch operand.access {
      case .whole, .converted: sum += elements * operand.dtype.byteCount
      case .single: sum += operand.dtype.byteCount
      case .view(let number): sum += min(elements, program.views[number].layout.shownCount) * operand.dtype.byteCount
      case .raw: sum += min(buffers[buffer].byteCount, elements * operand.dtype.byteCount)
      }
    }
    return sum + program.reductions.reduce(0) { $0 + $1.columns } * program.type.byteCount
  }
}

extension Schedule.Kernel {
  fileprivate var isGroup: Bool { if case .group = self { true } else { false } }

  /// The buffers that it writes over what it read there.
  fileprivate var overwritten: [Int] {
    switch self {
    case .group(let programs):
      Set(programs.flatMap { program in program.operands.filter { $0.overwrites != nil }.compactMap(\.buffer) }).sorted()
    case .operation(let call): call.isInPlace ? [call.output.buffer] : []
    case .loop, .copy: []
    }
  }

  /// The operations, and what they go over.
  fileprivate var work: (operations: [String], extent: String) {
    switch self {
    case .group(let programs):
      let program = programs[0]
      let count = programs.reduce(0) { $0 + $1.count }
      let names = program.instructions.compactMap(\.function.name)
      return (
        names.isEmpty ? ["copy"] : names,
        "\(count) \(program.type)\(program.inner > 0 ? " in rows of \(program.inner)" : "")\(programs.count > 1 ? " of \(programs.count) arrays" : "")"
      )
    case .operation(let call):
      return ([call.operation.name], call.inputs.map { "\($0.shape)" }.joined(separator: ", ") + " → \(call.output.shape) \(call.output.dtype)")
    case .loop(let loop):
      let name = "scan of \(loop.count) steps\(loop.isReversed ? ", the last first," : "")"
      return ([name], loop.inputs.map { "\($0.shape)" }.joined(separator: ", ") + " → \(loop.output.shape) \(loop.output.dtype)")
    case .copy(let source, let target): return (["copy"], "\(source.shape) → \(target.shape) \(target.dtype)")
    }
  }
}

extension GroupProgram.Function {
  /// Nil for what only brings values into place.
  fileprivate var name: String? {
    switch self {
    case .unary(let function): function.rawValue
    case .binary(let function): function.rawValue
    case .select: "select"
    case .copy, .load, .expand: nil
    case .rowReduce(let reduction): "\(reduction.rawValue) of rows"
    case .rowArgmax: "argmax of rows"
    case .reduce(let reduction): "\(reduction.rawValue) of all"
    case .sumColumns: "sum of columns"
    case .random(let distribution): "random \(distribution.rawValue)"
    }
  }
}

extension Operation {
  /// What it is called where people read it.
  var name: String {
    switch self {
    case .matrixProduct(let transposeA, let transposeB):
      "matrixProduct" + (transposeA || transposeB ? " (\(transposeA ? "Aᵀ" : "A") \(transposeB ? "Bᵀ" : "B"))" : "")
    case .reduce(let reduction, let axes): "\(reduction.rawValue) over axes \(axes)"
    case .argmax(let axis): "argmax along axis \(axis)"
    case .convolution(_, let part): "convolution (\(part))"
    case .pooling(_, let part): "pooling (\(part))"
    case .fourier(let transform): "fourier (\(transform.form)\(transform.isInverse ? ", inverse" : ""))"
    case .host(let function): function.name
    default: Mirror(reflecting: self).children.first?.label ?? "\(self)"
    }
  }
}

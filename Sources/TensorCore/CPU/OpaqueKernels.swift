import CKernels

/// Lowering of operations with kernels of their own.
extension CPULowering {
  mutating func operationSteps(_ call: Schedule.Call) -> [Plan.Step] {
    if call.output.count == 0 { return [] }
    switch call.operation {
    case .matrixProduct(let transposeA, let transposeB):
      return matrixProduct(call, transposeA, transposeB)
    case .reduce(let reduction, let axes):
      let shape = call.inputs[0].shape
      let long = axes.filter { shape[$0] != 1 }
      return self.reduction(call, first: long.first!, last: long.last!, reduction == .sum ? CK_SUMALL : CK_MAXALL)
    case .argmax(let axis):
      return self.reduction(call, first: axis, last: axis, CK_ROWARGMAX)
    case .concatenate(let axis):
      var start = 0
      return call.inputs.map { input in
        var offsets = [Int](repeating: 0, count: call.output.shape.count)
        offsets[axis] = start
        start += input.shape[axis]
        return copy(input, into: call.output, at: offsets)
      }
    case .pad(let low, _):
      return [move(nil, to: call.output), copy(call.inputs[0], into: call.output, at: low)]
    case .convolution(let convolution, let part):
      return self.convolution(call, convolution, part)
    case .pooling(let pooling, let part):
      return [self.pooling(call, pooling, part)]
    case .fourier(let transform):
      return [fourier(call, transform)]
    case .scatterAdd:
      return [scatterAdd(call)]
    case .distinctRows(let limit):
      return [distinctRows(call, limit)]
    case .replaceRows:
      return (call.isInPlace ? [] : [move(call.inputs[0], to: call.output)]) + [writeRows(call)]
    case .host(let function):
      return [host(call, function)]
    case .constant, .fill, .variable, .argument, .unary, .binary, .select, .cast, .stopGradient, .customGradient, .reshape, .broadcast, .transpose,
      .slice, .gather, .random, .scan:
      programmingError("\(call.operation) has no kernel of its own")
    }
  }

  private mutating func reduction(_ call: Schedule.Call, first: Int, last: Int, _ code: ck_op) -> [Plan.Step] {
    let shape = call.inputs[0].shape
    let context = memory.allocate(ck_reduction.self, 1)
    context.pointee.outer = Int64(shape[..<first].reduce(1, *))
    context.pointee.reduced = Int64(shape[first...last].reduce(1, *))
    context.pointee.inner = Int64(shape[(last + 1)...].reduce(1, *))
    context.pointee.dtype = call.inputs[0].dtype.kernelType
    context.pointee.op = Int32(code.rawValue)
    point(CPULowering.place(context, \.in), to: call.inputs[0])
    return reduction(context, to: call.output)
  }

  /// The sum of arrays that lie one behind the other.
  mutating func sum(of arrays: Buffer, count: Int, to output: Schedule.Place) -> [Plan.Step] {
    let context = memory.allocate(ck_reduction.self, 1)
    context.pointee.outer = 1
    context.pointee.reduced = Int64(count)
    context.pointee.inner = Int64(output.count)
    context.pointee.dtype = output.dtype.kernelType
    context.pointee.op = Int32(CK_SUMALL.rawValue)
    CPULowering.place(context, \.in).pointee = arrays.pointer
    return reduction(context, to: output)
  }

  /// The sums of groups of arrays that lie one behind the other, each group's behind the last.
  mutating func sum(of arrays: Buffer, groups: Int, of size: Int, count: Int, _ dtype: DType, to sums: Buffer) -> [Plan.Step] {
    let context = memory.allocate(ck_reduction.self, 1)
    (context.pointee.outer, context.pointee.reduced, context.pointee.inner) = (Int64(groups), Int64(size), Int64(count))
    context.pointee.dtype = dtype.kernelType
    context.pointee.op = Int32(CK_SUMALL.rawValue)
    CPULowering.place(context, \.in).pointee = arrays.pointer
    CPULowering.place(context, \.out).pointee = sums.pointer
    return reduction(context, count: groups * count)
  }

  private mutating func reduction(_ context: UnsafeMutablePointer<ck_reduction>, to output: Schedule.Place) -> [Plan.Step] {
    point(CPULowering.place(context, \.out), to: output)
    return reduction(context, count: output.count)
  }

  /// - Parameter count: how many results there are.
  private mutating func reduction(_ context: UnsafeMutablePointer<ck_reduction>, count: Int) -> [Plan.Step] {
    ck_reduction_prepare(context)
    let parts = Int(context.pointee.parts)
    if parts > 1 { context.pointee.partials = UnsafeMutableRawPointer(memory.allocate(Double.self, parts * count)) }
    let run = Plan.Step(
      work: { ck_reduction_run($0, $1) }, context: context, shares: Int(context.pointee.shares), sharesOf: parts > 1 ? "what is summed" : "results")
    return parts > 1 ? [run, Plan.Step(work: { ck_reduction_end($0, $1) }, context: context, shares: 1)] : [run]
  }

  /// Copies an input into a part of a larger result.
  private mutating func copy(_ source: Schedule.Place, into target: Schedule.Place, at starts: [Int]) -> Plan.Step {
    let context = memory.allocate(ck_strided_copy.self, 1)
    let strides = StridedLayout(contiguous: target.shape).strides
    let offset = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
    // Axes the part fills whole are one run of memory in both.
    let joined = StridedLayout.collapsed([source.layout, StridedLayout(shape: source.shape, strides: strides)])
    let dims = joined[0].shape
    let shares = Swift.min(CPULowering.sharesOfCopy(source.byteCount), Swift.max(1, dims.first ?? 1))
    context.pointee.shares = Int64(shares)
    context.pointee.element_size = Int32(source.dtype.byteCount)
    context.pointee.rank = Int32(dims.count)
    fill(&context.pointee.dims, with: dims.map(Int64.init))
    fill(&context.pointee.in_strides, with: joined[0].strides.map(Int64.init))
    fill(&context.pointee.out_strides, with: joined[1].strides.map(Int64.init))
    point(CPULowering.place(context, \.in), to: source)
    point(CPULowering.place(context, \.out), to: target.buffer, offset: target.offset + offset)
    return Plan.Step(work: { ck_strided_copy_run($0, $1) }, context: context, shares: shares, sharesOf: "bytes")
  }

  private mutating func scatterAdd(_ call: Schedule.Call) -> Plan.Step {
    let context = memory.allocate(ck_scatter_add.self, 1)
    context.pointee.index_count = Int64(call.inputs[1].count)
    context.pointee.table_rows = Int64(call.output.shape[0])
    context.pointee.width = Int64(call.output.shape.dropFirst().reduce(1, *))
    context.pointee.dtype = call.output.dtype.kernelType
    context.pointee.shares = ck_scatter_add_shares(context)
    point(CPULowering.place(context, \.values), to: call.inputs[0])
    point(CPULowering.place(context, \.index), to: call.inputs[1])
    point(CPULowering.place(context, \.out), to: call.output)
    return Plan.Step(work: { ck_scatter_add_run($0, $1) }, context: context, shares: Int(context.pointee.shares), sharesOf: "the table")
  }

  private mutating func distinctRows(_ call: Schedule.Call, _ limit: Int) -> Plan.Step {
    let context = memory.allocate(ck_distinct_rows.self, 1)
    let count = call.output.shape[1]
    context.pointee.index_count = Int64(count)
    context.pointee.table_rows = Int64(limit)
    point(CPULowering.place(context, \.index), to: call.inputs[0])
    point(CPULowering.place(context, \.rows), to: call.output)
    point(CPULowering.place(context, \.places), to: call.output.buffer, offset: count)
    return Plan.Step(work: { ck_distinct_rows_run($0, $1) }, context: context, shares: 1)
  }

  private mutating func writeRows(_ call: Schedule.Call) -> Plan.Step {
    let context = memory.allocate(ck_write_rows.self, 1)
    context.pointee.index_count = Int64(call.inputs[1].count)
    context.pointee.table_rows = Int64(call.output.shape[0])
    context.pointee.row_bytes = Int64(call.output.shape.dropFirst().reduce(1, *) * call.output.dtype.byteCount)
    context.pointee.shares = ck_write_rows_shares(context)
    point(CPULowering.place(context, \.index), to: call.inputs[1])
    point(CPULowering.place(context, \.values), to: call.inputs[2])
    point(CPULowering.place(context, \.table), to: call.output)
    return Plan.Step(work: { ck_write_rows_run($0, $1) }, context: context, shares: Int(context.pointee.shares), sharesOf: "rows")
  }

  private mutating func host(_ call: Schedule.Call, _ function: HostFunction) -> Plan.Step {
    let context = memory.allocate(HostContext.self, 1)
    let pointers = memory.allocate(UnsafeMutableRawPointer?.self, call.inputs.count + 1)
    let sizes = memory.store(
      call.inputs.map(\.byteCount) + [call.output.byteCount])
    for (position, input) in call.inputs.enumerated() { point(pointers + position, to: input) }
    point(pointers + call.inputs.count, to: call.output)
    context.initialize(
      to: HostContext(function: Unmanaged.passUnretained(function), pointers: pointers, sizes: sizes, inputCount: call.inputs.count))
    return Plan.Step(work: HostContext.kernel, context: context, shares: 1, provider: .swift)
  }
}

/// A call of a Swift function over whole arrays.
private struct HostContext {
  let function: Unmanaged<HostFunction>
  let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  let sizes: UnsafeMutablePointer<Int>
  let inputCount: Int

  static let kernel: ThreadPool.Work = { context, _ in
    let call = context!.assumingMemoryBound(to: HostContext.self).pointee
    let inputs = (0..<call.inputCount).map { UnsafeRawBufferPointer(start: call.pointers[$0], count: call.sizes[$0]) }
    let output = UnsafeMutableRawBufferPointer(start: call.pointers[call.inputCount], count: call.sizes[call.inputCount])
    SubnormalNumbers.kept { call.function.takeUnretainedValue().body(inputs, output) }
  }
}

import CKernels

/// The kernels that are not fused groups.
extension PlanBuilder {
  mutating func opaqueSteps(_ index: Int) -> [Plan.Step] {
    let value = fusion.values[index]
    if value.count == 0 { return [] }
    switch value.operation {
    case .matrixProduct(let transposeA, let transposeB):
      return [matrixProduct(index, value, transposeA, transposeB)]
    case .reduce(let reduction, let axes):
      let shape = fusion.values[value.inputs[0]].shape
      let long = axes.filter { shape[$0] != 1 }
      return [self.reduction(index, value, first: long.first!, last: long.last!, reduction == .sum ? CK_SUMALL : CK_MAXALL)]
    case .argmax(let axis):
      return [self.reduction(index, value, first: axis, last: axis, CK_ROWARGMAX)]
    case .concatenate(let axis):
      var start = 0
      return value.inputs.map { input in
        var offsets = [Int](repeating: 0, count: value.shape.count)
        offsets[axis] = start
        start += fusion.values[input].shape[axis]
        return copy(input, into: index, at: offsets)
      }
    case .pad(let low, _):
      return [clear(index), copy(value.inputs[0], into: index, at: low)]
    case .convolution(let convolution, let part):
      return self.convolution(index, value, convolution, part)
    case .pooling(let pooling, let part):
      return [self.pooling(index, value, pooling, part)]
    case .scatterAdd:
      return [scatterAdd(index, value)]
    case .distinctRows(let limit):
      return [distinctRows(index, value, limit)]
    case .replaceRows:
      let isInPlace = isInPlace(index)
      return (isInPlace ? [] : [copyWhole(value.inputs[0], to: index)]) + [writeRows(index, value)]
    case .host(let function):
      return [host(index, value, function)]
    default:
      preconditionFailure("\(value.operation) has no kernel of its own")
    }
  }

  private mutating func matrixProduct(
    _ index: Int, _ value: SimplifiedGraph.Value, _ transposeA: Bool, _ transposeB: Bool
  ) -> Plan.Step {
    let a = fusion.values[value.inputs[0]].shape
    let rank = value.shape.count
    let product = MatrixProductContext(
      m: value.shape[rank - 2], n: value.shape[rank - 1], k: a[rank - (transposeA ? 2 : 1)], transposeA: transposeA,
      transposeB: transposeB, isDouble: value.dtype == .float64)
    let context = memory.allocate(MatrixProductContext.self, 1)
    context.pointee = product
    pointInput(PlanBuilder.place(context, \.a), to: value.inputs[0])
    pointInput(PlanBuilder.place(context, \.b), to: value.inputs[1])
    point(PlanBuilder.place(context, \.c), to: index, offset: 0)
    let batch = value.shape.dropLast(2).reduce(1, *)
    return Plan.Step(work: MatrixProductContext.kernel, context: context, shares: batch * product.sharesPerProduct)
  }

  private mutating func reduction(_ index: Int, _ value: SimplifiedGraph.Value, first: Int, last: Int, _ code: ck_op) -> Plan.Step {
    let shape = fusion.values[value.inputs[0]].shape
    let context = memory.allocate(ck_reduction.self, 1)
    context.pointee.outer = Int64(shape[..<first].reduce(1, *))
    context.pointee.reduced = Int64(shape[first...last].reduce(1, *))
    context.pointee.inner = Int64(shape[(last + 1)...].reduce(1, *))
    context.pointee.dtype = fusion.values[value.inputs[0]].dtype.kernelType
    context.pointee.op = Int32(code.rawValue)
    context.pointee.shares = ck_reduction_shares(context)
    pointInput(PlanBuilder.place(context, \.in), to: value.inputs[0])
    point(PlanBuilder.place(context, \.out), to: index, offset: 0)
    return Plan.Step(work: { ck_reduction_run($0, $1) }, context: context, shares: Int(context.pointee.shares))
  }

  private mutating func clear(_ index: Int) -> Plan.Step {
    let context = memory.allocate(ck_move.self, 1)
    context.pointee.bytes = fusion.values[index].count * fusion.values[index].dtype.byteCount
    point(PlanBuilder.place(context, \.out), to: index, offset: 0)
    return Plan.Step(work: { ck_move_run($0, $1) }, context: context, shares: 1)
  }

  /// Copies an input into a result of the same size.
  private mutating func copyWhole(_ input: Int, to index: Int) -> Plan.Step {
    let context = memory.allocate(ck_move.self, 1)
    context.pointee.bytes = fusion.values[index].count * fusion.values[index].dtype.byteCount
    pointInput(PlanBuilder.place(context, \.in), to: input)
    point(PlanBuilder.place(context, \.out), to: index, offset: 0)
    return Plan.Step(work: { ck_move_run($0, $1) }, context: context, shares: 1)
  }

  /// Copies an input into a part of a larger result.
  private mutating func copy(_ input: Int, into index: Int, at starts: [Int]) -> Plan.Step {
    let source = fusion.values[input]
    let context = memory.allocate(ck_strided_copy.self, 1)
    // Axes the part fills whole are one run of memory in both.
    var from = View(of: 0, shape: source.shape)
    var to = from
    to.strides = View.contiguousStrides(fusion.values[index].shape)
    let offset = zip(starts, to.strides).reduce(0) { $0 + $1.0 * $1.1 }
    (from, to) = PlanBuilder.collapsed(from, to)
    context.pointee.element_size = Int32(source.dtype.byteCount)
    context.pointee.rank = Int32(from.dims.count)
    fill(&context.pointee.dims, with: from.dims.map(Int64.init))
    fill(&context.pointee.in_strides, with: from.strides.map(Int64.init))
    fill(&context.pointee.out_strides, with: to.strides.map(Int64.init))
    pointInput(PlanBuilder.place(context, \.in), to: input)
    point(PlanBuilder.place(context, \.out), to: index, offset: offset)
    return Plan.Step(work: { ck_strided_copy_run($0, $1) }, context: context, shares: 1)
  }

  /// Two views of the same shape with neighbouring axes joined where both allow it.
  private static func collapsed(_ a: View, _ b: View) -> (View, View) {
    var (x, y) = (a, b)
    (x.dims, x.strides, y.dims, y.strides) = ([], [], [], [])
    for axis in a.dims.indices where a.dims[axis] != 1 {
      if let last = x.dims.indices.last, x.strides[last] == a.strides[axis] * a.dims[axis],
        y.strides[last] == b.strides[axis] * a.dims[axis]
      {
        x.dims[last] *= a.dims[axis]
        y.dims[last] *= a.dims[axis]
        x.strides[last] = a.strides[axis]
        y.strides[last] = b.strides[axis]
      } else {
        x.dims.append(a.dims[axis])
        x.strides.append(a.strides[axis])
        y.dims.append(a.dims[axis])
        y.strides.append(b.strides[axis])
      }
    }
    return (x, y)
  }

  private mutating func scatterAdd(_ index: Int, _ value: SimplifiedGraph.Value) -> Plan.Step {
    let context = memory.allocate(ck_scatter_add.self, 1)
    context.pointee.index_count = Int64(fusion.values[value.inputs[1]].count)
    context.pointee.table_rows = Int64(value.shape[0])
    context.pointee.width = Int64(value.shape.dropFirst().reduce(1, *))
    context.pointee.dtype = value.dtype.kernelType
    context.pointee.shares = ck_scatter_add_shares(context)
    pointInput(PlanBuilder.place(context, \.values), to: value.inputs[0])
    pointInput(PlanBuilder.place(context, \.index), to: value.inputs[1])
    point(PlanBuilder.place(context, \.out), to: index, offset: 0)
    return Plan.Step(work: { ck_scatter_add_run($0, $1) }, context: context, shares: Int(context.pointee.shares))
  }

  private mutating func distinctRows(_ index: Int, _ value: SimplifiedGraph.Value, _ limit: Int) -> Plan.Step {
    let context = memory.allocate(ck_distinct_rows.self, 1)
    let count = value.shape[1]
    context.pointee.index_count = Int64(count)
    context.pointee.table_rows = Int64(limit)
    pointInput(PlanBuilder.place(context, \.index), to: value.inputs[0])
    point(PlanBuilder.place(context, \.rows), to: index, offset: 0)
    point(PlanBuilder.place(context, \.places), to: index, offset: count)
    return Plan.Step(work: { ck_distinct_rows_run($0, $1) }, context: context, shares: 1)
  }

  private mutating func writeRows(_ index: Int, _ value: SimplifiedGraph.Value) -> Plan.Step {
    let context = memory.allocate(ck_write_rows.self, 1)
    context.pointee.index_count = Int64(fusion.values[value.inputs[1]].count)
    context.pointee.table_rows = Int64(value.shape[0])
    context.pointee.row_bytes = Int64(value.shape.dropFirst().reduce(1, *) * value.dtype.byteCount)
    context.pointee.shares = ck_write_rows_shares(context)
    pointInput(PlanBuilder.place(context, \.index), to: value.inputs[1])
    pointInput(PlanBuilder.place(context, \.values), to: value.inputs[2])
    point(PlanBuilder.place(context, \.table), to: index, offset: 0)
    return Plan.Step(work: { ck_write_rows_run($0, $1) }, context: context, shares: Int(context.pointee.shares))
  }

  private mutating func host(_ index: Int, _ value: SimplifiedGraph.Value, _ function: HostFunction) -> Plan.Step {
    let context = memory.allocate(HostContext.self, 1)
    let pointers = memory.allocate(UnsafeMutableRawPointer?.self, value.inputs.count + 1)
    let sizes = memory.store(
      value.inputs.map { fusion.values[$0].count * fusion.values[$0].dtype.byteCount } + [value.count * value.dtype.byteCount])
    for (position, input) in value.inputs.enumerated() { pointInput(pointers + position, to: input) }
    point(pointers + value.inputs.count, to: index, offset: 0)
    context.initialize(
      to: HostContext(function: Unmanaged.passUnretained(function), pointers: pointers, sizes: sizes, inputCount: value.inputs.count))
    return Plan.Step(work: HostContext.kernel, context: context, shares: 1)
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
    call.function.takeUnretainedValue().body(inputs, output)
  }
}

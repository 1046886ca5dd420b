import CKernels

/// Lowering of convolution and pooling.
extension CPULowering {
  /// By oneDNN where it has something fast, otherwise by windows and a matrix product.
  mutating func convolution(
    _ call: Schedule.Call, _ convolution: Convolution, _ part: Convolution.Part
  ) -> [Plan.Step] {
    let windows = convolution.windows
    if part == .output, convolution.isQuickerAsProduct, call.output.dtype == .float32 {
      return convolutionAsProduct(call, convolution)
    }
    if call.output.dtype == .float32, let fast = FastConvolution(windows, part) {
      memory.keep(fast)
      point(fast.context, \.a, \.b, \.c, call)
      return fast.steps.map { step in
        var step = step
        (step.provider, step.sharesOf) = (.oneDNN, "images")
        return step
      }
    }
    let context = memory.allocate(ck_convolution.self, 1)
    context.pointee.windows = windows
    context.pointee.dtype = call.output.dtype.kernelType
    context.pointee.part = Int32(part.rawValue)
    ck_convolution_prepare(context)
    let shares = Int(context.pointee.shares)
    let run = Plan.Step(work: { ck_convolution_run($0, $1) }, context: context, shares: shares, sharesOf: part == .input ? "images" : "positions")
    point(context, \.a, \.b, \.c, call)
    guard part == .kernel, shares > 1 else { return [run] }
    let partials = memory.allocate(Double.self, shares * call.output.count * call.output.dtype.byteCount / 8 + 1)
    context.pointee.partials = UnsafeMutableRawPointer(partials)
    return [run, Plan.Step(work: { ck_convolution_finish($0, $1) }, context: context, shares: shares)]
  }

  /// All windows side by side, times the kernel as it lies.
  private mutating func convolutionAsProduct(_ call: Schedule.Call, _ convolution: Convolution) -> [Plan.Step] {
    func matrix(_ rows: Int, _ columns: Int, _ place: Schedule.Place) -> Schedule.Place {
      Schedule.Place(buffer: place.buffer, offset: place.offset, layout: StridedLayout(contiguous: [rows, columns]), dtype: place.dtype)
    }
    let positions = call.output.count / convolution.filters, terms = call.inputs[1].count / convolution.filters
    let context = memory.allocate(MatrixProductContext.self, 1)
    context.initialize(
      to: MatrixProductContext(
        matrix(positions, terms, call.inputs[0]), matrix(terms, convolution.filters, call.inputs[1]),
        matrix(positions, convolution.filters, call.output)))
    point(CPULowering.place(context, \.b), to: call.inputs[1])
    var geometry = convolution.windows
    if ck_is_pointwise(&geometry) {
      point(CPULowering.place(context, \.a), to: call.inputs[0])
      return productSteps(of: context, to: call.output)
    }
    let windows = workspace(positions * terms * call.output.dtype.byteCount)
    context.pointee.a = windows.pointer
    let gather = memory.allocate(ck_convolution.self, 1)
    gather.pointee.windows = geometry
    gather.pointee.dtype = call.output.dtype.kernelType
    gather.pointee.shares = Int64(CPULowering.sharesOfCopy(windows.byteCount))
    gather.pointee.c = windows.pointer
    point(CPULowering.place(gather, \.a), to: call.inputs[0])
    return [Plan.Step(work: { ck_convolution_gather($0, $1) }, context: gather, shares: Int(gather.pointee.shares), sharesOf: "windows")]
      + productSteps(of: context, to: call.output)
  }

  private mutating func point<Context>(
    _ context: UnsafeMutablePointer<Context>, _ a: WritableKeyPath<Context, UnsafeRawPointer?>,
    _ b: WritableKeyPath<Context, UnsafeRawPointer?>, _ c: WritableKeyPath<Context, UnsafeMutableRawPointer?>,
    _ call: Schedule.Call
  ) {
    point(CPULowering.place(context, a), to: call.inputs[0])
    point(CPULowering.place(context, b), to: call.inputs[1])
    point(CPULowering.place(context, c), to: call.output)
  }

  mutating func pooling(_ call: Schedule.Call, _ pooling: Pooling, _ part: Pooling.Part) -> Plan.Step {
    let context = memory.allocate(ck_pooling.self, 1)
    context.pointee.windows = pooling.geometry.windows(rows: pooling.rows, channels: pooling.channels, filters: pooling.channels)
    context.pointee.dtype = call.output.dtype.kernelType
    context.pointee.part = Int32(part.rawValue)
    ck_pooling_prepare(context)
    point(CPULowering.place(context, \.in), to: call.inputs[0])
    if call.inputs.count > 1 { point(CPULowering.place(context, \.values), to: call.inputs[1]) }
    point(CPULowering.place(context, \.out), to: call.output)
    return Plan.Step(work: { ck_pooling_run($0, $1) }, context: context, shares: Int(context.pointee.shares), sharesOf: "windows")
  }
}

/// A convolution by oneDNN with all that it needs to run.
private final class FastConvolution {
  let context: UnsafeMutablePointer<ck_fast_convolution>

  /// Nil if oneDNN has nothing fast for such a convolution.
  init?(_ windows: ck_windows, _ part: Convolution.Part) {
    context = .allocate(capacity: 1)
    context.initialize(to: ck_fast_convolution())
    var windows = windows
    if !ck_fast_convolution_make(context, &windows, Int32(part.rawValue)) { return nil }
  }

  deinit {
    ck_fast_convolution_free(context)
    context.deallocate()
  }

  var steps: [Plan.Step] {
    let made = context.pointee
    var steps: [Plan.Step] = []
    func add(_ work: @escaping ThreadPool.Work, shares: Int64) {
      if shares > 0 { steps.append(Plan.Step(work: work, context: context, shares: Int(shares))) }
    }
    add({ ck_fast_convolution_begin($0, $1) }, shares: made.begin_shares)
    add({ ck_fast_convolution_run($0, $1) }, shares: made.shares)
    add({ ck_fast_convolution_finish($0, $1) }, shares: made.finish_shares)
    add({ ck_fast_convolution_end($0, $1) }, shares: made.end_shares)
    return steps
  }
}

extension Convolution {
  /// Where there are so few positions that oneDNN would take about as long to bring the kernel into its layout as to multiply by it; and
  /// where single positions are picked, for which it has nothing fast. The windows side by side must not be much memory.
  package var isQuickerAsProduct: Bool {
    let positions = outputShape.dropLast().reduce(1, *), terms = kernelShape.dropLast().reduce(1, *)
    let isPicking = geometry.window.allSatisfy { $0 == 1 } && geometry.strides.contains { $0 > 1 }
    return groups == 1 && (positions <= 256 || isPicking) && terms * filters >= 1 << 16 && positions * terms <= 1 << 20
  }

  package var windows: ck_windows {
    var result = geometry.windows(rows: rows, channels: channels, filters: filters)
    result.groups = Int64(groups)
    return result
  }
}

extension WindowGeometry {
  /// As the kernels read it: three axes, those that are missing in front.
  func windows(rows: Int, channels: Int, filters: Int) -> ck_windows {
    var result = ck_windows()
    (result.batch, result.in_channels, result.out_channels, result.groups) = (Int64(rows), Int64(channels), Int64(filters), 1)
    func three(_ values: [Int], _ missing: Int) -> [Int64] {
      ([Int](repeating: missing, count: 3 - values.count) + values).map(Int64.init)
    }
    fill(&result.in, with: three(inputSize, 1))
    fill(&result.out, with: three(outputSize, 1))
    fill(&result.window, with: three(window, 1))
    fill(&result.stride, with: three(strides, 1))
    fill(&result.dilation, with: three(dilation, 1))
    fill(&result.low, with: three(low, 0))
    return result
  }
}

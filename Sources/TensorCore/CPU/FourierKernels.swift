import CKernels

/// Lowering of Fourier transforms.
extension CPULowering {
  /// The tables of sines and cosines are made with the plan.
  mutating func fourier(_ call: Schedule.Call, _ transform: FourierTransform) -> Plan.Step {
    let context = memory.allocate(ck_fourier.self, 1)
    context.pointee.rows = Int64(call.inputs[0].shape.dropLast().reduce(1, *))
    context.pointee.length = Int64(transform.length)
    switch transform.form {
    case .complex: context.pointee.form = Int32(CK_FOURIER_COMPLEX)
    case .fromReal: context.pointee.form = Int32(CK_FOURIER_FROM_REAL)
    case .toReal: context.pointee.form = Int32(CK_FOURIER_TO_REAL)
    }
    context.pointee.is_inverse = transform.isInverse ? 1 : 0
    context.pointee.dtype = call.output.dtype.kernelType
    ck_fourier_prepare(context)
    context.pointee.tables = UnsafeMutableRawPointer(
      memory.allocate(UInt8.self, Int(context.pointee.table_size) * call.output.dtype.byteCount))
    ck_fourier_fill_tables(context)
    point(CPULowering.place(context, \.real), to: call.inputs[0])
    if call.inputs.count > 1 { point(CPULowering.place(context, \.imaginary), to: call.inputs[1]) }
    point(CPULowering.place(context, \.out), to: call.output)
    return Plan.Step(work: { ck_fourier_run($0, $1) }, context: context, shares: Int(context.pointee.shares), sharesOf: "rows")
  }
}

import CKernels

/// The vector instructions the kernels use: `avx512`, `avx2` or `baseline`.
public var instructionSet: String { String(cString: ck_instruction_set()) }

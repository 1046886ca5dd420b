import CKernels

/// Vector loops for work that is not part of a plan.
enum HostKernels {
  /// The index of the first element that is not finite, or −1.
  static func firstNonFinite(_ elements: UnsafeRawBufferPointer, count: Int, dtype: DType) -> Int {
    Int(ck_first_nonfinite(elements.baseAddress, Int64(count), dtype.kernelType))
  }

  /// The eigenvalues of a symmetric matrix of finite elements, in no order, and row by row their vectors. The matrix is used up.
  static func symmetricEigen(_ matrix: inout [Double], _ values: inout [Double], _ vectors: inout [Double], size: Int) {
    ck_symmetric_eigen(&matrix, &values, &vectors, Int64(size))
  }
}

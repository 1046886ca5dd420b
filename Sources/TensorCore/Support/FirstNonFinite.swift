import CKernels

extension Tensor {
  /// Where the first element that is NaN or infinite lies in row-major order, or nil if there is none.
  package func firstNonFinite() -> Int? {
    guard dtype.isFloatingPoint else { return nil }
    let position = withBytes { bytes in
      ck_first_nonfinite(bytes.baseAddress, Int64(count), Int32(dtype == .float32 ? CK_F32.rawValue : CK_F64.rawValue))
    }
    return position < 0 ? nil : Int(position)
  }
}

extension Tensor {
  /// Where the first element that is NaN or infinite lies in row-major order, or nil if there is none.
  package func firstNonFinite() -> Int? {
    guard dtype.isFloatingPoint else { return nil }
    let position = withBytes { HostKernels.firstNonFinite($0, count: count, dtype: dtype) }
    return position < 0 ? nil : position
  }
}

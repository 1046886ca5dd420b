/// How far apart the memory lies that a plan's threads work on at the same time.
///
/// oneDNN's products ask the caches for what lies behind the matrices they read, some dozens of rows further. It is not used; but
/// where it is what another thread writes, that thread has to wait for each line of it to come back. (In the job, a batch's rows of 100 kB took
/// 20 µs instead of 3 on a Zen 4 whose cores share no cache, and 6.7 instead of 2.5 where they do.)
struct ProductDistances {
  private var behind: [Int: Int] = [:]

  /// That many rows further is what is asked for.
  static let rows = 64
  /// So much is kept free at most, and nothing behind a large matrix, beside which it does not matter what is asked for too much.
  private static let mostBytes = 1 << 18, largeMatrix = 1 << 20
  /// Before memory that threads share: as far as products may go beyond what others own, such as a model's variables.
  private static let bytesBefore = 1 << 17

  init(_ schedule: Schedule) {
    for case .operation(let call) in schedule.kernels {
      guard case .matrixProduct = call.operation, call.output.dtype == .float32 else { continue }
      for input in call.inputs where schedule.buffers[input.buffer].isTemporary && input.byteCount < ProductDistances.largeMatrix {
        let bytes = ProductDistances.rows * (input.strides.dropLast().last ?? 0) * input.dtype.byteCount
        if bytes <= ProductDistances.mostBytes { behind[input.buffer] = max(behind[input.buffer] ?? 0, bytes) }
      }
    }
  }

  /// How many bytes behind a buffer are nobody's.
  func bytes(behind buffer: Int) -> Int { behind[buffer] ?? 0 }

  /// Memory that is apart from what lies before it, if there are products.
  func buffer(_ byteCount: Int) -> Buffer {
    if behind.isEmpty || byteCount == 0 { return Buffer(byteCount: byteCount) }
    return Buffer(Buffer(byteCount: ProductDistances.bytesBefore + byteCount), offset: ProductDistances.bytesBefore, byteCount: byteCount)
  }
}

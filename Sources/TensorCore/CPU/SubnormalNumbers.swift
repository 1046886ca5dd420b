import CKernels

/// Subnormal (denormal) numbers: those nearer to zero than the normal ones, which have fewer digits, below 2⁻¹²⁶ in `float32`, below 2⁻¹⁰²² in
/// `float64`, and the processor's modes for them (flush to zero, denormals are zero).
///
/// While a plan runs, results that would be one are zero, as in TensorFlow and JAX on processors. The mean of gradients that are seldom other
/// than zero sinks among them and would stay there, and a processor computes with them slowly: Adam's update of a network for pictures with black
/// borders took 1.6 times as long after 800 steps as before (Zen 4). Subnormal numbers that are given are read as what they are on x86-64, and
/// what is only moved stays as it is.
enum SubnormalNumbers {
  /// Runs `body` on the calling thread with zeros in place of subnormal results.
  static func flushed(_ body: () -> Void) { run(body, modeBefore: ck_flush_subnormals(true)) }

  /// Runs `body` with all results as they are, inside of ``flushed(_:)`` too.
  static func kept(_ body: () -> Void) { run(body, modeBefore: ck_flush_subnormals(false)) }

  /// For the rest of the calling thread's life.
  static func flushFromHereOn() { _ = ck_flush_subnormals(true) }

  private static func run(_ body: () -> Void, modeBefore: UInt64) {
    body()
    ck_set_float_mode(modeBefore)
  }
}

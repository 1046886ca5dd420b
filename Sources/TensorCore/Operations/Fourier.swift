// Discrete Fourier transforms. There are no complex numbers among the dtypes: they are pairs of tensors of one shape and dtype, real
// parts and imaginary ones, and results are such pairs. `float32` and `float64` stay what they are; integers are cast to `float32`. Powers
// of two are fastest, then lengths with small prime factors; a length n with a prime factor above 31 takes about as long as three
// transforms of 2n to 4n elements.

/// The transform along the last axis: X[k] = Σ x[t] e^(−2πi k t / n), for k = 0 ..< n.
/// - Parameter x: real and imaginary parts, of one shape and dtype, with an element in the last axis; others stop the program. `float32` and
///   `float64` stay what they are, integers are cast to `float32`.
/// - Returns: real and imaginary parts, of that shape.
/// Source: https://keras.io/api/ops/fft/#fft-function
public func fft(_ x: (real: Tensor, imaginary: Tensor)) -> (real: Tensor, imaginary: Tensor) { complexTransform(x, "fft") }

/// The inverse of ``fft(_:)`` along the last axis: x[t] = Σ X[k] e^(2πi k t / n) / n. (Keras has it of two axes only.)
/// - Parameter x: real and imaginary parts, of one shape and dtype, with an element in the last axis; others stop the program. `float32` and
///   `float64` stay what they are, integers are cast to `float32`.
/// - Returns: real and imaginary parts, of that shape.
public func ifft(_ x: (real: Tensor, imaginary: Tensor)) -> (real: Tensor, imaginary: Tensor) {
  let (real, imaginary) = complexTransform(x, "ifft", isInverse: true)
  let factor = 1 / Double(x.real.shape[x.real.rank - 1])
  return (real * factor, imaginary * factor)
}

/// The transform along the last two axes, one after the other.
/// - Parameter x: real and imaginary parts, of one shape and dtype, with elements in the last two axes; others stop the program. `float32` and
///   `float64` stay what they are, integers are cast to `float32`.
/// - Returns: real and imaginary parts, of that shape.
/// Source: https://keras.io/api/ops/fft/#fft2-function
public func fft2(_ x: (real: Tensor, imaginary: Tensor)) -> (real: Tensor, imaginary: Tensor) { alongTwoAxes(x, "fft2", fft) }

/// The inverse of the transform along the last two axes.
/// - Parameter x: real and imaginary parts, of one shape and dtype, with elements in the last two axes; others stop the program. `float32` and
///   `float64` stay what they are, integers are cast to `float32`.
/// - Returns: real and imaginary parts, of that shape.
/// Source: https://keras.io/api/ops/fft/#ifft2-function
public func ifft2(_ x: (real: Tensor, imaginary: Tensor)) -> (real: Tensor, imaginary: Tensor) { alongTwoAxes(x, "ifft2", ifft) }

/// The transform of real numbers along the last axis: the first n / 2 + 1 elements (rounded down); the others are their conjugates.
/// - Parameters:
///   - x: real numbers, `float32` or `float64`, or integers, which are cast to `float32`; a tensor without axes stops the program.
///   - fftLength: n: the last axis is cut to so many elements, or gets zeros behind. Its size if nil. Less than 1 stops the program.
/// - Returns: real and imaginary parts, n / 2 + 1 in the last axis.
/// Source: https://keras.io/api/ops/fft/#rfft-function
public func rfft(_ x: Tensor, fftLength: Int? = nil) -> (real: Tensor, imaginary: Tensor) {
  let x = x.floatingPoint
  guard x.rank > 0 else { programmingError("rfft: a tensor without axes") }
  let length = fftLength ?? x.shape[x.rank - 1]
  if length < 1 { programmingError("rfft: a length of \(length)") }
  return parts(FourierTransform(.fromReal, length: length)([fitted(x, length)]))
}

/// The inverse of ``rfft(_:fftLength:)``: n real numbers, x[t] = Σ X[k] e^(2πi k t / n) / n over all n elements, of which those
/// behind the first n / 2 + 1 are conjugates. The imaginary parts of element 0, and of element n / 2 where n is even, count for nothing.
/// - Parameters:
///   - x: real and imaginary parts, of one shape and dtype, `float32` or `float64`, or integers, which are cast to `float32`; others stop the
///     program. The last axis is cut to n / 2 + 1 elements, or gets zeros behind.
///   - fftLength: n; if nil, 2 (m − 1) for a last axis of m elements, which are then more than 1. Less than 1 stops the program.
/// - Returns: a tensor with n elements in the last axis.
/// Source: https://keras.io/api/ops/fft/#irfft-function
public func irfft(_ x: (real: Tensor, imaginary: Tensor), fftLength: Int? = nil) -> Tensor {
  let (real, imaginary) = complexParts(x, "irfft")
  let length = fftLength ?? 2 * (real.shape[real.rank - 1] - 1)
  if length < 1 { programmingError("irfft: a length of \(length)") }
  let kept = length / 2 + 1
  return FourierTransform(.toReal, length: length)([fitted(real, kept), fitted(imaginary, kept)]) * (1 / Double(length))
}

private func complexTransform(
  _ x: (real: Tensor, imaginary: Tensor), _ name: String, isInverse: Bool = false
) -> (real: Tensor, imaginary: Tensor) {
  let (real, imaginary) = complexParts(x, name)
  let length = real.shape[real.rank - 1]
  if length < 1 { programmingError("\(name): the last axis of shape \(real.shape) is empty") }
  return parts(FourierTransform(.complex, length: length, isInverse: isInverse)([real, imaginary]))
}

private func alongTwoAxes(
  _ x: (real: Tensor, imaginary: Tensor), _ name: String,
  _ transform: ((real: Tensor, imaginary: Tensor)) -> (real: Tensor, imaginary: Tensor)
) -> (real: Tensor, imaginary: Tensor) {
  let rank = x.real.rank
  if rank < 2 { programmingError("\(name): shape \(x.real.shape) has no two axes") }
  let order = Array(0..<(rank - 2)) + [rank - 1, rank - 2]
  let along = transform(x)
  let across = transform((along.real.transposed(order), along.imaginary.transposed(order)))
  return (across.real.transposed(order), across.imaginary.transposed(order))
}

/// The two tensors in one floating-point dtype.
func complexParts(_ x: (real: Tensor, imaginary: Tensor), _ name: String) -> (real: Tensor, imaginary: Tensor) {
  let real = x.real.floatingPoint, imaginary = x.imaginary.floatingPoint
  guard real.rank > 0, real.shape == imaginary.shape, real.dtype == imaginary.dtype else {
    programmingError("\(name): real parts \(real.dtype) \(real.shape) and imaginary ones \(imaginary.dtype) \(imaginary.shape) do not fit")
  }
  return (real, imaginary)
}

/// The last axis cut to so many elements, or with zeros behind it.
func fitted(_ x: Tensor, _ length: Int) -> Tensor {
  let own = x.shape[x.rank - 1], batch = Array(x.shape.dropLast()), none = batch.map { _ in 0 }
  if own > length { return x.sliced(starts: none + [0], sizes: batch + [length]) }
  return own < length ? x.padded(low: none + [0], high: none + [length - own]) : x
}

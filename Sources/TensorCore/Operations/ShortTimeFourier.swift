// Transforms of overlapping pieces of signals.

/// Pieces of the last axis that begin `sequenceStride` elements apart, those that fit whole.
/// - Parameters:
///   - x: with at least `sequenceLength` elements in the last axis.
///   - sequenceLength: how long each is, at least 1.
///   - sequenceStride: how far from one's begin to the next one's, at least 1.
/// - Returns: `x.shape` without the last axis, then how many there are, 1 + (size − sequenceLength) / sequenceStride rounded down, and
///   sequenceLength. There are at most 2²⁴.
/// Source: https://keras.io/api/ops/fft/#extractsequences-function
public func extractSequences(_ x: Tensor, sequenceLength: Int, sequenceStride: Int) -> Tensor {
  guard x.rank > 0, sequenceLength > 0, sequenceStride > 0, x.shape[x.rank - 1] >= sequenceLength else {
    programmingError("extractSequences: no sequences of \(sequenceLength), \(sequenceStride) apart, in shape \(x.shape)")
  }
  let frames = SignalFrames(count: 1 + (x.shape[x.rank - 1] - sequenceLength) / sequenceStride, length: sequenceLength, stride: sequenceStride)
  if let fault = frames.numberingFault { programmingError("extractSequences: \(fault)") }
  return frames.cut(from: x)
}

/// The transforms of overlapping pieces of signals: of each, multiplied by a window, ``rfft(_:fftLength:)``.
/// - Parameters:
///   - x: signals in the last axis, `float32` or `float64`.
///   - sequenceLength: how many samples a window has. Pieces have `fftLength`, the window in their middle and zeros around it.
///   - sequenceStride: how far apart they begin, at least 1.
///   - fftLength: how long a piece is that is transformed, at least `sequenceLength`.
///   - window: what pieces are multiplied with, its periodic form; nil for nothing.
///   - center: whether piece t has sample t · sequenceStride in its middle, the signal being mirrored at its ends; else it begins there.
/// - Returns: real and imaginary parts: `x.shape` without the last axis, then the number of pieces, at most 2²⁴, and fftLength / 2 + 1.
/// Source: https://keras.io/api/ops/fft/#stft-function
public func stft(
  _ x: Tensor, sequenceLength: Int, sequenceStride: Int, fftLength: Int, window: SignalWindow? = .hann, center: Bool = true
) -> (real: Tensor, imaginary: Tensor) {
  guard x.rank > 0, x.dtype.isFloatingPoint else { programmingError("stft: \(x.dtype) \(x.shape) holds no floating-point signals") }
  let factors = windowValues(window, sequenceLength, sequenceStride, fftLength, "stft")
  let side = center ? fftLength / 2 : 0
  guard x.shape[x.rank - 1] > 0, x.shape[x.rank - 1] + 2 * side >= fftLength else {
    programmingError("stft: signals of shape \(x.shape) are shorter than the \(fftLength) samples that are transformed")
  }
  let around = x.shape.dropLast().map { _ in (0, 0) } + [(side, side)]
  let pieces = extractSequences(side > 0 ? pad(x, around, mode: .reflect) : x, sequenceLength: fftLength, sequenceStride: sequenceStride)
  return rfft(window == nil ? pieces : pieces * Tensor(factors).cast(to: x.dtype))
}

/// The signals that ``stft(_:sequenceLength:sequenceStride:fftLength:window:center:)`` of the same settings made these
/// transforms of: each is transformed back and multiplied by the window, they are added up where they lie, and the sum is divided by that of
/// the windows' squares; where that is nothing, between pieces that are further apart than they are long, the result is 0. Without a window the
/// result is fftLength / sequenceStride times the signal. All of that is as Keras has it with JAX, but for pieces that lie side by side
/// (sequenceStride equals fftLength): there Keras with JAX puts them half over each other, and this is what Keras has with TensorFlow.
/// - Parameters:
///   - x: real and imaginary parts, `float32` or `float64`, pieces and frequencies in the last two axes.
///   - sequenceLength: how many samples a window has.
///   - sequenceStride: how far apart the pieces began, at least 1.
///   - fftLength: how long a piece is, at least `sequenceLength`.
///   - length: how many samples a signal is cut to, at most as many as there are; nil for all that were not mirrored.
///   - window: what the pieces were multiplied with, its periodic form; nil for nothing.
///   - center: whether the signal was mirrored at its ends.
/// - Returns: the first axes of `x`, then samples.
/// Source: https://keras.io/api/ops/fft/#istft-function
public func istft(
  _ x: (real: Tensor, imaginary: Tensor), sequenceLength: Int, sequenceStride: Int, fftLength: Int, length: Int? = nil,
  window: SignalWindow? = .hann, center: Bool = true
) -> Tensor {
  let (real, imaginary) = complexParts(x, "istft")
  let factors = windowValues(window, sequenceLength, sequenceStride, fftLength, "istft")
  guard real.rank > 1, real.shape[real.rank - 2] > 0 else { programmingError("istft: shape \(real.shape) has no pieces") }
  let frames = SignalFrames(count: real.shape[real.rank - 2], length: fftLength, stride: sequenceStride)
  let side = center ? fftLength / 2 : 0
  guard let kept = frames.kept(length: length, side: side) else {
    programmingError("istft: \(frames.count) pieces are no signal of \(length.map(String.init) ?? "any") samples")
  }
  if let fault = frames.numberingFault { programmingError("istft: \(fault)") }
  let squares = frames.added(Tensor(factors.map { $0 * $0 }).cast(to: real.dtype) * Tensor.ones([frames.count, 1], dtype: real.dtype))
  let total = window == nil ? Double(fftLength) / Double(sequenceStride) : 1
  let scale = total / select(squares .> 1e-10, squares, Tensor.ones([], dtype: real.dtype))
  let pieces = irfft((real, imaginary), fftLength: fftLength) * Tensor(factors).cast(to: real.dtype)
  let batch = Array(real.shape.dropLast(2))
  return (frames.added(pieces) * scale).sliced(starts: batch.map { _ in 0 } + [side], sizes: batch + [kept])
}

/// A window's numbers with zeros around them, as long as a piece.
private func windowValues(_ window: SignalWindow?, _ length: Int, _ stride: Int, _ fftLength: Int, _ name: String) -> [Double] {
  guard length > 0, stride > 0, fftLength >= length else {
    programmingError("\(name): windows of \(length) samples, \(stride) apart, do not fit a transform of \(fftLength)")
  }
  guard let window else { return [Double](repeating: 1, count: fftLength) }
  do {
    let values = try window.values(count: length), low = (fftLength - length) / 2
    return [Double](repeating: 0, count: low) + values + [Double](repeating: 0, count: fftLength - length - low)
  } catch {
    programmingError("\(name): \(error)")
  }
}

/// Pieces of a signal that begin equally far apart.
package struct SignalFrames {
  package let count: Int
  package let length: Int
  package let stride: Int

  package init(count: Int, length: Int, stride: Int) {
    self.count = count
    self.length = length
    self.stride = stride
  }

  /// From the first one's begin to the last one's end.
  package var span: Int { (count - 1) * stride + length }

  /// How many samples there are of a signal without `side` ones at its begin, cut to a length or without as many at its end; nil if there
  /// are not so many.
  package func kept(length: Int?, side: Int) -> Int? {
    let kept = length ?? span - 2 * side
    return kept > 0 && kept <= span - side ? kept : nil
  }

  /// Signals and pieces are made of whole blocks of so many elements.
  private var block: Int { greatestCommonDivisor(length, stride) }

  /// What is wrong if not all pieces, and the blocks of the signal that they go over, can be numbered; else nil.
  package var numberingFault: String? {
    let most = 1 << 24
    if count > most || length / block > most {
      return "\(count) pieces of \(length) elements; at most \(most) pieces, and as many blocks of one, can be numbered"
    }
    let blocks = span / block
    return blocks > Int(Int32.max) ? "\(count) pieces that begin \(stride) elements apart go over \(blocks) blocks; at most \(Int32.max) can be numbered" : nil
  }

  /// For each block of each piece, which of the signal's it is.
  private var places: Tensor {
    let each = length / block, step = stride / block
    let begins = Tensor((0..<count).map { Int32($0 * step) })
    return each == 1 ? begins : (begins.reshaped([count, 1]) + Tensor.range(each)).reshaped([count * each])
  }

  /// The pieces of signals in the last axis, which have as many elements as the pieces go over, or more.
  func cut(from x: Tensor) -> Tensor {
    let batch = Array(x.shape.dropLast()), rows = batch.reduce(1, *), width = block
    // A block of all signals is a row to be gathered.
    let blocks = fitted(x, span / width * width).reshaped([rows, span / width, width]).transposed([1, 0, 2])
    let gathered = blocks.gathering(places).reshaped([count, length / width, rows, width])
    return gathered.transposed([2, 0, 1, 3]).reshaped(batch + [count, length])
  }

  /// Signals of as many elements as the pieces go over, in which those that lie over each other are added up.
  func added(_ pieces: Tensor) -> Tensor {
    let batch = Array(pieces.shape.dropLast(2)), rows = batch.reduce(1, *), width = block
    let blocks = pieces.reshaped([rows, count * length / width, width]).transposed([1, 0, 2])
    return blocks.scatterAdding(at: places, rows: span / width).transposed([1, 0, 2]).reshaped(batch + [span])
  }
}

/// The discrete Fourier transform of the rows (last axes) of tensors, without a factor: the sums over t of x[t] e^(∓2πi k t / length).
package struct FourierTransform: Hashable, Sendable {
  package enum Form: Hashable, Sendable {
    /// Of `length` complex numbers, which are two tensors: a tensor of as many, real parts and imaginary ones along a new first axis.
    case complex
    /// Of `length` real numbers: the first length / 2 + 1 results, as above. The others are their conjugates. Not inverse.
    case fromReal
    /// Of length / 2 + 1 complex numbers, the others being their conjugates: `length` real ones. What is its own conjugate counts as real.
    /// Inverse.
    case toReal
  }

  package let form: Form
  /// Whether the exponent's sign is plus.
  package let isInverse: Bool
  package let length: Int

  package init(_ form: Form, length: Int, isInverse: Bool = false) {
    self.form = form
    self.isInverse = isInverse || form == .toReal
    self.length = length
  }

  /// How many complex numbers there are of a transform from or to real ones.
  private var kept: Int { length / 2 + 1 }

  package func callAsFunction(_ inputs: [Tensor]) -> Tensor {
    let batch = Array(inputs[0].shape.dropLast())
    let shape = switch form {
    case .complex: [2] + batch + [length]
    case .fromReal: [2] + batch + [kept]
    case .toReal: batch + [length]
    }
    return Tensor(.fourier(self), inputs, shape: shape, dtype: inputs[0].dtype)
  }

  /// What reaches the inputs, given what reaches the result: the transform is linear, so it is another one.
  func derivative(_ g: Tensor) -> [Tensor?] {
    switch form {
    case .complex:
      let parts = parts(FourierTransform(.complex, length: length, isInverse: !isInverse)([part(g, 0), part(g, 1)]))
      return [parts.real, parts.imaginary]
    case .fromReal:
      // The sum that goes back to real numbers counts those with a conjugate twice.
      let weights = weights(1, 0.5, g.dtype)
      return [FourierTransform(.toReal, length: length)([part(g, 0) * weights, part(g, 1) * weights])]
    case .toReal:
      let weights = weights(1, 2, g.dtype), parts = parts(FourierTransform(.fromReal, length: length)([g]))
      return [parts.real * weights, parts.imaginary * weights]
    }
  }

  /// For each number one of two factors: for what is its own conjugate, and for what stands for its conjugate too.
  private func weights(_ own: Double, _ both: Double, _ dtype: DType) -> Tensor {
    Tensor((0..<kept).map { $0 == 0 || 2 * $0 == length ? own : both }).cast(to: dtype)
  }
}

/// Real and imaginary parts of what a transform gives.
func parts(_ both: Tensor) -> (real: Tensor, imaginary: Tensor) { (part(both, 0), part(both, 1)) }

private func part(_ both: Tensor, _ index: Int) -> Tensor {
  let shape = Array(both.shape.dropFirst())
  return both.sliced(starts: [index] + shape.map { _ in 0 }, sizes: [1] + shape).reshaped(shape)
}

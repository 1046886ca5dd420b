import TensorCore

/// (x − mean) / √(variance + epsilon) · scale + offset with mean and variance over some axes.
///
/// The derivative with respect to x is, with x̂ = (x − mean) / √(variance + epsilon) and the derivative g with respect to x̂,
/// (g − mean(g) − x̂ · mean(g · x̂)) / √(variance + epsilon): fewer sums, and fewer tensors kept, than the operations above lead to one by one.
/// - Parameters:
///   - scale: of as many axes as `x`, each of `x`'s size or 1.
///   - offset: likewise.
func standardized(_ x: Tensor, axes: [Int], epsilon: Double, scale: Tensor?, offset: Tensor?) -> Tensor {
  @Sendable func parts(_ x: Tensor) -> (centered: Tensor, factor: Tensor) {
    let (mean, variance) = moments(x, axes: axes, keepDims: true)
    return (x - mean, 1 / sqrt(variance + epsilon))
  }
  let hasScale = scale != nil, hasOffset = offset != nil
  return customGradient([x] + [scale, offset].compactMap { $0 }) { inputs in
    let (centered, factor) = parts(inputs[0])
    let y = centered * (hasScale ? factor * inputs[1] : factor)
    return hasOffset ? y + inputs.last! : y
  } gradient: { inputs, _, upstream in
    var (centered, factor) = parts(inputs[0])
    let standard = centered * factor
    var g = upstream
    if hasScale {
      // A scale that is the same wherever a mean is taken can be multiplied by afterwards: the sums are then those of scale and offset.
      if axes.allSatisfy({ inputs[1].shape[$0] == 1 }) { factor = factor * inputs[1] } else { g = g * inputs[1] }
    }
    let mean = g.mean(axes: axes, keepDims: true), correlation = (g * standard).mean(axes: axes, keepDims: true)
    var result = [(g - mean - standard * correlation) * factor]
    if hasScale { result.append((upstream * standard).summed(to: inputs[1].shape)) }
    if hasOffset { result.append(upstream.summed(to: inputs.last!.shape)) }
    return result
  }
}

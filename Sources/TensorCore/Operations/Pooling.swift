/// The greatest element or the mean of each window of `[rows, spatial…, channels]`, for each channel.
package struct Pooling: Hashable, Sendable {
  package let geometry: WindowGeometry
  package let rows: Int
  package let channels: Int

  package enum Part: Int, Hashable, Sendable {
    /// From a tensor that decides and one that is chosen from: the element of the second at the first greatest place of the first (NaN
    /// counts as the greatest).
    case chosen
    /// From a tensor that decides and values of windows: each value added at its window's first greatest place.
    case placed
    /// From elements: the mean of those that lie in the window.
    case mean
    /// From values of windows: each value's equal share added to each element in the window.
    case spread
  }

  package var inputShape: [Int] { [rows] + geometry.inputSize + [channels] }
  package var outputShape: [Int] { [rows] + geometry.outputSize + [channels] }

  /// - Throws: ``DescentError`` if the windows do not fit, or one would lie on padding alone.
  package init(inputShape: [Int], window: [Int], strides: [Int], padding: Padding) throws {
    guard inputShape.count >= 3 else {
      throw DescentError(.invalidArgument, "an input of shape \(inputShape); [rows, spatial…, channels] was expected")
    }
    geometry = try WindowGeometry(
      inputSize: Array(inputShape[1..<(inputShape.count - 1)]), window: window, strides: strides, dilation: window.map { _ in 1 },
      padding: padding)
    rows = inputShape[0]
    channels = inputShape[inputShape.count - 1]
    for axis in window.indices {
      let last = (geometry.outputSize[axis] - 1) * strides[axis] - geometry.low[axis]
      guard geometry.low[axis] < window[axis], last < geometry.inputSize[axis] else {
        throw DescentError(.invalidArgument, "a window of \(window[axis]) would lie on padding alone along spatial axis \(axis)")
      }
    }
  }

  package func result(_ part: Part, _ inputs: [Tensor]) -> Tensor {
    let shape = part == .placed || part == .spread ? inputShape : outputShape
    return Tensor(.pooling(self, part), inputs, shape: shape, dtype: inputs[0].dtype)
  }

  /// What reaches the inputs, given what reaches the result. The choice itself has no derivative.
  func derivative(of part: Part, _ inputs: [Tensor], adjoint g: Tensor) -> [Tensor?] {
    switch part {
    case .chosen: [nil, result(.placed, [inputs[0], g])]
    case .placed: [nil, result(.chosen, [inputs[0], g])]
    case .mean: [result(.spread, [g])]
    case .spread: [result(.mean, [g])]
    }
  }
}

/// The greatest element of each window of `x` `[rows, spatial…, channels]`, for each channel; NaN if there is one. Padding is never the
/// greatest. The derivative goes to the first of those that tie.
/// - Parameters:
///   - x: `[rows, spatial…, channels]`.
///   - poolSize: the window along each spatial axis.
///   - strides: how far it moves; `poolSize` if nil.
///   - padding: what lies around `x`.
/// Source: https://keras.io/api/ops/nn/#maxpool-function
public func maxPool(_ x: Tensor, _ poolSize: [Int], strides: [Int]? = nil, padding: Padding = .valid) -> Tensor {
  pooling("maxPool", x, poolSize, strides, padding).result(.chosen, [x, x])
}

/// The mean of each window of `x` `[rows, spatial…, channels]`, for each channel. Padding does not count.
/// - Parameters:
///   - x: `[rows, spatial…, channels]`.
///   - poolSize: the window along each spatial axis.
///   - strides: how far it moves; `poolSize` if nil.
///   - padding: what lies around `x`.
/// Source: https://keras.io/api/ops/nn/#averagepool-function
public func averagePool(_ x: Tensor, _ poolSize: [Int], strides: [Int]? = nil, padding: Padding = .valid) -> Tensor {
  pooling("averagePool", x, poolSize, strides, padding).result(.mean, [x])
}

private func pooling(_ name: String, _ x: Tensor, _ poolSize: [Int], _ strides: [Int]?, _ padding: Padding) -> Pooling {
  if !x.dtype.isFloatingPoint { programmingError("\(name): \(x.dtype) \(x.shape) must be cast to a floating-point dtype first") }
  do {
    return try Pooling(inputShape: x.shape, window: poolSize, strides: strides ?? poolSize, padding: padding)
  } catch {
    programmingError("\(name): \(error)")
  }
}

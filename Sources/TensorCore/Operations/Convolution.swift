/// How far windows reach over the edges of what they slide along.
public enum Padding: Hashable, Sendable {
  /// Not at all.
  case valid
  /// So far that there is a window for every stride-th position; where the number of zeros is odd, the greater half comes last.
  case same
  /// Only over the beginning, so that no window sees what comes after its own position.
  case causal
  /// By as many positions before and after each axis.
  case explicit([Range])

  /// Positions before and after an axis.
  public struct Range: Hashable, Sendable {
    /// Before and after the axis.
    public let low: Int, high: Int
    /// - Parameters:
    ///   - low: positions before the axis.
    ///   - high: positions after it.
    public init(_ low: Int, _ high: Int) { (self.low, self.high) = (low, high) }
  }

  /// Zeros before and after an axis of a size, for windows of an extent.
  func range(_ axis: Int, size: Int, extent: Int, stride: Int) -> Range {
    switch self {
    case .valid: return Range(0, 0)
    case .causal: return Range(extent - 1, 0)
    case .same:
      let total = Swift.max(0, ((size + stride - 1) / stride - 1) * stride + extent - size)
      return Range(total / 2, total - total / 2)
    case .explicit(let ranges): return ranges[axis]
    }
  }
}

/// Where windows lie on the spatial axes: what convolution and pooling have in common.
package struct WindowGeometry: Hashable, Sendable {
  package let inputSize: [Int]
  package let window: [Int]
  package let strides: [Int]
  package let dilation: [Int]
  package let low: [Int]
  package let outputSize: [Int]

  /// - Throws: ``DescentError`` that says which size does not fit.
  package init(inputSize: [Int], window: [Int], strides: [Int], dilation: [Int], padding: Padding) throws {
    func fault(_ what: String) -> DescentError { DescentError(.invalidArgument, what) }
    let axes = inputSize.count
    guard (1...3).contains(axes) else { throw fault("windows slide along 1 to 3 axes, not \(axes)") }
    for (name, values) in [("window", window), ("strides", strides), ("dilation", dilation)] {
      guard values.count == axes, values.allSatisfy({ $0 >= 1 }) else {
        throw fault("\(name) \(values) do not fit \(axes) spatial axes; a number of at least 1 for each was expected")
      }
    }
    if case .explicit(let ranges) = padding, ranges.count != axes || ranges.contains(where: { $0.low < 0 || $0.high < 0 }) {
      throw fault("padding \(ranges.map { [$0.low, $0.high] }) does not fit \(axes) spatial axes; two numbers of at least 0 for each were expected")
    }
    var low: [Int] = [], outputSize: [Int] = []
    for axis in 0..<axes {
      let (reach, overflow) = (window[axis] - 1).multipliedReportingOverflow(by: dilation[axis])
      guard !overflow, reach < Int(Int32.max), inputSize[axis] < Int(Int32.max), strides[axis] < Int(Int32.max) else {
        throw fault("a window of \(window[axis]) with dilation \(dilation[axis]) is too large")
      }
      let range = padding.range(axis, size: inputSize[axis], extent: reach + 1, stride: strides[axis])
      let room = inputSize[axis] + range.low + range.high - (reach + 1)
      guard inputSize[axis] > 0, room >= 0 else {
        throw fault(
          "a window of \(reach + 1) positions (size \(window[axis]), dilation \(dilation[axis])) is larger than the \(inputSize[axis]) positions of "
            + "spatial axis \(axis) with \(range.low) + \(range.high) of padding")
      }
      low.append(range.low)
      outputSize.append(room / strides[axis] + 1)
    }
    (self.inputSize, self.window, self.strides, self.dilation, self.low, self.outputSize)
      = (inputSize, window, strides, dilation, low, outputSize)
  }

}

/// A convolution of `[rows, spatial…, channels]` with a kernel `[window…, channels / groups, filters]`.
///
/// It is linear in the input and in the kernel, and so its derivatives are two more products of the same three arrays: ``Part/input`` and
/// ``Part/kernel``. Their derivatives are these again.
package struct Convolution: Hashable, Sendable {
  package let geometry: WindowGeometry
  package let rows: Int
  package let channels: Int
  package let filters: Int
  package let groups: Int

  /// Which of the three arrays is computed from the other two.
  package enum Part: Int, Hashable, Sendable {
    /// The result, from input and kernel.
    case output
    /// What reaches the input, from what reaches the result and the kernel: the transposed convolution.
    case input
    /// What reaches the kernel, from the input and what reaches the result.
    case kernel
  }

  package var inputShape: [Int] { [rows] + geometry.inputSize + [channels] }
  package var kernelShape: [Int] { geometry.window + [channels / groups, filters] }
  package var outputShape: [Int] { [rows] + geometry.outputSize + [filters] }

  package func shape(of part: Part) -> [Int] {
    switch part {
    case .output: outputShape
    case .input: inputShape
    case .kernel: kernelShape
    }
  }

  /// For an input and a kernel of these shapes. The groups follow from the channels.
  /// - Throws: ``DescentError`` if they do not fit.
  package init(
    inputShape: [Int], kernelShape: [Int], strides: [Int], padding: Padding, dilation: [Int]
  ) throws {
    guard inputShape.count >= 3, kernelShape.count == inputShape.count else {
      throw DescentError(
        .invalidArgument, "an input of shape \(inputShape) and a kernel of shape \(kernelShape); [rows, spatial…, channels] and "
          + "[window…, channels, filters] with as many axes were expected")
    }
    let axes = inputShape.count - 2
    let inner = kernelShape[axes]
    channels = inputShape[axes + 1]
    filters = kernelShape[axes + 1]
    guard inner > 0, channels > 0, filters > 0, channels % inner == 0, filters % (channels / inner) == 0 else {
      throw DescentError(
        .invalidArgument,
        "\(channels) channels and a kernel for \(inner) channels and \(filters) filters do not make groups of equal size")
    }
    groups = channels / inner
    rows = inputShape[0]
    geometry = try WindowGeometry(
      inputSize: Array(inputShape[1...axes]), window: Array(kernelShape[..<axes]), strides: strides, dilation: dilation, padding: padding)
  }
}

/// Sums of products of a kernel with the windows of `x` `[rows, spatial…, channels]`, one to three spatial axes: the result is
/// `[rows, positions…, filters]`. (As in all of deep learning, the kernel is not turned round.)
///
/// - Parameters:
///   - x: `[rows, spatial…, channels]`.
///   - kernel: `[window…, channels / groups, filters]`. Where it has fewer channels than `x`, the channels fall into groups in order,
///     each seen by as many of the filters.
///   - strides: how far the window moves along each spatial axis; 1 if nil.
///   - padding: zeros around `x`.
///   - dilation: the distance of a window's elements along each spatial axis; 1 if nil.
/// Source: https://keras.io/api/ops/nn/#conv-function
public func conv(_ x: Tensor, _ kernel: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil) -> Tensor {
  let (x, kernel) = Tensor.sameDType(x, kernel, "conv")
  if !x.dtype.isFloatingPoint { programmingError("conv: \(x.dtype) \(x.shape) must be cast to a floating-point dtype first") }
  let ones = [Int](repeating: 1, count: Swift.max(0, x.rank - 2))
  do {
    let convolution = try Convolution(
      inputShape: x.shape, kernelShape: kernel.shape, strides: strides ?? ones, padding: padding, dilation: dilation ?? ones)
    return convolution.product(.output, x, kernel)
  } catch {
    programmingError("conv: \(error)")
  }
}

/// The transpose of ``conv(_:_:strides:padding:dilation:)``: each element of `x` `[rows, spatial…, channels]` spreads the kernel
/// `[window…, filters, channels]` over the result, `strides` apart.
///
/// With `valid` padding the result has (size − 1) · stride + max(extent, stride) positions, with `same` size · stride. With an
/// `outputPadding` it has (size − 1) · stride + extent + outputPadding, or with `same`, 1 for an odd and 0 for an even extent in place of
/// the extent.
/// Source: https://keras.io/api/ops/nn/#convtranspose-function
public func convTranspose(
  _ x: Tensor, _ kernel: Tensor, strides: [Int]? = nil, padding: Padding = .valid, outputPadding: [Int]? = nil, dilation: [Int]? = nil
) -> Tensor {
  let (x, kernel) = Tensor.sameDType(x, kernel, "convTranspose")
  if !x.dtype.isFloatingPoint { programmingError("convTranspose: \(x.dtype) \(x.shape) must be cast to a floating-point dtype first") }
  let ones = [Int](repeating: 1, count: Swift.max(0, x.rank - 2))
  do {
    let convolution = try Convolution(
      transposedOf: x.shape, kernelShape: kernel.shape, strides: strides ?? ones, padding: padding, outputPadding: outputPadding,
      dilation: dilation ?? ones)
    return convolution.product(.input, x, kernel)
  } catch {
    programmingError("convTranspose: \(error)")
  }
}

/// A convolution of each channel with kernels of its own: `kernel` is `[window…, channels, multiplier]`, and the result has
/// channels · multiplier channels, those of a channel side by side.
/// Source: https://keras.io/api/ops/nn/#depthwiseconv-function
public func depthwiseConv(_ x: Tensor, _ kernel: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil) -> Tensor {
  guard kernel.rank >= 3, kernel.shape[kernel.rank - 2] == x.shape.last else {
    programmingError("depthwiseConv: a kernel of shape \(kernel.shape) for an input of shape \(x.shape)")
  }
  let grouped = kernel.reshaped(kernel.shape.dropLast(2) + [1, kernel.shape[kernel.rank - 2] * kernel.shape[kernel.rank - 1]])
  return conv(x, grouped, strides: strides, padding: padding, dilation: dilation)
}

/// ``depthwiseConv(_:_:strides:padding:dilation:)``, and then a mixture of its channels: a convolution with `pointwise` `[1…, channels, filters]`.
/// Source: https://keras.io/api/ops/nn/#separableconv-function
public func separableConv(
  _ x: Tensor, depthwise: Tensor, pointwise: Tensor, strides: [Int]? = nil, padding: Padding = .valid, dilation: [Int]? = nil
) -> Tensor {
  conv(depthwiseConv(x, depthwise, strides: strides, padding: padding, dilation: dilation), pointwise)
}

extension Convolution {
  /// The convolution whose input is the result of a transposed one of `x` with a kernel `[window…, filters, channels]`.
  /// - Throws: ``DescentError`` if they do not fit.
  package init(
    transposedOf x: [Int], kernelShape: [Int], strides: [Int], padding: Padding, outputPadding: [Int]?, dilation: [Int]
  ) throws {
    let axes = x.count - 2
    guard axes >= 1, kernelShape.count == x.count, kernelShape[axes + 1] == x[axes + 1], strides.count == axes, dilation.count == axes,
      outputPadding.map({ $0.count == axes && $0.allSatisfy { $0 < Int(Int32.max) } }) ?? true, (strides + dilation).allSatisfy({ $0 >= 1 }),
      // So that what is reckoned with them does not overflow: they are multiplied in pairs.
      (strides + dilation + x[1...axes] + kernelShape[..<axes]).allSatisfy({ $0 < 1 << 30 })
    else {
      throw DescentError(
        .invalidArgument,
        "an input of shape \(x) and a kernel of shape \(kernelShape), strides \(strides), dilation \(dilation) do not fit; "
          + "[rows, spatial…, channels], [window…, filters, channels] and numbers of at least 1 for each axis were expected")
    }
    var sizes: [Int] = []
    var ranges: [Padding.Range] = []
    for axis in 0..<axes {
      let extent = (kernelShape[axis] - 1) * dilation[axis] + 1
      let stride = strides[axis]
      let (size, low) = try Convolution.transposedAxis(
        size: x[axis + 1], extent: extent, stride: stride, padding: padding, outputPadding: outputPadding?[axis])
      guard size > 0 else {
        throw DescentError(.invalidArgument, "the result would have \(size) positions along spatial axis \(axis)")
      }
      sizes.append(size)
      // As much behind as gives back the size of x.
      ranges.append(Padding.Range(low, Swift.max(0, (x[axis + 1] - 1) * stride + extent - low - size)))
    }
    try self.init(
      inputShape: [x[0]] + sizes + [kernelShape[axes]], kernelShape: kernelShape, strides: strides, padding: .explicit(ranges),
      dilation: dilation)
    guard outputShape == x else {
      throw DescentError(.invalidArgument, "outputPadding \(outputPadding ?? []) must be smaller than the strides \(strides)")
    }
  }

  /// How many positions the result has, and how many before its first one are left out.
  private static func transposedAxis(size: Int, extent: Int, stride: Int, padding: Padding, outputPadding: Int?) throws -> (Int, Int) {
    // Zeros around x, its elements `stride` apart, before and behind which the kernel slides with stride 1.
    let total: Int, before: Int
    switch padding {
    case .valid:
      before = extent - 1
      total = before + extent - 1 + (outputPadding ?? Swift.max(0, stride - extent))
    case .same:
      total = outputPadding.map { extent + extent % 2 - 2 + $0 } ?? stride + extent - 2
      before = Swift.min(total / 2 + total % 2, extent - 1)
    default:
      throw DescentError(.invalidArgument, "padding \(padding) is not possible here; valid or same was expected")
    }
    return ((size - 1) * stride + 2 + total - extent, extent - 1 - before)
  }

  /// One of the three arrays from the other two, in the order of ``Part``'s description.
  package func product(_ part: Part, _ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(.convolution(self, part), [a, b], shape: shape(of: part), dtype: a.dtype)
  }

  /// What reaches the two factors of a product, given what reaches it.
  func derivative(of part: Part, _ a: Tensor, _ b: Tensor, adjoint g: Tensor, needed: [Bool]) -> [Tensor?] {
    switch part {
    case .output: [needed[0] ? product(.input, g, b) : nil, needed[1] ? product(.kernel, a, g) : nil]
    case .input: [needed[0] ? product(.output, g, b) : nil, needed[1] ? product(.kernel, g, a) : nil]
    case .kernel: [needed[0] ? product(.input, b, g) : nil, needed[1] ? product(.output, a, g) : nil]
    }
  }
}

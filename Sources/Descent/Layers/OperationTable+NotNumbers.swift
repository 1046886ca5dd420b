import TensorCore

extension OperationTable {
  /// Functions that pass over what is not a number. Source: https://keras.io/api/ops/numpy/
  static let notNumbers: [OperationDefinition] =
    unary("Isposinf") { $0 .== Tensor(number: .infinity) } + unary("Isneginf") { $0 .== Tensor(number: -.infinity) }
    + reduction("Nansum") { filled($1, 0).sum(axes: $2, keepDims: $0.keepDims) }
    + reduction("Nanprod") { filled($1, 1).prod(axes: $2, keepDims: $0.keepDims) }
    + reduction("Nanmean") { nanmean(float($1), $2, $0.keepDims) }
    + reduction("Nanvar") { nanvar(float($1), $2, $0.keepDims) }
    + reduction("Nanstd") { sqrt(nanvar(float($1), $2, $0.keepDims)) }
    + reduction("Nanmax") { orNaN(filled($1, -.infinity).max(axes: $2, keepDims: $0.keepDims), $1, $2, $0.keepDims) }
    + reduction("Nanmin") { orNaN(filled($1, .infinity).min(axes: $2, keepDims: $0.keepDims), $1, $2, $0.keepDims) }
    + along("Nancumsum") { _, x, axis in filled(x, 0).cumsum(axis: axis) }
    + along("Nancumprod") { _, x, axis in filled(x, 1).cumprod(axis: axis) }
    + place("Nanargmax") { x, axis in filled(x, -.infinity).argmax(axis: axis) }
    + place("Nanargmin") { x, axis in (-filled(x, .infinity)).argmax(axis: axis) }
    + along("Nanmedian") { input, x, axis in nanquantile(float(x), 0.5, axis, input.keepDims) }
    + along("Nanquantile") { input, x, axis in nanquantile(float(x), try part(input), axis, input.keepDims) }
    + along("Nanpercentile") { input, x, axis in nanquantile(float(x), try part(input, of: 100), axis, input.keepDims) }

  /// With a number in place of what is none.
  private static func filled(_ x: Tensor, _ value: Double) -> Tensor {
    x.dtype.isFloatingPoint ? select(isNaN(x), Tensor(number: value), x) : whole(x)
  }

  /// A result that is no number where nothing that was reduced to it is one.
  private static func orNaN(_ result: Tensor, _ x: Tensor, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    x.dtype.isFloatingPoint ? select(isNaN(x).all(axes: axes, keepDims: keepDims), Tensor(number: .nan), result) : result
  }

  private static func nanmean(_ x: Tensor, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    let count = (!isNaN(x)).cast(to: x.dtype).sum(axes: axes, keepDims: keepDims)
    return filled(x, 0).sum(axes: axes, keepDims: keepDims) / count
  }

  private static func nanvar(_ x: Tensor, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    nanmean(square(x - nanmean(x, axes, true)), axes, keepDims)
  }

  /// Where the chosen element stands; −1 where all are no numbers.
  private static func place(_ name: String, _ choose: @escaping @Sendable (Tensor, Int) -> Tensor) -> [OperationDefinition] {
    along(name) { input, x, axis in
      let chosen = choose(x, axis), isMissing = isNaN(x).all(axis: axis)
      let result = select(isMissing, Tensor(repeating: -1, dtype: .int32), chosen)
      return input.keepDims ? result.expandingShape(at: axis) : result
    }
  }

  /// Interpolated on a line between the numbers, in order, of which `q` lies below.
  private static func nanquantile(_ x: Tensor, _ q: Double, _ axis: Int, _ keepDims: Bool) -> Tensor {
    let sorted = sort(filled(x, .infinity), axis: axis)
    let count = (!isNaN(x)).cast(to: x.dtype).sum(axis: axis, keepDims: true)
    let position = TensorCore.maximum(count - 1, 0) * q, low = floor(position), high = ceil(position)
    let below = takeAlongAxis(sorted, low.cast(to: .int32), axis: axis), above = takeAlongAxis(sorted, high.cast(to: .int32), axis: axis)
    let value = select(low .== high, below, below + (position - low) * (above - below))
    let result = select(count .== 0, Tensor(number: .nan), value)
    return keepDims ? result : result.reshaped((0..<x.rank).filter { $0 != axis }.map { x.shape[$0] })
  }
}

import TensorCore

extension OperationTable {
  /// Functions that pass over what is not a number. Source: https://keras.io/api/ops/numpy/
  static let notNumbers: [OperationDefinition] =
    unary("Isposinf") { float($0) .== Tensor(number: .infinity) } + unary("Isneginf") { float($0) .== Tensor(number: -.infinity) }
    + reduction("Nansum") { try filled($1, 0).sum(axes: $2, keepDims: $0.keepDims) }
    + reduction("Nanprod") { try filled($1, 1).prod(axes: $2, keepDims: $0.keepDims) }
    + reduction("Nanmean") { try nanmean(float($1), $2, $0.keepDims) }
    + reduction("Nanvar") { try nanvar(float($1), $2, $0.keepDims) }
    + reduction("Nanstd") { try sqrt(nanvar(float($1), $2, $0.keepDims)) }
    + choice("Nanmax") { try orNaN(filled($1, -.infinity).max(axes: $2, keepDims: $0.keepDims), $1, $2, $0.keepDims) }
    + choice("Nanmin") { try orNaN(filled($1, .infinity).min(axes: $2, keepDims: $0.keepDims), $1, $2, $0.keepDims) }
    + along("Nancumsum", hasDType: true) { _, x, axis in filled(x, 0).cumsum(axis: axis) }
    + along("Nancumprod", hasDType: true) { _, x, axis in filled(x, 1).cumprod(axis: axis) }
    + place("Nanargmax") { x, axis in filled(x, -.infinity).argmax(axis: axis) }
    + place("Nanargmin") { x, axis in (-filled(x, .infinity)).argmax(axis: axis) }
    + along("Nanmedian") { input, x, axis in try nanquantile(input, x, 0.5, axis) }
    + along("Nanquantile") { input, x, axis in try nanquantile(input, x, part(input), axis) }
    + along("Nanpercentile") { input, x, axis in try nanquantile(input, x, part(input, of: 100), axis) }

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
      try input.checkElements(of: x, along: [axis])
      let chosen = choose(x, axis), isMissing = isNaN(x).all(axis: axis)
      let result = select(isMissing, Tensor(repeating: -1, dtype: .int32), chosen)
      return try input.keepDims ? result.expandingShape(at: axis) : result
    }
  }

  /// Interpolated on a line between the numbers, in order, of which `q` lies below.
  private static func nanquantile(_ input: OperationInput, _ x: Tensor, _ q: Double, _ axis: Int) throws -> Tensor {
    try input.checkElements(of: x, along: [axis])
    try input.checkTable(x.shape)
    let x = float(x)
    let sorted = sort(filled(x, .infinity), axis: axis)
    let count = (!isNaN(x)).cast(to: x.dtype).sum(axis: axis, keepDims: true)
    let position = TensorCore.maximum(count - 1, 0) * q, low = floor(position), high = ceil(position)
    let below = takeAlongAxis(sorted, low.cast(to: .int32), axis: axis), above = takeAlongAxis(sorted, high.cast(to: .int32), axis: axis)
    let value = select(low .== high, below, below + (position - low) * (above - below))
    let result = select(count .== 0, Tensor(number: .nan), value)
    return try input.keepDims ? result : result.reshaped((0..<x.rank).filter { $0 != axis }.map { x.shape[$0] })
  }
}

/// The mean of as many windows along each spatial axis as are asked for, for each channel of `x` `[rows, spatial…, channels]`: window i
/// reaches from ⌊i · size / count⌋ to ⌈(i + 1) · size / count⌉, so that neighbours may share positions, and do where there are more windows than
/// positions.
/// - Parameters:
///   - x: `[rows, spatial…, channels]`.
///   - outputSize: how many positions the result has along each spatial axis.
/// Source: https://keras.io/api/ops/nn/#adaptiveaveragepool-function
public func adaptiveAveragePool(_ x: Tensor, _ outputSize: [Int]) -> Tensor { adaptivePool("adaptiveAveragePool", x, outputSize, averagePool) }

/// The greatest element of windows that lie as those of ``adaptiveAveragePool(_:_:)``, for each channel.
/// - Parameters:
///   - x: `[rows, spatial…, channels]`.
///   - outputSize: how many positions the result has along each spatial axis.
/// Source: https://keras.io/api/ops/nn/#adaptivemaxpool-function
public func adaptiveMaxPool(_ x: Tensor, _ outputSize: [Int]) -> Tensor { adaptivePool("adaptiveMaxPool", x, outputSize, maxPool) }

/// What is wrong with so many windows for an input `[rows, spatial…, channels]`; nil if nothing is.
package func problemOfAdaptivePooling(inputShape: [Int], outputSize: [Int]) -> String? {
  let spatial = inputShape.dropFirst().dropLast()
  guard (1...3).contains(spatial.count), outputSize.count == spatial.count, outputSize.allSatisfy({ $0 >= 1 }) else {
    return "outputSize \(outputSize) does not fit an input of shape \(inputShape); [rows, spatial…, channels] with one to three spatial axes "
      + "and a number of at least 1 for each were expected"
  }
  return spatial.contains(0) ? "a spatial axis of an input of shape \(inputShape) has no positions" : nil
}

private func adaptivePool(
  _ name: String, _ x: Tensor, _ outputSize: [Int], _ pool: (Tensor, [Int], [Int]?, Padding) -> Tensor
) -> Tensor {
  if let problem = problemOfAdaptivePooling(inputShape: x.shape, outputSize: outputSize) { programmingError("\(name): \(problem)") }
  let sizes = Array(x.shape.dropFirst().dropLast())
  // Windows of one size that lie side by side are ordinary ones.
  if zip(sizes, outputSize).allSatisfy({ $0 % $1 == 0 }) { return pool(x, zip(sizes, outputSize).map { $0 / $1 }, nil, .valid) }
  var result = x
  for (axis, (size, count)) in zip(sizes, outputSize).enumerated() where size != count {
    let starts = (0..<count).map { $0 * size / count }, ends = (1...count).map { ($0 * size + count - 1) / count }
    let extents = zip(starts, ends).map { $1 - $0 }
    let ones = sizes.map { _ in 1 }
    // Every window there could be, of the one or two sizes that occur; of these the ones that do.
    var every: [Tensor] = []
    var first: [Int: Int] = [:]
    var total = 0
    for extent in Set(extents).sorted() {
      var window = ones
      window[axis] = extent
      every.append(pool(result, window, ones, .valid))
      first[extent] = total
      total += size - extent + 1
    }
    let chosen = zip(starts, extents).map { Int32(first[$1]! + $0) }
    result = take(concatenate(every, axis: axis + 1), Tensor(chosen), axis: axis + 1)
  }
  return result
}

import TensorCore
import TestSupport
import Testing

struct AdaptivePoolingTests {
  /// Sizes that divide, that overlap by one, that do neither, and more windows than positions.
  static let shapes: [([Int], [Int])] = [
    ([2, 6, 2], [3]), ([1, 7, 3], [3]), ([1, 5, 2], [4]), ([2, 7, 5, 2], [3, 5]), ([1, 10, 6, 1], [4, 1]), ([1, 5, 4, 3, 2], [2, 3, 3]),
    ([2, 1, 2], [2]), ([1, 3, 2], [7]), ([1, 4, 1], [8]), ([2, 1, 5, 2], [2, 7]), ([1, 2, 3, 4, 1], [3, 2, 5]),
  ]

  /// From the definition, cell by cell.
  private func plainly(_ x: Tensor, _ outputSize: [Int], _ join: ([Double]) -> Double) -> [Double] {
    let sizes = Array(x.shape.dropFirst().dropLast()), channels = x.shape.last!, values = x.doubles
    var places = [[Int]](repeating: [], count: outputSize.reduce(1, *))
    for position in 0..<sizes.reduce(1, *) {
      for cell in places.indices {
        var (p, c, isInside) = (position, cell, true)
        for axis in sizes.indices.reversed() {
          let (place, window) = (p % sizes[axis], c % outputSize[axis])
          p /= sizes[axis]
          c /= outputSize[axis]
          let end = (Double(window + 1) * Double(sizes[axis]) / Double(outputSize[axis])).rounded(.up)
          if place < window * sizes[axis] / outputSize[axis] || Double(place) >= end { isInside = false }
        }
        if isInside { places[cell].append(position) }
      }
    }
    return (0..<x.shape[0]).flatMap { row in
      places.flatMap { cell in (0..<channels).map { channel in join(cell.map { values[(row * sizes.reduce(1, *) + $0) * channels + channel] }) } }
    }
  }

  @Test(arguments: shapes) func `each window reaches as far as it is defined to`(_ shape: [Int], _ outputSize: [Int]) {
    var generator = SeededGenerator(seed: 1)
    let x = Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { Double($0) / 10 - 2 }.shuffled(using: &generator))
    for (result, expected) in [
      (adaptiveAveragePool(x, outputSize), plainly(x, outputSize) { $0.reduce(0, +) / Double($0.count) }),
      (adaptiveMaxPool(x, outputSize), plainly(x, outputSize) { $0.max()! }),
    ] {
      #expect(result.shape == [shape[0]] + outputSize + [shape.last!])
      expectClose(result.doubles, expected, tolerance: 1e-13, "\(shape) to \(outputSize)")
    }
    expectDerivativesMatchDifferences(at: x, tolerance: 1e-5, "mean") { square(adaptiveAveragePool($0, outputSize)) }
    expectDerivativesMatchDifferences(at: x, tolerance: 1e-5, "max") { square(adaptiveMaxPool($0, outputSize)) }
  }
}

import TensorCore
import TestSupport
import Testing

struct ResizingTests {
  @Test func `area gives means over what a pixel covers`() {
    let x = Tensor(shape: [1, 1, 5, 1], scalars: [1, 2, 3, 4, 5.0])
    expectClose(resize(x, [1, 2], interpolation: .area).doubles, [(1 + 2 + 1.5) / 2.5, (1.5 + 4 + 5) / 2.5])
    // Larger images are made of parts of single pixels.
    expectClose(resize(x[0..<1, 0..<1, 0..<2], [1, 3], interpolation: .area).doubles, [1, 1.5, 2])
    expectClose(resize(Tensor.ones([1, 7, 9, 2], dtype: .float64), [3, 4], interpolation: .area).doubles, [Double](repeating: 1, count: 24))
  }

  @Test(arguments: Interpolation.allCases) func `first and second derivatives match differences`(_ interpolation: Interpolation) {
    var generator = SeededGenerator(seed: 1)
    let x = Tensor(shape: [1, 4, 3, 1], scalars: (0..<12).map { _ in Double.random(in: -1...1, using: &generator) })
    for (size, antialias) in [([7, 2], false), ([2, 5], true)] {
      expectDerivativesMatchDifferences(at: x, tolerance: 1e-6, "\(interpolation)") {
        square(resize($0, size, interpolation: interpolation, antialias: antialias))
      }
    }
  }

  @Test func `images keep their shape if they are to`() {
    let x = Tensor.range(24, dtype: .float64).reshaped([1, 4, 6, 1])
    expectClose(resize(x, [4, 4], aspectRatio: .cropped), x[0..<1, 0..<4, 1..<5].doubles)
    #expect(resize(x, [6, 6], aspectRatio: .padded(fillValue: -1)).doubles.filter { $0 == -1 }.count == 12)
    #expect(resize(x.reshaped([4, 6, 1]), [2, 3]).shape == [2, 3, 1])
  }
}

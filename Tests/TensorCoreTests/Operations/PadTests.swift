import TensorCore
import TestSupport
import Testing

struct PadTests {
  /// Numbers of `numpy.pad` 2.4, also where more is asked for than there is.
  @Test func `mirrored elements are those of NumPy`() {
    let x = Tensor([1.0, 2, 3])
    #expect(pad(x, [(2, 1)], mode: .reflect).doubles == [3, 2, 1, 2, 3, 2])
    #expect(pad(x, [(5, 6)], mode: .reflect).doubles == [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1])
    #expect(pad(x, [(2, 1)], mode: .symmetric).doubles == [2, 1, 1, 2, 3, 3])
    #expect(pad(x, [(4, 7)], mode: .symmetric).doubles == [3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2, 3, 3])
    #expect(pad(Tensor([5.0]), [(1, 2)], mode: .reflect).doubles == [5, 5, 5, 5])
    #expect(pad(x, [(1, 2)], constantValue: 7).doubles == [7, 1, 2, 3, 7, 7])
    let square = pad(Tensor(shape: [2, 2], scalars: [1, 2, 3, 4.0]), [(1, 0), (0, 1)], mode: .reflect)
    #expect(square.shape == [3, 3] && square.doubles == [3, 4, 3, 1, 2, 1, 3, 4, 3])
    #expect(pad(Tensor([Int32(1), 2]), [(1, 1)], constantValue: -3).doubles == [-3, 1, 2, -3])
  }

  /// So large that it is done in shares: their number does not divide the sizes, and the first axis may have fewer.
  @Test(arguments: [DType.float32, .float64, .int32, .bool])
  func `large arrays are padded and put together element by element`(_ dtype: DType) {
    for shape in [[3, 501, 257], [301_003], [2, 1, 200_003], [1021, 401, 1]] {
      let bits = (0..<shape.reduce(1, *)).map { (place: Int) -> Double in place * 7 % 10 > 4 ? 1 : 0 }
      let x = Tensor(shape: shape, scalars: bits).cast(to: dtype).evaluated()
      let low = shape.map { _ in 1 }, high = shape.map { _ in 2 }
      let padded = x.padded(low: low, high: high)
      // Compared before it is expected: what differs would be printed, and be hundreds of thousands of numbers.
      let isInside = padded.sliced(starts: low, sizes: shape).doubles == bits
      #expect(isInside)
      #expect(padded.doubles.reduce(0, +) == bits.reduce(0, +), "zeros around")
      let both = concatenate([x, padded.sliced(starts: low, sizes: shape), x], axis: 0)
      let isTogether = both.doubles == bits + bits + bits
      #expect(isTogether)
    }
  }

  @Test(arguments: PaddingMode.allCases) func `first and second derivatives match differences`(_ mode: PaddingMode) {
    let x = Tensor(shape: [2, 3], scalars: (0..<6).map { (place: Int) -> Double in Double(place * place) / 7 - 1 })
    expectDerivativesMatchDifferences(at: x, tolerance: 1e-6, mode.rawValue) {
      square(pad($0, [(1, 2), (2, 5)], mode: mode)) * Tensor.range(50, dtype: .float64).reshaped([5, 10])
    }
  }
}

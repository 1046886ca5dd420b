import TensorCore
import Testing

/// What is infinite, not a number, greatest, least or of no size, where NumPy's and JAX's results are known.
@Suite struct EdgeValueTests {
  private let nan = Double.nan, infinity = Double.infinity

  private func expect(_ found: Tensor, _ expected: [Double], tolerance: Double = 1e-12, line: Int = #line) {
    let values = found.doubles
    let isEqual = values.count == expected.count && zip(values, expected).allSatisfy { a, b in
      a == b || a.isNaN && b.isNaN || (a - b).magnitude <= tolerance * max(1e-300, b.magnitude)
    }
    #expect(isEqual, "line \(line): \(values), expected \(expected)")
  }

  @Test func `the least whole number is the least`() {
    let x = Tensor([Int32.min, 5, Int32.max])
    expect(x.min(), [Double(Int32.min)])
    expect(x.max(), [Double(Int32.max)])
    #expect(x.argmin().item() == 0 && x.argmax().item() == 2)
    expect(Tensor([[3 as Int32, -7], [Int32.min, 0]]).min(axis: 1), [-7, Double(Int32.min)])
  }

  @Test func `medians and quantiles`() {
    expect(median(Tensor([1.0, nan, 3, 5])), [nan])
    expect(quantile(Tensor([[1.0, nan], [2, 3]]), 0, axis: 1), [nan, 2])
    expect(median(Tensor([1.0, 2, infinity])), [2])
    expect(median(Tensor([1 as Int32, 2, 3, 4])), [2.5])
    expect(quantile(Tensor([1 as UInt8, 2, 10]), 0.75), [6])
    let x = Tensor([1.0, 5, 2, 8])
    expect(gradients(of: median(x), withRespectTo: [x])[0], [0, 0.5, 0.5, 0])
  }

  @Test func `products whose parts are too large or small for float32`() {
    expect(Tensor([1e30 as Float, 1e-30, 1e30, 1e-30]).prod(), [1], tolerance: 1e-6)
    expect(Tensor([1e-30 as Float, 1e30, 1e30]).cumprod(axis: 0), [1e-30, 1, 1e30], tolerance: 1e-6)
    let x = Tensor([2 as Float, 0, 3])
    expect(gradients(of: x.prod(), withRespectTo: [x])[0], [0, 6, 0])
  }

  @Test func `singular values of matrices that have not all directions`() {
    let matrices: [Tensor] = [
      Tensor([[1.0, 1], [1, 1]]), Tensor.zeros([3, 2], dtype: .float64), Tensor([[1.0, 2, 3], [2, 4, 6]]), Tensor([[1.0, 2], [2, 4], [3, 6]]),
      Tensor([[1e200, 0], [0, 1e-200]]), Tensor([[1e-170, 2e-170], [3e-170, 4e-170]]), Tensor([[0.0, 0, 1], [0, 0, 0], [0, 0, 0]]),
    ]
    for a in matrices {
      let (u, s, v) = svd(a), size = a.shape.min()!
      let greatest = abs(a).max().item() as Double
      let back = matmul(u * s, v)
      for (found, expected) in zip(back.doubles, a.doubles) { #expect((found - expected).magnitude <= 1e-14 * max(greatest, 1e-300)) }
      expect(matmul(u, u, transposeA: true) + 1, (Tensor.identity(size, dtype: .float64) + 1).doubles, tolerance: 1e-13)
      expect(matmul(v, v, transposeB: true) + 1, (Tensor.identity(size, dtype: .float64) + 1).doubles, tolerance: 1e-13)
    }
    expect(svd(Tensor([[1e200, 0], [0, 1]])).s[0], [1e200])
    expect(eigh(Tensor([[1.0, nan], [nan, 1]])).values, [nan, nan])
  }

  @Test func `sums of exponentials that are equal share the derivative`() {
    let a = Tensor([1.0, infinity, -infinity]), b = Tensor([1.0, infinity, -infinity])
    expect(logaddexp(a, b), [1 + 0.6931471805599453, infinity, -infinity])
    let x = Tensor([0.5]), y = Tensor([0.5])
    let slopes = gradients(of: logaddexp(x, y).sum(), withRespectTo: [x, y])
    expect(slopes[0], [0.5])
    expect(slopes[1], [0.5])
    expect(gradients(of: logaddexp(a, b).sum(), withRespectTo: [a, b])[0], [0.5, 1, 1])
  }

  @Test func `what is not a number stands behind all others`() {
    expect(unique(Tensor([3 as Float, .nan, 1, .nan, 2])), [1, 2, 3, nan])
    expect(searchsorted(Tensor([1.0, 2]), Tensor([nan, 0, 1, 2, 3])), [2, 0, 0, 1, 2])
    expect(searchsorted(Tensor([1.0, 2]), Tensor([nan, 0, 1, 2, 3]), side: .right), [2, 0, 1, 2, 2])
    expect(searchsorted(Tensor([0, 1, nan, nan]), Tensor([0.5, 2, nan])), [1, 2, 2])
    expect(searchsorted(Tensor([0, 1, nan, nan]), Tensor([0.5, 2, nan]), side: .right), [1, 2, 4])
    expect(digitize(Tensor([0.5, 1.5, 1, nan]), bins: [1, 2]), [0, 1, 1, 2])
    expect(digitize(Tensor([0.5, 1.5, 2, 2.5, nan]), bins: [2, 1]), [2, 1, 0, 0, 0])
  }

  @Test func `quotients by nothing and by what is infinite`() {
    expect(floorDivide(Tensor([1.0, -1, 0, -5, 5, 0, infinity]), Tensor([0.0, 0, 0, infinity, infinity, -infinity, 2])), [infinity, -infinity, nan, -1, 0, 0, nan])
    expect(floorDivide(Tensor([7.0, -7, 7, -7]), Tensor([2.0, 2, -2, -2])), [3, -4, -4, 3])
    let x = Tensor([1 as Float, 5, 1e30]), y = Tensor([0 as Float, 2, 1e-10])
    for slope in gradients(of: floorDivide(x, y).sum(), withRespectTo: [x, y]) { expect(slope, [0, 0, 0]) }
    expect(trunc(Tensor([3 as Int32, -4])), [3, -4])
  }

  @Test func `lengths and hyperbolic functions at the ends of float32`() {
    expect(hypot(Tensor([1e20 as Float, 3]), Tensor([1e20 as Float, 4])), [1.4142135623730951e20, 5], tolerance: 1e-6)
    expect(hypot(Tensor([infinity, nan, 0]), Tensor([nan, 1, 0])), [infinity, nan, 0])
    let x = Tensor([0.0, 3]), y = Tensor([0.0, 4])
    expect(gradients(of: hypot(x, y).sum(), withRespectTo: [x])[0], [0, 0.6])
    let even = Tensor([3.0, 3]), other = Tensor([3.0, -3]), half = 0.7071067811865476
    let slopes = gradients(of: hypot(even, other).sum(), withRespectTo: [even, other])
    expect(slopes[0], [half, half], tolerance: 1e-15)
    expect(slopes[1], [half, -half], tolerance: 1e-15)
    expect(sinh(Tensor([0 as Int32, 1])), [0, 1.1752011936], tolerance: 1e-6)
    expect(cosh(Tensor([0 as Int32, 1])), [1, 1.5430806348], tolerance: 1e-6)
    expect(sinh(Tensor([89 as Float, -89, 1])), [2.24480620e38, -2.24480620e38, 1.1752011936], tolerance: 3e-5)
    expect(cosh(Tensor([89 as Float, 0])), [2.24480620e38, 1], tolerance: 3e-5)
    let z = Tensor([89 as Float, 0, -89])
    expect(gradients(of: sinh(z).sum(), withRespectTo: [z])[0], [2.24480620e38, 1, 2.24480620e38], tolerance: 3e-5)
  }

  @Test func `numbers that were repeated are as their dtype holds them`() {
    expect(Tensor(repeating: 0.1, shape: [1], dtype: .float32).cast(to: .float64), [Double(0.1 as Float)])
    expect(Tensor(repeating: 16_777_217, shape: [1], dtype: .float32).cast(to: .int32), [16_777_216])
    expect(Tensor(repeating: 1e300, shape: [1], dtype: .float32).cast(to: .float64), [infinity])
    // A number takes the dtype of what it meets.
    expect(Tensor([1.0]) * 0.1, [0.1])
  }

  @Test func `whole numbers where fractions are computed, and sums of them`() {
    expect(Tensor([3 as Int32, -4]).norm(order: 3), [4.497941445275415], tolerance: 1e-6)
    expect(Tensor([-2 as Int32]).norm(order: -1), [2])
    #expect(Tensor([3 as Int32, -4]).norm(order: 1).dtype == .float32)
    expect(segmentSum(Tensor([1 as Int32, 2, 3]), Tensor([0 as Int32, 1, 0]), segments: 2), [4, 2])
    expect(bincount(Tensor([1 as UInt8, 2, 1]), length: 3), [0, 2, 1])
    expect(scatter(Tensor([[0 as Int32], [-1]]), Tensor([1.0, 2]), shape: [3]), [1, 0, 2])
    expect(Tensor.linspace(-3, 3, count: 5, dtype: .int32), [-3, -2, 0, 1, 3])
  }

  @Test func `the inverse of the error function near nothing`() {
    expect(erfinv(Tensor([1e-20, 2.7e-4, -0.25, 0.9])), [8.862269254527581e-21, 0.00023928127443896988, -0.22531205501217809, 1.1630871536766743], tolerance: 1e-14)
  }
}

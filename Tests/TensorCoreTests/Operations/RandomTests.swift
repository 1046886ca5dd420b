import TensorCore
import Testing

struct RandomTests {
  static func moments(_ values: [Double]) -> (mean: Double, variance: Double, fourth: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0.0) { $0 + $1 } / count
    let variance = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let fourth = values.reduce(0.0) { sum, value in
      let square = (value - mean) * (value - mean)
      return sum + square * square
    }
    return (mean, variance, fourth / count / (variance * variance))
  }

  @Test(arguments: [DType.float32, .float64]) func `Uniform numbers`(_ dtype: DType) {
    let values = RandomGenerator(seed: 1).uniform([100_000], dtype: dtype).doubles
    let (mean, variance, fourth) = Self.moments(values)
    #expect(Swift.abs(mean - 0.5) < 0.005)
    #expect(Swift.abs(variance - 1.0 / 12) < 0.002)
    #expect(Swift.abs(fourth - 1.8) < 0.02)
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    // Neighbours are not related.
    var product = 0.0
    for index in 1..<values.count { product += (values[index] - 0.5) * (values[index - 1] - 0.5) }
    #expect(Swift.abs(product / 100_000) < 0.002)
    let moved = RandomGenerator(seed: 1).uniform([1000], low: -3, high: 5, dtype: dtype).doubles
    #expect(moved.allSatisfy { $0 >= -3 && $0 <= 5 } && moved.max()! > 4.9 && moved.min()! < -2.9)
  }

  @Test(arguments: [DType.float32, .float64]) func `Normal numbers`(_ dtype: DType) {
    let values = RandomGenerator(seed: 2).normal([100_000], mean: 1, standardDeviation: 2, dtype: dtype).doubles
    let (mean, variance, fourth) = Self.moments(values)
    #expect(Swift.abs(mean - 1) < 0.03)
    #expect(Swift.abs(variance - 4) < 0.08)
    #expect(Swift.abs(fourth - 3) < 0.08)
    // 2.275 % lie beyond two standard deviations on each side.
    let beyond = Double(values.count { $0 > 5 }) / 100_000
    #expect(Swift.abs(beyond - 0.02275) < 0.002)
  }

  @Test func truths() {
    let values = RandomGenerator(seed: 3).bernoulli([100_000], probability: 0.3)
    #expect(values.dtype == .bool)
    let part: Double = values.doubles.reduce(0.0) { $0 + $1 } / 100_000
    #expect(Swift.abs(part - 0.3) < 0.006)
    #expect(RandomGenerator(seed: 3).bernoulli([100], probability: 0).doubles.allSatisfy { $0 == 0 })
    #expect(RandomGenerator(seed: 3).bernoulli([100], probability: 1).doubles.allSatisfy { $0 == 1 })
  }

  @Test func `The seed decides`() {
    let first = RandomGenerator(seed: 5)
    let a = first.uniform([8]).doubles
    let b = first.uniform([8]).doubles
    #expect(a != b)
    let second = RandomGenerator(seed: 5)
    #expect(second.uniform([8]).doubles == a)
    // An element depends on its place, not on how many are drawn.
    #expect(Array(second.uniform([3000]).doubles.prefix(8)) == b)
    #expect(RandomGenerator(seed: 6).uniform([8]).doubles != a)
    // Both halves of a seed take part.
    #expect(RandomGenerator(seed: 5 + (1 << 32)).uniform([8]).doubles != a)
  }

  @Test func `The state can be saved and restored`() {
    let generator = RandomGenerator(seed: 9)
    _ = generator.normal([3])
    let saved = generator.state.value.evaluated()
    let next = generator.normal([4]).doubles
    generator.state.assign(saved)
    #expect(generator.normal([4]).doubles == next)
  }

  @Test func `Compiled functions draw anew at each call`() {
    let generator = RandomGenerator(seed: 11)
    let draw = compile { (x: Tensor) -> Tensor in x + generator.uniform([4], dtype: .float64) }
    let zero = Tensor.zeros([4], dtype: .float64)
    let drawn = [draw(zero).doubles, draw(zero).doubles]
    let again = RandomGenerator(seed: 11)
    #expect(drawn == [again.uniform([4], dtype: .float64).doubles, again.uniform([4], dtype: .float64).doubles])
  }
}

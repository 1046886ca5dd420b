import TensorCore
import Testing

/// The distributions that are made of uniform and normal numbers.
struct DistributionTests {
  private func moments(_ x: Tensor) -> (mean: Double, variance: Double) {
    let all = RandomTests.moments(x.doubles)
    return (all.mean, all.variance)
  }
  private let count = 20_000

  @Test func `normal numbers are truncated at two standard deviations`() {
    let x = RandomGenerator(seed: 1).truncatedNormal([count], mean: 1, standardDeviation: 2)
    let (mean, variance) = moments(x)
    #expect(x.doubles.allSatisfy { $0 >= -3 && $0 <= 5 })
    #expect(Swift.abs(mean - 1) < 0.05)
    // Of the standard normal distribution between −2 and 2: 0.7737.
    #expect(Swift.abs(variance - 4 * 0.7737) < 0.1)
  }

  @Test func `whole numbers are equally likely`() {
    let x = RandomGenerator(seed: 2).randomInteger([count], low: -2, high: 3)
    #expect(x.dtype == .int32)
    for value in -2..<3 { #expect(Swift.abs(Double(x.doubles.count { $0 == Double(value) }) / Double(count) - 0.2) < 0.015) }
  }

  @Test func `classes come with their probabilities`() {
    let probabilities = [0.1, 0.6, 0.3]
    let logits = log(Tensor([probabilities, probabilities.reversed()]))
    let x = RandomGenerator(seed: 3).categorical(logits, count: count)
    #expect(x.shape == [2, count] && x.dtype == .int32)
    for (number, probability) in probabilities.enumerated() {
      let first = x.doubles.prefix(count).count { $0 == Double(number) }, second = x.doubles.suffix(count).count { $0 == Double(2 - number) }
      #expect(Swift.abs(Double(first) / Double(count) - probability) < 0.015)
      #expect(Swift.abs(Double(second) / Double(count) - probability) < 0.015)
    }
  }

  @Test(arguments: [0.5, 1, 3.5]) func `gamma numbers have mean and variance alpha`(_ alpha: Double) {
    let (mean, variance) = moments(RandomGenerator(seed: 4).gamma([count], alpha: alpha, dtype: .float64))
    #expect(Swift.abs(mean - alpha) < 0.06 && Swift.abs(variance - alpha) < 0.15 * alpha)
  }

  @Test func `beta and binomial numbers have their moments`() {
    let beta = RandomGenerator(seed: 5).beta([count], alpha: 2, beta: 3, dtype: .float64)
    #expect(Swift.abs(moments(beta).mean - 0.4) < 0.01 && Swift.abs(moments(beta).variance - 0.04) < 0.002)
    let binomial = RandomGenerator(seed: 6).binomial([count], counts: 10, probability: 0.3)
    #expect(Swift.abs(moments(binomial).mean - 3) < 0.05 && Swift.abs(moments(binomial).variance - 2.1) < 0.1)
  }

  @Test func `a shuffle keeps all slices`() {
    let x = Tensor.range(20, dtype: .float64).reshaped([4, 5])
    let y = RandomGenerator(seed: 7).shuffle(x, axis: 1)
    #expect(y.doubles != x.doubles)
    #expect(sort(y, axis: 1).doubles == x.doubles)
    #expect((y[1..<2] - y[0..<1]).doubles.allSatisfy { $0 == 5 })
  }

  @Test func `dropout keeps the mean and a shared fate`() {
    let x = RandomGenerator(seed: 8).dropout(Tensor.ones([200, 100]), rate: 0.25, noiseShape: [200, 1])
    #expect(Swift.abs(moments(x).mean - 1) < 0.1)
    #expect((x.max(axis: 1) - x.min(axis: 1)).doubles.allSatisfy { $0 == 0 })
  }

  @Test func `the seed and the draw decide`() {
    let generator = RandomGenerator(seed: 9)
    let first = generator.gamma([3], alpha: 2).doubles
    #expect(generator.gamma([3], alpha: 2).doubles != first)
    #expect(RandomGenerator(seed: 9).gamma([3], alpha: 2).doubles == first)
    // Inside a compiled function each call draws anew.
    let draw = compile { (_: Tensor) in generator.beta([3], alpha: 1, beta: 1) }
    #expect(draw(Tensor(0.0)).doubles != draw(Tensor(0.0)).doubles)
  }
}

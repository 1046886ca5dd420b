import Foundation

/// The distributions of `keras.random`.
extension RandomGenerator {
  /// Independent numbers, normally distributed; those more than two standard deviations from the mean are drawn anew.
  /// Source: https://keras.io/api/random/random_ops/#truncatednormal-function
  public func truncatedNormal(_ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32) -> Tensor {
    // The inverse of the distribution function, between its values at −2 and 2.
    let edge = Foundation.erf(2.0.squareRoot())
    let place = uniform(shape, low: -edge, high: edge, dtype: dtype)
    let limit = Tensor(number: 2)
    return clip(2.0.squareRoot() * erfinv(place), -limit, limit) * standardDeviation + mean
  }

  /// Independent whole numbers, uniform in [`low`, `high`). (Keras's `randint`.)
  public func randomInteger(_ shape: [Int], low: Int, high: Int, dtype: DType = .int32) -> Tensor {
    if low >= high { programmingError("randomInteger: there is no whole number from \(low) to below \(high)") }
    let place = floor(uniform(shape, low: 0, high: Double(high - low), dtype: .float64))
    return (minimum(place, Tensor(number: Double(high - low - 1))) + Double(low)).cast(to: dtype)
  }

  /// Class numbers (`int32` [batch, `count`]) drawn with the probabilities softmax of each row of `logits` [batch, classes].
  /// Source: https://keras.io/api/random/random_ops/#categorical-function
  public func categorical(_ logits: Tensor, count: Int) -> Tensor {
    guard logits.rank == 2, logits.dtype.isFloatingPoint else {
      programmingError("categorical: logits \(logits.dtype) \(logits.shape); a floating-point matrix [batch, classes] was expected")
    }
    let u = uniform([logits.shape[0], count, logits.shape[1]], dtype: logits.dtype)
    // The greatest of the logits with Gumbel noise: each class is it with its probability.
    let noise = -log(-log(maximum(u, Tensor(number: 1e-30))))
    return (logits.expandingShape(at: 1) + noise).argmax(axis: -1)
  }

  /// With each element zero with probability `rate`, and the others divided by 1 − `rate`. Along axes where `noiseShape` has 1, elements
  /// share their fate.
  /// Source: https://keras.io/api/random/random_ops/#dropout-function
  public func dropout(_ x: Tensor, rate: Double, noiseShape: [Int]? = nil) -> Tensor {
    if rate <= 0 { return x }
    if rate >= 1 { return Tensor.zeros(x.shape, dtype: x.dtype) }
    let isKept = bernoulli(noiseShape ?? x.shape, probability: 1 - rate)
    return select(isKept, x / (1 - rate), Tensor.zeros([], dtype: x.dtype))
  }

  /// The slices along an axis in random order.
  /// Source: https://keras.io/api/random/random_ops/#shuffle-function
  public func shuffle(_ x: Tensor, axis: Int = 0) -> Tensor {
    let axis = x.normalized(axis: axis, "shuffle")
    return take(x, argsort(uniform([x.shape[axis]], dtype: .float64)), axis: axis)
  }

  /// Independent numbers of the gamma distribution with shape parameter `alpha` and scale 1 (Marsaglia & Tsang, 2000). Has no
  /// derivative.
  public func gamma(_ shape: [Int], alpha: Double, dtype: DType = .float32) -> Tensor {
    if !(alpha > 0) { programmingError("gamma: alpha is \(alpha); a number greater than 0 was expected") }
    return sampled("gamma", shape, dtype) { $0.gamma(alpha) }
  }

  /// Independent numbers of the beta distribution: x / (x + y) for x and y of gamma distributions with `alpha` and `beta`. Has no
  /// derivative.
  /// Source: https://keras.io/api/random/random_ops/#beta-function
  public func beta(_ shape: [Int], alpha: Double, beta: Double, dtype: DType = .float32) -> Tensor {
    if !(alpha > 0 && beta > 0) { programmingError("beta: alpha is \(alpha) and beta \(beta); numbers greater than 0 were expected") }
    return sampled("beta", shape, dtype) { source in
      let x = source.gamma(alpha), y = source.gamma(beta)
      return x + y > 0 ? x / (x + y) : source.uniform() < alpha / (alpha + beta) ? 1 : 0
    }
  }

  /// How many of `counts` independent trials succeed, each with the given probability. Has no derivative.
  /// Source: https://keras.io/api/random/random_ops/#binomial-function
  public func binomial(_ shape: [Int], counts: Int, probability: Double, dtype: DType = .float32) -> Tensor {
    guard counts >= 0, probability >= 0, probability <= 1 else {
      programmingError("binomial: \(counts) trials of probability \(probability)")
    }
    return sampled("binomial", shape, dtype) { source in
      (0..<counts).reduce(0.0) { sum, _ in sum + (source.uniform() < probability ? 1 : 0) }
    }
  }

  /// One number from a source of its own for each element, which its place and the generator's state decide.
  fileprivate func sampled(_ name: String, _ shape: [Int], _ dtype: DType, _ draw: @escaping @Sendable (inout ElementSource) -> Double) -> Tensor {
    let key = nextKey()
    return ofBatch(shape) { shape in
      hostComputation(name, [key], shape: shape, dtype: dtype) { inputs, _, _, _ in [nil] } body: { inputs in
        let key = UInt64(UInt32(bitPattern: Int32(inputs[0][0]))) << 32 | UInt64(UInt32(bitPattern: Int32(inputs[0][1])))
        return (0..<shape.reduce(1, *)).map { element in
          var source = ElementSource(key: key, element: UInt64(element))
          return draw(&source)
        }
      }
    }
  }
}

/// SplitMix64 (Steele, Lea & Flood, 2014), begun anew for each element.
private struct ElementSource {
  private var state: UInt64

  init(key: UInt64, element: UInt64) {
    state = key
    state = next() ^ element &* 0xD134_2543_DE82_EF95
    state = next()
  }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// In (0, 1).
  mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) / 9_007_199_254_740_992 }

  mutating func normal() -> Double {
    (-2 * Foundation.log(uniform())).squareRoot() * Foundation.cos(2 * Double.pi * uniform())
  }

  mutating func gamma(_ alpha: Double) -> Double {
    // A shape below 1 is reached from the next one by a power of a uniform number.
    if alpha < 1 { return gamma(alpha + 1) * Foundation.pow(uniform(), 1 / alpha) }
    let d = alpha - 1.0 / 3, c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      if v > 0 && Foundation.log(uniform()) < 0.5 * x * x + d - d * v + d * Foundation.log(v) { return d * v }
    }
  }
}

extension Initializer {
  /// Uniform in [`low`, `high`). (Keras calls them `minval` and `maxval`.)
  /// - Parameters:
  ///   - low: the least number.
  ///   - high: what all numbers are below; less than `low` is refused where the initializer is used.
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  public static func randomUniform(low: Double = -0.05, high: Double = 0.05, seed: Int? = nil) -> Initializer {
    Initializer(
      "RandomUniform", name: "random_uniform",
      config: ["minval": JSONValue(low), "maxval": JSONValue(high), "seed": .optional(seed)], seed: seed,
      problem: problem("RandomUniform", low <= high ? nil : "maxval is \(high); it must be at least minval, \(low)")
    ) { shape, dtype, generator in generator.uniform(shape, low: low, high: high, dtype: dtype) }
  }
  /// With default settings.
  public static let randomUniform = randomUniform()

  /// Normal. (Keras calls the standard deviation `stddev`.)
  /// - Parameters:
  ///   - mean: the middle.
  ///   - standardDeviation: at least 0; another is refused where the initializer is used.
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  public static func randomNormal(mean: Double = 0, standardDeviation: Double = 0.05, seed: Int? = nil) -> Initializer {
    Initializer(
      "RandomNormal", name: "random_normal",
      config: ["mean": JSONValue(mean), "stddev": JSONValue(standardDeviation), "seed": .optional(seed)], seed: seed,
      problem: deviationProblem("RandomNormal", standardDeviation)
    ) { shape, dtype, generator in
      generator.normal(shape, mean: mean, standardDeviation: standardDeviation, dtype: dtype)
    }
  }
  /// With default settings.
  public static let randomNormal = randomNormal()

  /// Normal, with what lies further than two standard deviations from the mean drawn again.
  /// - Parameters:
  ///   - mean: the middle.
  ///   - standardDeviation: that of the normal distribution before the cut, at least 0; what comes out has 0.8796 of it. Another is
  ///     refused where the initializer is used.
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  public static func truncatedNormal(mean: Double = 0, standardDeviation: Double = 0.05, seed: Int? = nil) -> Initializer {
    Initializer(
      "TruncatedNormal", name: "truncated_normal",
      config: ["mean": JSONValue(mean), "stddev": JSONValue(standardDeviation), "seed": .optional(seed)], seed: seed,
      problem: deviationProblem("TruncatedNormal", standardDeviation)
    ) { shape, dtype, generator in
      truncatedNormal(shape, dtype, generator) * standardDeviation + mean
    }
  }
  /// With default settings.
  public static let truncatedNormal = truncatedNormal()

  /// The standard normal distribution cut at ±2, from one uniform number per element by the inverse of its distribution function.
  static func truncatedNormal(_ shape: [Int], _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    // erf(√2): the normal distribution has this much of its mass within ±2.
    let mass = 0.9544997361036416
    let y = generator.uniform(shape, low: -mass, high: mass, dtype: dtype)
    return clip(inverseErrorFunction(y) * 2.0.squareRoot(), -2, 2)
  }

  /// erf⁻¹(y) for |y| < 0.96, to the last few bits.
  ///
  /// The start is the central polynomial of Giles, "Approximating the erfinv function" (2010), exact to 10⁻⁷; Newton's
  /// method doubles its digits.
  static func inverseErrorFunction(_ y: Tensor) -> Tensor {
    let w = -log((1 - y) * (1 + y)) - 2.5
    let coefficients = [
      2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
      0.246640727, 1.50140941,
    ]
    var x = y * coefficients.dropFirst().reduce(Tensor(number: coefficients[0])) { $0 * w + $1 }
    if y.dtype == .float64 {
      x = x - (erf(x) - y) * exp(square(x)) * (Double.pi.squareRoot() / 2)
    }
    return x
  }

  static func deviationProblem(_ className: String, _ deviation: Double) -> DescentError? {
    problem(className, NumberRange.nonNegative.problem("stddev", deviation))
  }
}

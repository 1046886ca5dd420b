extension ActivationFunction {
  /// max(x, 0).
  public static let relu = relu()

  /// `maxValue` where x ≥ `maxValue`; x where `threshold` ≤ x < `maxValue`; `negativeSlope` · (x − `threshold`) below.
  public static func relu(negativeSlope: Double = 0, maxValue: Double? = nil, threshold: Double = 0) -> ActivationFunction {
    ActivationFunction(
      "relu",
      config: [
        "negative_slope": JSONValue(negativeSlope), "max_value": .optional(maxValue), "threshold": JSONValue(threshold),
      ],
      problem: problem(
        "relu", NumberRange.any.problem("negative_slope", negativeSlope),
        maxValue ?? 0 >= 0 ? nil : "max_value is \(maxValue ?? 0); it must be at least 0",
        NumberRange.nonNegative.problem("threshold", threshold))
    ) { x in
      var result = x
      if threshold != 0 {
        let low = negativeSlope == 0 ? Tensor(number: 0) : (x - threshold) * negativeSlope
        result = select(x .>= Tensor(number: threshold), x, low)
      } else if negativeSlope == 0 {
        result = TensorCore.relu(x)
      } else {
        result = select(x .> 0, x, x * negativeSlope)
      }
      return maxValue.map { minimum(result, Tensor(number: $0)) } ?? result
    }
  }

  /// min(max(x, 0), 6).
  public static let relu6 = ActivationFunction("relu6") { minimum(maximum($0, 0), 6) }

  /// x where x ≥ 0, `negativeSlope` · x elsewhere. (Keras's function has a slope of 0.2, its layer `LeakyReLU` 0.3.)
  public static func leakyReLU(negativeSlope: Double = 0.2) -> ActivationFunction {
    ActivationFunction(
      "leaky_relu", config: ["negative_slope": JSONValue(negativeSlope)],
      problem: problem("leaky_relu", NumberRange.any.problem("negative_slope", negativeSlope))
    ) { x in select(x .>= 0, x, x * negativeSlope) }
  }
  /// With default settings.
  public static let leakyReLU = leakyReLU()

  /// x where x > 0, `alpha` · (eˣ − 1) elsewhere (Clevert et al., 2016).
  public static func elu(alpha: Double = 1) -> ActivationFunction {
    ActivationFunction(
      "elu", config: ["alpha": JSONValue(alpha)],
      problem: problem("elu", NumberRange.any.problem("alpha", alpha))
    ) { exponentialLinear($0, scale: alpha) }
  }
  /// With default settings.
  public static let elu = elu()

  /// max(x, 0) + `alpha` · (e^(min(x, 0) / `alpha`) − 1) (Barron, 2017).
  public static func celu(alpha: Double = 1) -> ActivationFunction {
    ActivationFunction(
      "celu", config: ["alpha": JSONValue(alpha)],
      problem: problem("celu", alpha == 0 ? "alpha is 0, by which a number is divided" : NumberRange.any.problem("alpha", alpha))
    ) { x in select(x .> 0, x, expm1(select(x .> 0, 0, x) / alpha) * alpha) }
  }
  /// With default settings.
  public static let celu = celu()

  /// 1.0507009873554805 · elu(x) with alpha 1.6732632423543772 (Klambauer et al., 2017).
  public static let selu = ActivationFunction("selu") { x in
    exponentialLinear(x, scale: 1.6732632423543772) * 1.0507009873554805
  }

  /// The exponential is taken of what is not positive only: beyond that it would overflow, and 0 · ∞ spoil the derivative. (A
  /// minimum would do that too, but has a derivative of its own at zero.)
  private static func exponentialLinear(_ x: Tensor, scale: Double) -> Tensor {
    select(x .> 0, x, expm1(select(x .> 0, 0, x)) * scale)
  }

  /// x > `threshold` ? x : `value`. (Keras calls the second argument `default_value`.)
  public static func threshold(_ threshold: Double, default value: Double) -> ActivationFunction {
    ActivationFunction(
      "threshold", config: ["threshold": JSONValue(threshold), "default_value": JSONValue(value)],
      problem: problem("threshold", threshold.isNaN ? "threshold is NaN" : nil)
    ) { x in select(x .> Tensor(number: threshold), x, Tensor(number: value)) }
  }
}

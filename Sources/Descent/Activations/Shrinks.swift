extension ActivationFunction {
  /// x where |x| > `threshold`, 0 elsewhere.
  public static func hardShrink(threshold: Double = 0.5) -> ActivationFunction {
    ActivationFunction(
      "hard_shrink", config: ["threshold": JSONValue(threshold)], problem: shrinkProblem("hard_shrink", threshold)
    ) { x in select(abs(x) .> Tensor(number: threshold), x, 0) }
  }
  /// With default settings.
  public static let hardShrink = hardShrink()

  /// x moved toward zero by `threshold`, and 0 within it.
  public static func softShrink(threshold: Double = 0.5) -> ActivationFunction {
    ActivationFunction(
      "soft_shrink", config: ["threshold": JSONValue(threshold)], problem: shrinkProblem("soft_shrink", threshold)
    ) { x in
      select(
        x .> Tensor(number: threshold), x - threshold, select(x .< Tensor(number: -threshold), x + threshold, 0))
    }
  }
  /// With default settings.
  public static let softShrink = softShrink()

  /// x − tanh(x).
  public static let tanhShrink = ActivationFunction("tanh_shrink") { x in x - TensorCore.tanh(x) }

  private static func shrinkProblem(_ name: String, _ threshold: Double) -> DescentError? {
    problem(name, NumberRange.nonNegative.problem("threshold", threshold))
  }
}

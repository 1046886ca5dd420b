extension ActivationFunction {
  /// x.
  public static let linear = ActivationFunction("linear") { $0 }

  /// eˣ.
  public static let exponential = ActivationFunction("exponential") { exp($0) }

  /// log(1 + eˣ).
  public static let softplus = ActivationFunction("softplus") { TensorCore.softplus($0) }

  /// 0 where x ≤ −1, (x + 1)² / 4 between, x where x ≥ 1.
  public static let sparsePlus = ActivationFunction("sparse_plus") { x in
    select(x .<= -1, 0, select(x .< 1, square(x + 1) * 0.25, x))
  }

  /// (x + √(x² + `b`)) / 2 (Barron, 2021).
  public static func squareplus(b: Double = 4) -> ActivationFunction {
    ActivationFunction(
      "squareplus", config: ["b": JSONValue(b)],
      problem: problem("squareplus", NumberRange.positive.problem("b", b))
    ) { x in (x + sqrt(square(x) + b)) * 0.5 }
  }
  /// With default settings.
  public static let squareplus = squareplus()
}

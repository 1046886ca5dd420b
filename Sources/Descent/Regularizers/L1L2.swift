extension Regularizer {
  /// `l1` · Σ |x|.
  public static func l1(_ l1: Double = 0.01) -> Regularizer {
    Regularizer("L1", name: "l1", config: ["l1": JSONValue(l1)], problem: factorProblem("L1", ["l1": l1])) { x in
      abs(x).sum() * l1
    }
  }
  /// With default settings.
  public static let l1 = l1()

  /// `l2` · Σ x² (without a half).
  public static func l2(_ l2: Double = 0.01) -> Regularizer {
    Regularizer("L2", name: "l2", config: ["l2": JSONValue(l2)], problem: factorProblem("L2", ["l2": l2])) { x in
      square(x).sum() * l2
    }
  }
  /// With default settings.
  public static let l2 = l2()

  /// `l1` · Σ |x| + `l2` · Σ x².
  public static func l1l2(l1: Double = 0, l2: Double = 0) -> Regularizer {
    Regularizer(
      "L1L2", name: "l1l2", config: ["l1": JSONValue(l1), "l2": JSONValue(l2)],
      problem: factorProblem("L1L2", ["l1": l1, "l2": l2])
    ) { x in
      switch (l1 != 0, l2 != 0) {
      case (true, true): abs(x).sum() * l1 + square(x).sum() * l2
      case (true, false): abs(x).sum() * l1
      case (false, true): square(x).sum() * l2
      case (false, false): Tensor.zeros([], dtype: x.dtype)
      }
    }
  }
  /// With default settings.
  public static let l1l2 = l1l2()

  static func factorProblem(_ className: String, _ factors: KeyValuePairs<String, Double>) -> DescentError? {
    factors.lazy.compactMap { problem(className, NumberRange.nonNegative.problem($0.key, $0.value)) }.first
  }
}

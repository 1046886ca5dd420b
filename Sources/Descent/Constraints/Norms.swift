extension Constraint {
  /// Vectors longer than `maxValue` are scaled down to it (up to a relative 10⁻⁷).
  /// - Parameters:
  ///   - maxValue: not negative.
  ///   - axes: those along which a vector lies.
  public static func maxNorm(_ maxValue: Double = 2, axes: [Int] = [0]) -> Constraint {
    Constraint(
      "MaxNorm", name: "max_norm", config: ["max_value": JSONValue(maxValue), "axis": axisSetting(axes)],
      problem: problem("MaxNorm", maxValue >= 0 ? nil : "max_value is \(maxValue); it must be at least 0")
    ) { w in
      let norm = w.norm(alongAxes: axes)
      return w * (clip(norm, 0, Tensor(number: maxValue)) / (norm + fuzz))
    }
  }
  /// With default settings.
  public static let maxNorm = maxNorm()

  /// The norm n of each vector moves towards `minValue`…`maxValue`: it becomes rate · (n cut to them) + (1 − rate) · n.
  /// - Parameters:
  ///   - minValue: not negative.
  ///   - maxValue: not less than `minValue`.
  ///   - rate: 1 enforces the bounds at once, less does so gradually.
  ///   - axes: those along which a vector lies.
  public static func minMaxNorm(
    minValue: Double = 0, maxValue: Double = 1, rate: Double = 1, axes: [Int] = [0]
  ) -> Constraint {
    Constraint(
      "MinMaxNorm", name: "min_max_norm",
      config: [
        "min_value": JSONValue(minValue), "max_value": JSONValue(maxValue), "rate": JSONValue(rate), "axis": axisSetting(axes),
      ],
      problem: problem(
        "MinMaxNorm", NumberRange.nonNegative.problem("min_value", minValue),
        maxValue >= minValue ? nil : "max_value is \(maxValue); it must be at least min_value, \(minValue)",
        NumberRange.fraction.problem("rate", rate))
    ) { w in
      let norm = w.norm(alongAxes: axes)
      let wanted = clip(norm, Tensor(number: minValue), Tensor(number: maxValue)) * rate + norm * (1 - rate)
      return w * (wanted / (norm + fuzz))
    }
  }
  /// With default settings.
  public static let minMaxNorm = minMaxNorm()

  /// Each vector is divided by its length.
  /// - Parameter axes: those along which a vector lies.
  public static func unitNorm(axes: [Int] = [0]) -> Constraint {
    Constraint("UnitNorm", name: "unit_norm", config: ["axis": axisSetting(axes)]) { w in
      w / (w.norm(alongAxes: axes) + fuzz)
    }
  }
  /// With default settings.
  public static let unitNorm = unitNorm()

  private static func axisSetting(_ axes: [Int]) -> JSONValue {
    axes.count == 1 ? JSONValue(axes[0]) : .array(axes.map { JSONValue($0) })
  }
}

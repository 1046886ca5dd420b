extension Loss {
  /// −t log p − (1 − t) log(1 − p), averaged over `axis`: for one or several independent yes-or-no outputs.
  ///
  /// - Parameters:
  ///   - fromLogits: the predictions are x with p = sigmoid(x), and the loss is computed from x without overflow. Otherwise they
  ///     are probabilities, cut to 10⁻⁷ … 1 − 10⁻⁷ unless the logits behind them are known.
  ///   - labelSmoothing: s in 0…1; targets become t (1 − s) + s / 2.
  ///   - axis: what the values are averaged over, with axis 0 counting the samples; negative from the end.
  public static func binaryCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1) -> Loss {
    Loss(
      "BinaryCrossentropy", name: "binary_crossentropy",
      config: ["from_logits": .bool(fromLogits), "label_smoothing": JSONValue(labelSmoothing), "axis": JSONValue(axis)],
      problem: smoothingProblem("BinaryCrossentropy", labelSmoothing), forClasses: true, fromLogits: fromLogits
    ) { input in
      let target = smoothedBinary(input.target, by: labelSmoothing)
      return binaryCrossentropy(target, input, fromLogits: fromLogits).mean(axis: axis)
    }
  }
  /// With default settings.
  public static let binaryCrossentropy = binaryCrossentropy()

  /// Element by element.
  static func binaryCrossentropy(_ target: Tensor, _ input: Input, fromLogits: Bool) -> Tensor {
    let logits = fromLogits ? input.prediction : input.logits.flatMap { $0.activation == .sigmoid ? $0.values : nil }
    if let logits {
      // Each term keeps its relative precision; softplus(x) − t x would not where x is large and t = 1.
      return target * softplus(-logits) + (1 - target) * softplus(logits)
    }
    let p = clip(input.prediction, Tensor(number: fuzz), Tensor(number: 1 - fuzz))
    return -(target * log(p) + (1 - target) * log(1 - p))
  }

  static func smoothedBinary(_ target: Tensor, by smoothing: Double) -> Tensor {
    smoothing == 0 ? target : target * (1 - smoothing) + 0.5 * smoothing
  }

  static func smoothingProblem(_ className: String, _ smoothing: Double) -> DescentError? {
    problem(className, NumberRange.fraction.problem("label_smoothing", smoothing))
  }
}

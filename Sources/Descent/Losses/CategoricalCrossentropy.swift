extension Loss {
  /// −Σ t log p along `axis`: for one-hot (or any other) distributions t over classes.
  ///
  /// - Parameters:
  ///   - fromLogits: the predictions are x with p = softmax(x), and the loss is computed from x without overflow. Otherwise they
  ///     are divided by their sum and cut to 10⁻⁷ … 1 − 10⁻⁷, unless the logits behind them are known.
  ///   - labelSmoothing: s in 0…1; targets become t (1 − s) + s / (number of classes).
  ///   - axis: that of the classes, with axis 0 counting the samples; negative from the end.
  public static func categoricalCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1) -> Loss {
    Loss(
      "CategoricalCrossentropy", name: "categorical_crossentropy",
      config: ["from_logits": .bool(fromLogits), "label_smoothing": JSONValue(labelSmoothing), "axis": JSONValue(axis)],
      problem: smoothingProblem("CategoricalCrossentropy", labelSmoothing), forClasses: true, fromLogits: fromLogits
    ) { input in
      let target = smoothedCategorical(input.target, by: labelSmoothing).movingLast(axis)
      if let logits = softmaxLogits(input, fromLogits: fromLogits, axis: axis) {
        let (shifted, logSum) = shiftedLogits(logits)
        // A class that cannot be (t = 0) may have a logit of −∞, and 0 · ∞ would be NaN.
        return target.sum(axis: -1) * logSum - select(target .== 0, 0, target * shifted).sum(axis: -1)
      }
      return -(target * log(cutProbabilities(input.prediction.movingLast(axis)))).sum(axis: -1)
    }
  }
  /// With default settings.
  public static let categoricalCrossentropy = categoricalCrossentropy()

  static func smoothedCategorical(_ target: Tensor, by smoothing: Double) -> Tensor {
    smoothing == 0 ? target : target * (1 - smoothing) + smoothing / Double(target.shape.last ?? 1)
  }

  /// The logits with the class axis last, if they are known.
  static func softmaxLogits(_ input: Input, fromLogits: Bool, axis: Int) -> Tensor? {
    if fromLogits { return input.prediction.movingLast(axis) }
    guard let logits = input.logits, logits.activation == .softmax, axis == -1 || axis == logits.values.rank - 1 else {
      return nil
    }
    return logits.values
  }

  /// The logits less the greatest of their row, and the logarithm of the sum of their exponentials: −log softmax is the second
  /// less the first. Their derivative takes one pass over the row: no sum of its own.
  static func shiftedLogits(_ logits: Tensor) -> (shifted: Tensor, logSum: Tensor) {
    let shifted = logits - stopGradient(logits.max(axis: -1, keepDims: true))
    return (shifted, log(exp(shifted).sum(axis: -1)))
  }

  /// Probabilities along the last axis that sum to 1 and have a logarithm.
  static func cutProbabilities(_ prediction: Tensor) -> Tensor {
    let p = prediction / prediction.sum(axis: -1, keepDims: true)
    return clip(p, Tensor(number: fuzz), Tensor(number: 1 - fuzz))
  }
}

extension Loss {
  /// Σ `alpha` · (1 − p)^`gamma` · (−t log p) along `axis`: categorical cross-entropy in which easy samples count for less
  /// (Lin et al., 2018).
  ///
  /// - Parameters:
  ///   - alpha: multiplies the loss.
  ///   - gamma: the greater, the less easy samples count.
  ///   - fromLogits: as for ``categoricalCrossentropy(fromLogits:labelSmoothing:axis:)``.
  ///   - labelSmoothing: as for ``categoricalCrossentropy(fromLogits:labelSmoothing:axis:)``.
  ///   - axis: that of the classes, with axis 0 counting the samples; negative from the end.
  public static func categoricalFocalCrossentropy(
    alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1
  ) -> Loss {
    Loss(
      "CategoricalFocalCrossentropy", name: "categorical_focal_crossentropy",
      config: [
        "alpha": JSONValue(alpha), "gamma": JSONValue(gamma), "from_logits": .bool(fromLogits),
        "label_smoothing": JSONValue(labelSmoothing), "axis": JSONValue(axis),
      ],
      problem: focalProblem("CategoricalFocalCrossentropy", alpha, gamma, labelSmoothing), forClasses: true, fromLogits: fromLogits
    ) { input in
      let target = smoothedCategorical(input.target, by: labelSmoothing).movingLast(axis)
      let p: Tensor
      let logP: Tensor
      if let logits = softmaxLogits(input, fromLogits: fromLogits, axis: axis) {
        logP = logits.logSoftmax()
        p = exp(logP)
      } else {
        p = cutProbabilities(input.prediction.movingLast(axis))
        logP = log(p)
      }
      return -(focus(1 - p, gamma) * alpha * target * logP).sum(axis: -1)
    }
  }
  /// With default settings.
  public static let categoricalFocalCrossentropy = categoricalFocalCrossentropy()
}

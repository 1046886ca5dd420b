extension Loss {
  /// Binary cross-entropy times (1 − p_t)^`gamma`, where p_t is the probability of what is the case: easy samples count for less
  /// (Lin et al., 2018).
  ///
  /// - Parameters:
  ///   - applyClassBalancing: whether to multiply by `alpha` where the target is 1 and 1 − `alpha` where it is 0.
  ///   - alpha: the weight of targets 1 if classes are balanced.
  ///   - gamma: the greater, the less easy samples count.
  ///   - fromLogits: as for ``binaryCrossentropy(fromLogits:labelSmoothing:axis:)``.
  ///   - labelSmoothing: as for ``binaryCrossentropy(fromLogits:labelSmoothing:axis:)``.
  ///   - axis: what the values are averaged over, with axis 0 counting the samples; negative from the end.
  public static func binaryFocalCrossentropy(
    applyClassBalancing: Bool = false, alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false,
    labelSmoothing: Double = 0, axis: Int = -1
  ) -> Loss {
    Loss(
      "BinaryFocalCrossentropy", name: "binary_focal_crossentropy",
      config: [
        "apply_class_balancing": .bool(applyClassBalancing), "alpha": JSONValue(alpha), "gamma": JSONValue(gamma),
        "from_logits": .bool(fromLogits), "label_smoothing": JSONValue(labelSmoothing), "axis": JSONValue(axis),
      ],
      problem: focalProblem("BinaryFocalCrossentropy", alpha, gamma, labelSmoothing), forClasses: true, fromLogits: fromLogits
    ) { input in
      let target = smoothedBinary(input.target, by: labelSmoothing)
      let p = fromLogits ? sigmoid(input.prediction) : input.prediction
      let miss = target * (1 - p) + (1 - target) * p
      var values = focus(miss, gamma) * binaryCrossentropy(target, input, fromLogits: fromLogits)
      if applyClassBalancing { values *= target * alpha + (1 - target) * (1 - alpha) }
      return values.mean(axis: axis)
    }
  }
  /// With default settings.
  public static let binaryFocalCrossentropy = binaryFocalCrossentropy()

  /// missᵞ. Products where they do: a power has no derivative at zero for gamma below 1, and costs more.
  static func focus(_ miss: Tensor, _ gamma: Double) -> Tensor {
    switch gamma {
    case 0: Tensor.ones([], dtype: miss.dtype)
    case 1: miss
    case 2: square(miss)
    default: pow(miss, gamma)
    }
  }

  static func focalProblem(_ className: String, _ alpha: Double, _ gamma: Double, _ smoothing: Double) -> DescentError? {
    problem(
      className, NumberRange.any.problem("alpha", alpha), NumberRange.nonNegative.problem("gamma", gamma))
      ?? smoothingProblem(className, smoothing)
  }
}

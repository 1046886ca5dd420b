extension Loss {
  /// The mean over the last axis of max(1 − target · prediction, 0). Targets are −1 or 1; if those of a batch are all 0 or 1, they
  /// are taken as −1 and 1.
  public static let hinge = Loss("Hinge", name: "hinge") { input in
    relu(1 - signedLabels(input.target) * input.prediction).mean(axis: -1)
  }

  /// ``hinge`` with the square of the maximum.
  public static let squaredHinge = Loss("SquaredHinge", name: "squared_hinge") { input in
    square(relu(1 - signedLabels(input.target) * input.prediction)).mean(axis: -1)
  }

  /// max(m − p + 1, 0) with the prediction p of the class that the one-hot target names and the greatest m of the others'
  /// (Crammer & Singer, 2001).
  public static let categoricalHinge = Loss("CategoricalHinge", name: "categorical_hinge") { input in
    let named = (input.target * input.prediction).sum(axis: -1)
    let others = ((1 - input.target) * input.prediction).max(axis: -1)
    return relu(others - named + 1)
  }

  private static func signedLabels(_ target: Tensor) -> Tensor {
    let isOther = (target .!= 0 .&& target .!= 1).cast(to: target.dtype)
    return select(isOther.sum() .== 0, target * 2 - 1, target)
  }
}

extension Loss {
  /// The mean over the last axis of |target − prediction|.
  public static let meanAbsoluteError = Loss("MeanAbsoluteError", name: "mean_absolute_error") { input in
    abs(input.target - input.prediction).mean(axis: -1)
  }

  /// 100 · the mean over the last axis of |target − prediction| / max(|target|, 10⁻⁷).
  public static let meanAbsolutePercentageError = Loss(
    "MeanAbsolutePercentageError", name: "mean_absolute_percentage_error"
  ) { input in
    let scale = maximum(abs(input.target), Tensor(number: fuzz))
    return abs((input.target - input.prediction) / scale).mean(axis: -1) * 100
  }
}

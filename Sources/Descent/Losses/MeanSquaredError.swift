extension Loss {
  /// The mean over the last axis of (target − prediction)².
  public static let meanSquaredError = Loss("MeanSquaredError", name: "mean_squared_error") { input in
    square(input.target - input.prediction).mean(axis: -1)
  }
}

extension Loss {
  /// The mean over the last axis of (log(1 + target) − log(1 + prediction))²; negative numbers count as zero.
  public static let meanSquaredLogarithmicError = Loss(
    "MeanSquaredLogarithmicError", name: "mean_squared_logarithmic_error"
  ) { input in
    func logarithm(_ x: Tensor) -> Tensor { log1p(maximum(x, Tensor(number: fuzz))) }
    return square(logarithm(input.prediction) - logarithm(input.target)).mean(axis: -1)
  }
}

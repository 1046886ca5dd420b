extension Metric {
  /// The mean over the samples of Pearson's correlation of target and prediction along `axis`: −1 … 1. A sample whose targets or
  /// predictions are all equal has a correlation of 0. (In Keras it makes the mean NaN.)
  public static func pearsonCorrelation(axis: Int = -1) -> Metric {
    Metric(
      "PearsonCorrelation", name: "pearson_correlation", config: ["axis": JSONValue(axis)], direction: .up,
      MeanOfValues(check: { try checkAlike("pearson_correlation", $0, $1, axis: axis) }) { input in
        let (target, prediction) = alike(input)
        let (t, p) = (centred(target, axis), centred(prediction, axis))
        let scale = sqrt(square(t).mean(axis: axis) * square(p).mean(axis: axis))
        let hasNone = scale .== 0
        return select(hasNone, 0, (t * p).mean(axis: axis) / select(hasNone, 1, scale))
      })
  }
  /// With default settings.
  public static let pearsonCorrelation = pearsonCorrelation()

  /// The mean over the samples of 2 cov(t, p) / (var t + var p + (mean t − mean p)² + 10⁻⁷) along `axis` (Lin, 1989): Pearson's
  /// correlation lessened by differences in scale and place.
  public static func concordanceCorrelation(axis: Int = -1) -> Metric {
    Metric(
      "ConcordanceCorrelation", name: "concordance_correlation", config: ["axis": JSONValue(axis)], direction: .up,
      MeanOfValues(check: { try checkAlike("concordance_correlation", $0, $1, axis: axis) }) { input in
        let (target, prediction) = alike(input)
        let (t, p) = (centred(target, axis), centred(prediction, axis))
        let gap = target.mean(axis: axis) - prediction.mean(axis: axis)
        return (t * p).mean(axis: axis) * 2
          / (square(t).mean(axis: axis) + square(p).mean(axis: axis) + square(gap) + fuzz)
      })
  }
  /// With default settings.
  public static let concordanceCorrelation = concordanceCorrelation()

  private static func centred(_ x: Tensor, _ axis: Int) -> Tensor { x - x.mean(axes: [axis], keepDims: true) }
}

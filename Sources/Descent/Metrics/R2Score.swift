extension Metric {
  /// How the scores of several outputs become one.
  public enum ClassAggregation: String, Sendable, CaseIterable {
    /// Their mean.
    case uniformAverage = "uniform_average"
    /// Their mean weighted by the variance of each output's targets.
    case varianceWeightedAverage = "variance_weighted_average"
  }

  /// The coefficient of determination, 1 − Σ (t − p)² / Σ (t − mean t)², of predictions [samples, outputs]: 1 for perfect
  /// predictions, 0 for what always predicting the mean gives. Where all targets are equal it is 1 for perfect predictions and 0 for
  /// others, as in scikit-learn; where no row counts it is 0, as all metrics are.
  ///
  /// - Parameters:
  ///   - classAggregation: nil for one figure per output.
  ///   - numRegressors: if not 0 the figure is adjusted for that many independent variables,
  ///     1 − (1 − R²) (n − 1) / (n − numRegressors − 1) with the number n of samples; where that is not positive R² is
  ///     left as it is. (Keras 3.15 takes for n the number of targets, outputs times samples.)
  public static func r2Score(
    classAggregation: ClassAggregation? = .uniformAverage, numRegressors: Int = 0
  ) -> Metric {
    Metric(
      "R2Score", name: "r2_score",
      config: [
        "class_aggregation": classAggregation.map { .string($0.rawValue) } ?? .null, "num_regressors": JSONValue(numRegressors),
      ],
      problem: problem("R2Score", NumberRange.nonNegative.problem("num_regressors", numRegressors)),
      direction: .up, R2Definition(aggregation: classAggregation, regressors: numRegressors))
  }
  /// With default settings.
  public static let r2Score = r2Score()
}

private struct R2Definition: MetricDefinition {
  let aggregation: Metric.ClassAggregation?
  let regressors: Int
  /// Whether each output of a row counts as a sample where the figure is adjusted.
  var countsOutputs = false

  var asInKeras: (any MetricDefinition)? {
    var copy = self
    copy.countsOutputs = true
    return copy
  }

  func validate(targetShape: [Int], predictionShape: [Int]) throws {
    guard predictionShape.count == 2, Loss.Shapes(aligning: targetShape, with: predictionShape) != nil else {
      throw DescentError(
        .data,
        "metric r2_score: expected targets and predictions of shape [samples, outputs], not \(targetShape) and \(predictionShape)")
    }
  }

  func makeVariables(predictionShape: [Int]) -> [Variable] {
    makeTotals(["sum", "squared_sum", "residual", "count"], shape: [predictionShape[1]]) + makeTotals(["num_samples"])
  }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    var (target, prediction) = Metric.alike(input)
    // The variance is the difference of two large sums, so these must be exact.
    (target, prediction) = (target.cast(to: .float64), prediction.cast(to: .float64))
    let weights =
      try input.sampleWeight.map { try Loss.fitted($0.cast(to: .float64), to: target.shape, "metric r2_score") }
      ?? Tensor.ones([1, 1], dtype: .float64)
    let weighted = target * weights
    variables[0].assignAdd(weighted.sum(axis: 0))
    variables[1].assignAdd((target * weighted).sum(axis: 0))
    variables[2].assignAdd((square(target - prediction) * weights).sum(axis: 0))
    variables[3].assignAdd(weights.broadcast(to: target.shape).sum(axis: 0))
    variables[4].assignAdd(Tensor(repeating: Double(countsOutputs ? target.count : target.shape[0]), dtype: .float64))
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    let spreads = totals[0].indices.map { index in
      let spread = totals[1][index] - totals[0][index] * ratio(totals[0][index], totals[3][index])
      // The difference of equal sums is not 0 but a rounding error, which grows with the number of terms.
      return spread <= 0x1p-52 * Swift.max(totals[4][0], 1) * totals[1][index] ? 0 : spread
    }
    let raw = totals[2].indices.map { index -> Double in
      let (residual, spread) = (totals[2][index], spreads[index])
      if totals[3][index] == 0 { return 0 }
      if spread == 0 { return residual == 0 ? 1 : 0 }
      return 1 - residual / spread
    }
    let scores: [Double]
    switch aggregation {
    case nil: scores = raw
    case .uniformAverage: scores = [raw.reduce(0, +) / Double(raw.count)]
    case .varianceWeightedAverage:
      let sum = spreads.reduce(0, +)
      scores = [
        sum == 0 ? raw.reduce(0, +) / Double(raw.count) : zip(raw, spreads).reduce(0) { $0 + $1.0 * $1.1 } / sum
      ]
    }
    return scores.enumerated().map { (scores.count == 1 ? "" : "_\($0.offset)", adjusted($0.element, totals[4][0])) }
  }

  private func adjusted(_ score: Double, _ samples: Double) -> Double {
    let freedom = samples - Double(regressors) - 1
    return regressors == 0 || freedom <= 0 ? score : 1 - (1 - score) * (samples - 1) / freedom
  }
}

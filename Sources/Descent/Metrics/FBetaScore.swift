extension Metric {
  /// How the scores of the classes become one.
  public enum Average: String, Sendable, CaseIterable {
    /// The score of all classes' counts together.
    case micro
    /// The mean of the classes' scores.
    case macro
    /// The mean weighted by how often each class occurs.
    case weighted
  }

  /// (1 + `beta`²) P R / (`beta`² P + R) with precision P and recall R, of predictions [samples, classes].
  ///
  /// - Parameters:
  ///   - average: nil for one figure per class.
  ///   - beta: how much more recall counts than precision, greater than 0.
  ///   - threshold: above which a prediction is positive; if nil the greatest of each sample is.
  public static func fBetaScore(average: Average? = nil, beta: Double = 1, threshold: Double? = nil) -> Metric {
    var config = scoreConfig(average, threshold)
    config["beta"] = JSONValue(beta)
    return score("FBetaScore", "fbeta_score", config, average, beta, threshold, isFoundByName: false)
  }
  /// With default settings.
  public static let fBetaScore = fBetaScore()

  /// The harmonic mean of precision and recall: ``fBetaScore(average:beta:threshold:)`` with a beta of 1.
  /// - Parameters:
  ///   - average: nil for one figure per class.
  ///   - threshold: above which a prediction is positive, greater than 0 and at most 1; if nil the greatest of each sample is.
  public static func f1Score(average: Average? = nil, threshold: Double? = nil) -> Metric {
    score("F1Score", "f1_score", scoreConfig(average, threshold), average, 1, threshold)
  }
  /// With default settings.
  public static let f1Score = f1Score()

  private static func scoreConfig(_ average: Average?, _ threshold: Double?) -> [String: JSONValue] {
    ["average": average.map { .string($0.rawValue) } ?? .null, "threshold": .optional(threshold)]
  }

  private static func score(
    _ className: String, _ name: String, _ config: [String: JSONValue], _ average: Average?, _ beta: Double,
    _ threshold: Double?, isFoundByName: Bool = true
  ) -> Metric {
    Metric(
      className, name: name, config: config,
      problem: problem(
        className, NumberRange.positive.problem("beta", beta),
        threshold.flatMap { NumberRange.interpolation.problem("threshold", $0) }),
      direction: .up, isFoundByName: isFoundByName, FBetaDefinition(name: name, average: average, beta: beta, threshold: threshold))
  }
}

private struct FBetaDefinition: MetricDefinition {
  let name: String
  let average: Metric.Average?
  let beta: Double
  let threshold: Double?

  func validate(targetShape: [Int], predictionShape: [Int]) throws {
    guard targetShape.count == 2, targetShape == predictionShape else {
      throw DescentError(
        .data,
        "metric \(name): expected targets and predictions of shape [samples, classes], not \(targetShape) and \(predictionShape)")
    }
  }

  func makeVariables(predictionShape: [Int]) -> [Variable] {
    makeTotals(["true_positives", "false_positives", "false_negatives"], shape: [predictionShape[1]])
  }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    let prediction = input.prediction
    let type = prediction.dtype
    let isPositive: Tensor
    if let threshold {
      isPositive = prediction .> Tensor(number: threshold)
    } else {
      // A row of zeros predicts nothing.
      isPositive = prediction .>= prediction.max(axis: -1, keepDims: true) .&& abs(prediction) .> 1e-9
    }
    let positive = isPositive.cast(to: type)
    let target = input.target.cast(to: type)
    let weights = try input.sampleWeight.map { try Loss.fitted($0.cast(to: type), to: prediction.shape, "metric \(name)") }
    func sum(_ values: Tensor) -> Tensor { (weights.map { values * $0 } ?? values).sum(axis: 0) }
    variables[0].assignAdd(sum(positive * target))
    variables[1].assignAdd(sum(positive * (1 - target)))
    variables[2].assignAdd(sum((1 - positive) * target))
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    func score(_ tp: Double, _ fp: Double, _ fn: Double) -> Double {
      let precision = tp / (tp + fp + fuzz)
      let recall = tp / (tp + fn + fuzz)
      return (1 + beta * beta) * precision * recall / (beta * beta * precision + recall + fuzz)
    }
    let (tp, fp, fn) = (totals[0], totals[1], totals[2])
    let scores = tp.indices.map { score(tp[$0], fp[$0], fn[$0]) }
    switch average {
    case nil: return scores.enumerated().map { (scores.count == 1 ? "" : "_\($0.offset)", $0.element) }
    case .micro: return [("", score(tp.reduce(0, +), fp.reduce(0, +), fn.reduce(0, +)))]
    case .macro: return [("", ratio(scores.reduce(0, +), Double(scores.count)))]
    case .weighted:
      let occurrences = zip(tp, fn).map(+)
      return [("", zip(scores, occurrences).reduce(0) { $0 + $1.0 * $1.1 } / (occurrences.reduce(0, +) + fuzz))]
    }
  }
}

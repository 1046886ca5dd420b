extension Metric {
  /// True positives / (true + false positives): how many of those predicted are right; 0 if none is predicted.
  ///
  /// - Parameters:
  ///   - thresholds: above which a prediction is positive, 0.5 if nil; there is one figure for each.
  ///   - topK: only the k greatest predictions of a sample can be positive; without `thresholds` they all are.
  ///   - classID: the only class that is looked at.
  public static func precision(thresholds: [Double]? = nil, topK: Int? = nil, classID: Int? = nil) -> Metric {
    retrieval("Precision", "precision", thresholds, topK, classID) { counts in
      zip(counts.truePositives, counts.falsePositives).map { ratio($0, $0 + $1) }
    }
  }
  /// With default settings.
  public static let precision = precision()

  /// True positives / (true positives + false negatives): how many of those that should be are predicted; 0 if none should be.
  ///
  /// - Parameters:
  ///   - thresholds: above which a prediction is positive, in 0…1, 0.5 if nil; there is one figure for each.
  ///   - topK: only the k greatest predictions of a sample can be positive; without `thresholds` they all are.
  ///   - classID: the only class that is looked at.
  public static func recall(thresholds: [Double]? = nil, topK: Int? = nil, classID: Int? = nil) -> Metric {
    retrieval("Recall", "recall", thresholds, topK, classID) { counts in
      zip(counts.truePositives, counts.falseNegatives).map { ratio($0, $0 + $1) }
    }
  }
  /// With default settings.
  public static let recall = recall()

  /// How many are predicted and should be.
  /// - Parameter thresholds: above which a prediction is positive, 0.5 if nil; there is one figure for each.
  public static func truePositives(thresholds: [Double]? = nil) -> Metric {
    count("TruePositives", "true_positives", thresholds, \.truePositives)
  }
  /// With default settings.
  public static let truePositives = truePositives()

  /// How many are predicted and should not be.
  /// - Parameter thresholds: above which a prediction is positive, in 0…1, 0.5 if nil; there is one figure for each.
  public static func falsePositives(thresholds: [Double]? = nil) -> Metric {
    count("FalsePositives", "false_positives", thresholds, \.falsePositives)
  }
  /// With default settings.
  public static let falsePositives = falsePositives()

  /// How many are not predicted and should not be.
  /// - Parameter thresholds: above which a prediction is positive, in 0…1, 0.5 if nil; there is one figure for each.
  public static func trueNegatives(thresholds: [Double]? = nil) -> Metric {
    count("TrueNegatives", "true_negatives", thresholds, \.trueNegatives)
  }
  /// With default settings.
  public static let trueNegatives = trueNegatives()

  /// How many are not predicted and should be.
  /// - Parameter thresholds: above which a prediction is positive, in 0…1, 0.5 if nil; there is one figure for each.
  public static func falseNegatives(thresholds: [Double]? = nil) -> Metric {
    count("FalseNegatives", "false_negatives", thresholds, \.falseNegatives)
  }
  /// With default settings.
  public static let falseNegatives = falseNegatives()

  private static func retrieval(
    _ className: String, _ name: String, _ thresholds: [Double]?, _ topK: Int?, _ classID: Int?,
    _ finish: @escaping @Sendable (ConfusionCounts.Counts) -> [Double]
  ) -> Metric {
    // All of the greatest k are positive unless a threshold says otherwise.
    var definition = ConfusionCounts(name, thresholds: thresholds ?? [topK == nil ? 0.5 : -.infinity]) { finish($0[0]) }
    definition.topK = topK
    definition.classID = classID
    return Metric(
      className, name: name,
      config: ["thresholds": numbers(thresholds), "top_k": .optional(topK), "class_id": .optional(classID)],
      problem: thresholdProblem(className, thresholds)
        ?? problem(className, NumberRange.count.problem("top_k", topK)),
      direction: .up, definition)
  }

  private static func count(
    _ className: String, _ name: String, _ thresholds: [Double]?,
    _ finish: @escaping @Sendable (ConfusionCounts.Counts) -> [Double]
  ) -> Metric {
    Metric(
      className, name: name, config: ["thresholds": numbers(thresholds)], problem: thresholdProblem(className, thresholds),
      direction: nil, ConfusionCounts(name, thresholds: thresholds ?? [0.5]) { finish($0[0]) })
  }

  static func thresholdProblem(_ className: String, _ thresholds: [Double]?) -> DescentError? {
    problem(
      className, thresholds?.isEmpty == true ? "thresholds is empty" : nil,
      NumberRange.fraction.problem("a threshold", in: thresholds))
  }

  static func numbers(_ values: [Double]?) -> JSONValue { values.map { .array($0.map { JSONValue($0) }) } ?? .null }
}

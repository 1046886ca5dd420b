extension Metric {
  /// The greatest sensitivity (recall) at which the specificity (rate of true negatives) is at least `specificity`.
  /// - Parameters:
  ///   - specificity: between 0 and 1.
  ///   - numThresholds: how many evenly spaced thresholds are tried.
  ///   - classID: the only class that is looked at.
  public static func sensitivityAtSpecificity(_ specificity: Double, numThresholds: Int = 200, classID: Int? = nil) -> Metric {
    best("SensitivityAtSpecificity", "sensitivity_at_specificity", "specificity", specificity, numThresholds, classID) {
      ($0.specificity, $0.recall)
    }
  }

  /// The greatest specificity (rate of true negatives) at which the sensitivity (recall) is at least `sensitivity`.
  /// - Parameters:
  ///   - sensitivity: between 0 and 1.
  ///   - numThresholds: how many evenly spaced thresholds are tried.
  ///   - classID: the only class that is looked at.
  public static func specificityAtSensitivity(_ sensitivity: Double, numThresholds: Int = 200, classID: Int? = nil) -> Metric {
    best("SpecificityAtSensitivity", "specificity_at_sensitivity", "sensitivity", sensitivity, numThresholds, classID) {
      ($0.recall, $0.specificity)
    }
  }

  /// The greatest precision at which the recall is at least `recall`.
  /// - Parameters:
  ///   - recall: between 0 and 1.
  ///   - numThresholds: how many evenly spaced thresholds are tried.
  ///   - classID: the only class that is looked at.
  public static func precisionAtRecall(_ recall: Double, numThresholds: Int = 200, classID: Int? = nil) -> Metric {
    best("PrecisionAtRecall", "precision_at_recall", "recall", recall, numThresholds, classID) { ($0.recall, $0.precision) }
  }

  /// The greatest recall at which the precision is at least `precision`.
  /// - Parameters:
  ///   - precision: between 0 and 1.
  ///   - numThresholds: how many evenly spaced thresholds are tried.
  ///   - classID: the only class that is looked at.
  public static func recallAtPrecision(_ precision: Double, numThresholds: Int = 200, classID: Int? = nil) -> Metric {
    best("RecallAtPrecision", "recall_at_precision", "precision", precision, numThresholds, classID) {
      ($0.precision, $0.recall)
    }
  }

  private struct Rates {
    let recall, specificity, precision: Double
  }

  private static func best(
    _ className: String, _ name: String, _ setting: String, _ bound: Double, _ numThresholds: Int, _ classID: Int?,
    _ choose: @escaping @Sendable (Rates) -> (bounded: Double, wanted: Double)
  ) -> Metric {
    let last = Swift.min(Swift.max(numThresholds, 2), ConfusionCounts.greatestThresholdCount) - 1
    let thresholds = numThresholds == 1 ? [0.5] : (0...last).map { Double($0) / Double(last) }
    var definition = ConfusionCounts(name, thresholds: thresholds) { labels in
      let counts = labels[0]
      let pairs = counts.truePositives.indices.map { index in
        let (tp, fp) = (counts.truePositives[index], counts.falsePositives[index])
        return choose(
          Rates(
            recall: ratio(tp, tp + counts.falseNegatives[index]),
            specificity: ratio(counts.trueNegatives[index], counts.trueNegatives[index] + fp), precision: ratio(tp, tp + fp)))
      }
      return [pairs.filter { $0.bounded >= bound }.map(\.wanted).max() ?? 0]
    }
    definition.classID = classID
    return Metric(
      className, name: name,
      config: [setting: JSONValue(bound), "num_thresholds": JSONValue(numThresholds), "class_id": .optional(classID)],
      problem: problem(
        className, bound.isNaN ? "\(setting) must be given" : NumberRange.fraction.problem(setting, bound),
        NumberRange.from(1, to: ConfusionCounts.greatestThresholdCount).problem("num_thresholds", numThresholds)),
      direction: .up, definition)
  }
}

import Foundation

extension Metric {
  /// The curve whose area is measured.
  public enum Curve: String, Sendable, CaseIterable {
    /// Recall over the rate of false positives.
    case roc = "ROC"
    /// Precision over recall.
    case pr = "PR"
    /// Precision gain over recall gain (Flach & Kull, 2015).
    case prGain = "PRGAIN"
  }

  /// How the area between two points is taken.
  public enum Summation: String, Sendable, CaseIterable {
    /// By trapezoids; under the precision–recall curve by the interpolation of Davis & Goadrich (2006).
    case interpolation
    /// By the smaller of the two heights.
    case minoring
    /// By the greater of the two heights.
    case majoring
  }

  /// The area under a curve of binary classification, from the counts at evenly spaced (or given) thresholds.
  ///
  /// - Parameters:
  ///   - numThresholds: how many thresholds, evenly spaced from 0 to 1; at least 2.
  ///   - curve: what the area is under.
  ///   - summationMethod: how the heights between two thresholds count.
  ///   - thresholds: those between 0 and 1 in place of evenly spaced ones; `numThresholds` then does not matter.
  ///   - multiLabel: whether the area is taken of each label (last axis) and averaged, with `labelWeights`; otherwise labels are
  ///     counted together, each times its weight.
  ///   - numLabels: how many labels predictions have, checked when they are seen; only with `multiLabel`.
  ///   - labelWeights: one number for each label; all 1 if nil.
  ///   - fromLogits: whether predictions are logits. Beside a loss that takes logits, they are.
  public static func auc(
    numThresholds: Int = 200, curve: Curve = .roc, summationMethod: Summation = .interpolation,
    thresholds: [Double]? = nil, multiLabel: Bool = false, numLabels: Int? = nil, labelWeights: [Double]? = nil, fromLogits: Bool = false
  ) -> Metric {
    let last = Swift.min(Swift.max(numThresholds, 2), ConfusionCounts.greatestThresholdCount) - 1
    let inner = thresholds?.sorted() ?? (1..<last).map { Double($0) / Double(last) }
    var definition = ConfusionCounts("auc", thresholds: [-fuzz] + inner + [1 + fuzz]) { labels in
      let areas = labels.map { area($0, curve, summationMethod) }
      let weights = multiLabel ? labelWeights ?? areas.map { _ in 1 } : [1]
      return [ratio(zip(areas, weights).reduce(0) { $0 + $1.0 * $1.1 }, weights.reduce(0, +))]
    }
    definition.isMultiLabel = multiLabel
    definition.labelCount = numLabels
    definition.labelWeights = labelWeights
    definition.isFromLogits = fromLogits
    definition.followsLoss = true
    return Metric(
      "AUC", name: "auc",
      config: [
        "num_thresholds": JSONValue(numThresholds), "curve": .string(curve.rawValue),
        "summation_method": .string(summationMethod.rawValue), "thresholds": numbers(thresholds),
        "multi_label": .bool(multiLabel), "num_labels": .optional(numLabels), "label_weights": numbers(labelWeights),
        "from_logits": .bool(fromLogits),
      ],
      problem: problem(
        "AUC", (thresholds == nil ? NumberRange.from(2, to: ConfusionCounts.greatestThresholdCount) : .atLeast(2)).problem("num_thresholds", numThresholds),
        numLabels == nil || multiLabel ? nil : "num_labels is \(numLabels ?? 0), which is for multi_label alone",
        NumberRange.count.problem("num_labels", numLabels))
        ?? thresholdProblem("AUC", thresholds),
      direction: .up, definition)
  }
  /// With default settings.
  public static let auc = auc()

  private static func area(_ counts: ConfusionCounts.Counts, _ curve: Curve, _ summation: Summation) -> Double {
    if curve == .pr && summation == .interpolation { return interpolatedPrecisionRecallArea(counts) }
    let points = counts.truePositives.indices.map { index -> (x: Double, y: Double) in
      let (tp, fp) = (counts.truePositives[index], counts.falsePositives[index])
      let (fn, tn) = (counts.falseNegatives[index], counts.trueNegatives[index])
      switch curve {
      case .roc: return (ratio(fp, fp + tn), ratio(tp, tp + fn))
      case .pr: return (ratio(tp, tp + fn), ratio(tp, tp + fp))
      case .prGain:
        if tp == 0 { return (0, 1) }
        let scale = ratio(tp + fn, tn + fp)
        return (Swift.max(1 - scale * fn / tp, 0), 1 - scale * fp / tp)
      }
    }
    return zip(points, points.dropFirst()).reduce(0) { sum, pair in
      let (left, right) = pair
      let height: Double
      switch summation {
      case .interpolation: height = (left.y + right.y) / 2
      case .minoring: height = Swift.min(left.y, right.y)
      case .majoring: height = Swift.max(left.y, right.y)
      }
      return sum + (left.x - right.x) * height
    }
  }

  /// Between two thresholds true positives are taken to grow linearly with the number of positives.
  private static func interpolatedPrecisionRecallArea(_ counts: ConfusionCounts.Counts) -> Double {
    let positives = zip(counts.truePositives, counts.falsePositives).map(+)
    var sum = 0.0
    for index in 0..<(positives.count - 1) {
      let gained = counts.truePositives[index] - counts.truePositives[index + 1]
      let slope = ratio(gained, Swift.max(positives[index] - positives[index + 1], 0))
      let intercept = counts.truePositives[index + 1] - slope * positives[index + 1]
      let isSafe = positives[index] > 0 && positives[index + 1] > 0
      let logarithm = isSafe ? log(positives[index] / positives[index + 1]) : 0
      let all = counts.truePositives[index + 1] + counts.falseNegatives[index + 1]
      sum += ratio(slope * (gained + intercept * logarithm), all)
    }
    return sum
  }
}

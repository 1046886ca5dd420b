/// Metrics made of the true and false positives and negatives at one or more thresholds.
struct ConfusionCounts: MetricDefinition {
  /// What has been counted at each threshold; for several labels apart, those of one label.
  struct Counts {
    let truePositives: [Double]
    let falsePositives: [Double]
    let falseNegatives: [Double]
    let trueNegatives: [Double]
  }

  /// How many thresholds there may be: each has totals of its own.
  static let greatestThresholdCount = 1 << 20

  /// The metric's, for messages.
  let name: String
  /// Above which a prediction is positive.
  let thresholds: [Double]
  /// Whether only the k greatest predictions of a sample can be positive.
  var topK: Int?
  /// The only class that is looked at.
  var classID: Int?
  /// Whether the labels (the last axis) are counted apart.
  var isMultiLabel = false
  /// How many labels predictions must have, if that is said.
  var labelCount: Int?
  /// What the predictions of a label count for, all labels being counted together.
  var labelWeights: [Double]?
  /// Whether predictions are logits.
  var isFromLogits = false
  /// Whether a loss that takes logits makes the predictions logits; not where thresholds are the user's own.
  var followsLoss = false
  /// The figures of the counts: of each label, if those are counted apart.
  let finish: @Sendable ([Counts]) -> [Double]

  init(_ name: String, thresholds: [Double], finish: @escaping @Sendable ([Counts]) -> [Double]) {
    self.name = name
    self.thresholds = thresholds
    self.finish = finish
  }

  var takingLogits: (any MetricDefinition)? {
    guard followsLoss, !isFromLogits else { return nil }
    var copy = self
    copy.isFromLogits = true
    return copy
  }

  func validate(targetShape: [Int], predictionShape: [Int]) throws {
    try Metric.checkAlike(name, targetShape, predictionShape)
    let labels = predictionShape.last ?? 1
    if let classID, predictionShape.count < 2 || !(0..<labels).contains(classID) {
      throw DescentError(.invalidArgument, "metric \(name): class_id is \(classID), but predictions of shape \(predictionShape) have no such class")
    }
    if isMultiLabel, predictionShape.count != 2 {
      throw DescentError(
        .invalidArgument, "metric \(name): multi_label needs predictions of shape [samples, labels], not \(predictionShape)")
    }
    if let labelCount, labelCount != labels {
      throw DescentError(
        .invalidArgument, "metric \(name): num_labels is \(labelCount), but predictions of shape \(predictionShape) have \(labels) labels")
    }
    if let labelWeights, labelWeights.count != labels {
      throw DescentError(
        .invalidArgument,
        "metric \(name): label_weights has \(labelWeights.count) numbers, but predictions of shape \(predictionShape) have \(labels) labels")
    }
  }

  func makeVariables(predictionShape: [Int]) -> [Variable] {
    let labels = isMultiLabel ? predictionShape[1] : 1
    return makeTotals(["true_positives", "false_positives"], shape: [thresholds.count, labels])
      + makeTotals(["positives", "negatives"], shape: [labels])
  }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    var (target, prediction) = Metric.alike(input)
    let type = prediction.dtype
    if isFromLogits { prediction = sigmoid(prediction) }
    target = (target .!= 0).cast(to: type)
    var weights = Tensor.ones(prediction.shape, dtype: type)
    if let sampleWeight = input.sampleWeight {
      weights = try Loss.fitted(sampleWeight.cast(to: type), to: prediction.shape, "metric \(name)").broadcast(to: prediction.shape)
    }
    if let labelWeights, !isMultiLabel { weights *= Tensor(labelWeights).cast(to: type) }
    var isEligible = topK.map { rank(prediction) .< Tensor(number: Double($0)) } ?? Tensor(repeating: 1, dtype: .bool)
    if let classID {
      (target, prediction, weights) = (column(target, classID), column(prediction, classID), column(weights, classID))
      if topK != nil { isEligible = column(isEligible, classID) }
    }
    isEligible = isEligible.broadcast(to: prediction.shape)
    // Samples last, so that the sums go along the last axis: [threshold, label, sample].
    func arranged(_ tensor: Tensor) -> Tensor {
      isMultiLabel ? tensor.transposed().expandingShape(at: 0) : tensor.reshaped([1, 1, tensor.count])
    }
    let limits = Tensor(thresholds).cast(to: type).reshaped([thresholds.count, 1, 1])
    let isPositive = (arranged(prediction) .> limits .&& arranged(isEligible)).cast(to: type)
    let positives = arranged(target * weights)
    let negatives = arranged((1 - target) * weights)
    variables[0].assignAdd((isPositive * positives).sum(axis: -1))
    variables[1].assignAdd((isPositive * negatives).sum(axis: -1))
    variables[2].assignAdd(positives.sum(axes: [0, 2]))
    variables[3].assignAdd(negatives.sum(axes: [0, 2]))
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    let labels = totals[2].count
    let counts = (0..<labels).map { label in
      let truePositives = thresholds.indices.map { totals[0][$0 * labels + label] }
      let falsePositives = thresholds.indices.map { totals[1][$0 * labels + label] }
      return Counts(
        truePositives: truePositives, falsePositives: falsePositives,
        // Weights that are not whole numbers may leave a rounding error where there should be nothing.
        falseNegatives: truePositives.map { Swift.max(totals[2][label] - $0, 0) },
        trueNegatives: falsePositives.map { Swift.max(totals[3][label] - $0, 0) })
    }
    let values = finish(counts)
    return values.enumerated().map { (values.count == 1 ? "" : "_\($0.offset)", $0.element) }
  }

  private func column(_ tensor: Tensor, _ index: Int) -> Tensor {
    let last = tensor.rank - 1
    return tensor.sliced(
      starts: [Int](repeating: 0, count: last) + [index], sizes: Array(tensor.shape.dropLast()) + [1])
  }

  /// How many of the same sample's predictions come before each: greater ones, and equal ones at lower positions.
  private func rank(_ prediction: Tensor) -> Tensor {
    let (type, own, other) = (prediction.dtype, prediction.expandingShape(at: -1), prediction.expandingShape(at: -2))
    let position = Tensor.range(prediction.shape[prediction.rank - 1])
    let isEarlier = position.reshaped([1, position.count]) .< position.reshaped([position.count, 1])
    return (other .> own .|| (other .== own .&& isEarlier)).cast(to: type).sum(axis: -1)
  }
}

/// 0 where the divisor is.
func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }

extension Metric {
  /// Intersection over union, TP / (TP + FP + FN), of the given classes: the mean over those that occur.
  ///
  /// Weights are taken as they are. (Keras rounds them towards zero; so does a metric from one of its files.)
  /// - Parameters:
  ///   - numClasses: how many classes there are.
  ///   - targetClassIDs: the classes to look at.
  ///   - ignoreClass: targets of this class do not count.
  ///   - sparseTarget: whether targets are class numbers; otherwise the greatest along `axis` names the class.
  ///   - sparsePrediction: whether predictions are class numbers; otherwise the greatest along `axis` names the class.
  ///   - axis: that of the classes where there is one.
  public static func iou(
    numClasses: Int, targetClassIDs: [Int], ignoreClass: Int? = nil, sparseTarget: Bool = true,
    sparsePrediction: Bool = true, axis: Int = -1
  ) -> Metric {
    overlap(
      "IoU", "io_u", numClasses, targetClassIDs, ignoreClass, sparseTarget, sparsePrediction, axis,
      config: [
        "target_class_ids": .array(targetClassIDs.map { JSONValue($0) }), "sparse_y_true": .bool(sparseTarget),
        "sparse_y_pred": .bool(sparsePrediction),
      ])
  }

  /// Intersection over union of all classes: the mean over those that occur. Weights are taken as in
  /// ``iou(numClasses:targetClassIDs:ignoreClass:sparseTarget:sparsePrediction:axis:)``.
  /// - Parameters:
  ///   - numClasses: how many classes there are.
  ///   - ignoreClass: targets of this class do not count.
  ///   - sparseTarget: whether targets are class numbers; otherwise the greatest along `axis` names the class.
  ///   - sparsePrediction: whether predictions are class numbers; otherwise the greatest along `axis` names the class.
  ///   - axis: that of the classes where there is one.
  public static func meanIoU(
    numClasses: Int, ignoreClass: Int? = nil, sparseTarget: Bool = true, sparsePrediction: Bool = true, axis: Int = -1
  ) -> Metric {
    overlap(
      "MeanIoU", "mean_io_u", numClasses, nil, ignoreClass, sparseTarget, sparsePrediction, axis,
      config: ["sparse_y_true": .bool(sparseTarget), "sparse_y_pred": .bool(sparsePrediction)])
  }

  /// ``iou(numClasses:targetClassIDs:ignoreClass:sparseTarget:sparsePrediction:axis:)`` of one-hot targets.
  /// - Parameters:
  ///   - numClasses: how many classes there are.
  ///   - targetClassIDs: the classes to look at.
  ///   - ignoreClass: targets of this class do not count.
  ///   - sparsePrediction: whether predictions are class numbers; otherwise the greatest along `axis` names the class.
  ///   - axis: that of the classes.
  public static func oneHotIoU(
    numClasses: Int, targetClassIDs: [Int], ignoreClass: Int? = nil, sparsePrediction: Bool = false, axis: Int = -1
  ) -> Metric {
    overlap(
      "OneHotIoU", "one_hot_io_u", numClasses, targetClassIDs, ignoreClass, false, sparsePrediction, axis,
      config: ["target_class_ids": .array(targetClassIDs.map { JSONValue($0) }), "sparse_y_pred": .bool(sparsePrediction)])
  }

  /// ``meanIoU(numClasses:ignoreClass:sparseTarget:sparsePrediction:axis:)`` of one-hot targets.
  /// - Parameters:
  ///   - numClasses: how many classes there are.
  ///   - ignoreClass: targets of this class do not count.
  ///   - sparsePrediction: whether predictions are class numbers; otherwise the greatest along `axis` names the class.
  ///   - axis: that of the classes.
  public static func oneHotMeanIoU(
    numClasses: Int, ignoreClass: Int? = nil, sparsePrediction: Bool = false, axis: Int = -1
  ) -> Metric {
    overlap(
      "OneHotMeanIoU", "one_hot_mean_io_u", numClasses, nil, ignoreClass, false, sparsePrediction, axis,
      config: ["sparse_y_pred": .bool(sparsePrediction)])
  }

  /// Intersection over union of the classes 0 and 1: the mean over those that occur.
  /// - Parameters:
  ///   - targetClassIDs: the classes to look at.
  ///   - threshold: predictions are class 1 from it on.
  public static func binaryIoU(targetClassIDs: [Int] = [0, 1], threshold: Double = 0.5) -> Metric {
    Metric(
      "BinaryIoU", name: "binary_io_u",
      config: ["target_class_ids": .array(targetClassIDs.map { JSONValue($0) }), "threshold": JSONValue(threshold)],
      problem: classProblem("BinaryIoU", 2, targetClassIDs), direction: .up,
      OverlapDefinition(
        name: "binary_io_u", classes: 2, targets: targetClassIDs, ignoredClass: nil, isTargetSparse: true,
        isPredictionSparse: true, axis: -1, threshold: threshold))
  }
  /// With default settings.
  public static let binaryIoU = binaryIoU()

  private static func overlap(
    _ className: String, _ name: String, _ classes: Int, _ targets: [Int]?, _ ignoredClass: Int?, _ isTargetSparse: Bool,
    _ isPredictionSparse: Bool, _ axis: Int, config: [String: JSONValue]
  ) -> Metric {
    let common: [String: JSONValue] = [
      "num_classes": JSONValue(classes), "ignore_class": .optional(ignoredClass), "axis": JSONValue(axis),
    ]
    return Metric(
      className, name: name, config: config.merging(common) { $1 }, problem: classProblem(className, classes, targets),
      direction: .up,
      OverlapDefinition(
        name: name, classes: classes, targets: targets ?? Array(0..<Swift.min(Swift.max(classes, 0), greatestClassCount)), ignoredClass: ignoredClass,
        isTargetSparse: isTargetSparse, isPredictionSparse: isPredictionSparse, axis: axis, threshold: nil))
  }

  /// There is a total for each pair of classes.
  private static let greatestClassCount = 1 << 16

  private static func classProblem(_ className: String, _ classes: Int, _ targets: [Int]?) -> DescentError? {
    problem(
      className, classes == 0 ? "num_classes must be given, from 1 to \(greatestClassCount)" : NumberRange.from(1, to: greatestClassCount).problem("num_classes", classes),
      targets?.isEmpty == true ? "target_class_ids is empty" : nil,
      NumberRange.from(0, to: classes &- 1).problem("a class of target_class_ids", in: targets))
  }
}

/// Counts how often each class was taken for each.
private struct OverlapDefinition: MetricDefinition {
  let name: String
  let classes: Int
  let targets: [Int]
  let ignoredClass: Int?
  let isTargetSparse: Bool
  let isPredictionSparse: Bool
  let axis: Int
  let threshold: Double?
  /// Whether weights lose their fractions.
  var hasWholeWeights = false

  var asInKeras: (any MetricDefinition)? {
    var copy = self
    copy.hasWholeWeights = true
    return copy
  }

  func validate(targetShape: [Int], predictionShape: [Int]) throws {
    let target = isTargetSparse ? targetShape : Loss.removing(axis: axis, from: targetShape) ?? []
    let prediction = isPredictionSparse ? predictionShape : Loss.removing(axis: axis, from: predictionShape) ?? []
    guard target.reduce(1, *) == prediction.reduce(1, *) else {
      let count: Int = targetShape.reduce(1, *), predicted: Int = predictionShape.reduce(1, *)
      var hint = ""
      if isPredictionSparse && isTargetSparse && predicted == count * classes {
        hint = "; where predictions are one number for each class, set sparsePrediction (sparse_y_pred) to false"
      } else if !isTargetSparse && count * classes == predicted {
        hint = "; where targets are class numbers, set sparseTarget (sparse_y_true) to true"
      }
      throw DescentError(
        .data, "metric \(name): targets of shape \(targetShape) do not match predictions of shape \(predictionShape)\(hint)")
    }
  }

  func makeVariables(predictionShape: [Int]) -> [Variable] {
    makeTotals(["total_confusion_matrix"], shape: [classes, classes])
  }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    let type = input.prediction.dtype
    let target = isTargetSparse ? input.target : input.target.argmax(axis: axis)
    var prediction = isPredictionSparse ? input.prediction : input.prediction.argmax(axis: axis)
    if let threshold { prediction = (prediction .>= Tensor(number: threshold)).cast(to: .int32) }
    // A class number that is out of range has a row of zeros, and so counts nowhere.
    let labels = target.cast(to: .int32)
    var rows = labels.reshaped([labels.count]).oneHot(depth: classes, dtype: type)
    if var weights = input.sampleWeight {
      if hasWholeWeights { weights = weights.cast(to: .int32) }
      let fitted = try Loss.fitted(weights.cast(to: type), to: target.shape, "metric \(name)").broadcast(to: target.shape)
      rows *= fitted.reshaped([target.count, 1])
    }
    if let ignoredClass {
      rows *= (labels.reshaped([labels.count, 1]) .!= Tensor(number: Double(ignoredClass))).cast(to: type)
    }
    let columns = prediction.cast(to: .int32).reshaped([prediction.count]).oneHot(depth: classes, dtype: type)
    variables[0].assignAdd(matmul(rows, columns, transposeA: true))
  }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    let matrix = totals[0]
    var shares: [Double] = []
    for label in targets {
      let hits = matrix[label * classes + label]
      let union = (0..<classes).reduce(-hits) { $0 + matrix[label * classes + $1] + matrix[$1 * classes + label] }
      if union > 1e-9 { shares.append(hits / union) }
    }
    return [("", ratio(shares.reduce(0, +), Double(shares.count)))]
  }
}

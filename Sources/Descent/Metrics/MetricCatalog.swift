extension Metric {
  /// All that have a name.
  public static let catalog = Catalog<Metric>(
    \.keras,
    [
      .init(.accuracy, ["acc"]),
      .init(.exactAccuracy),
      .init(.binaryAccuracy) { s in .binaryAccuracy(threshold: try s.double("threshold")) },
      .init(.categoricalAccuracy),
      .init(.sparseCategoricalAccuracy),
      .init(.topKCategoricalAccuracy) { s in .topKCategoricalAccuracy(k: try s.int("k")) },
      .init(.sparseTopKCategoricalAccuracy) { s in .sparseTopKCategoricalAccuracy(k: try s.int("k")) },
      .init(.mean),
      .init(.sum),
    ] + losses + counts + regressions + overlaps + lossesWithoutMetric, common: commonSettings,
    refused: [
      "mean_metric_wrapper": "write .custom or .loss", "MeanMetricWrapper": "write .custom or .loss",
    ], ignoring: ["dtype"])

  private static let losses: [Catalog<Metric>.Entry] = [
    .init(.meanSquaredError, ["mse", "MSE"]),
    .init(.rootMeanSquaredError),
    .init(.meanAbsoluteError, ["mae", "MAE"]),
    .init(.meanAbsolutePercentageError, ["mape", "MAPE"]),
    .init(.meanSquaredLogarithmicError, ["msle", "MSLE"]),
    .init(.logCoshError, ["log_cosh_error", "log_cosh"]),
    .init(.cosineSimilarity) { s in .cosineSimilarity(axis: try s.int("axis")) },
    .init(.poisson),
    .init(.klDivergence, ["kld", "KLD"]),
    .init(.hinge),
    .init(.squaredHinge),
    .init(.categoricalHinge),
    .init(.binaryCrossentropy, ["bce", "BCE"]) { s in
      .binaryCrossentropy(fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"))
    },
    .init(.categoricalCrossentropy) { s in
      .categoricalCrossentropy(
        fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
    },
    .init(.sparseCategoricalCrossentropy) { s in
      .sparseCategoricalCrossentropy(
        fromLogits: try s.bool("from_logits"), ignoreClass: try s.optionalInt("ignore_class"), axis: try s.int("axis"))
    },
  ]

  private static let counts: [Catalog<Metric>.Entry] = [
    .init(.truePositives) { s in .truePositives(thresholds: try s.optionalDoubles("thresholds")) },
    .init(.falsePositives) { s in .falsePositives(thresholds: try s.optionalDoubles("thresholds")) },
    .init(.trueNegatives) { s in .trueNegatives(thresholds: try s.optionalDoubles("thresholds")) },
    .init(.falseNegatives) { s in .falseNegatives(thresholds: try s.optionalDoubles("thresholds")) },
    .init(.precision) { s in
      .precision(
        thresholds: try s.optionalDoubles("thresholds"), topK: try s.optionalInt("top_k"),
        classID: try s.optionalInt("class_id"))
    },
    .init(.recall) { s in
      .recall(
        thresholds: try s.optionalDoubles("thresholds"), topK: try s.optionalInt("top_k"),
        classID: try s.optionalInt("class_id"))
    },
    .init(.auc) { s in
      .auc(
        numThresholds: try s.int("num_thresholds"), curve: try s.choice("curve", Curve.self),
        summationMethod: try s.choice("summation_method", Summation.self), thresholds: try s.optionalDoubles("thresholds"),
        multiLabel: try s.bool("multi_label"), numLabels: try s.optionalInt("num_labels"), labelWeights: try s.optionalDoubles("label_weights"),
        fromLogits: try s.bool("from_logits"))
    },
    .init(.sensitivityAtSpecificity(.nan)) { s in
      .sensitivityAtSpecificity(
        try s.double("specificity"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    .init(.specificityAtSensitivity(.nan)) { s in
      .specificityAtSensitivity(
        try s.double("sensitivity"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    .init(.precisionAtRecall(.nan)) { s in
      .precisionAtRecall(
        try s.double("recall"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    .init(.recallAtPrecision(.nan)) { s in
      .recallAtPrecision(
        try s.double("precision"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    .init(.fBetaScore, ["f_beta_score"]) { s in
      .fBetaScore(
        average: try s.optionalChoice("average", Average.self), beta: try s.double("beta"),
        threshold: try s.optionalDouble("threshold"))
    },
    .init(.f1Score) { s in
      .f1Score(average: try s.optionalChoice("average", Average.self), threshold: try s.optionalDouble("threshold"))
    },
  ]

  private static let regressions: [Catalog<Metric>.Entry] = [
    .init(.r2Score) { s in
      .r2Score(
        classAggregation: try s.optionalChoice("class_aggregation", ClassAggregation.self),
        numRegressors: try s.int("num_regressors"))
    },
    .init(.pearsonCorrelation) { s in .pearsonCorrelation(axis: try s.int("axis")) },
    .init(.concordanceCorrelation) { s in .concordanceCorrelation(axis: try s.int("axis")) },
  ]

  private static let overlaps: [Catalog<Metric>.Entry] = [
    .init(.iou(numClasses: 0, targetClassIDs: [])) { s in
      .iou(
        numClasses: try s.int("num_classes"), targetClassIDs: try s.ints("target_class_ids"),
        ignoreClass: try s.optionalInt("ignore_class"), sparseTarget: try s.bool("sparse_y_true"),
        sparsePrediction: try s.bool("sparse_y_pred"), axis: try s.int("axis"))
    },
    .init(.meanIoU(numClasses: 0)) { s in
      .meanIoU(
        numClasses: try s.int("num_classes"), ignoreClass: try s.optionalInt("ignore_class"),
        sparseTarget: try s.bool("sparse_y_true"), sparsePrediction: try s.bool("sparse_y_pred"), axis: try s.int("axis"))
    },
    .init(.oneHotIoU(numClasses: 0, targetClassIDs: [])) { s in
      .oneHotIoU(
        numClasses: try s.int("num_classes"), targetClassIDs: try s.ints("target_class_ids"),
        ignoreClass: try s.optionalInt("ignore_class"), sparsePrediction: try s.bool("sparse_y_pred"),
        axis: try s.int("axis"))
    },
    .init(.oneHotMeanIoU(numClasses: 0)) { s in
      .oneHotMeanIoU(
        numClasses: try s.int("num_classes"), ignoreClass: try s.optionalInt("ignore_class"),
        sparsePrediction: try s.bool("sparse_y_pred"), axis: try s.int("axis"))
    },
    .init(.binaryIoU) { s in
      .binaryIoU(targetClassIDs: try s.ints("target_class_ids"), threshold: try s.double("threshold"))
    },
  ]

  /// Losses that Keras has no metric class for: their names are understood as the mean of their values.
  private static var lossesWithoutMetric: [Catalog<Metric>.Entry] {
    // A loss that judges sequences of classes by their lengths, and the one whose metric Keras calls otherwise.
    let others = losses.map(\.value.className) + ["CTC", "LogCosh"]
    return Loss.catalog.entries.filter { !others.contains($0.value.className) }.map { entry in
      .init(.loss(entry.value), entry.names.filter { $0 != entry.value.name })
    }
  }

  /// The name is a setting of every metric.
  private static let commonSettings = Catalog<Metric>.Common {
    ["name": .string($0.name)]
  } set: { metric, settings in
    metric.named(try settings.string("name"))
  }
}

extension Metric {
  /// All that have a name.
  public static let catalog = Catalog<Metric>(
    [
      Catalog.Entry(.accuracy, ["acc"]),
      entry(.exactAccuracy),
      entry(.binaryAccuracy) { s in .binaryAccuracy(threshold: try s.double("threshold")) },
      entry(.categoricalAccuracy),
      entry(.sparseCategoricalAccuracy),
      entry(.topKCategoricalAccuracy) { s in .topKCategoricalAccuracy(k: try s.int("k")) },
      entry(.sparseTopKCategoricalAccuracy) { s in .sparseTopKCategoricalAccuracy(k: try s.int("k")) },
      entry(.mean),
      entry(.sum),
    ] + losses + counts + regressions + overlaps + lossesWithoutMetric,
    refused: [
      "mean_metric_wrapper": "write .custom or .loss", "MeanMetricWrapper": "write .custom or .loss",
    ], ignoring: ["dtype"])

  private static let losses: [Catalog<Metric>.Entry] = [
    entry(.meanSquaredError, "mse", "MSE"),
    entry(.rootMeanSquaredError),
    entry(.meanAbsoluteError, "mae", "MAE"),
    entry(.meanAbsolutePercentageError, "mape", "MAPE"),
    entry(.meanSquaredLogarithmicError, "msle", "MSLE"),
    entry(.logCoshError, "log_cosh_error", "log_cosh"),
    entry(.cosineSimilarity) { s in .cosineSimilarity(axis: try s.int("axis")) },
    entry(.poisson),
    entry(.klDivergence, "kld", "KLD"),
    entry(.hinge),
    entry(.squaredHinge),
    entry(.categoricalHinge),
    entry(.binaryCrossentropy, "bce", "BCE") { s in
      .binaryCrossentropy(fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"))
    },
    entry(.categoricalCrossentropy) { s in
      .categoricalCrossentropy(
        fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
    },
    entry(.sparseCategoricalCrossentropy) { s in
      .sparseCategoricalCrossentropy(
        fromLogits: try s.bool("from_logits"), ignoreClass: try s.optionalInt("ignore_class"), axis: try s.int("axis"))
    },
  ]

  private static let counts: [Catalog<Metric>.Entry] = [
    entry(.truePositives) { s in .truePositives(thresholds: try s.optionalDoubles("thresholds")) },
    entry(.falsePositives) { s in .falsePositives(thresholds: try s.optionalDoubles("thresholds")) },
    entry(.trueNegatives) { s in .trueNegatives(thresholds: try s.optionalDoubles("thresholds")) },
    entry(.falseNegatives) { s in .falseNegatives(thresholds: try s.optionalDoubles("thresholds")) },
    entry(.precision) { s in
      .precision(
        thresholds: try s.optionalDoubles("thresholds"), topK: try s.optionalInt("top_k"),
        classID: try s.optionalInt("class_id"))
    },
    entry(.recall) { s in
      .recall(
        thresholds: try s.optionalDoubles("thresholds"), topK: try s.optionalInt("top_k"),
        classID: try s.optionalInt("class_id"))
    },
    entry(.auc) { s in
      .auc(
        numThresholds: try s.int("num_thresholds"), curve: try s.choice("curve", Curve.self),
        summationMethod: try s.choice("summation_method", Summation.self), thresholds: try s.optionalDoubles("thresholds"),
        multiLabel: try s.bool("multi_label"), labelWeights: try s.optionalDoubles("label_weights"),
        fromLogits: try s.bool("from_logits"))
    },
    entry(.sensitivityAtSpecificity(.nan)) { s in
      .sensitivityAtSpecificity(
        try s.double("specificity"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    entry(.specificityAtSensitivity(.nan)) { s in
      .specificityAtSensitivity(
        try s.double("sensitivity"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    entry(.precisionAtRecall(.nan)) { s in
      .precisionAtRecall(
        try s.double("recall"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    entry(.recallAtPrecision(.nan)) { s in
      .recallAtPrecision(
        try s.double("precision"), numThresholds: try s.int("num_thresholds"), classID: try s.optionalInt("class_id"))
    },
    entry(.fBetaScore, "f_beta_score") { s in
      .fBetaScore(
        average: try s.optionalChoice("average", Average.self), beta: try s.double("beta"),
        threshold: try s.optionalDouble("threshold"))
    },
    entry(.f1Score) { s in
      .f1Score(average: try s.optionalChoice("average", Average.self), threshold: try s.optionalDouble("threshold"))
    },
  ]

  private static let regressions: [Catalog<Metric>.Entry] = [
    entry(.r2Score) { s in
      .r2Score(
        classAggregation: try s.optionalChoice("class_aggregation", ClassAggregation.self),
        numRegressors: try s.int("num_regressors"))
    },
    entry(.pearsonCorrelation) { s in .pearsonCorrelation(axis: try s.int("axis")) },
    entry(.concordanceCorrelation) { s in .concordanceCorrelation(axis: try s.int("axis")) },
  ]

  private static let overlaps: [Catalog<Metric>.Entry] = [
    entry(.iou(numClasses: 0, targetClassIDs: [])) { s in
      .iou(
        numClasses: try s.int("num_classes"), targetClassIDs: try s.ints("target_class_ids"),
        ignoreClass: try s.optionalInt("ignore_class"), sparseTarget: try s.bool("sparse_y_true"),
        sparsePrediction: try s.bool("sparse_y_pred"), axis: try s.int("axis"))
    },
    entry(.meanIoU(numClasses: 0)) { s in
      .meanIoU(
        numClasses: try s.int("num_classes"), ignoreClass: try s.optionalInt("ignore_class"),
        sparseTarget: try s.bool("sparse_y_true"), sparsePrediction: try s.bool("sparse_y_pred"), axis: try s.int("axis"))
    },
    entry(.oneHotIoU(numClasses: 0, targetClassIDs: [])) { s in
      .oneHotIoU(
        numClasses: try s.int("num_classes"), targetClassIDs: try s.ints("target_class_ids"),
        ignoreClass: try s.optionalInt("ignore_class"), sparsePrediction: try s.bool("sparse_y_pred"),
        axis: try s.int("axis"))
    },
    entry(.oneHotMeanIoU(numClasses: 0)) { s in
      .oneHotMeanIoU(
        numClasses: try s.int("num_classes"), ignoreClass: try s.optionalInt("ignore_class"),
        sparsePrediction: try s.bool("sparse_y_pred"), axis: try s.int("axis"))
    },
    entry(.binaryIoU) { s in
      .binaryIoU(targetClassIDs: try s.ints("target_class_ids"), threshold: try s.double("threshold"))
    },
  ]

  /// Losses that Keras has no metric class for: their names are understood as the mean of their values.
  private static let lossesWithoutMetric: [Catalog<Metric>.Entry] = [
    Catalog.Entry(.loss(.huber), ["huber"]),
    Catalog.Entry(.loss(.binaryFocalCrossentropy)),
    Catalog.Entry(.loss(.categoricalFocalCrossentropy)),
    Catalog.Entry(.loss(.categoricalGeneralizedCrossEntropy)),
    Catalog.Entry(.loss(.dice)),
    Catalog.Entry(.loss(.tversky)),
    Catalog.Entry(.loss(.crossentropy), ["ce"]),
  ]

  /// The name is a setting of every metric.
  private static func entry(
    _ value: Metric, _ aliases: String..., make: (@Sendable (Settings) throws -> Metric)? = nil
  ) -> Catalog<Metric>.Entry {
    Catalog.Entry(value, aliases) { settings in try (make?(settings) ?? value).named(try settings.string("name")) }
  }
}

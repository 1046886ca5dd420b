extension Metric {
  /// The mean over all samples of the values of `loss`, whose name it has.
  public static func loss(_ loss: Loss) -> Metric {
    // A name says all of a loss that has its defaults, if it is one by which Keras finds the function.
    let isPlain = !loss.keras.isOwn && (try? Loss(named: loss.className!)).map { $0.config == loss.config } == true
    return Metric(
      nil, name: loss.name, problem: loss.keras.problem, direction: .down,
      isKnownByNameOnly: isPlain && loss.keras.isFoundByName, mean(of: loss))
  }

  /// With default settings.
  public static let meanSquaredError = loss("MeanSquaredError", .meanSquaredError)
  /// With default settings.
  public static let meanAbsoluteError = loss("MeanAbsoluteError", .meanAbsoluteError)
  /// With default settings.
  public static let meanAbsolutePercentageError = loss("MeanAbsolutePercentageError", .meanAbsolutePercentageError)
  /// With default settings.
  public static let meanSquaredLogarithmicError = loss("MeanSquaredLogarithmicError", .meanSquaredLogarithmicError)
  /// The mean of log(cosh(prediction − target)).
  public static let logCoshError = loss("LogCoshError", .logCosh, name: "logcosh", isFoundByName: false)
  /// With default settings.
  public static let poisson = loss("Poisson", .poisson)
  /// With default settings.
  public static let klDivergence = loss("KLDivergence", .klDivergence)
  /// With default settings.
  public static let hinge = loss("Hinge", .hinge)
  /// With default settings.
  public static let squaredHinge = loss("SquaredHinge", .squaredHinge)
  /// With default settings.
  public static let categoricalHinge = loss("CategoricalHinge", .categoricalHinge)

  /// The mean of the loss of that name.
  /// - Parameters:
  ///   - fromLogits: whether predictions are logits; they are beside a loss that takes logits, whatever is said here.
  ///   - labelSmoothing: in 0…1: how far targets are moved towards equal shares.
  public static func binaryCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> Metric {
    func made(_ fromLogits: Bool) -> Loss { .binaryCrossentropy(fromLogits: fromLogits, labelSmoothing: labelSmoothing) }
    return loss(
      "BinaryCrossentropy", made(fromLogits), takingLogits: made(true),
      config: ["from_logits": .bool(fromLogits), "label_smoothing": JSONValue(labelSmoothing)])
  }
  /// With default settings.
  public static let binaryCrossentropy = binaryCrossentropy()

  /// The mean of the loss of that name.
  /// - Parameters:
  ///   - fromLogits: whether predictions are logits; they are beside a loss that takes logits, whatever is said here.
  ///   - labelSmoothing: in 0…1: how far targets are moved towards equal shares.
  ///   - axis: that of the classes, with axis 0 counting the samples; negative from the end.
  public static func categoricalCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1) -> Metric {
    func made(_ fromLogits: Bool) -> Loss {
      .categoricalCrossentropy(fromLogits: fromLogits, labelSmoothing: labelSmoothing, axis: axis)
    }
    return loss(
      "CategoricalCrossentropy", made(fromLogits), takingLogits: made(true),
      config: ["from_logits": .bool(fromLogits), "label_smoothing": JSONValue(labelSmoothing), "axis": JSONValue(axis)])
  }
  /// With default settings.
  public static let categoricalCrossentropy = categoricalCrossentropy()

  /// The mean of the loss of that name.
  /// - Parameters:
  ///   - fromLogits: whether predictions are logits; they are beside a loss that takes logits, whatever is said here.
  ///   - ignoreClass: samples of this class do not count. (In Keras they do, unless sample weights are given, and in a metric from one of
  ///     its files.)
  ///   - axis: that of the classes, with axis 0 counting the samples; negative from the end.
  public static func sparseCategoricalCrossentropy(
    fromLogits: Bool = false, ignoreClass: Int? = nil, axis: Int = -1
  ) -> Metric {
    func made(_ fromLogits: Bool) -> Loss {
      .sparseCategoricalCrossentropy(fromLogits: fromLogits, ignoreClass: ignoreClass, axis: axis)
    }
    return loss(
      "SparseCategoricalCrossentropy", made(fromLogits), takingLogits: made(true),
      config: ["from_logits": .bool(fromLogits), "ignore_class": .optional(ignoreClass), "axis": JSONValue(axis)])
  }
  /// With default settings.
  public static let sparseCategoricalCrossentropy = sparseCategoricalCrossentropy()

  /// √ of the mean of (prediction − target)². As in Keras, steps that the prediction's mask leaves out count in it, unlike in
  /// ``meanSquaredError``.
  public static let rootMeanSquaredError = {
    var definition = MeanOfValues(
      check: { try checkAlike("root_mean_squared_error", $0, $1) }, finish: { $0.squareRoot() }
    ) { input in
      let (target, prediction) = alike(input)
      return square(prediction - target)
    }
    definition.ignoresMasks = true
    return Metric("RootMeanSquaredError", name: "root_mean_squared_error", direction: .down, definition)
  }()

  /// The mean cosine of the angle between target and prediction along `axis`. (The loss of that name has the opposite sign, as
  /// in Keras.)
  public static func cosineSimilarity(axis: Int = -1) -> Metric {
    let loss = Loss.cosineSimilarity(axis: axis)
    return Metric(
      "CosineSimilarity", name: "cosine_similarity", config: ["axis": JSONValue(axis)], direction: .up,
      MeanOfValues(check: { try checkAlike("cosine_similarity", $0, $1) }) { input in
        -(try maskedValues(of: loss, input).0)
      })
  }
  /// With default settings.
  public static let cosineSimilarity = cosineSimilarity()

  /// The mean of the values themselves; for ``MetricState/add(_:sampleWeight:)``.
  public static let mean = Metric("Mean", name: "mean", direction: nil, MeanOfValues { $0.prediction })

  /// The sum of the values themselves; for ``MetricState/add(_:sampleWeight:)``.
  public static let sum = Metric("Sum", name: "sum", direction: nil, SumOfValues())

  private static func loss(
    _ className: String, _ loss: Loss, takingLogits logitsForm: Loss? = nil, name: String? = nil,
    config: [String: JSONValue] = [:], isFoundByName: Bool = true
  ) -> Metric {
    Metric(
      className, name: name ?? loss.name, config: config, problem: loss.keras.problem, direction: .down, isFoundByName: isFoundByName,
      mean(of: loss, takingLogits: logitsForm))
  }

  private static func mean(of loss: Loss, takingLogits logitsForm: Loss? = nil) -> MeanOfValues {
    var takingLogits: MeanOfValues.Values?
    if let logitsForm { takingLogits = { try maskedValues(of: logitsForm, $0) } }
    var definition = MeanOfValues(
      takingLogits: takingLogits, check: { try loss.validate(targetShape: $0, predictionShape: $1) },
      masked: { try maskedValues(of: loss, $0) })
    // Keras looks at this mask only beside weights or another mask.
    definition.kerasForm = { input in
      let (values, mask) = try maskedValues(of: loss, input)
      return (values, input.sampleWeight == nil && input.mask == nil ? nil : mask)
    }
    return definition
  }

  private static func maskedValues(of loss: Loss, _ input: MetricInput) throws -> (Tensor, Tensor?) {
    let values = try loss.checkedValues(target: input.target, prediction: input.prediction, logits: input.logits)
    try loss.requireValuesOfRows(values, input.prediction)
    return (values, loss.mask(target: input.target, values: values))
  }
}

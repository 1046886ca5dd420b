import Foundation

extension Metric {
  /// How often the prediction is right, as Keras's "accuracy": ``binaryAccuracy(threshold:)`` for one output,
  /// ``sparseCategoricalAccuracy`` for targets that are class numbers, ``categoricalAccuracy`` for one-hot targets.
  ///
  /// One output of a model whose loss takes logits is compared with 0, which is the logit of one half; Keras compares it
  /// with 0.5. (Keras's class `Accuracy`, which compares for equality, is ``exactAccuracy``.)
  public static let accuracy = accuracy(threshold: 0.5)

  private static func accuracy(threshold: Double) -> Metric {
    Metric(
      nil, name: "accuracy", direction: .up, isKnownByNameOnly: true,
      MeanOfValues(takingLogits: { (matches($0, logitThreshold(0.5)), nil) }, check: checkMatches) {
        (matches($0, threshold), nil)
      })
  }

  @Sendable private static func matches(_ input: MetricInput, _ threshold: Double) -> Tensor {
    switch OutputKind(target: input.target.shape, prediction: input.prediction.shape) {
    case .binary: binaryMatches(input, threshold)
    case .sparse: sparseMatches(input)
    case .categorical: categoricalMatches(input)
    }
  }

  @Sendable private static func checkMatches(_ target: [Int], _ prediction: [Int]) throws {
    switch OutputKind(target: target, prediction: prediction) {
    case .binary, .categorical: try checkAlike("accuracy", target, prediction)
    case .sparse: try checkClasses("accuracy", target, prediction)
    }
  }

  /// How often target and prediction are equal. (Keras's class `Accuracy`; its name "accuracy" means ``accuracy``.)
  public static let exactAccuracy = Metric(
    "Accuracy", name: "accuracy", direction: .up,
    MeanOfValues(check: { try checkAlike("accuracy", $0, $1) }) { input in
      let (target, prediction) = alike(input)
      return (target .== prediction).cast(to: prediction.dtype)
    })

  /// How often the prediction is on the same side of the threshold as the target, which is 0 or 1.
  /// - Parameter threshold: a finite number; predictions above it mean 1.
  public static func binaryAccuracy(threshold: Double = 0.5) -> Metric {
    Metric(
      "BinaryAccuracy", name: "binary_accuracy", config: ["threshold": JSONValue(threshold)],
      problem: problem("BinaryAccuracy", NumberRange.any.problem("threshold", threshold)),
      direction: .up,
      MeanOfValues(check: { try checkAlike("binary_accuracy", $0, $1) }) { binaryMatches($0, threshold) })
  }
  /// With default settings.
  public static let binaryAccuracy = binaryAccuracy()

  /// How often the greatest prediction is where the greatest target is.
  public static let categoricalAccuracy = Metric(
    "CategoricalAccuracy", name: "categorical_accuracy", direction: .up,
    MeanOfValues(check: { try checkAlike("categorical_accuracy", $0, $1) }) { categoricalMatches($0) })

  /// How often the greatest prediction is that of the class that the target names by number.
  public static let sparseCategoricalAccuracy = Metric(
    "SparseCategoricalAccuracy", name: "sparse_categorical_accuracy", direction: .up,
    MeanOfValues(check: { try checkClasses("sparse_categorical_accuracy", $0, $1) }) { sparseMatches($0) })

  private static func binaryMatches(_ input: MetricInput, _ threshold: Double) -> Tensor {
    let (target, prediction) = alike(input)
    let isPositive = (prediction .> Tensor(number: threshold)).cast(to: prediction.dtype)
    return (target .== isPositive).cast(to: prediction.dtype)
  }

  private static func categoricalMatches(_ input: MetricInput) -> Tensor {
    let target = input.target.argmax()
    return (target .== scores(input).argmax()).cast(to: input.prediction.dtype)
  }

  private static func sparseMatches(_ input: MetricInput) -> Tensor {
    let scores = scores(input)
    let target = input.target.reshaped(Array(scores.shape.dropLast()))
    // Compared as numbers, so that a target that is not a whole one is not right.
    let type = scores.dtype
    return (target.cast(to: type) .== scores.argmax().cast(to: type)).cast(to: type)
  }

  /// What has its greatest element where the prediction has: the logits where they are known, because the step then need not
  /// compute the softmax, and because probabilities that round to the same number are told apart.
  static func scores(_ input: MetricInput) -> Tensor {
    if let logits = input.logits, logits.activation == .softmax { return logits.values }
    return input.prediction
  }

  /// Target and prediction in one shape and dtype.
  static func alike(_ input: MetricInput) -> (target: Tensor, prediction: Tensor) {
    guard let shapes = Loss.Shapes(aligning: input.target.shape, with: input.prediction.shape) else {
      programmingError("metric: targets \(input.target.shape) do not match predictions \(input.prediction.shape)")
    }
    let target = input.target.cast(to: input.prediction.dtype).reshaped(shapes.target)
    return (target, input.prediction.reshaped(shapes.prediction))
  }

  @Sendable static func checkAlike(_ name: String, _ target: [Int], _ prediction: [Int], axis: Int) throws {
    try checkAlike(name, target, prediction)
    guard let shape = Loss.Shapes(aligning: target, with: prediction)?.prediction, !shape.areAxes([axis]) else { return }
    throw DescentError(.data, "metric \(name): axis \(axis) is none of predictions of shape \(shape)")
  }

  @Sendable static func checkAlike(_ name: String, _ target: [Int], _ prediction: [Int]) throws {
    if Loss.Shapes(aligning: target, with: prediction) == nil {
      let rows = Array(prediction.dropLast())
      let hint = !rows.isEmpty && (target == rows || target == rows + [1])
        ? "; for class numbers, give one-hot targets of shape \(prediction), or choose a metric that is sparse" : ""
      throw DescentError(
        .data, "metric \(name): targets of shape \(target) do not match predictions of shape \(prediction)\(hint)")
    }
  }

  @Sendable static func checkClasses(_ name: String, _ target: [Int], _ prediction: [Int]) throws {
    let expected = Array(prediction.dropLast())
    if prediction.isEmpty || (target != expected && target != expected + [1]) {
      throw DescentError(
        .data,
        "metric \(name): targets of shape \(target) are not class numbers for predictions of shape \(prediction): "
          + "expected \(expected)")
    }
  }

  /// The logit of a probability.
  static func logitThreshold(_ probability: Double) -> Double { log(probability / (1 - probability)) }
}

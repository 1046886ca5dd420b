/// A figure that judges a model: `.accuracy`, `"mse"`, `.topKCategoricalAccuracy(k: 3)`.
///
/// This is its description. ``makeState(targetShape:predictionShape:)`` makes the running totals, which a compiled training
/// step updates. Names and definitions are those of [Keras](https://keras.io/api/metrics/).
public struct Metric: KerasNamed {
  public static var kindName: String { "metric" }
  public static var kerasModule: String { "keras.metrics" }

  /// Which way is better.
  public enum Direction: Sendable { case up, down }

  /// What Keras calls it, with its settings.
  public internal(set) var keras: KerasDescription
  /// Which way is better, where that is known: what `mode: .auto` of the callbacks goes by.
  public let direction: Direction?
  let definition: any MetricDefinition
  /// Whether it means what Keras means by it where the two differ, and does not go by the loss beside it: metrics from Keras's files do.
  private(set) var isAsInKeras = false

  init(
    _ className: String?, name: String, config: [String: JSONValue] = [:], problem: DescentError? = nil,
    direction: Direction?, isKnownByNameOnly: Bool = false, isFoundByName: Bool = true, _ definition: some MetricDefinition
  ) {
    var config = config
    if className != nil { config["name"] = .string(name) }
    keras = KerasDescription(
      className, name: name, config: config, problem: problem, isKnownByNameOnly: isKnownByNameOnly, isFoundByName: isFoundByName)
    self.direction = direction
    self.definition = definition
  }

  public init(refusedWith error: DescentError) {
    self.init(nil, name: "refused", problem: error, direction: nil, MeanOfValues { $0.prediction })
  }

  /// The metric with the given Keras `name`, which is kept as it was given (`"acc"` is logged as `acc`).
  /// - Throws: ``DescentError`` naming the nearest and all known names if there is none.
  public init(named name: String) throws { self = try Metric.catalog.value(named: name).named(name) }

  public init(json: JSONValue) throws {
    self = try json.string.map { try Metric(named: $0) } ?? Metric.catalog.value(json: json)
  }

  public init(stringLiteral name: String) {
    do {
      self = try Metric.catalog.value(named: name).named(name)
    } catch {
      self.init(refusedWith: error as? DescentError ?? DescentError(.invalidArgument, "\(error)"))
    }
  }

  /// The same metric under another name in the logs.
  public func named(_ name: String) -> Metric {
    var result = self
    result.keras.name = name
    if className != nil { result.keras.config["name"] = .string(name) }
    return result
  }

  /// The mean over all samples of a closure's values. Files can name it once it is registered (``KerasNamed/register(_:)``).
  /// - Parameters:
  ///   - name: what the logs call it.
  ///   - direction: which way is better, if that is known.
  ///   - body: gets the target and the prediction as ``Loss/custom(_:_:)``'s does, and returns one value per sample (axis 0 counts them),
  ///     of any dtype.
  public static func custom(
    _ name: String, direction: Direction? = nil,
    _ body: @escaping @Sendable (_ target: Tensor, _ prediction: Tensor) -> Tensor
  ) -> Metric {
    var definition = MeanOfValues { input in
      let (target, prediction) = Loss.aligned(input.target, input.prediction)
      return body(target, prediction)
    }
    definition.ownName = name
    return Metric(nil, name: name, direction: direction, definition)
  }

  /// The metric as it is meant beside a loss: `accuracy` and the cross-entropies know whether predictions are logits.
  ///
  /// With a loss that takes logits, binary accuracy's threshold of 0.5 on a probability is one of 0 on the logit (Keras
  /// compares the logit with 0.5).
  public func resolved(for loss: Loss) -> Metric {
    loss.isFromLogits && !isAsInKeras ? definition.takingLogits.map { Metric(copying: self, $0) } ?? self : self
  }

  /// The same metric with Keras's numbers where Descent's differ.
  func asInKeras() -> Metric {
    var result = definition.asInKeras.map { Metric(copying: self, $0) } ?? self
    result.isAsInKeras = true
    return result
  }

  /// The metric to write to a file, where what the loss beside it has decided has to be said.
  /// - Parameter outputShape: of a row, if it is known.
  func written(beside loss: Loss, outputShape: [Int?]?) -> Metric {
    guard loss.isFromLogits, !isAsInKeras, definition.takingLogits != nil else { return self }
    if config["from_logits"] != nil {
      var result = self
      result.keras.config["from_logits"] = true
      return result
    }
    return outputShape.map { $0.isEmpty || $0.last == 1 } == true ? Metric.binaryAccuracy(threshold: 0).named(name) : self
  }

  private init(copying other: Metric, _ definition: any MetricDefinition) {
    keras = other.keras
    direction = other.direction
    self.definition = definition
  }

  /// The same for an output that may have no loss.
  func resolved(for loss: Loss?) -> Metric { loss.map { resolved(for: $0) } ?? self }

  /// Checks that predictions of a shape can be judged by targets of another (batch axis included).
  /// - Throws: ``DescentError`` with both shapes, or if the metric was made from an unknown name or bad settings.
  public func validate(targetShape: [Int], predictionShape: [Int]) throws {
    try validated()
    try definition.validate(targetShape: targetShape, predictionShape: predictionShape)
  }

  /// Running totals for a loop of one's own, of the shapes of the first batch. (Keras: `keras.metrics.SparseCategoricalAccuracy()`.)
  ///
  ///     let accuracy = try Metric.sparseCategoricalAccuracy.makeState()
  ///     for (x, y) in try batches.elements() { try accuracy.updateState(y, model(x)) }
  ///     print(accuracy.result)
  ///     accuracy.resetState()
  /// - Throws: ``DescentError`` if the metric was made from an unknown name or bad settings.
  public func makeState() throws -> MetricState {
    try validated()
    return MetricState(self, nil)
  }

  /// Running totals for targets and predictions of these shapes (batch axis included).
  /// - Throws: ``DescentError`` if the metric cannot judge such predictions, or was made from an unknown name or bad settings.
  public func makeState(targetShape: [Int], predictionShape: [Int]) throws -> MetricState {
    try validate(targetShape: targetShape, predictionShape: predictionShape)
    return MetricState(self, definition.makeVariables(predictionShape: predictionShape))
  }
}

/// What a metric is updated with.
struct MetricInput {
  var target: Tensor
  let prediction: Tensor
  var logits: Logits? = nil
  var sampleWeight: Tensor? = nil
  /// Which steps of the prediction count, if not all do. Means of values look at it; as in Keras, no other metric does.
  var mask: Tensor? = nil
}

/// How a metric counts.
protocol MetricDefinition: Sendable {
  /// The form that takes logits as predictions, if this one takes probabilities and the difference matters.
  var takingLogits: (any MetricDefinition)? { get }
  /// The form with Keras's numbers, if those are others.
  var asInKeras: (any MetricDefinition)? { get }
  func validate(targetShape: [Int], predictionShape: [Int]) throws
  /// The running totals, all zero.
  func makeVariables(predictionShape: [Int]) -> [Variable]
  /// Adds a batch; may run inside a trace.
  func update(_ variables: [Variable], with input: MetricInput) throws
  /// Back to nothing seen.
  func reset(_ variables: [Variable])
  /// The figure, or several with what tells them apart, from the variables' elements.
  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)]
}

extension MetricDefinition {
  var takingLogits: (any MetricDefinition)? { nil }
  var asInKeras: (any MetricDefinition)? { nil }
  func validate(targetShape: [Int], predictionShape: [Int]) throws {}

  func reset(_ variables: [Variable]) {
    for variable in variables {
      variable.withMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    }
  }
}

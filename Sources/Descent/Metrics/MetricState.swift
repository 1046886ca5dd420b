/// The running totals of a ``Metric`` over batches.
///
/// `update(target:prediction:sampleWeight:logits:)` inside a compiled function becomes part of each run; the results are
/// computed from the totals outside.
public final class MetricState {
  /// What is measured.
  public let metric: Metric
  /// The totals: `float64`, not trainable. They start, and are after ``reset()``, all zero. Without any as long as
  /// ``Metric/makeState()``'s has seen no batch.
  public var variables: [Variable] { made ?? [] }
  private var made: [Variable]?

  /// - Parameter variables: nil for those of the first batch's shapes.
  init(_ metric: Metric, _ variables: [Variable]?) {
    self.metric = metric
    made = variables
  }

  /// Adds a batch to the totals, in a loop of one's own. (Keras: `Metric.update_state`.)
  /// - Parameters:
  ///   - yTrue: what should have been predicted; samples on axis 0.
  ///   - yPred: what was predicted.
  ///   - sampleWeight: one number per sample; without it all weigh 1.
  /// - Throws: ``DescentError`` if the metric cannot judge such predictions by such targets, or weights do not fit.
  public func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) throws {
    let yPred = yPred.dtype.isFloatingPoint ? yPred : yPred.cast(to: .float32)
    try metric.validate(targetShape: yTrue.shape, predictionShape: yPred.shape)
    if let made, made.contains(where: { !$0.shape.isEmpty }) {
      let wanted = Trace.suspended { metric.definition.makeVariables(predictionShape: yPred.shape) }.map(\.shape)
      guard wanted == made.map(\.shape) else {
        throw DescentError(.data, "metric \(metric.name): predictions of shape \(yPred.shape) have other classes than those before")
      }
    }
    // What a compiled function makes belongs to one run of it.
    let isFirst = made == nil
    if isFirst { made = Trace.suspended { metric.definition.makeVariables(predictionShape: yPred.shape) } }
    do {
      try add(MetricInput(target: yTrue, prediction: yPred, sampleWeight: sampleWeight))
    } catch {
      if isFirst { made = nil }
      throw error
    }
  }

  /// Back to nothing seen. (Keras: `Metric.reset_state`.)
  public func resetState() { reset() }

  /// Adds a batch to the totals.
  ///
  /// - Parameters:
  ///   - target: as for ``Loss/values(target:prediction:logits:)``.
  ///   - prediction: the model's output, floating-point.
  ///   - sampleWeight: one number per sample; without it all weigh 1.
  ///   - logits: what the model computed before a final sigmoid or softmax, if that is known.
  ///   - mask: which steps of the prediction count, of its leading axes. Metrics that are means of values look at it, but for
  ///     ``Metric/rootMeanSquaredError``; as in Keras, no others do.
  public func update(
    target: Tensor, prediction: Tensor, sampleWeight: Tensor? = nil, logits: Logits? = nil, mask: Tensor? = nil
  ) {
    do {
      try add(MetricInput(target: target, prediction: prediction, logits: logits, sampleWeight: sampleWeight, mask: mask))
    } catch {
      programmingError("\(error)")
    }
  }

  /// - Throws: ``DescentError`` if weights do not fit, or a closure of the user's gives what is no value of a sample.
  func add(_ input: MetricInput) throws {
    var input = input
    input.target = Loss.numbers(input.target)
    try metric.definition.update(variables, with: input)
  }

  /// Adds values themselves, to a ``Metric/mean`` or ``Metric/sum``.
  public func add(_ values: Tensor, sampleWeight: Tensor? = nil) {
    update(target: values, prediction: values, sampleWeight: sampleWeight)
  }

  /// Back to nothing seen.
  public func reset() { metric.definition.reset(variables) }

  /// What the logs show: one figure under the metric's name; a metric with several (one per class or threshold) gives each a
  /// suffix: `f1_score_0`, `f1_score_1`, …
  public var results: [(name: String, value: Double)] {
    figures.map { (metric.name + $0.suffix, $0.value) }
  }

  /// The same without the metric's name.
  var figures: [(suffix: String, value: Double)] {
    // Before the first batch there is nothing whose mean could be taken.
    made == nil ? [("", 0)] : metric.definition.results(variables.map(\.value.doubles))
  }

  /// The figure of a metric that has one, the mean of those of a metric that has several.
  public var result: Double {
    let values = results.map(\.value)
    return values.reduce(0, +) / Double(values.count)
  }
}

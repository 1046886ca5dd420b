import Optimizers
import TensorCore

/// A metric of one's own that keeps state: variables in stored properties, how a batch changes them, and what they amount to.
///
///     final class BinaryTruePositives: StatefulMetric {
///       let count = Variable(Tensor(0.0), name: "count")
///
///       override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) {
///         var hits = ((yTrue .== 1) .&& (yPred .> 0.5)).cast(to: .float64)
///         if let sampleWeight { hits *= sampleWeight.cast(to: .float64).reshaped([-1, 1]) }
///         count.assignAdd(hits.sum())
///       }
///       override var result: Tensor { count.value }
///     }
///     try model.compile(optimizer: .adam, loss: .binaryCrossentropy, metrics: [.stateful(BinaryTruePositives())])
///
/// In `fit` and `evaluate` the update is a part of the compiled step, and the state is reset before each epoch and each evaluation. The
/// same holds for the metrics that a ``Model`` subclass has in stored properties and updates in a ``Model/trainStep(_:)`` of its own.
/// A metric may be made of others that it has in stored properties; their state is a part of its own. It may also be used alone: update
/// it, read ``result``, reset it. It has one state: where another thread's `fit` counts in it,
/// `evaluate` is an error. (Keras: `keras.metrics.Metric`.)
open class StatefulMetric {
  /// What the logs call it.
  public fileprivate(set) var name: String
  /// Which way is better: what `mode: .auto` of the callbacks goes by.
  public let direction: Metric.Direction?

  /// - Parameters:
  ///   - name: what the logs call it; after the class (`binary_true_positives`) if nil.
  ///   - direction: which way is better, if that is known.
  public init(name: String? = nil, direction: Metric.Direction? = nil) {
    self.name = name ?? ""
    self.direction = direction
    if name == nil { self.name = Layer.kerasName(ofClass: String(describing: type(of: self))) }
  }

  /// Changes the state by a batch. It is traced in `fit` and `evaluate`, and must not read elements.
  /// - Parameters:
  ///   - yTrue: a target of the output's shape, in the output's dtype; any other, such as class numbers, in its own shape, as `int32` or
  ///     the output's dtype. A target [rows] of an output [rows, 1] comes as [rows, 1].
  ///   - yPred: the model's output.
  ///   - sampleWeight: one number a row among `weightedMetrics`, if there are weights; otherwise nil.
  /// - Throws: what the metric cannot count; ``DescentError`` from one that does not override it.
  open func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) throws {
    throw DescentError(.state, "metric \(name): \(Self.self) does not override updateState(_:_:sampleWeight:)")
  }

  /// What the state amounts to: one number, or a vector whose elements the logs number (`name_0`, `name_1`, …). In a compiled step it is
  /// the value after the updates that stand before. An override need not throw.
  /// - Throws: ``DescentError`` from a metric that does not override it, which `fit` and `evaluate` say before they begin.
  open var result: Tensor {
    get throws { throw DescentError(.state, "metric \(name): \(Self.self) does not override result") }
  }

  /// Back to nothing seen. The default makes the metric's own variables zero and resets the metrics that it holds.
  open func resetState() {
    for variable in ownVariables { variable.assign(Tensor.zeros(variable.shape, dtype: variable.dtype)) }
    for metric in heldMetrics { metric.resetState() }
  }

  /// What a file says of the metric, beside its name: the settings that it is made from
  /// again once its class is registered (`Metric.register`).
  open func options() throws -> JSONObject { JSONObject() }

  /// The state: the variables in stored properties, alone or in structs, enums, arrays and dictionaries, and then those of metrics that
  /// are held so. (Keras: `Metric.variables`.)
  public var variables: [Variable] {
    var seen: Set<ObjectIdentifier> = []
    return allMetrics.flatMap(\.ownVariables).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  private lazy var ownVariables: [Variable] = storedParts(of: self, upTo: StatefulMetric.self)
  private lazy var heldMetrics: [StatefulMetric] = storedParts(of: self, upTo: StatefulMetric.self)

  /// The metric, those that it holds, and those that these hold, each once.
  private var allMetrics: [StatefulMetric] {
    var all = [self], seen: Set = [ObjectIdentifier(self)], next = 0
    while next < all.count {
      all += all[next].heldMetrics.filter { seen.insert(ObjectIdentifier($0)).inserted }
      next += 1
    }
    return all
  }

  /// Counts a batch and gives the result. (Keras: `metric(y_true, y_pred)`.)
  @discardableResult
  public final func callAsFunction(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) throws -> Tensor {
    try updateState(yTrue, yPred, sampleWeight: sampleWeight)
    return try result
  }
}

/// The (weighted) mean of the values it is given: for numbers of a step of one's own. (Keras: `keras.metrics.Mean`.)
///
///     let loss = MeanMetric(name: "d_loss")
///     try loss.updateState(value)
public final class MeanMetric: StatefulMetric {
  private let total = Variable(Tensor(0.0), name: "total", isTrainable: false)
  private let count = Variable(Tensor(0.0), name: "count", isTrainable: false)

  /// Adds values.
  /// - Parameters:
  ///   - values: of any shape; axis 0 counts them and further axes are averaged.
  ///   - sampleWeight: how much each counts.
  public func updateState(_ values: Tensor, sampleWeight: Tensor? = nil) throws {
    try MeanOfValues { $0.prediction }.update(
      [total, count], with: MetricInput(target: values, prediction: values, sampleWeight: sampleWeight))
  }

  /// - Throws: always: it is given values, not predictions and targets. Of these ``Metric/custom(_:direction:_:)`` takes the mean.
  public override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) throws {
    throw DescentError(
      .invalidArgument, "metric \(name): MeanMetric is given values, not targets and predictions; Metric.custom takes the mean of these")
  }

  /// Zero before the first value.
  public override var result: Tensor {
    let isEmpty = count.value .== 0
    return select(isEmpty, 0, total.value / select(isEmpty, 1, count.value))
  }
}

extension Metric {
  /// `metric`, which has state of its own, as one that `compile` takes.
  public static func stateful(_ metric: StatefulMetric) -> Metric {
    var config = ((try? metric.options()) ?? JSONObject()).dictionary
    config["name"] = .string(metric.name)
    return Metric(
      String(describing: type(of: metric)), name: metric.name, config: config, direction: metric.direction, StatefulDefinition(metric))
  }

  /// The metric with state that it was made from.
  public var statefulMetric: StatefulMetric? { (definition as? StatefulDefinition)?.metric }

  /// Makes a metric with state of the program's own known, as every other (``KerasNamed/register(_:package:settings:_:)``): string literals,
  /// names and files can name it, and each time it is made anew. The last one of a name counts. (Keras: `register_keras_serializable`.)
  ///
  ///     try Metric.register(BinaryTruePositives.self, settings: ["threshold": 0.5]) { settings in
  ///       BinaryTruePositives(threshold: try settings.double("threshold"))
  ///     }
  ///
  /// - Parameters:
  ///   - type: the metric's class.
  ///   - package: what stands before the class's name in files: `Custom>BinaryTruePositives`.
  ///   - settings: the names of all that ``StatefulMetric/options()`` gives, with their defaults.
  ///   - make: makes it from its settings, by asking for each. The name that a file has for it is given to it afterwards.
  /// - Throws: ``DescentError`` if it cannot be made with the defaults, or one of the settings is called `name`.
  public static func register<Own: StatefulMetric>(
    _ type: Own.Type, package: String = "Custom", settings: [String: JSONValue] = [:], _ make: @escaping @Sendable (Settings) throws -> Own
  ) throws {
    try register(String(describing: type), package: package, settings: settings) { settings in
      let metric = try make(settings)
      if let name = try settings.optional("name", .text) { metric.name = name }
      return .stateful(metric)
    }
  }

  /// What Keras's `serialize` gives; for a metric with state of the program's own what its registered name and options say.
  /// - Throws: ``DescentError`` for a metric that could not be read back.
  public func json() throws -> JSONValue {
    guard let metric = statefulMetric, let className else { return try describedJSON() }
    guard let registered = Metric.catalog.registered(className), registered.statefulMetric.map({ type(of: $0) == type(of: metric) }) == true else {
      throw DescentError(
        .state, "the metric class \(className) is not registered, so the file could not be read back; call Metric.register")
    }
    var config = try metric.options()
    if let other = config.members.first(where: { registered.config[$0.key] == nil }) {
      throw DescentError(
        .state, "metric \(name): options() gives '\(other.key)', which Metric.register was not told of, so the file could not be read back")
    }
    config["name"] = .string(name)
    return KerasObject(className, module: nil, config: config, registeredName: registered.keras.registeredName).json
  }
}

/// The metric has its state itself, one thread at a time, which whoever counts in it sees to.
private final class StatefulDefinition: MetricDefinition, @unchecked Sendable {
  let metric: StatefulMetric
  private let compute: ThrowingCompiledFunction

  init(_ metric: StatefulMetric) {
    self.metric = metric
    compute = ThrowingCompiledFunction { _ in [try metric.result.cast(to: .float64)] }
  }

  func validate(targetShape: [Int], predictionShape: [Int]) throws { _ = try metric.result }

  func makeVariables(predictionShape: [Int]) -> [Variable] { metric.variables }

  func update(_ variables: [Variable], with input: MetricInput) throws {
    let (target, prediction) = Loss.aligned(input.target, input.prediction)
    let known = Set((variables + Trace.assignedVariables).map(ObjectIdentifier.init))
    try metric.updateState(target, prediction, sampleWeight: input.sampleWeight)
    if let other = Trace.assignedVariables.first(where: { !known.contains(ObjectIdentifier($0)) }) {
      throw DescentError(
        .state,
        "metric \(metric.name): updateState assigns the variable '\(other.path)', which no stored property of the metric or of metrics in them holds, and so neither resetState nor a checkpoint would know it")
    }
  }

  func reset(_ variables: [Variable]) { metric.resetState() }

  func results(_ totals: [[Double]]) -> [(suffix: String, value: Double)] {
    let result: Tensor
    do { result = try compute.call([])[0] } catch { programmingError("\(error)") }
    let values = result.doubles
    return result.rank == 0 ? [("", values[0])] : values.enumerated().map { ("_\($0.offset)", $0.element) }
  }
}

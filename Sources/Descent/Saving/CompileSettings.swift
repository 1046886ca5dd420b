import Optimizers
import TensorCore

/// What `compile` was given, as Keras writes it: `compile_config`.
package struct CompileSettings {
  package let optimizer: any Optimizer
  package let loss: Loss
  package let metrics: [Metric]
  package let weightedMetrics: [Metric]

  /// Nil without a loss: there is nothing to train for then. An optimizer that is missing is Keras's default for it.
  /// - Parameter name: what errors call the file.
  package init?(_ config: JSONObject, name: String) throws {
    var config = config
    func take(_ key: String) -> JSONValue {
      defer { config[key] = nil }
      return config[key] ?? .null
    }
    /// Says where a fault lies.
    func at<Result>(_ key: String, _ body: () throws -> Result) throws -> Result {
      do {
        return try body()
      } catch let error as DescentError {
        throw DescentError(.file, "\(name): compile_config: \(key): \(error.message)")
      }
    }
    func metrics(_ key: String) throws -> [Metric] {
      let value = take(key)
      if CompileSettings.isEmpty(value) { return [] }
      guard var list = value.array else {
        throw DescentError(.file, "\(name): compile_config: \(key) is \(value.shortText); expected a list")
      }
      // A list for each output, of which there is one.
      if list.count == 1, let inner = list[0].array { list = inner }
      return try list.map { metric in try at(key) { try (metric.string.map(Metric.init(named:)) ?? Metric(json: metric)).asInKeras() } }
    }
    let optimizer = take("optimizer")
    if CompileSettings.isEmpty(optimizer) {
      self.optimizer = RMSprop()
    } else {
      self.optimizer = try at("optimizer") { try OptimizerRegistry.optimizer(from: optimizer) }
    }
    let loss = CompileSettings.ofOnlyOutput(take("loss"))
    let chosen = try CompileSettings.isEmpty(loss) ? nil : at("loss") { try Loss(json: loss) }
    self.metrics = try metrics("metrics")
    weightedMetrics = try metrics("weighted_metrics")
    let weight = CompileSettings.ofOnlyOutput(take("loss_weights"))
    guard CompileSettings.isEmpty(weight) || weight.double != nil else {
      throw DescentError(.file, "\(name): compile_config: loss_weights is \(weight.shortText); expected one number for the model's only output")
    }
    // How Keras runs a step, which does not change what it computes.
    for key in ["run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"] { _ = take(key) }
    if let key = config.keys.first {
      throw DescentError(.file, "\(name): compile_config: '\(key)' (\(config[key]!.shortText)) is not known")
    }
    guard let chosen else { return nil }
    self.loss = weight.double.map { chosen.weighted(by: $0) } ?? chosen
  }

  /// A setting that stands alone, in a list of one, or under the name of the only output.
  private static func ofOnlyOutput(_ value: JSONValue) -> JSONValue {
    if let list = value.array, list.count == 1 { return list[0] }
    if let object = value.object, object["class_name"] == nil, object.members.count == 1 { return object.members[0].value }
    return value
  }

  /// Whether a part says nothing: Keras leaves some out, or writes null or an empty list.
  private static func isEmpty(_ value: JSONValue) -> Bool { value == .null || value == [] || value == [:] || value == "" }

  package func compile(_ model: Model) throws {
    try model.compileAsInFile(optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weightedMetrics)
  }
}

extension TrainingState {
  /// `compile_config`.
  /// - Parameter withPresentRate: whether to write the learning rate that is set now, or the one that `compile` was given.
  /// - Parameter outputShape: of a row, if it is known.
  func json(withPresentRate: Bool = true, outputShape: [Int]?) throws -> JSONValue {
    func list(_ metrics: [Metric]) throws -> JSONValue {
      metrics.isEmpty
        ? .null : .array(try metrics.map { try $0.written(beside: loss, outputShape: outputShape).shortJSON(Metric.init(named:)) })
    }
    return [
      "optimizer": try OptimizerRegistry.configuration(of: withPresentRate ? optimizerState?.presentOptimizer ?? optimizer : optimizer), "loss": try loss.shortJSON(Loss.init(named:)),
      "loss_weights": loss.weight == 1 ? nil : [JSONValue(loss.weight)], "metrics": try list(metrics), "weighted_metrics": try list(weightedMetrics), "run_eagerly": false,
      "steps_per_execution": 1, "jit_compile": "auto",
    ]
  }
}

extension KerasNamed {
  /// Just the name where that says it all, as Keras keeps it.
  fileprivate func shortJSON(_ named: (String) throws -> Self) throws -> JSONValue {
    if let plain = try? named(name), plain.config == config { return .string(name) }
    return try json()
  }
}

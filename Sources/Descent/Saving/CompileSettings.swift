import Optimizers
import TensorCore

/// What `compile` was given, as Keras writes it: `compile_config`.
package struct CompileSettings {
  package let optimizer: any Optimizer
  let choices: CompileChoices

  private static let keys = [
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "jit_compile", "auto_scale_loss", "steps_per_execution",
  ]

  /// Nil without optimizer and loss. An optimizer that is missing is Keras's default for it.
  /// - Parameter name: what errors call the file.
  package init?(_ config: JSONObject, name: String) throws {
    func value(_ key: String) -> JSONValue { config[key] ?? .null }
    let settings = Settings(owner: "\(name): compile_config", given: config.dictionary)
    do {
      try settings.refuseOthers(than: CompileSettings.keys)
      // How Keras runs a step, which changes no number: they must be of their kinds, and are not kept. A loss that scales itself does so in
      // half precision alone, and the optimizer is then written as the LossScaleOptimizer that it has become.
      _ = try settings.optionalBool("run_eagerly")
      _ = try settings.optionalBool("auto_scale_loss")
      _ = try settings.optional("jit_compile", SettingKind("true, false or \"auto\"") { $0 == "auto" ? true : $0.bool })
    } catch let error as DescentError {
      throw DescentError(.file, error.message)
    }
    /// Says where a fault lies.
    func at<Result>(_ key: String, _ body: () throws -> Result) throws -> Result {
      do {
        return try body()
      } catch let error as DescentError {
        throw DescentError(.file, "\(name): compile_config: \(key): \(error.message)")
      }
    }
    func metric(_ json: JSONValue) throws -> Metric {
      try (json.string.map(Metric.init(named:)) ?? Metric(json: json)).asInKeras()
    }
    /// Keras writes one metric of an output as itself, several as a list.
    func metricList(_ json: JSONValue) throws -> [Metric] {
      json == .null ? [] : try json.array?.map(metric) ?? [metric(json)]
    }
    func metrics(_ key: String) throws -> CompileChoices.Metrics {
      let given = value(key)
      return try at(key) {
        if CompileSettings.isEmpty(given) { return .list([]) }
        if let object = given.object, object["class_name"] == nil {
          return .byOutput(.named(try object.members.map { ($0.key, try metricList($0.value)) }))
        }
        guard let list = given.array else { throw DescentError(.file, "\(given.shortText) is neither a list nor a dictionary") }
        if list.contains(where: { $0.array != nil || $0 == .null }) { return .byOutput(.ordered(try list.map(metricList))) }
        return .list(try list.map(metric))
      }
    }
    let optimizer = value("optimizer")
    if CompileSettings.isEmpty(optimizer) {
      self.optimizer = RMSprop()
    } else {
      self.optimizer = try at("optimizer") { try OptimizerRegistry.optimizer(from: optimizer) }
    }
    let losses = value("loss")
    let lossChoice: CompileChoices.Losses? = try at("loss") {
      if CompileSettings.isEmpty(losses) { return nil }
      func pairs(_ object: JSONObject) throws -> [(name: String, value: Loss)] {
        try object.members.filter { $0.value != .null }.map { ($0.key, try Loss(json: $0.value)) }
      }
      if let object = losses.object, object["class_name"] == nil { return .byOutput(.named(try pairs(object))) }
      if let list = losses.array { return .byOutput(.ordered(try list.map { $0 == .null ? nil : try Loss(json: $0) })) }
      return .same(try Loss(json: losses))
    }
    let weights = value("loss_weights")
    let weightChoice: ByOutput<Double>? = try at("loss_weights") {
      func number(_ json: JSONValue) throws -> Double {
        guard let number = json.double else { throw DescentError(.file, "\(json.shortText) is no number") }
        return number
      }
      if CompileSettings.isEmpty(weights) { return nil }
      if let object = weights.object { return .named(try object.members.map { ($0.key, try number($0.value)) }) }
      return .ordered(try weights.array?.map { $0 == .null ? nil : try number($0) } ?? [number(weights)])
    }
    let (plainMetrics, weightedMetrics) = (try metrics("metrics"), try metrics("weighted_metrics"))
    let stepsPerExecution = value("steps_per_execution")
    guard let steps = stepsPerExecution == .null ? 1 : stepsPerExecution.int, steps >= 1 else {
      throw DescentError(
        .file, "\(name): compile_config: steps_per_execution: \(stepsPerExecution.shortText) is no number of steps; expected 1 or more")
    }
    if lossChoice == nil && CompileSettings.isEmpty(optimizer) { return nil }
    choices = CompileChoices(
      losses: lossChoice ?? .own, lossWeights: weightChoice, metrics: plainMetrics, weightedMetrics: weightedMetrics,
      stepsPerExecution: steps)
  }

  /// Whether a part says nothing: Keras leaves some out, or writes null or an empty list.
  private static func isEmpty(_ value: JSONValue) -> Bool { value == .null || value == [] || value == [:] || value == "" }

  package func compile(_ model: Model) throws { try model.compile(optimizer, choices) }
}

extension TrainingState {
  /// `compile_config`.
  /// - Parameters:
  ///   - isCompared: whether it is to be compared with another and not read back: with the learning rate that `compile` was given and not the
  ///     one that is set now, and also of an optimizer that is not registered.
  ///   - outputShape: of a row, if it is known.
  /// - Throws: ``DescentError`` for what cannot be written.
  func json(isCompared: Bool = false, outputShape: [Int?]?) throws -> JSONValue {
    func list(_ metrics: [Metric]) throws -> JSONValue {
      if metrics.isEmpty { return .null }
      return .array(
        try metrics.map { metric in
          guard case .same(let loss) = choices.losses else { return try metric.shortJSON(Metric.init(named:)) }
          return try metric.written(beside: loss, outputShape: outputShape).shortJSON(Metric.init(named:))
        })
    }
    func metrics(_ metrics: CompileChoices.Metrics) throws -> JSONValue {
      switch metrics {
      case .list(let metrics): try list(metrics)
      case .byOutput(.ordered(let lists)): lists.isEmpty ? .null : .array(try lists.map { try list($0 ?? []) })
      case .byOutput(.named(let lists)): lists.isEmpty ? .null : .object(JSONObject(try lists.map { ($0.name, try list($0.value)) }))
      }
    }
    let loss: JSONValue = switch choices.losses {
    case .own: .null
    case .same(let loss): try loss.shortJSON(Loss.init(named:))
    case .byOutput(.ordered(let losses)): .array(try losses.map { try $0?.shortJSON(Loss.init(named:)) ?? .null })
    case .byOutput(.named(let losses)): .object(JSONObject(try losses.map { ($0.name, try $0.value.shortJSON(Loss.init(named:))) }))
    }
    let weights: JSONValue = switch choices.lossWeights {
    case nil: .null
    case .ordered(let weights)?: .array(weights.map { weight in weight.map { JSONValue($0) } ?? .null })
    case .named(let weights)?: .object(JSONObject(weights.map { ($0.name, JSONValue($0.value)) }))
    }
    return [
      "optimizer": isCompared
        ? try OptimizerRegistry.comparableConfiguration(of: optimizer)
        : try OptimizerRegistry.configuration(of: optimizerState?.presentOptimizer ?? optimizer),
      "loss": loss,
      "loss_weights": weights, "metrics": try metrics(choices.metrics), "weighted_metrics": try metrics(choices.weightedMetrics),
      "run_eagerly": false, "steps_per_execution": JSONValue(choices.stepsPerExecution), "jit_compile": "auto",
    ]
  }
}

/// Names that Keras gives to losses and metrics and does not find them by.
let namesWithoutObjects: Set = ["huber_loss", "categorical_generalized_cross_entropy", "logcosh", "fbeta_score"]

extension KerasNamed {
  /// Just the name where that says it all, as Keras keeps it.
  fileprivate func shortJSON(_ named: (String) throws -> Self) throws -> JSONValue {
    let isOfName = keras.registeredName == nil && (className != nil || Self.catalog.registered(name) != nil)
    if isOfName, let plain = try? named(name), plain.className == className, plain.config == config, !namesWithoutObjects.contains(name) {
      return .string(name)
    }
    return try json()
  }
}

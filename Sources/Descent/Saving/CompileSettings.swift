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
    let reader = CompileSettingsReader(config: config, name: name)
    try reader.check(keys: CompileSettings.keys)
    let optimizer = try reader.optimizer()
    let losses = try reader.losses()
    let choices = CompileChoices(
      losses: losses ?? .own, lossWeights: try reader.lossWeights(), metrics: try reader.metrics("metrics"),
      weightedMetrics: try reader.metrics("weighted_metrics"), stepsPerExecution: try reader.stepsPerExecution())
    if losses == nil && optimizer == nil { return nil }
    self.optimizer = optimizer ?? RMSprop()
    self.choices = choices
  }

  package func compile(_ model: Model) throws { try model.compile(optimizer, choices) }
}

/// Reads the parts of a `compile_config`.
private struct CompileSettingsReader {
  let config: JSONObject
  /// What errors call the file.
  let name: String

  private func value(_ key: String) -> JSONValue { config[key] ?? .null }

  /// What a part says; nil if it says nothing: Keras leaves some out, or writes null or an empty list. Errors say where the fault lies.
  private func read<Result>(_ key: String, _ body: (JSONValue) throws -> Result) throws -> Result? {
    let value = value(key)
    if value == .null || value == [] || value == [:] || value == "" { return nil }
    do {
      return try body(value)
    } catch let error as DescentError {
      throw DescentError(.file, "\(name): compile_config: \(key): \(error.message)")
    }
  }

  func check(keys: [String]) throws {
    let settings = Settings(owner: "\(name): compile_config", given: config.dictionary)
    do {
      try settings.refuseOthers(than: keys)
      // How Keras runs a step, which changes no number: they must be of their kinds, and are not kept. A loss that scales itself does so in
      // half precision alone, and the optimizer is then written as the LossScaleOptimizer that it has become.
      _ = try settings.optionalBool("run_eagerly")
      _ = try settings.optionalBool("auto_scale_loss")
      _ = try settings.optional("jit_compile", SettingKind("true, false or \"auto\"") { $0 == "auto" ? true : $0.bool })
    } catch let error as DescentError {
      throw DescentError(.file, error.message)
    }
  }

  func optimizer() throws -> (any Optimizer)? { try read("optimizer") { try OptimizerRegistry.optimizer(from: $0) } }

  func losses() throws -> CompileChoices.Losses? {
    try read("loss") { given in
      if let object = given.object, object["class_name"] == nil {
        return .byOutput(.named(try object.members.filter { $0.value != .null }.map { ($0.key, try Loss(json: $0.value)) }))
      }
      if let list = given.array { return .byOutput(.ordered(try list.map { $0 == .null ? nil : try Loss(json: $0) })) }
      return .same(try Loss(json: given))
    }
  }

  func lossWeights() throws -> ByOutput<Double>? {
    func number(_ json: JSONValue) throws -> Double {
      guard let number = json.double else { throw DescentError(.file, "\(json.shortText) is no number") }
      return number
    }
    return try read("loss_weights") { given in
      if let weights = given.object { return .named(try weights.members.map { ($0.key, try number($0.value)) }) }
      return .ordered(try given.array?.map { $0 == .null ? nil : try number($0) } ?? [number(given)])
    }
  }

  func metrics(_ key: String) throws -> CompileChoices.Metrics {
    func metric(_ json: JSONValue) throws -> Metric {
      try (json.string.map(Metric.init(named:)) ?? Metric(json: json)).asInKeras()
    }
    /// Keras writes one metric of an output as itself, several as a list.
    func metricList(_ json: JSONValue) throws -> [Metric] {
      json == .null ? [] : try json.array?.map(metric) ?? [metric(json)]
    }
    return try read(key) { given in
      if let object = given.object, object["class_name"] == nil {
        return .byOutput(.named(try object.members.map { ($0.key, try metricList($0.value)) }))
      }
      guard let list = given.array else { throw DescentError(.file, "\(given.shortText) is neither a list nor a dictionary") }
      if list.contains(where: { $0.array != nil || $0 == .null }) { return .byOutput(.ordered(try list.map(metricList))) }
      return .list(try list.map(metric))
    } ?? .list([])
  }

  func stepsPerExecution() throws -> Int {
    let given = value("steps_per_execution")
    guard let steps = given == .null ? 1 : given.int, steps >= 1 else {
      throw DescentError(.file, "\(name): compile_config: steps_per_execution: \(given.shortText) is no number of steps; expected 1 or more")
    }
    return steps
  }
}

extension TrainingState {
  /// `compile_config`.
  /// - Parameters:
  ///   - isCompared: whether it is to be compared with another and not read back: with the learning rate that `compile` was given and not the
  ///     one that is set now, and also of an optimizer that is not registered.
  ///   - model: whose outputs the losses and metrics are of.
  /// - Throws: ``DescentError`` for what cannot be written.
  func json(isCompared: Bool = false, of model: Model) throws -> JSONValue {
    let names = model.outputNameLists, outputs = try? outputs(of: model), shapes = model.rowOutputShapes
    func loss(_ place: Int?) -> Loss? {
      if let outputs { return place.flatMap { outputs.indices.contains($0) ? outputs[$0].loss : nil } }
      if case .same(let loss) = choices.losses { return loss } else { return nil }
    }
    func json(_ metric: Metric, _ place: Int?) throws -> JSONValue {
      guard let loss = loss(place) else { return try metric.shortJSON(Metric.init(named:)) }
      let shape = place.flatMap { place in shapes.flatMap { $0.indices.contains(place) ? $0[place] : nil } }
      return try metric.written(beside: loss, outputShape: shape).shortJSON(Metric.init(named:))
    }
    func list(_ metrics: [Metric], _ place: Int?) throws -> JSONValue { metrics.isEmpty ? .null : .array(try metrics.map { try json($0, place) }) }
    func metrics(_ metrics: CompileChoices.Metrics) throws -> JSONValue {
      switch metrics {
      case .list(let metrics):
        // One of each output where there are several.
        metrics.isEmpty ? .null : .array(try metrics.enumerated().map { try json($1, names[0].count == 1 ? 0 : $0) })
      case .byOutput(.ordered(let lists)): lists.isEmpty ? .null : .array(try lists.enumerated().map { try list($1 ?? [], $0) })
      case .byOutput(.named(let lists)):
        lists.isEmpty
          ? .null
          : .object(JSONObject(try zip(lists, ByOutput.named(lists).places(names: names)).map { ($0.name, try list($0.value, $1)) }))
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

extension KerasNamed {
  /// Just the name where that says it all, as Keras keeps it.
  fileprivate func shortJSON(_ named: (String) throws -> Self) throws -> JSONValue {
    let isOfName = keras.registeredName == nil && (className != nil || Self.catalog.registered(name) != nil)
    if isOfName, keras.isFoundByName, let plain = try? named(name), plain.className == className, plain.config == config {
      return .string(name)
    }
    return try json()
  }
}

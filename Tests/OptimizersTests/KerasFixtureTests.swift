import Optimizers
import Testing

/// Every optimizer of Keras 3 with every argument away from its default, and settings drawn at random, over 50 steps.
@Suite struct KerasFixtureTests {
  /// Keras's constructor arguments as an optimizer.
  static func optimizer(_ json: JSONValue) throws -> any Optimizer {
    let name = json["optimizer"]?.string ?? json["class_name"]!.string!
    var config = json["config"]!.object!
    if name == "MultiOptimizer" {
      let rules = try config["optimizer_map"]!.object!.members.map { key, value in
        (rule: ParameterRule.pathPattern(key), optimizer: try optimizer(value))
      }
      return MultiOptimizer(
        default: try optimizer(config["default_optimizer"]!), rules, lossScaleFactor: config["loss_scale_factor"]?.double)
    }
    // What Keras does with micro-steps has to be asked for.
    if config["gradient_accumulation_steps"] != nil { config["counts_micro_steps"] = true }
    var made = try OptimizerRegistry.optimizer(from: ["class_name": .string(name), "config": .object(config)])
    if let patterns = json["exclude_from_weight_decay"]?.array {
      made.options.weightDecayExclusions = patterns.map { .pattern($0.string!) }
    }
    return made
  }

  /// A case's name for messages.
  static func name(_ json: JSONValue) -> String {
    var text = "\(json["optimizer"]!.string!)(\(json["config"]!))"
    for key in ["exclude_from_weight_decay", "nonfinite", "function"] where json[key] != nil { text += " \(key) \(json[key]!)" }
    return text
  }

  /// Runs a case; returns what differs by more than the tolerance.
  static func faults(_ json: JSONValue, tolerance: Double) throws -> [String] {
    var faults: [String] = []
    func check(_ what: String, _ difference: Double) {
      if !(difference <= tolerance) { faults.append("\(name(json)), \(what): \(difference)") }
    }
    let run = try FixtureRun(optimizer(json), dtype: DType(rawValue: json["dtype"]!.string!)!)
    for step in 1...50 {
      var gradients = run.gradients(at: step)
      if let fault = json["nonfinite"]?["\(step)"] {
        let index = run.variables.firstIndex { $0.path == fault[0]!.string }!
        var values = gradients[index].doubles
        values[0] = Double(fault[1]!.string!)!
        gradients[index] = Tensor(shape: gradients[index].shape, scalars: values)
      }
      try run.advance(gradients)
      if let expected = json["steps"]?["\(step)"] { check("step \(step)", try run.difference(from: expected)) }
    }
    if let state = json["state"] {
      let checkpoint = run.state.checkpoint()
      for (key, name) in [
        ("dynamic_scale", "optimizer/dynamic_scale"), ("step_counter", "optimizer/step_counter"),
        ("inner_iterations", "optimizer/iterations"),
      ] where state[key]!.double != checkpoint[name]!.item() {
        faults.append("\(Self.name(json)): \(key) is \(checkpoint[name]!.item()), expected \(state[key]!)")
      }
    }
    if let expected = json["finalized"] {
      run.state.finalizeVariableValues()
      check("finalized", try run.difference(from: expected))
    }
    return faults
  }

  static func check(_ fixture: String, tolerance: Double) throws {
    let faults = try Fixture.cases(fixture).flatMap { json in
      do { return try faults(json, tolerance: tolerance) } catch { return ["\(name(json)): \(error)"] }
    }
    #expect(faults.isEmpty, "\(faults.count) differences:\n\(faults.joined(separator: "\n"))")
  }

  @Test func everyArgument() throws { try Self.check("keras", tolerance: 1e-12) }
  @Test func settingsDrawnAtRandom() throws { try Self.check("keras-random", tolerance: 1e-12) }
  @Test func singlePrecision() throws { try Self.check("keras-float32", tolerance: 1e-5) }
}

import Optimizers
import Testing

/// Keras 2 and PyTorch: the same formulas with other parameters, over 50 steps.
@Suite struct ConventionTests {
  /// What differs from a case by more than the tolerance.
  private func faults(_ json: JSONValue, _ optimizer: any Optimizer, only: [String]? = nil, tolerance: Double) throws -> [String] {
    let run = try FixtureRun(optimizer, only: only)
    let sign = json["config"]!["maximize"] == true ? -1.0 : 1.0
    return try (1...50).compactMap { step in
      try run.advance(run.gradients(at: step).map { sign == 1 ? $0 : -$0 })
      guard let expected = json["steps"]!["\(step)"] else { return nil }
      let difference = try run.difference(from: expected)
      return difference <= tolerance ? nil : "\(KerasFixtureTests.name(json)), step \(step): \(difference)"
    }
  }

  @Test func keras2() throws {
    let found = try Fixture.cases("keras2").flatMap { json in
      let optimizer = try OptimizerRegistry.optimizer(
        from: ["class_name": json["optimizer"]!, "config": json["config"]!], convention: .keras2)
      return try faults(json, optimizer, tolerance: 1e-12)
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  /// PyTorch's arguments as settings here; nil if they cannot be.
  private func torchConfiguration(_ name: String, _ given: JSONObject) -> JSONObject? {
    var config = JSONObject()
    for (key, value) in given.members {
      switch (name, key) {
      case (_, "maximize"): break
      case (_, "lr"): config["learning_rate"] = value
      case (_, "betas"):
        config["beta_1"] = value[0]
        config["beta_2"] = value[1]
      case ("Adafactor", "eps"):
        config["epsilon_1"] = value[0]
        config["epsilon_2"] = value[1]
      case (_, "eps"): config["epsilon"] = value
      case ("RMSprop", "alpha"): config["rho"] = value
      case ("Adagrad", "lr_decay"): config["decay"] = value
      case ("NAdam", "decoupled_weight_decay"): config["weight_decay_mode"] = "decoupled"
      case ("Adafactor", "d"): config["clip_threshold"] = value
      case ("Adafactor", "beta2_decay"): config["beta_2_decay"] = value
      case ("Muon", "ns_coefficients"):
        for (index, key) in ["muon_a", "muon_b", "muon_c"].enumerated() { config[key] = value[index] }
      case ("Muon", "adjust_lr_fn"):
        config["rate_adjustment"] = value == "match_rms_adamw" ? "longer_side" : "spectral"
      default: config[key] = value
      }
    }
    return config
  }

  @Test func torch() throws {
    let known = ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "NAdam", "Adafactor", "Muon"]
    let cases = try Fixture.cases("torch").filter { known.contains($0["optimizer"]!.string!) }
    #expect(cases.count == 67)
    let found = try cases.flatMap { json in
      let name = json["optimizer"]!.string!
      let config = try #require(torchConfiguration(name, json["config"]!.object!))
      let optimizer = try OptimizerRegistry.optimizer(
        from: ["class_name": .string(name), "config": .object(config)], convention: .torch)
      // PyTorch measures the weights before they decay: 1 − rate · decay = 0.999 in each step.
      let isMeasuredBefore = name == "Adafactor" && config["weight_decay"] != nil
      return try faults(
        json, optimizer, only: name == "Muon" ? ["kernel"] : nil, tolerance: isMeasuredBefore ? 1e-2 : 1e-12)
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  /// Optax's formulas where they are settings of ours: the conventions above in another company.
  @Test func optax() throws {
    let beyond = ["eps_root", "initial_scale", "bias_correction"]
    let names: [String: (className: String, convention: Convention, usual: JSONObject)] = [
      "sgd": ("SGD", .torch, JSONObject()),
      "adam": ("Adam", .torch, JSONObject()),
      "adamw": ("AdamW", .torch, JSONObject([("weight_decay", 0.0001)])),
      "adamax": ("Adamax", .torch, JSONObject()),
      "adamaxw": ("Adamax", .torch, JSONObject([("weight_decay_mode", "decoupled")])),
      "adagrad": ("Adagrad", .keras3, JSONObject()),
      "rmsprop": ("RMSprop", .keras3, JSONObject([("epsilon", 1e-8)])),
      "lamb": ("Lamb", .paper, JSONObject([("weight_decay", 0.0)])),
      "lion": ("Lion", .paper, JSONObject([("weight_decay", 0.001)])),
    ]
    var count = 0
    let found = try Fixture.cases("optax").flatMap { json -> [String] in
      guard let (className, convention, usual) = names[json["optimizer"]!.string!] else { return [] }
      var config = usual
      for (key, value) in json["config"]!.object!.members {
        if beyond.contains(key) || (className == "RMSprop" && key == "nesterov") { return [] }
        switch key {
        case "b1": config["beta_1"] = value
        case "b2": config["beta_2"] = value
        case "eps": config["epsilon"] = value
        case "eps_in_sqrt": config["epsilon_place"] = "outside"
        default: config[key] = value
        }
      }
      count += 1
      let optimizer = try OptimizerRegistry.optimizer(
        from: ["class_name": .string(className), "config": .object(config)], convention: convention)
      return try faults(json, optimizer, tolerance: 1e-12)
    }
    #expect(count == 20)
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  /// Lamb with the decay inside the ratio, and Lion, as published.
  @Test func published() throws {
    let found = try Fixture.cases("published").flatMap { json -> [String] in
      let config = json["config"]!
      func value(_ key: String) -> Double? { config[key]?.double }
      let betas = config["betas"]?.numbers
      switch json["function"]!.string! {
      case "timm.optim.Lamb" where config["trust_clip"] == nil && config["always_adapt"] == nil:
        let lamb = Lamb(
          learningRate: value("lr") ?? 0.001, beta1: betas?[0], beta2: betas?[1], epsilon: value("eps"), weightDecay: value("weight_decay"),
          globalClipnorm: config["max_grad_norm"] == .null ? nil : 1, convention: .paper)
        return try faults(json, lamb, tolerance: 1e-12)
      case "pytorch_optimizer.Lion" where config["cautious"] == nil:
        let lion = Lion(
          learningRate: value("lr"), beta1: betas?[0], beta2: betas?[1], weightDecay: value("weight_decay"), convention: .paper)
        return try faults(json, lion, tolerance: 1e-12)
      default: return []
      }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  /// Every setting of every convention exists, is in range, and is other than Keras 3's.
  @Test func `Differences are differences`() throws {
    func check<Checked: Optimizer>(_ type: Checked.Type) throws {
      for (convention, settings) in type.conventions {
        var made = type.init()
        made.adopt(convention)
        try made.validate()
        for (key, value) in settings {
          let hyperparameter = try #require(type.allHyperparameters.first { $0.key == key }, "\(type.className): \(key)")
          let usual = try hyperparameter.value(in: type.init())
          #expect(!usual.means(value), "\(type.className), \(convention): \(key) is \(value) in Keras 3 too")
        }
      }
    }
    for type in OptimizerRegistry.builtIn { try check(type) }
  }

  @Test func `Unknown convention is refused`() {
    #expect(throws: DescentError.self) { try Stepper(Muon(convention: .keras2), parameters: [[1.0]]) }
  }
}

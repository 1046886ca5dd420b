extension Optimizer {
  /// The optimizer as Swift makes it: the learning rate, its first hyperparameters, and whatever differs from the defaults.
  ///
  ///     Adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-07)
  public var description: String {
    var plain = Self()
    plain.adopt(options.convention)
    let own = Self.hyperparameters.filter { $0.key != "name" }
    let shown = Set(["learning_rate"] + own.filter(\.isInKeras).prefix(3).map(\.key))
    let common = Self.commonHyperparameters.map { $0.lifted(\Self.options) }
    let rate = common.filter { $0.key == "learning_rate" }
    var parts = (rate + own + common.filter { $0.key != "learning_rate" }).compactMap { hyperparameter -> String? in
      let label = hyperparameter.key == "inner_optimizer" ? "" : "\(swiftName(hyperparameter.key)): "
      // A schedule or an optimizer of a program's own may have no JSON.
      guard let value = try? hyperparameter.value(in: self) else {
        return label + (hyperparameter.key == "learning_rate" ? "\(options.learningRate)" : self.parts.map { "\($0)" }.joined(separator: ", "))
      }
      let isPlain = (try? hyperparameter.value(in: plain)) == value
      return isPlain && !shown.contains(hyperparameter.key) ? nil : label + swiftText(value)
    }
    if options.convention != .keras3 { parts.append("convention: .\(options.convention.rawValue)") }
    return "\(Self.className)(\(parts.joined(separator: ", ")))"
  }
}

extension MultiOptimizer {
  public var description: String {
    let rules = rules.map { "(\"\($0.rule.text)\", \($0.optimizer))" }.joined(separator: ", ")
    return "MultiOptimizer(default: \(defaultOptimizer), [\(rules)])"
  }
}

extension LearningRate: CustomStringConvertible {
  public var description: String {
    switch self {
    case .constant(let rate): "\(rate)"
    case .schedule(let schedule): (try? ScheduleRegistry.configuration(of: schedule)).map(swiftText) ?? "\(schedule)"
    }
  }
}

/// Keras's name of a setting as Swift spells it: `beta_1` is `beta1`, `use_ema` is `useEMA`.
package func swiftName(_ key: String) -> String {
  let known = [
    "use_ema": "useEMA", "adam_lr_ratio": "adamLearningRateRatio", "weight_lr_power": "weightRatePower",
    "silent_sgd_phase": "silentSGDPhase", "d_coef": "dCoefficient", "max_learning_rate": "maximumLearningRate",
  ]
  if let name = known[key] { return name }
  let words = key.split(separator: "_")
  return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}

/// A setting's value as it reads in Swift: words are cases, objects are calls.
package func swiftText(_ value: JSONValue) -> String {
  switch value {
  case .string(let text):
    let isWord = text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    return isWord ? ".\(swiftName(text))" : "\"\(text)\""
  case .array(let values): return "[\(values.map(swiftText).joined(separator: ", "))]"
  case .object(let object):
    if let name = object["class_name"]?.string, let config = object["config"]?.object {
      if var optimizer = try? OptimizerRegistry.optimizer(from: value) {
        // JSON always has a name.
        if optimizer.options.name == name.lowercased() { optimizer.options.name = nil }
        return "\(optimizer)"
      }
      return "\(name)(\(swiftText(config)))"
    }
    return "[\(swiftText(object))]"
  case .null: return "nil"
  case .bool(let flag): return flag ? "true" : "false"
  default: return value.text()
  }
}

private func swiftText(_ object: JSONObject) -> String {
  object.members.map { "\(swiftName($0.key)): \(swiftText($0.value))" }.joined(separator: ", ")
}

/// Whose defaults and formulas are meant where libraries that use one name differ. A convention is a set of hyperparameters;
/// each optimizer lists in ``Optimizer/conventions`` what it has otherwise than Keras 3.
public enum Convention: String, Sendable, CaseIterable {
  /// Keras 3.
  case keras3
  /// The original Keras 2.2 (not tf.keras).
  case keras2
  /// PyTorch.
  case torch
  /// The paper that introduced the optimizer.
  case paper
  /// Introductory textbooks: epsilon 1e-7 outside the root, accumulators that start at 0.
  case textbook

  /// What holds for all optimizers of the convention that have such a setting.
  var common: [String: JSONValue] {
    switch self {
    case .keras3: [:]
    case .keras2: ["clipnorm_scope": "global"]
    case .torch, .paper, .textbook: ["number_precision": "float64"]
    }
  }
}

extension Optimizer {
  /// Takes a convention's defaults. A convention that does not know the optimizer is refused when the optimizer is used.
  package mutating func adopt(_ convention: Convention) {
    options.convention = convention
    let common = convention.common.filter { key, _ in Self.allHyperparameters.contains { $0.key == key } }
    let settings = common.merging(Self.conventions[convention] ?? [:]) { $1 }
    for (key, value) in settings {
      guard let hyperparameter = Self.allHyperparameters.first(where: { $0.key == key }) else {
        programmingError("\(Self.className): convention \(convention.rawValue) sets \(key), which is no hyperparameter")
      }
      do { try hyperparameter.set(value, in: &self) } catch {
        programmingError("\(Self.className): convention \(convention.rawValue): \(error)")
      }
    }
  }

  /// The conventions that know the optimizer.
  public static var knownConventions: [Convention] {
    Convention.allCases.filter { $0 == .keras3 || conventions[$0] != nil }
  }

  /// All settings in Keras's order: the common ones and then the optimizer's own.
  public static var allHyperparameters: [Hyperparameter<Self>] {
    commonHyperparameters.map { $0.lifted(\Self.options) } + hyperparameters
  }

  /// Checks the ranges of all hyperparameters and that the options go together.
  /// - Throws: ``DescentError`` naming what is wrong and what is allowed.
  public func validate() throws {
    let name = Self.className
    var copy = self
    for hyperparameter in Self.allHyperparameters {
      do {
        // A schedule that JSON cannot describe is fine here.
        guard let value = try? hyperparameter.value(in: self) else { continue }
        try hyperparameter.set(value, in: &copy)
      } catch let error as DescentError {
        throw error.within(name)
      }
    }
    do {
      try options.validate()
      try check()
      try checkInner()
      try checkSlots(for: ParameterDescription(name: "kernel", path: "kernel", shape: [2, 2], dtype: .float32))
      try checkDecay()
    } catch let error as DescentError {
      throw error.within(name)
    }
    for part in parts { try part.validate() }
    guard Self.knownConventions.contains(options.convention) else {
      let known = Self.knownConventions.map(\.rawValue).joined(separator: ", ")
      throw DescentError(
        .invalidArgument, "\(name): the convention \(options.convention.rawValue) has no such optimizer; those that have it are \(known)")
    }
  }
}

extension Optimizer {
  /// - Throws: ``DescentError`` for a wrapper around what would only be looked for outermost.
  private func checkInner() throws {
    guard let inner = (self as? any OptimizerWrapper)?.innerOptimizer, !(self is LossScaleOptimizer) else { return }
    let advice = inner is MultiOptimizer ? "put one around each of its optimizers" : "put it around the whole"
    if inner is MultiOptimizer || inner is LossScaleOptimizer {
      throw DescentError(.invalidArgument, "a \(type(of: inner).className) cannot be inside it; \(advice)")
    }
  }

  /// - Throws: ``DescentError`` if two slots have one name, as those of an optimizer inside another of its kind.
  func checkSlots(for parameter: ParameterDescription) throws {
    for slots in [slots(for: parameter), sharedSlots] {
      var names: Set<String> = []
      for slot in slots where !names.insert(slot.name).inserted {
        throw DescentError(.invalidArgument, "two of its slots are called '\(slot.name)', and could not be told apart")
      }
    }
  }

  /// - Throws: ``DescentError`` for a way of decaying that a formula which decays by itself does not look at.
  private func checkDecay() throws {
    if !decaysWeightsItself || self is any OptimizerWrapper { return }
    var usual = self
    usual.options.weightDecayMode = Self().options.weightDecayMode
    if usual.options.weightDecayMode != options.weightDecayMode && usual.decaysWeightsItself {
      throw DescentError(
        .invalidArgument,
        "weight_decay_mode is \(options.weightDecayMode.rawValue), and its formula decays weights in a way of its own; leave it out")
    }
  }
}

extension OptimizerOptions {
  /// The settings that all optimizers share.
  public static let hyperparameters: [Hyperparameter<OptimizerOptions>] = [
    .optionalText("name", \.name, "name in Keras's JSON"),
    .rate("learning_rate", aliases: ["lr"], \.learningRate, "size of the steps"),
    .optionalNumber("weight_decay", \.weightDecay, in: .nonNegative, "strength of the weight decay"),
    .optionalNumber("clipnorm", \.clipnorm, in: .nonNegative, "greatest L2 norm of each gradient"),
    .optionalNumber("global_clipnorm", \.globalClipnorm, in: .nonNegative, "greatest L2 norm of all gradients together"),
    .optionalNumber("clipvalue", \.clipvalue, in: .nonNegative, "greatest absolute value of a gradient's element"),
    .flag("use_ema", \.useEMA, "keep averages of the weights over time"),
    .number("ema_momentum", \.emaMomentum, in: .fraction, "share of the old average in the new"),
    .optionalInteger(
      "ema_overwrite_frequency", \.emaOverwriteFrequency, atLeast: 1, "updates after which the averages replace the weights"),
    .optionalNumber("loss_scale_factor", \.lossScaleFactor, in: .positive, "multiplies the loss, divides the gradients"),
    .optionalInteger(
      "gradient_accumulation_steps", \.gradientAccumulationSteps, atLeast: 1, "micro-steps whose mean gradient makes an update"),
    .number("decay", \.decay, in: .nonNegative, "rate / (1 + decay · updates done), as in Keras 2", isInKeras: false),
    .choice("clipnorm_scope", \.clipnormScope, "whether clipnorm measures each gradient or all together"),
    .choice("weight_decay_mode", \.weightDecayMode, "how weights decay"),
    .texts(
      "weight_decay_exclusions", \.weightDecayExclusionTexts, "rules for parameters whose weights do not decay", isInKeras: false,
      check: { _ = try ParameterRule(text: $0) }),
    .choice("non_finite", \.nonFinite, "what happens when a gradient is not finite"),
    .flag("counts_micro_steps", \.countsMicroSteps, "schedule and averages count micro-steps, as in Keras 3", isInKeras: false),
    .choice("number_precision", \.numberPrecision, "in which precision bias corrections are computed"),
    .parameterSettings("parameter_settings", \.parameterSettings, "parameters with a rate, a decay, a freeze or lazy updates of their own"),
  ]

  private var weightDecayExclusionTexts: [String] {
    get { weightDecayExclusions.map(\.text) }
    set { weightDecayExclusions = newValue.compactMap { try? ParameterRule(text: $0) } }
  }

  /// Checks that the options go together; their ranges are checked with the hyperparameters.
  func validate() throws {
    for rule in weightDecayExclusions { try rule.validate() }
    for setting in parameterSettings {
      try setting.rule.validate()
      for (name, value) in [("learning_rate_multiplier", setting.learningRateMultiplier), ("weight_decay", setting.weightDecay)] {
        guard let value, !(value >= 0 && value.isFinite) else { continue }
        throw DescentError(
          .invalidArgument, "parameter_settings: \(name) is \(value) for \(setting.rule.text); expected a number at least 0")
      }
    }
    let clips = [("clipnorm", clipnorm), ("global_clipnorm", globalClipnorm), ("clipvalue", clipvalue)].filter { $0.1 != nil }
    // Keras 2 clips by the norm and then by value.
    let isKeras2 = clipnormScope == .global && globalClipnorm == nil
    if clips.count > 1 && !isKeras2 {
      let given = clips.map { "\($0.0)=\($0.1!)" }.joined(separator: ", ")
      throw DescentError(.invalidArgument, "only one of clipnorm, global_clipnorm and clipvalue can be set, not \(given)")
    }
  }
}

extension Hyperparameter {
  static func parameterSettings(
    _ key: String, _ path: WritableKeyPath<Root, [ParameterSetting]> & Sendable, _ summary: String
  ) -> Hyperparameter {
    let kind = SettingKind.parameterSetting.list(of: "{\"rule\", \"learning_rate_multiplier\", \"weight_decay\", \"frozen\", \"lazy\"}")
    return Hyperparameter(key, path, kind, summary, isInKeras: false, json: { .array($0.map(\.configuration)) })
  }
}

extension ParameterSetting {
  var configuration: JSONValue {
    var object = JSONObject([("rule", .string(rule.text))])
    object["learning_rate_multiplier"] = learningRateMultiplier.map { JSONValue($0) }
    object["weight_decay"] = weightDecay.map { JSONValue($0) }
    object["frozen"] = isFrozen.map { .bool($0) }
    object["lazy"] = isLazy.map { .bool($0) }
    return .object(object)
  }
}

extension SettingKind<ParameterSetting> {
  static var parameterSetting: SettingKind {
    SettingKind("an object with a \"rule\"") { json in
      guard let object = json.object, let rule = json["rule"]?.string else { return nil }
      let settings = Settings(owner: rule, given: object.dictionary)
      try settings.refuseOthers(than: ["rule", "learning_rate_multiplier", "weight_decay", "frozen", "lazy"])
      var setting = ParameterSetting(try ParameterRule(text: rule))
      setting.learningRateMultiplier = try settings.optional("learning_rate_multiplier", .number(in: .nonNegative))
      setting.weightDecay = try settings.optional("weight_decay", .number(in: .nonNegative))
      setting.isFrozen = try settings.optionalBool("frozen")
      setting.isLazy = try settings.optionalBool("lazy")
      return setting
    }
  }
}

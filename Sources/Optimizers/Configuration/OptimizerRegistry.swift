/// The optimizers that can be named.
public enum OptimizerRegistry {
  private static let registry = Registry<any Optimizer.Type>(
    of: "optimizer",
    [
      SGD.self, RMSprop.self, Adagrad.self, Adadelta.self, Adam.self, AdamW.self, Adamax.self, Nadam.self, Adafactor.self,
      Ftrl.self, Lion.self, Lamb.self, Muon.self, ScheduleFreeAdamW.self, LossScaleOptimizer.self, MultiOptimizer.self,
      AdaBelief.self, Adan.self, AdEMAMix.self, ADOPT.self, AdamWScheduleFree.self, Cautious.self, CautiousAdamW.self,
      CautiousLion.self, DAdaptAdam.self, DAdaptSGD.self, LARS.self, LBFGS.self, Lookahead.self, NAdamW.self, Novograd.self, Prodigy.self,
      RAdam.self, RAdamScheduleFree.self, Rprop.self, SAM.self, SGDScheduleFree.self, Shampoo.self, SOAP.self, Sophia.self,
      Yogi.self,
    ], ignoresCase: true, names: { [$0.className.lowercased()] })

  package static var builtIn: [any Optimizer.Type] { registry.builtIn }

  /// Makes an optimizer known by its ``Optimizer/className``; the last one of a name counts.
  public static func register(_ type: any Optimizer.Type) { registry.register(type) }

  /// All known optimizers.
  public static var all: [any Optimizer.Type] { registry.all }

  /// The type of an optimizer, by name in any case.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func type(named name: String) throws -> any Optimizer.Type { try registry.entry(named: name) }

  /// An optimizer with its defaults, by name in any case: `"adam"`.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func optimizer(named name: String, convention: Convention = .keras3) throws -> any Optimizer {
    try make(type(named: name), JSONObject(), convention)
  }

  /// Reads Keras's JSON: `{"class_name": "Adam", "config": {"learning_rate": 0.001, …}}`, or a name in quotes.
  ///
  /// `lr` is understood where `learning_rate` is. The configuration may say for itself which convention it is written in:
  /// `"convention": "keras2"`.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(json: String, convention: Convention = .keras3) throws -> any Optimizer {
    try optimizer(from: JSONValue(parsing: json, name: "optimizer"), convention: convention)
  }

  /// Reads what ``configuration(of:)`` wrote.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(from value: JSONValue, convention: Convention = .keras3) throws -> any Optimizer {
    let (name, config) = try nameAndSettings(value, "optimizer")
    return try make(type(named: name), config, convention)
  }

  /// Reads `name`, `name:key=value,key=value` or JSON.
  ///
  ///     adam:learning_rate=0.01,beta_1=0.8
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(text: String, convention: Convention = .keras3) throws -> any Optimizer {
    let trimmed = text.drop { $0.isWhitespace }
    if trimmed.hasPrefix("{") || trimmed.hasPrefix("\"") { return try optimizer(json: text, convention: convention) }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let settings = parts.count == 2 ? parts[1].split(separator: ",") : []
    var config = JSONObject()
    for setting in settings {
      let sides = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2 else {
        throw DescentError(.invalidArgument, "\(text): \"\(setting)\" is not key=value")
      }
      if config[sides[0]] != nil { throw DescentError(.invalidArgument, "\(text): \(sides[0]) is given twice") }
      // A value that is not JSON is a word.
      config[sides[0]] = (try? JSONValue(parsing: sides[1])) ?? .string(sides[1])
    }
    return try make(type(named: String(parts[0])), config, convention)
  }

  private static func make<Made: Optimizer>(
    _ type: Made.Type, _ config: JSONObject, _ convention: Convention
  ) throws -> Made {
    var convention = convention
    var config = config
    if let given = config["convention"] {
      guard let named = given.string.flatMap(Convention.init(rawValue:)) else {
        let known = Convention.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw DescentError(
          .invalidArgument, "\(Made.className): convention is \(given.shortText); expected one of \(known)")
      }
      convention = named
      config["convention"] = nil
    }
    // Keras 2 means its default where epsilon is null.
    if convention == .keras2, config["epsilon"] == .null { config["epsilon"] = nil }
    var optimizer = Made()
    optimizer.adopt(convention)
    try configure(&optimizer, Made.className, from: config, by: Made.allHyperparameters)
    try optimizer.validate()
    return optimizer
  }

  /// The optimizer as Keras prints it: `{"module": …, "class_name": …, "config": {…}, "registered_name": null}`.
  ///
  /// What Keras lacks is written only where it is not at its default, and Keras refuses to read it then. A time decay is
  /// written as the `InverseTimeDecay` that it is, and Keras 2's `clipnorm` as `global_clipnorm`.
  /// - Throws: ``DescentError`` if the learning rate is a schedule that JSON cannot describe.
  public static func configuration(of optimizer: any Optimizer) throws -> JSONValue {
    try write(optimizer)
  }

  private static func write<Written: Optimizer>(_ original: Written) throws -> JSONValue {
    var optimizer = original
    if optimizer.options.decay > 0, case .constant(let rate) = optimizer.options.learningRate {
      optimizer.options.learningRate = .schedule(
        InverseTimeDecay(initialLearningRate: rate, decaySteps: 1, decayRate: optimizer.options.decay))
      optimizer.options.decay = 0
    }
    // Keras 2's clipnorm is what Keras 3 calls global_clipnorm, but for the clipvalue that may follow it.
    if optimizer.options.clipnormScope == .global && optimizer.options.clipvalue == nil {
      optimizer.options.globalClipnorm = optimizer.options.clipnorm ?? optimizer.options.globalClipnorm
      optimizer.options.clipnorm = nil
      optimizer.options.clipnormScope = .variable
    }
    let plain = Written()
    var config = JSONObject()
    for hyperparameter in Written.allHyperparameters {
      let value = try hyperparameter.value(in: optimizer)
      if hyperparameter.key == "name" && value == .null {
        config["name"] = .string(Written.className.lowercased())
      } else if try hyperparameter.isInKeras || value != hyperparameter.value(in: plain) {
        config[hyperparameter.key] = value
      }
    }
    return KerasObject(Written.className, module: "keras.optimizers", config: config).json
  }
}

extension Optimizer {
  /// The optimizer as Keras's JSON; see ``OptimizerRegistry/configuration(of:)``.
  public func json() throws -> String { try OptimizerRegistry.configuration(of: self).text() }
}

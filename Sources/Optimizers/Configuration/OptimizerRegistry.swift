/// The optimizers that can be named.
public enum OptimizerRegistry {
  package static let builtIn: [any Optimizer.Type] = [
    SGD.self, RMSprop.self, Adagrad.self, Adadelta.self, Adam.self, AdamW.self, Adamax.self, Nadam.self, Adafactor.self,
    Ftrl.self, Lion.self, Lamb.self, Muon.self, ScheduleFreeAdamW.self, LossScaleOptimizer.self, MultiOptimizer.self,
    AdaBelief.self, Adan.self, AdEMAMix.self, ADOPT.self, AdamWScheduleFree.self, Cautious.self, CautiousAdamW.self,
    CautiousLion.self, DAdaptAdam.self, DAdaptSGD.self, LARS.self, LBFGS.self, Lookahead.self, NAdamW.self, Novograd.self, Prodigy.self,
    RAdam.self, RAdamScheduleFree.self, Rprop.self, SAM.self, SGDScheduleFree.self, Shampoo.self, SOAP.self, Sophia.self,
    Yogi.self,
  ]

  private static let registry = Registry(
    of: "optimizer", builtIn.map { RegisteredClass<any Optimizer.Type>($0.className, $0) }, ignoresCase: true,
    names: { $0.names.map { $0.lowercased() } })

  /// Makes an optimizer of the program's own known by its ``Optimizer/className``, so that names and files find it; the last one of a name
  /// counts. (Keras: `register_keras_serializable`.)
  /// - Parameters:
  ///   - type: the optimizer's type.
  ///   - package: what stands before the class's name in files: `Custom>SignSGD`.
  public static func register(_ type: any Optimizer.Type, package: String = "Custom") {
    registry.register(RegisteredClass(type.className, package: package, type))
  }

  /// All known optimizers.
  public static var all: [any Optimizer.Type] { registry.all.map(\.value) }

  /// The type of an optimizer, by `name` in any case.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func type(named name: String) throws -> any Optimizer.Type { try registry.entry(named: name).value }

  /// An optimizer with its defaults.
  /// - Parameters:
  ///   - name: the class's, in any case: `"adam"`.
  ///   - convention: whose defaults and formula are meant.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func optimizer(named name: String, convention: Convention = .keras3) throws -> any Optimizer {
    try make(type(named: name), JSONObject(), convention)
  }

  /// Reads Keras's JSON: `{"class_name": "Adam", "config": {"learning_rate": 0.001, …}}`, or a name in quotes.
  ///
  /// `lr` is understood where `learning_rate` is.
  /// - Parameters:
  ///   - json: the text.
  ///   - convention: whose defaults and formula are meant, unless the configuration says for itself which it is written in:
  ///     `"convention": "keras2"`.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(json: String, convention: Convention = .keras3) throws -> any Optimizer {
    try optimizer(from: JSONValue(parsing: json, name: "optimizer"), convention: convention)
  }

  /// Reads what ``configuration(of:)`` wrote.
  /// - Parameters:
  ///   - value: an object with the class and its settings, or a name alone.
  ///   - convention: whose defaults and formula are meant, unless the configuration says for itself.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(from value: JSONValue, convention: Convention = .keras3) throws -> any Optimizer {
    let (object, config) = try objectAndSettings(value, "optimizer")
    let type = try registry.entry(object).value
    return try make(type, config, convention)
  }

  /// Reads `name`, `name:key=value,key=value` or JSON.
  ///
  ///     adam:learning_rate=0.01,beta_1=0.8
  /// - Parameters:
  ///   - text: as on the command line. A value that is no JSON is a word.
  ///   - convention: whose defaults and formula are meant, unless the settings say for themselves.
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
  /// written as the `InverseTimeDecay` that it is, and Keras 2's `clipnorm` as `global_clipnorm`. An optimizer of the program's own has
  /// no module and the name that it was registered by.
  /// - Throws: ``DescentError`` for what could not be read back: an optimizer or a schedule that is not registered, a property of one of
  ///   the program's own that is not at its default and that ``Optimizer/hyperparameters`` does not name, a learning rate that JSON cannot
  ///   describe.
  public static func configuration(of optimizer: any Optimizer) throws -> JSONValue { try write(optimizer, isToBeRead: true) }

  /// The same also of an optimizer that could not be read back: to be compared, or shown.
  package static func comparableConfiguration(of optimizer: any Optimizer) throws -> JSONValue { try write(optimizer, isToBeRead: false) }

  private static func write<Written: Optimizer>(_ original: Written, isToBeRead: Bool) throws -> JSONValue {
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
    guard isToBeRead else { return KerasObject(Written.className, module: "keras.optimizers", config: config).json }
    let name = try registry.registeredName(of: Written.className, register: "OptimizerRegistry.register") { $0.value == Written.self }
    if name != nil {
      let again = try make(Written.self, config, .keras3)
      try refuseLosses(of: optimizer, readAs: again, Written.className)
      try refuseLostOptions(of: optimizer, readAs: again)
    }
    return KerasObject(Written.className, module: name == nil ? "keras.optimizers" : nil, config: config, registeredName: name).json
  }
}

extension Optimizer {
  /// The optimizer as Keras's JSON; see ``OptimizerRegistry/configuration(of:)``.
  public func json() throws -> String { try OptimizerRegistry.configuration(of: self).text() }
}

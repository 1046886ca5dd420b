import Synchronization

/// The optimizers that can be named.
public enum OptimizerRegistry {
  private static let builtIn: [any Optimizer.Type] = [
    SGD.self, Adam.self,
  ]
  private static let added = Mutex<[any Optimizer.Type]>([])

  /// Makes an optimizer known by its ``Optimizer/className``; the last one of a name counts.
  public static func register(_ type: any Optimizer.Type) {
    added.withLock { $0.append(type) }
  }

  /// All known optimizers.
  public static var all: [any Optimizer.Type] { builtIn + added.withLock { $0 } }

  /// The type of an optimizer, by name in any case.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func type(named name: String) throws -> any Optimizer.Type {
    guard let type = all.last(where: { $0.className.lowercased() == name.lowercased() }) else {
      throw unknownName(name, kind: "optimizer", among: all.map { $0.className.lowercased() })
    }
    return type
  }

  /// An optimizer with its defaults, by name in any case: `"adam"`.
  /// - Throws: ``DescentError`` listing the known names and the nearest.
  public static func optimizer(named name: String, convention: Convention = .keras3) throws -> any Optimizer {
    try make(type(named: name), [], convention)
  }

  /// Reads Keras's JSON: `{"class_name": "Adam", "config": {"learning_rate": 0.001, …}}`, or a name in quotes.
  ///
  /// `lr` is understood where `learning_rate` is. The configuration may say for itself which convention it is written in:
  /// `"convention": "keras2"`.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(json: String, convention: Convention = .keras3) throws -> any Optimizer {
    try optimizer(from: ConfigurationValue(json: json), convention: convention)
  }

  /// Reads what ``configuration(of:)`` wrote.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func optimizer(from value: ConfigurationValue, convention: Convention = .keras3) throws -> any Optimizer {
    let (name, config) = try classNameAndConfig(value, "optimizer")
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
    let entries = try settings.map { setting in
      let sides = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        throw DescentError(.invalidArgument, "\(text): \"\(setting)\" is not key=value")
      }
      // A value that is not JSON is a word.
      let value = (try? ConfigurationValue(json: String(sides[1]))) ?? .text(String(sides[1]))
      return ConfigurationValue.Entry(String(sides[0]), value)
    }
    return try make(type(named: String(parts[0])), entries, convention)
  }

  private static func make<Made: Optimizer>(
    _ type: Made.Type, _ config: [ConfigurationValue.Entry], _ convention: Convention
  ) throws -> Made {
    var convention = convention
    var entries = config
    if let index = entries.firstIndex(where: { $0.key == "convention" }) {
      guard case .text(let name) = entries[index].value, let named = Convention(rawValue: name) else {
        let known = Convention.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw DescentError(.invalidArgument, "\(Made.className): convention is \(entries[index].value.kind); expected one of \(known)")
      }
      convention = named
      entries.remove(at: index)
    }
    // Keras 2 means its default where epsilon is null.
    if convention == .keras2 { entries.removeAll { $0.key == "epsilon" && $0.value == .null } }
    var optimizer = Made(convention: convention)
    try configure(&optimizer, Made.className, from: entries, by: Made.allHyperparameters)
    try optimizer.validate()
    return optimizer
  }

  /// The optimizer as Keras prints it: `{"module": …, "class_name": …, "config": {…}, "registered_name": null}`.
  ///
  /// What Keras lacks is written only where it is not at its default, and Keras refuses to read it then. A time decay is
  /// written as the `InverseTimeDecay` that it is.
  /// - Throws: ``DescentError`` if the learning rate is a schedule that JSON cannot describe.
  public static func configuration(of optimizer: any Optimizer) throws -> ConfigurationValue {
    try write(optimizer)
  }

  private static func write<Written: Optimizer>(_ original: Written) throws -> ConfigurationValue {
    var optimizer = original
    if optimizer.options.decay > 0, case .constant(let rate) = optimizer.options.learningRate {
      optimizer.options.learningRate = .schedule(
        InverseTimeDecay(initialLearningRate: rate, decaySteps: 1, decayRate: optimizer.options.decay))
      optimizer.options.decay = 0
    }
    let plain = Written()
    var config: [ConfigurationValue.Entry] = []
    for hyperparameter in Written.allHyperparameters {
      let value = try hyperparameter.value(in: optimizer)
      if hyperparameter.key == "name" && value == .null {
        config.append(.init("name", .text(Written.className.lowercased())))
      } else if try hyperparameter.isInKeras || value != hyperparameter.value(in: plain) {
        config.append(.init(hyperparameter.key, value))
      }
    }
    return kerasObject(module: "keras.optimizers", className: Written.className, config: config)
  }
}

extension Optimizer {
  /// The optimizer as Keras's JSON; see ``OptimizerRegistry/configuration(of:)``.
  public func json() throws -> String { try OptimizerRegistry.configuration(of: self).json }
}

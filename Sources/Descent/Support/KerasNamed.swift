import Optimizers
import TensorCore

/// How Keras names a value and writes it down.
public struct KerasDescription: Sendable, Equatable {
  /// Keras's class: `MeanSquaredError`. Nil for what Keras has no class for, as what a program made from a closure.
  public let className: String?
  /// Keras's name: `mean_squared_error`.
  public var name: String
  /// What Keras calls `config`: the settings.
  public var config: [String: JSONValue]
  /// Why the value cannot be used: an unknown name in a string literal, a setting that is out of range.
  package let problem: DescentError?
  /// Keras has a name for it but no class: `accuracy`, whose meaning depends on shapes.
  package let isKnownByNameOnly: Bool
  /// Whether Keras finds the function or class by `name`, which it does not for every name that it gives.
  package let isFoundByName: Bool
  /// What a program has registered the class as, with the package: `Custom>WeightedMSE`. Nil for a class of Keras's.
  package let registeredName: String?

  package init(
    _ className: String?, name: String, config: [String: JSONValue] = [:], problem: DescentError? = nil,
    isKnownByNameOnly: Bool = false, isFoundByName: Bool = true, registeredName: String? = nil
  ) {
    self.isKnownByNameOnly = isKnownByNameOnly
    self.isFoundByName = isFoundByName
    self.registeredName = registeredName
    self.className = className
    self.name = name
    self.config = config
    self.problem = problem
  }

  /// Whether it is what a program made from a closure.
  var isOwn: Bool { className == nil || registeredName != nil }
}

/// A value that Keras knows by name: an activation function, an initializer, a regularizer, a constraint, a loss, a metric.
///
/// It can be made as a value (`.huber(delta: 2)`), from a Keras name (`"huber"`, in code as a string literal) and from Keras's
/// JSON. A string literal cannot throw, so one with an unknown name makes a value that ``validated()`` refuses; whatever
/// takes such values from a user (`compile`, a layer being built) calls it.
public protocol KerasNamed: Sendable, CustomStringConvertible, ExpressibleByStringLiteral where StringLiteralType == String {
  /// What it is, for messages: `loss`.
  static var kindName: String { get }
  /// Where Keras has its classes: `keras.losses`.
  static var kerasModule: String { get }
  /// All that have a name.
  static var catalog: Catalog<Self> { get }
  /// What Keras calls it, with its settings.
  var keras: KerasDescription { get }
  /// The value with the given Keras `name` (`mse`, `mean_squared_error`, `MeanSquaredError`) and default settings.
  /// - Throws: ``DescentError`` naming the nearest and all known names if there is none.
  init(named name: String) throws
  /// The value that `json` describes as Keras writes it: `{"class_name": …, "config": {…}}`, or just a name.
  ///
  /// Settings that are missing have their defaults.
  /// - Throws: ``DescentError`` for an unknown class or setting and for a value of the wrong type or out of range.
  init(json: JSONValue) throws
  /// What Keras's `serialize` gives.
  /// - Throws: ``DescentError`` if the value has no class of Keras's, as one made from a closure, and is not registered.
  func json() throws -> JSONValue
  /// A value that stands for a mistake and that ``validated()`` refuses with `error`.
  init(refusedWith error: DescentError)
}

extension KerasNamed {
  /// Keras's name: `mean_squared_error`.
  public var name: String { keras.name }
  /// Keras's class: `MeanSquaredError`; nil for what has none.
  public var className: String? { keras.className }
  /// The settings by Keras's names.
  public var config: [String: JSONValue] { keras.config }

  /// The name, and the settings that are not at their defaults: `huber(delta: 2.0)`.
  public var description: String {
    let plain = className.flatMap { try? Self.catalog.value(named: $0) }?.config ?? [:]
    let settings = config.filter { $0.key != "name" && plain[$0.key] != $0.value }.sorted { $0.key < $1.key }
    if settings.isEmpty { return name }
    return "\(name)(\(settings.map { "\(swiftName($0.key)): \(swiftText($0.value))" }.joined(separator: ", ")))"
  }

  /// The names that string literals and ``init(named:)`` understand, in alphabetical order.
  public static var knownNames: [String] { catalog.names }

  public init(named name: String) throws { self = try Self.catalog.value(named: name) }

  /// The value with the given name and settings: `Loss(named: "huber", settings: ["delta": 3])`.
  /// - Parameters:
  ///   - name: Keras's, or one that was registered.
  ///   - settings: by Keras's names. Those that are missing have their defaults.
  /// - Throws: ``DescentError`` for a name or a setting that is not known, and for one of the wrong kind or out of range.
  public init(named name: String, settings: [String: JSONValue]) throws { self = try Self.catalog.value(named: name, settings: settings) }

  /// The value of that `name`, or one that ``validated()`` refuses.
  public init(stringLiteral name: String) {
    do {
      self = try Self.catalog.value(named: name)
    } catch {
      self.init(refusedWith: error as? DescentError ?? DescentError(.invalidArgument, "\(error)"))
    }
  }

  public init(json: JSONValue) throws { self = try Self.catalog.value(json: json) }

  public func json() throws -> JSONValue { try describedJSON() }

  func describedJSON() throws -> JSONValue {
    try validated()
    if keras.isKnownByNameOnly, config.isEmpty, Self.catalog.names.contains(name) { return .string(name) }
    if className == nil, let registered = Self.catalog.registered(name) {
      guard registered.config == config else {
        throw DescentError(
          .invalidArgument,
          "\(Self.kindName) '\(name)' is \(self), and was registered as \(registered): a file would hold its name alone. Register it with settings")
      }
      return KerasObject.function(name).json
    }
    guard let className else {
      throw DescentError(
        .invalidArgument, "\(Self.kindName) '\(name)' has no class of Keras's and cannot be written to a file; \(Self.self).register(…) makes it known by its name")
    }
    let module = keras.registeredName == nil ? Self.kerasModule : nil
    return KerasObject(className, module: module, config: JSONObject(byName: config), registeredName: keras.registeredName).json
  }

  /// The value itself.
  /// - Throws: what is wrong with it: an unknown name, a setting that is out of range.
  @discardableResult
  public func validated() throws -> Self {
    if let problem = keras.problem { throw problem }
    return self
  }

  /// Stops the program if the value is one that ``validated()`` refuses.
  func assumeValid() {
    if let problem = keras.problem { programmingError(problem.message) }
  }

  /// The error for a setting that is out of range, or nil if it is not.
  /// - Parameter problems: what may be wrong with each (``NumberRange``), nil where nothing is.
  static func problem(_ className: String, _ problems: String?...) -> DescentError? {
    problems.lazy.compactMap(\.self).first.map { DescentError(.invalidArgument, "\(kindName) \(className): \($0)") }
  }
}

extension KerasNamed {
  /// Makes a value of the program's own known by its name, so that string literals, the command line's names and files can name it: a
  /// model that was compiled with it can be written and read. The last one of a name counts, before Keras's. (Keras:
  /// `register_keras_serializable`.)
  ///
  ///     try Loss.register(.custom("cubic") { target, prediction in pow(abs(target - prediction), 3).mean(axis: -1) })
  ///     try model.compile(optimizer: .adam, loss: "cubic")
  ///
  /// - Parameter value: what is to be known, by the name that it has.
  /// - Throws: ``DescentError`` for a value that cannot be used.
  public static func register(_ value: Self) throws {
    try value.validated()
    catalog.register(value)
  }

  /// Makes a kind of value of the program's own known, which has settings: as a class of Keras's with a `get_config`, it is written with them
  /// and made from them again. The last one of a name counts, before Keras's. (Keras: `register_keras_serializable`.)
  ///
  ///     try Loss.register("WeightedMSE", settings: ["factor": 1]) { settings in
  ///       let factor = try settings.double("factor")
  ///       return .custom { target, prediction in square(target - prediction).mean(axis: -1) * factor }
  ///     }
  ///     try model.compile(optimizer: .adam, loss: Loss(named: "WeightedMSE", settings: ["factor": 3]))
  ///
  /// String literals and names find it by the class or as Keras would call it: `"weighted_mse"`.
  /// - Parameters:
  ///   - className: what files call it.
  ///   - package: what stands before the class's name in files: `Custom>WeightedMSE`.
  ///   - settings: the names of all settings with their defaults. A loss has a `name` and a `reduction` besides, a metric a `name`.
  ///   - make: makes it from its settings, by asking for each (``Settings/double(_:)``, ``Settings/value(_:_:)``); settings that are of another
  ///     kind, or not among those known, are refused.
  /// - Throws: ``DescentError`` if it cannot be made with the defaults, or has a setting that all of its kind have.
  public static func register(
    _ className: String, package: String = "Custom", settings: [String: JSONValue], _ make: @escaping @Sendable (Settings) throws -> Self
  ) throws {
    try catalog.register(className, package: package, settings: settings, make)
  }
}

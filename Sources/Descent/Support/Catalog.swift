import Optimizers
import TensorCore

/// The Keras names of one kind of value, and how each is made from its settings.
public struct Catalog<Value: KerasNamed>: Sendable {
  package struct Entry: Sendable {
    /// The value with default settings; its `config` holds the names of all settings and their defaults.
    let value: Value
    /// What it is called in code and messages.
    let names: [String]
    /// What it is called in Keras's JSON besides.
    let classNames: [String]
    let make: @Sendable (Settings) throws -> Value

    /// - Parameters:
    ///   - aliases: names besides the value's own.
    ///   - classes: names of Keras's classes besides the value's own.
    ///   - make: the value with other settings; nil for a value that has none.
    init(
      _ value: Value, _ aliases: [String] = [], classes: [String] = [],
      make: (@Sendable (Settings) throws -> Value)? = nil
    ) {
      self.value = value
      self.make = make ?? { _ in value }
      names = [value.name] + aliases
      classNames = [value.keras.className].compactMap { $0 } + classes
    }
  }

  private let entries: [Entry]
  private let indices: [String: Int]
  private let registry = Registry<Value>(of: Value.kindName, []) { [$0.name] }
  /// What Keras has and Descent has not, with the reason.
  private let refused: [String: String]
  private let ignoredSettings: Set<String>

  /// - Parameters:
  ///   - refused: Keras names that get an error of their own.
  ///   - ignoring: settings that Keras writes and that have no meaning here.
  package init(_ entries: [Entry], refused: [String: String] = [:], ignoring: Set<String> = []) {
    self.entries = entries
    self.refused = refused
    ignoredSettings = ignoring
    var indices: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      for name in entry.names + entry.classNames where indices[name] == nil { indices[name] = index }
    }
    for (name, index) in indices where indices[name.lowercased()] == nil { indices[name.lowercased()] = index }
    self.indices = indices
  }

  /// Each value's own name and its aliases, in alphabetical order.
  public var names: [String] { Set(entries.flatMap(\.names) + registry.all.map(\.name)).sorted() }

  /// Every value with its default settings, without those that programs have registered.
  package var values: [Value] { entries.map(\.value) }

  /// Makes a value of the program's own known by its name.
  func register(_ value: Value) { registry.register(value) }

  /// Whether a program has registered a value of that name.
  func isRegistered(_ name: String) -> Bool { registry.find(name) != nil }

  func value(named name: String) throws -> Value { try entry(named: name).value.validated() }

  func value(json: JSONValue) throws -> Value {
    if let name = json.string { return try value(named: name) }
    let object = try KerasObject(json, Value.kindName, orName: true)
    // A function of a program's own is written by its name.
    if let name = object.functionName { return try value(named: name) }
    let settings = try object.settings(Value.kindName, isOptional: true)
    return try value(named: object.className, settings: settings.dictionary)
  }

  /// The class that Keras writes in place of a function's name where there are settings: a layer's.
  func layerClass(of name: String) -> String? {
    entries.lazy.filter { $0.value.name == name && $0.classNames.count > 1 && $0.value.config.isEmpty == false }.first?.classNames.last
  }

  /// The value with the given name and settings; those that are missing have their defaults.
  func value(named name: String, settings given: [String: JSONValue]) throws -> Value {
    let entry = try entry(named: name)
    let defaults = entry.value.keras.config
    let settings = Settings(
      owner: "\(Value.kindName) \(name)", given: given.filter { !ignoredSettings.contains($0.key) || defaults[$0.key] != nil },
      defaults: defaults)
    try settings.refuseOthers(than: Array(defaults.keys))
    let value = try entry.make(settings)
    if let problem = value.keras.problem { throw problem }
    return value
  }

  private func entry(named name: String) throws -> Entry {
    if let own = registry.find(name) { return Entry(own) }
    if let index = indices[name] ?? indices[name.lowercased()] { return entries[index] }
    if let reason = refused[name] { throw DescentError(.invalidArgument, "\(Value.kindName) '\(name)': \(reason)") }
    throw unknownName(name, what: Value.kindName, known: names)
  }
}

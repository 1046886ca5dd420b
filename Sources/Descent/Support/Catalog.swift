import Optimizers
import TensorCore

/// The Keras names of one kind of value, and how each is made from its settings.
public struct Catalog<Value: KerasNamed>: Sendable {
  package struct Entry: NamedInFiles {
    /// The value with default settings; its `config` holds the names of all settings and their defaults.
    let value: Value
    /// What it is called in code and messages.
    let names: [String]
    /// What it is called in Keras's JSON besides.
    let classNames: [String]
    /// Whether it is a program's.
    let isRegistered: Bool
    package let registeredName: String?
    /// The value with other settings; nil for one that has none beside those of its kind.
    let make: (@Sendable (Settings) throws -> Value)?

    /// - Parameters:
    ///   - aliases: names besides the value's own.
    ///   - classes: names of Keras's classes besides the value's own.
    ///   - make: the value with other settings; nil for a value that has none.
    init(
      _ value: Value, _ aliases: [String] = [], classes: [String] = [],
      make: (@Sendable (Settings) throws -> Value)? = nil
    ) {
      self.value = value
      self.make = make
      names = [value.name] + aliases
      classNames = [value.keras.className].compactMap { $0 } + classes
      isRegistered = false
      registeredName = nil
    }

    /// A program's: a value without settings by its name alone, a class by its own name as well.
    init(registered value: Value, make: (@Sendable (Settings) throws -> Value)? = nil) {
      self.value = value
      self.make = make
      isRegistered = true
      registeredName = value.keras.registeredName
      let className = make == nil ? [] : [value.keras.className].compactMap { $0 }
      names = [value.name] + className
      classNames = className + [registeredName].compactMap { $0 }
    }
  }

  /// The settings that all classes of a kind have, as losses have a reduction.
  package struct Common: Sendable {
    /// Their names, with what a value has for them.
    let config: @Sendable (Value) -> [String: JSONValue]
    /// The value with those that are given.
    let set: @Sendable (Value, Settings) throws -> Value
  }

  private let description: WritableKeyPath<Value, KerasDescription> & Sendable
  private let common: Common?
  private let registry: Registry<Entry>
  /// What Keras has and Descent has not, with the reason.
  private let refused: [String: String]
  private let ignoredSettings: Set<String>

  /// - Parameters:
  ///   - description: where a value has what Keras calls it.
  ///   - common: the settings that all classes have.
  ///   - refused: Keras names that get an error of their own.
  ///   - ignoring: settings that Keras writes and that have no meaning here.
  package init(
    _ description: WritableKeyPath<Value, KerasDescription> & Sendable, _ entries: [Entry], common: Common? = nil,
    refused: [String: String] = [:], ignoring: Set<String> = []
  ) {
    self.description = description
    self.common = common
    self.refused = refused
    ignoredSettings = ignoring
    // A registry's last entry of a name counts, of a list of Keras's the first.
    registry = Registry(of: Value.kindName, entries.reversed()) { $0.names + $0.classNames }
  }

  /// Descent's own, in the order of the list.
  package var entries: [Entry] { registry.builtIn.reversed() }

  /// Each value's own name and its aliases, in alphabetical order.
  public var names: [String] { Set(registry.all.flatMap(\.names)).sorted() }

  /// Every value with its default settings, without those that programs have registered.
  package var values: [Value] { entries.map(\.value) }

  // MARK: - A program's own

  /// Makes a value of the program's own known by its name.
  func register(_ value: Value) { registry.register(Entry(registered: value)) }

  /// Makes a class of the program's own known; see ``KerasNamed/register(_:package:settings:_:)``.
  func register(
    _ className: String, package: String, settings standards: [String: JSONValue], _ make: @escaping @Sendable (Settings) throws -> Value
  ) throws {
    let owner = "\(Value.kindName) \(className)"
    let registeredName = "\(package)>\(className)"
    let made: @Sendable (Settings) throws -> Value = { settings in
      var value = try make(settings)
      var config = common?.config(value) ?? [:]
      for key in standards.keys { config[key] = settings[key] }
      value[keyPath: description] = KerasDescription(
        className, name: Layer.kerasName(ofClass: className), config: config, problem: value.keras.problem, registeredName: registeredName)
      return value
    }
    let value = try made(Settings(owner: owner, given: standards)).validated()
    if let key = common?.config(value).keys.filter({ standards[$0] != nil }).min() {
      throw DescentError(.invalidArgument, "\(owner): every \(Value.kindName) has a setting '\(key)'; call it something else")
    }
    let named = try common?.set(value, Settings(owner: owner, given: ["name": .string(value.name)], defaults: value.config)) ?? value
    registry.register(Entry(registered: named, make: made))
  }

  /// The value that a program has registered by a name.
  func registered(_ name: String) -> Value? { registry.find(name).flatMap { $0.isRegistered ? $0.value : nil } }

  // MARK: - Values

  /// With default settings. What a program has registered is made anew, as it may have a state.
  func value(named name: String) throws -> Value {
    let entry = try entry(named: name)
    return entry.isRegistered ? try value(of: entry, named: name, settings: [:]) : try entry.value.validated()
  }

  func value(json: JSONValue) throws -> Value {
    if let name = json.string { return try value(named: name) }
    let object = try KerasObject(json, Value.kindName, orName: true)
    // A function of a program's own is written by its name, by Keras with the package before it.
    if let name = object.functionName {
      return try value(named: registered(name) == nil ? String(name.split(separator: ">").last ?? "") : name)
    }
    let settings = try object.settings(Value.kindName, isOptional: true)
    return try value(of: entry(object), named: object.className, settings: settings.dictionary)
  }

  /// The class that Keras writes in place of a function's name where there are settings: a layer's.
  func layerClass(of name: String) -> String? {
    entries.lazy.filter { $0.value.name == name && $0.classNames.count > 1 && $0.value.config.isEmpty == false }.first?.classNames.last
  }

  /// The value with the given name and settings; those that are missing have their defaults.
  func value(named name: String, settings given: [String: JSONValue]) throws -> Value {
    try value(of: entry(named: name), named: name, settings: given)
  }

  private func value(of entry: Entry, named name: String, settings given: [String: JSONValue]) throws -> Value {
    let defaults = entry.value.keras.config
    let given = given.filter { !ignoredSettings.contains($0.key) || defaults[$0.key] != nil }
    let settings = Settings(owner: "\(Value.kindName) \(name)", given: given, defaults: defaults)
    let common = entry.value.className == nil ? nil : common
    if entry.make == nil, entry.isRegistered {
      try refuseOthers(than: defaults, in: given.filter { common?.config(entry.value)[$0.key] == nil }, owner: settings.owner)
    } else {
      try settings.refuseOthers(than: Array(defaults.keys))
    }
    let made = try entry.make?(settings) ?? entry.value
    let value = try common?.set(made, settings) ?? made
    if let problem = value.keras.problem { throw problem }
    return value
  }

  /// What a program has registered by its name alone is made once, and cannot be made with other settings.
  private func refuseOthers(than own: [String: JSONValue], in given: [String: JSONValue], owner: String) throws {
    for (key, value) in given.sorted(by: { $0.key < $1.key }) where own[key] != value {
      if let number = own[key]?.double, number == value.double { continue }
      let own = own[key].map { "has \($0.shortText), and " } ?? ""
      throw DescentError(
        .invalidArgument, "\(owner): '\(key)' is \(value.shortText); what is registered under that name \(own)takes no settings")
    }
  }

  private func entry(_ object: KerasObject) throws -> Entry {
    if let found = registry.find(object) { return found }
    // What a program has registered elsewhere is none of Keras's classes, though it may be called as one.
    guard object.isOwn else { return try entry(named: object.className) }
    throw unknownName(object.registeredName!, what: Value.kindName, known: names)
  }

  private func entry(named name: String) throws -> Entry {
    // "Accuracy" is another metric than "accuracy".
    if let found = registry.find(name) ?? registry.find(name, ignoringCase: true) { return found }
    if let reason = refused[name] { throw DescentError(.invalidArgument, "\(Value.kindName) '\(name)': \(reason)") }
    throw unknownName(name, what: Value.kindName, known: names)
  }
}

/// A setting of an optimizer or schedule, declared once: JSON, the command line, validation and the documentation's tables all
/// follow from it. Its default is the value that a newly made optimizer has.
public struct Hyperparameter<Root>: Sendable {
  /// Keras's name: `beta_1`.
  public let key: String
  /// Other names that are understood.
  public let aliases: [String]
  /// What it does, in a few words.
  public let summary: String
  /// The values it may have: `at least 0 and less than 1`.
  public let range: String
  /// Whether Keras has it. What Keras lacks is written only where it is not the default.
  public let isInKeras: Bool
  /// Whether JSON must have it.
  public let isRequired: Bool
  private let read: @Sendable (Root) throws -> JSONValue
  private let write: @Sendable (inout Root, JSONValue) throws -> Void

  /// - Parameters:
  ///   - read: the present value.
  ///   - write: sets the value, or throws if it is of the wrong kind or out of range.
  init(
    _ key: String, aliases: [String] = [], _ summary: String, range: String, isInKeras: Bool = true, isRequired: Bool = false,
    read: @escaping @Sendable (Root) throws -> JSONValue,
    write: @escaping @Sendable (inout Root, JSONValue) throws -> Void
  ) {
    self.key = key
    self.aliases = aliases
    self.summary = summary
    self.range = range
    self.isInKeras = isInKeras
    self.isRequired = isRequired
    self.read = read
    self.write = write
  }

  /// The present value. Throws for a schedule that JSON cannot describe.
  public func value(in root: Root) throws -> JSONValue { try read(root) }

  /// Sets the value.
  /// - Throws: ``DescentError`` naming the setting and the values it may have.
  public func set(_ value: JSONValue, in root: inout Root) throws { try write(&root, value) }

  /// A setting of any kind that a property holds.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - aliases: other names that are understood.
  ///   - path: the property.
  ///   - kind: what it may be; also what ``range`` says.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  ///   - isRequired: whether JSON must have it.
  ///   - json: how a value of the property is written.
  public init<Value>(
    _ key: String, aliases: [String] = [], _ path: WritableKeyPath<Root, Value> & Sendable, _ kind: SettingKind<Value>, _ summary: String,
    isInKeras: Bool = true, isRequired: Bool = false, json: @escaping @Sendable (Value) throws -> JSONValue
  ) {
    self.init(
      key, aliases: aliases, summary, range: kind.expected, isInKeras: isInKeras, isRequired: isRequired,
      read: { try json($0[keyPath: path]) }, write: { $0[keyPath: path] = try kind.value(of: $1, named: key) })
  }

  func understands(_ name: String) -> Bool { name == key || aliases.contains(name) }

  /// The same setting of something that contains the root.
  func lifted<Whole>(_ path: WritableKeyPath<Whole, Root> & Sendable) -> Hyperparameter<Whole> {
    Hyperparameter<Whole>(
      key, aliases: aliases, summary, range: range, isInKeras: isInKeras, isRequired: isRequired,
      read: { try read($0[keyPath: path]) }, write: { try write(&$0[keyPath: path], $1) })
  }
}

// MARK: - Kinds of settings

extension Hyperparameter {
  /// A number.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - range: the values it may have; one that is not finite is refused whatever it says.
  ///   - summary: what it does, in a few words.
  ///   - aliases: other names that are understood.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  ///   - isRequired: whether JSON must have it.
  public static func number(
    _ key: String, _ path: WritableKeyPath<Root, Double> & Sendable, in range: NumberRange = .any, _ summary: String,
    aliases: [String] = [], isInKeras: Bool = true, isRequired: Bool = false
  ) -> Hyperparameter {
    Hyperparameter(
      key, aliases: aliases, path, .number(in: range), summary, isInKeras: isInKeras, isRequired: isRequired, json: { JSONValue($0) })
  }

  /// A number or nothing.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - range: the values it may have; one that is not finite is refused whatever it says.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  public static func optionalNumber(
    _ key: String, _ path: WritableKeyPath<Root, Double?> & Sendable, in range: NumberRange = .any, _ summary: String,
    isInKeras: Bool = true
  ) -> Hyperparameter {
    Hyperparameter(key, path, SettingKind.number(in: range).orNull, summary, isInKeras: isInKeras, json: JSONValue.optional)
  }

  /// A whole number.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - low: the least value it may have.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  ///   - isRequired: whether JSON must have it.
  public static func integer(
    _ key: String, _ path: WritableKeyPath<Root, Int> & Sendable, atLeast low: Int, _ summary: String, isInKeras: Bool = true,
    isRequired: Bool = false
  ) -> Hyperparameter {
    Hyperparameter(key, path, .integer(atLeast: low), summary, isInKeras: isInKeras, isRequired: isRequired, json: { JSONValue($0) })
  }

  /// A whole number or nothing.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - low: the least value it may have.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  public static func optionalInteger(
    _ key: String, _ path: WritableKeyPath<Root, Int?> & Sendable, atLeast low: Int, _ summary: String, isInKeras: Bool = true
  ) -> Hyperparameter {
    Hyperparameter(key, path, SettingKind.integer(atLeast: low).orNull, summary, isInKeras: isInKeras, json: JSONValue.optional)
  }

  /// True or false.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  public static func flag(
    _ key: String, _ path: WritableKeyPath<Root, Bool> & Sendable, _ summary: String, isInKeras: Bool = true
  ) -> Hyperparameter {
    Hyperparameter(key, path, .flag, summary, isInKeras: isInKeras, json: { .bool($0) })
  }

  /// One of a few words.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property, whose type's raw values are the words.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  public static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ summary: String, isInKeras: Bool = false
  ) -> Hyperparameter {
    Hyperparameter(key, path, .choice(), summary, isInKeras: isInKeras, json: { .string($0.rawValue) })
  }

  /// A text or nothing.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  public static func optionalText(
    _ key: String, _ path: WritableKeyPath<Root, String?> & Sendable, _ summary: String
  ) -> Hyperparameter {
    Hyperparameter(key, path, SettingKind.text.orNull, summary, json: { $0.map { .string($0) } ?? .null })
  }

  /// A list of numbers.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - range: the values each may have; one that is not finite is refused whatever it says.
  ///   - summary: what it does, in a few words.
  ///   - isRequired: whether JSON must have it.
  public static func numbers(
    _ key: String, _ path: WritableKeyPath<Root, [Double]> & Sendable, in range: NumberRange = .any, _ summary: String,
    isRequired: Bool = false
  ) -> Hyperparameter {
    Hyperparameter(
      key, path, SettingKind.number(in: range).list(of: "numbers\(range.suffix)"), summary, isRequired: isRequired,
      json: { .array($0.map { JSONValue($0) }) })
  }

  /// A list of whole numbers.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - low: the least value each may have.
  ///   - summary: what it does, in a few words.
  ///   - isRequired: whether JSON must have it.
  public static func integers(
    _ key: String, _ path: WritableKeyPath<Root, [Int]> & Sendable, atLeast low: Int, _ summary: String, isRequired: Bool = false
  ) -> Hyperparameter {
    Hyperparameter(
      key, path, SettingKind.integer(atLeast: low).list(of: "integers at least \(low)"), summary, isRequired: isRequired,
      json: { .array($0.map { JSONValue($0) }) })
  }

  /// A list of texts, or nothing for an empty list.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  ///   - isInKeras: whether Keras has it; what Keras lacks is written only where it is not the default.
  ///   - check: throws for a text that cannot be used.
  public static func texts(
    _ key: String, _ path: WritableKeyPath<Root, [String]> & Sendable, _ summary: String, isInKeras: Bool = true,
    check: @escaping @Sendable (String) throws -> Void = { _ in }
  ) -> Hyperparameter {
    let checked = SettingKind.text.map { text in
      try check(text)
      return text
    }
    let kind = checked.list(of: "texts").orNull.map { $0 ?? [] }
    return Hyperparameter(key, path, kind, summary, isInKeras: isInKeras, json: { .array($0.map { .string($0) }) })
  }

  /// A number of at least 0 or a schedule.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - aliases: other names that are understood.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  ///   - isRequired: whether JSON must have it.
  public static func rate(
    _ key: String, aliases: [String] = [], _ path: WritableKeyPath<Root, LearningRate> & Sendable, _ summary: String,
    isRequired: Bool = false
  ) -> Hyperparameter {
    Hyperparameter(key, aliases: aliases, path, .rate, summary, isRequired: isRequired) {
      switch $0 {
      case .constant(let rate): JSONValue(rate)
      case .schedule(let schedule): try ScheduleRegistry.configuration(of: schedule)
      }
    }
  }

  /// A schedule inside another; JSON must have it.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  public static func schedule(
    _ key: String, _ path: WritableKeyPath<Root, any LearningRateSchedule> & Sendable, _ summary: String
  ) -> Hyperparameter {
    Hyperparameter(key, path, .schedule, summary, isRequired: true, json: ScheduleRegistry.configuration)
  }

  /// Schedules inside another; JSON must have them.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  public static func schedules(
    _ key: String, _ path: WritableKeyPath<Root, [any LearningRateSchedule]> & Sendable, _ summary: String
  ) -> Hyperparameter {
    Hyperparameter(key, path, SettingKind.schedule.list(of: "schedules"), summary, isRequired: true) {
      .array(try $0.map(ScheduleRegistry.configuration))
    }
  }

  /// An optimizer inside another.
  /// - Parameters:
  ///   - key: Keras's name.
  ///   - path: the property.
  ///   - summary: what it does, in a few words.
  public static func optimizer(
    _ key: String, _ path: WritableKeyPath<Root, any Optimizer> & Sendable, _ summary: String
  ) -> Hyperparameter {
    Hyperparameter(key, path, .optimizer, summary, json: OptimizerRegistry.configuration)
  }
}

extension SettingKind<LearningRate> {
  static var rate: SettingKind {
    let number = SettingKind<Double>.number(in: .nonNegative)
    return SettingKind(number.expected + ", or a schedule") { json in
      if case .object = json { return .schedule(try ScheduleRegistry.schedule(from: json)) }
      return try number.read(json).map { .constant($0) }
    }
  }
}

extension SettingKind<any LearningRateSchedule> {
  static var schedule: SettingKind {
    SettingKind("a schedule") { json in
      // A number is a schedule that stays there.
      guard json.object != nil || json.double != nil else { return nil }
      return try ScheduleRegistry.schedule(from: json)
    }
  }
}

extension SettingKind<any Optimizer> {
  static var optimizer: SettingKind { SettingKind("an optimizer") { try OptimizerRegistry.optimizer(from: $0) } }
}

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

  func understands(_ name: String) -> Bool { name == key || aliases.contains(name) }

  /// The same setting of something that contains the root.
  func lifted<Whole>(_ path: WritableKeyPath<Whole, Root> & Sendable) -> Hyperparameter<Whole> {
    Hyperparameter<Whole>(
      key, aliases: aliases, summary, range: range, isInKeras: isInKeras, isRequired: isRequired,
      read: { try read($0[keyPath: path]) }, write: { try write(&$0[keyPath: path], $1) })
  }
}

/// Numbers between two limits.
public struct NumberRange: Sendable, CustomStringConvertible {
  let isIncluded: @Sendable (Double) -> Bool
  public let description: String

  init(_ description: String, _ isIncluded: @escaping @Sendable (Double) -> Bool) {
    self.description = description
    self.isIncluded = isIncluded
  }

  /// Every number.
  public static let any = NumberRange("any number") { _ in true }
  /// x ≥ 0.
  public static let nonNegative = NumberRange("at least 0") { $0 >= 0 }
  /// x > 0.
  public static let positive = NumberRange("greater than 0") { $0 > 0 }
  /// x ≤ 0.
  public static let nonPositive = NumberRange("at most 0") { $0 <= 0 }
  /// 0 ≤ x < 1.
  public static let decay = NumberRange("at least 0 and less than 1") { $0 >= 0 && $0 < 1 }
  /// 0 < x ≤ 1.
  public static let interpolation = NumberRange("greater than 0 and at most 1") { $0 > 0 && $0 <= 1 }
  /// 0 ≤ x ≤ 1.
  public static let fraction = NumberRange("between 0 and 1") { $0 >= 0 && $0 <= 1 }
  /// x ≥ `low`.
  public static func atLeast(_ low: Double) -> NumberRange { NumberRange("at least \(low)") { $0 >= low } }
}

extension JSONValue {
  /// The value in an error message.
  package var shortText: String {
    let text = description
    return text.count <= 100 ? text : String(text.prefix(99)) + "…"
  }
}

// MARK: - Kinds of settings

extension Hyperparameter {
  private static func refuse(_ key: String, _ value: JSONValue, _ range: String) -> DescentError {
    DescentError(.invalidArgument, "\(key) is \(value.shortText); expected \(range)")
  }

  private static func double(_ key: String, _ value: JSONValue, _ range: NumberRange, _ text: String) throws -> Double {
    // Written so that NaN is refused.
    guard let number = value.double, number.isFinite, range.isIncluded(number) else { throw refuse(key, value, text) }
    return number
  }

  private static func int(_ key: String, _ value: JSONValue, _ low: Int, _ text: String) throws -> Int {
    guard let number = value.int, number >= low else { throw refuse(key, value, text) }
    return number
  }

  /// A number.
  public static func number(
    _ key: String, _ path: WritableKeyPath<Root, Double> & Sendable, in range: NumberRange = .any, _ summary: String,
    aliases: [String] = [], isInKeras: Bool = true, isRequired: Bool = false
  ) -> Hyperparameter {
    let text = range.description.hasPrefix("any") ? "a number" : "a number \(range)"
    return Hyperparameter(
      key, aliases: aliases, summary, range: text, isInKeras: isInKeras, isRequired: isRequired,
      read: { JSONValue($0[keyPath: path]) }, write: { $0[keyPath: path] = try double(key, $1, range, text) })
  }

  /// A number or nothing.
  public static func optionalNumber(
    _ key: String, _ path: WritableKeyPath<Root, Double?> & Sendable, in range: NumberRange = .any, _ summary: String,
    isInKeras: Bool = true
  ) -> Hyperparameter {
    let text = (range.description.hasPrefix("any") ? "a number" : "a number \(range)") + ", or null"
    return Hyperparameter(
      key, summary, range: text, isInKeras: isInKeras,
      read: { $0[keyPath: path].map { JSONValue($0) } ?? .null },
      write: { $0[keyPath: path] = $1 == .null ? nil : try double(key, $1, range, text) })
  }

  /// A whole number.
  public static func integer(
    _ key: String, _ path: WritableKeyPath<Root, Int> & Sendable, atLeast low: Int, _ summary: String, isInKeras: Bool = true,
    isRequired: Bool = false
  ) -> Hyperparameter {
    let text = "a whole number at least \(low)"
    return Hyperparameter(
      key, summary, range: text, isInKeras: isInKeras, isRequired: isRequired,
      read: { JSONValue($0[keyPath: path]) }, write: { $0[keyPath: path] = try int(key, $1, low, text) })
  }

  /// A whole number or nothing.
  public static func optionalInteger(
    _ key: String, _ path: WritableKeyPath<Root, Int?> & Sendable, atLeast low: Int, _ summary: String, isInKeras: Bool = true
  ) -> Hyperparameter {
    let text = "a whole number at least \(low), or null"
    return Hyperparameter(
      key, summary, range: text, isInKeras: isInKeras,
      read: { $0[keyPath: path].map { JSONValue($0) } ?? .null },
      write: { $0[keyPath: path] = $1 == .null ? nil : try int(key, $1, low, text) })
  }

  /// True or false.
  public static func flag(
    _ key: String, _ path: WritableKeyPath<Root, Bool> & Sendable, _ summary: String, isInKeras: Bool = true
  ) -> Hyperparameter {
    let text = "true or false"
    return Hyperparameter(
      key, summary, range: text, isInKeras: isInKeras, read: { .bool($0[keyPath: path]) },
      write: {
        guard case .bool(let value) = $1 else { throw refuse(key, $1, text) }
        $0[keyPath: path] = value
      })
  }

  /// One of a few words.
  public static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ summary: String, isInKeras: Bool = false
  ) -> Hyperparameter {
    let text = "one of " + Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    return Hyperparameter(
      key, summary, range: text, isInKeras: isInKeras, read: { .string($0[keyPath: path].rawValue) },
      write: {
        guard case .string(let name) = $1, let value = Value(rawValue: name) else { throw refuse(key, $1, text) }
        $0[keyPath: path] = value
      })
  }

  /// A text or nothing.
  public static func optionalText(
    _ key: String, _ path: WritableKeyPath<Root, String?> & Sendable, _ summary: String
  ) -> Hyperparameter {
    let text = "a text, or null"
    return Hyperparameter(
      key, summary, range: text, read: { $0[keyPath: path].map { .string($0) } ?? .null },
      write: {
        switch $1 {
        case .null: $0[keyPath: path] = nil
        case .string(let value): $0[keyPath: path] = value
        default: throw refuse(key, $1, text)
        }
      })
  }

  /// A list of numbers.
  public static func numbers(
    _ key: String, _ path: WritableKeyPath<Root, [Double]> & Sendable, in range: NumberRange = .any, _ summary: String,
    isRequired: Bool = false
  ) -> Hyperparameter {
    let text = range.description.hasPrefix("any") ? "a list of numbers" : "a list of numbers \(range)"
    return Hyperparameter(
      key, summary, range: text, isRequired: isRequired, read: { .array($0[keyPath: path].map { JSONValue($0) }) },
      write: {
        guard case .array(let values) = $1 else { throw refuse(key, $1, text) }
        $0[keyPath: path] = try values.map { try double(key, $0, range, text) }
      })
  }

  /// A list of whole numbers.
  public static func integers(
    _ key: String, _ path: WritableKeyPath<Root, [Int]> & Sendable, atLeast low: Int, _ summary: String, isRequired: Bool = false
  ) -> Hyperparameter {
    let text = "a list of whole numbers at least \(low)"
    return Hyperparameter(
      key, summary, range: text, isRequired: isRequired, read: { .array($0[keyPath: path].map { JSONValue($0) }) },
      write: {
        guard case .array(let values) = $1 else { throw refuse(key, $1, text) }
        $0[keyPath: path] = try values.map { try int(key, $0, low, text) }
      })
  }

  /// A list of texts, or nothing for an empty list. `check` refuses a text that cannot be used.
  public static func texts(
    _ key: String, _ path: WritableKeyPath<Root, [String]> & Sendable, _ summary: String, isInKeras: Bool = true,
    check: @escaping @Sendable (String) throws -> Void = { _ in }
  ) -> Hyperparameter {
    let text = "a list of texts, or null"
    return Hyperparameter(
      key, summary, range: text, isInKeras: isInKeras, read: { .array($0[keyPath: path].map { .string($0) }) },
      write: {
        switch $1 {
        case .null: $0[keyPath: path] = []
        case .array(let values):
          $0[keyPath: path] = try values.map {
            guard case .string(let value) = $0 else { throw refuse(key, $0, text) }
            do { try check(value) } catch let error as DescentError {
              throw DescentError(.invalidArgument, "\(key): \(error.message)")
            }
            return value
          }
        default: throw refuse(key, $1, text)
        }
      })
  }

  /// A number or a schedule.
  public static func rate(
    _ key: String, aliases: [String] = [], _ path: WritableKeyPath<Root, LearningRate> & Sendable, _ summary: String,
    isRequired: Bool = false
  ) -> Hyperparameter {
    let range = NumberRange.nonNegative
    let text = "a number \(range), or a schedule"
    return Hyperparameter(
      key, aliases: aliases, summary, range: text, isRequired: isRequired,
      read: {
        switch $0[keyPath: path] {
        case .constant(let rate): JSONValue(rate)
        case .schedule(let schedule): try ScheduleRegistry.configuration(of: schedule)
        }
      },
      write: {
        if case .object = $1 {
          $0[keyPath: path] = .schedule(try ScheduleRegistry.schedule(from: $1))
        } else {
          $0[keyPath: path] = .constant(try double(key, $1, range, text))
        }
      })
  }

  /// A schedule inside another.
  public static func schedule(
    _ key: String, _ path: WritableKeyPath<Root, any LearningRateSchedule> & Sendable, _ summary: String
  ) -> Hyperparameter {
    let text = "a schedule"
    return Hyperparameter(
      key, summary, range: text, isRequired: true, read: { try ScheduleRegistry.configuration(of: $0[keyPath: path]) },
      write: {
        guard case .object = $1 else { throw refuse(key, $1, text) }
        $0[keyPath: path] = try ScheduleRegistry.schedule(from: $1)
      })
  }

  /// Schedules inside another.
  public static func schedules(
    _ key: String, _ path: WritableKeyPath<Root, [any LearningRateSchedule]> & Sendable, _ summary: String
  ) -> Hyperparameter {
    let text = "a list of schedules"
    return Hyperparameter(
      key, summary, range: text, isRequired: true,
      read: { .array(try $0[keyPath: path].map { try ScheduleRegistry.configuration(of: $0) }) },
      write: {
        guard case .array(let values) = $1 else { throw refuse(key, $1, text) }
        $0[keyPath: path] = try values.map { try ScheduleRegistry.schedule(from: $0) }
      })
  }

  /// An optimizer inside another.
  public static func optimizer(
    _ key: String, _ path: WritableKeyPath<Root, any Optimizer> & Sendable, _ summary: String
  ) -> Hyperparameter {
    let text = "an optimizer"
    return Hyperparameter(
      key, summary, range: text, read: { try OptimizerRegistry.configuration(of: $0[keyPath: path]) },
      write: { $0[keyPath: path] = try OptimizerRegistry.optimizer(from: $1) })
  }
}

import TensorCore

/// A layer that can be written to a model's description and made from one.
///
/// All of Descent's layers are. A layer of one's own becomes one by saying what its options are, and by being registered
/// (``LayerRegistry/register(_:package:)``):
///
///     final class Scale: Layer, ConfigurableLayer {
///       let factor: Double
///       init(_ factor: Double, name: String? = nil) {
///         self.factor = factor
///         super.init(name: name)
///       }
///       convenience init(_ options: inout LayerOptions) throws {
///         self.init(try options.double("factor"), name: options.name)
///       }
///       func options() -> JSONObject { JSONObject([("factor", JSONValue(factor))]) }
///       override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { x * factor }
///     }
///     LayerRegistry.register(Scale.self)
///
/// Name, `trainable`, dtype and input shape belong to every layer and are taken care of.
public protocol ConfigurableLayer: Layer {
  /// Keras's name of the class; the Swift type's unless said otherwise.
  static var className: String { get }

  /// Makes the layer that such options describe. Options that are not asked for make the description invalid.
  /// - Throws: ``DescentError`` for options that are missing, of another type or out of range.
  init(_ options: inout LayerOptions) throws

  /// The layer's own options by Keras's names.
  /// - Throws: ``DescentError`` if one of them cannot be written, such as an activation made from a closure.
  func options() throws -> JSONObject
}

extension ConfigurableLayer {
  public static var className: String { String(describing: Self.self) }
}

/// The options of a layer as they are read: each is asked for once, by name, and what nobody asked for is an error.
///
/// What is missing has the value that ``useDefaults(of:except:)`` knows, so that a default stands in the layer's initializer only:
///
///     convenience init(_ options: inout LayerOptions) throws {
///       try options.useDefaults(of: Scale(1), except: "factor")
///       self.init(try options.double("factor"), isInverted: try options.bool("is_inverted"), name: options.name)
///     }
public struct LayerOptions {
  /// What the layer is called.
  public let name: String
  /// The shape of a row of input, if the description tells it.
  public let inputShape: [Int?]?
  /// Of the layer's variables.
  let dtype: DType
  /// How many elements the model's variables may have in all.
  let elementLimit: Int
  /// What errors call the layer.
  let owner: String
  private let given: JSONObject
  private var settings: Settings
  private var asked: Set<String> = []

  init(_ values: JSONObject, name: String, inputShape: [Int?]?, dtype: DType, elementLimit: Int = .max, owner: String) {
    given = values
    settings = Settings(owner: owner, given: values.dictionary)
    self.name = name
    self.inputShape = inputShape
    self.dtype = dtype
    self.elementLimit = elementLimit
    self.owner = owner
  }

  /// Takes the options of a layer made with its defaults as those of this one that are missing.
  /// - Parameters:
  ///   - layer: made by the initializer that has the defaults.
  ///   - required: options without a default.
  /// - Throws: what ``ConfigurableLayer/options()`` of the layer throws.
  public mutating func useDefaults(of layer: some ConfigurableLayer, except required: String...) throws {
    let defaults = try layer.options().dictionary.filter { !required.contains($0.key) }
    settings = Settings(owner: owner, given: given.dictionary, defaults: defaults)
  }

  /// The value of an option; null if it is missing.
  public mutating func value(_ key: String) -> JSONValue {
    asked.insert(key)
    return settings[key] ?? .null
  }

  /// Whether the option is there and has not been asked for.
  public func has(_ key: String) -> Bool { given[key] != nil && !asked.contains(key) }

  /// - Parameter standard: for a layer that has given no defaults.
  private mutating func read<Result>(_ key: String, default standard: Result?, _ body: (Settings) throws -> Result) throws -> Result {
    asked.insert(key)
    if settings[key] == nil, let standard { return standard }
    return try body(settings)
  }

  /// An integer.
  /// - Throws: ``DescentError`` as all that follow, if the value is of another kind, or missing without a default.
  public mutating func int(_ key: String, default standard: Int? = nil) throws -> Int {
    try read(key, default: standard) { try $0.int(key) }
  }

  /// A number.
  public mutating func double(_ key: String, default standard: Double? = nil) throws -> Double {
    try read(key, default: standard) { try $0.double(key) }
  }

  /// True or false.
  public mutating func bool(_ key: String, default standard: Bool? = nil) throws -> Bool {
    try read(key, default: standard) { try $0.bool(key) }
  }

  /// A text.
  public mutating func string(_ key: String, default standard: String? = nil) throws -> String {
    try read(key, default: standard) { try $0.string(key) }
  }

  /// A list of integers, or one.
  public mutating func ints(_ key: String, default standard: [Int]? = nil) throws -> [Int] {
    try read(key, default: standard) { try $0.ints(key) }
  }

  /// An integer, which Keras 2 may have put in a list.
  mutating func onlyInt(_ key: String) throws -> Int {
    let values = try ints(key)
    guard values.count == 1 else { throw DescentError(.invalidArgument, "\(owner): '\(key)' is \(values); expected one integer") }
    return values[0]
  }

  /// A list of integers or one; nil where the option is null or missing.
  public mutating func optionalInts(_ key: String) throws -> [Int]? { try read(key, default: nil) { try $0.optionalInts(key) } }

  /// An integer, or nil where the option is null or missing.
  public mutating func optionalInt(_ key: String) throws -> Int? { try read(key, default: nil) { try $0.optionalInt(key) } }

  /// True or false, or nil where the option is null or missing.
  public mutating func optionalBool(_ key: String) throws -> Bool? { try read(key, default: nil) { try $0.optionalBool(key) } }

  /// A number, or nil where the option is null or missing.
  public mutating func optionalDouble(_ key: String) throws -> Double? { try read(key, default: nil) { try $0.optionalDouble(key) } }

  /// One of the names of an enumeration, in any case; null stands for the default.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type = Choice.self) throws -> Choice
  where Choice.RawValue == String {
    asked.insert(key)
    let value = settings.orDefault(key)
    guard let choice = value.string.flatMap({ Choice(rawValue: $0.lowercased()) }) else {
      let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
      let known = names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")"
      throw DescentError(.invalidArgument, "\(owner): '\(key)' is \(value.shortText); expected \(known)")
    }
    return choice
  }

  /// An initializer, an activation …: by name or as an object; null stands for the default.
  public mutating func named<Value: KerasNamed>(_ key: String, default standard: Value? = nil) throws -> Value {
    asked.insert(key)
    let value = settings.orDefault(key)
    if value == .null, let standard { return standard }
    return try made(key, value)
  }

  /// The same, or nil where the option is null or missing.
  public mutating func optionalNamed<Value: KerasNamed>(_ key: String, as type: Value.Type = Value.self) throws -> Value? {
    let value = value(key)
    return value == .null ? nil : try made(key, value)
  }

  private func made<Value: KerasNamed>(_ key: String, _ value: JSONValue) throws -> Value {
    do {
      return try Value(json: value)
    } catch let error as DescentError {
      throw DescentError(error.kind, "\(owner): \(key): \(error.message)")
    }
  }

  /// A layer inside this one.
  public mutating func layer(_ key: String) throws -> Layer {
    try LayerJSON.layer(value(key), dtype: dtype, elementLimit: elementLimit, place: owner)
  }

  /// Refuses an option that Keras has and Descent has not, unless it is at the value that changes nothing.
  public mutating func refuse(_ key: String, unless harmless: JSONValue...) throws {
    let value = value(key)
    if value != .null && !harmless.contains(value) {
      throw DescentError(.invalidArgument, "\(owner): '\(key)' is \(value.shortText), which Descent does not have")
    }
  }

  /// - Throws: ``DescentError`` naming what is left.
  func expectNothingLeft() throws {
    guard let (key, value) = given.members.first(where: { !asked.contains($0.key) }) else { return }
    let hint = nearestName(to: key, in: Array(asked)).map { "; did you mean '\($0)'?" } ?? ""
    throw DescentError(.invalidArgument, "\(owner): the option '\(key)' (\(value.shortText)) is not known\(hint)")
  }
}

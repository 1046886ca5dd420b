import Optimizers
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

  /// Makes the layer that such `options` describe. Those that are not asked for make the description invalid.
  /// - Throws: ``DescentError`` for options that are missing, of another type or out of range.
  init(_ options: inout LayerOptions) throws

  /// The layer's own options by Keras's names.
  /// - Throws: ``DescentError`` if one of them cannot be written, such as an activation made from a closure.
  func options() throws -> JSONObject
}

extension ConfigurableLayer {
  public static var className: String { String(describing: Self.self) }
}

/// A layer that Keras has, but not among its layers: files name the module.
protocol OutsideLayer: ConfigurableLayer {
  /// Where Keras has the class.
  static var kerasModule: String { get }
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

  /// The value of an option that must be there or have a default (``useDefaults(of:except:)``).
  /// - Parameters:
  ///   - key: Keras's name of the option.
  ///   - kind: what it may be.
  /// - Throws: ``DescentError`` naming layer and option, if the value is of another kind, or missing without a default.
  public mutating func value<Value>(_ key: String, _ kind: SettingKind<Value>) throws -> Value {
    asked.insert(key)
    return try settings.value(key, kind)
  }

  /// The value of an option, or nil where it is null or missing.
  /// - Throws: ``DescentError`` naming layer and option, if the value is of another kind.
  public mutating func optional<Value>(_ key: String, _ kind: SettingKind<Value>) throws -> Value? {
    asked.insert(key)
    return try settings.optional(key, kind)
  }

  /// The value of an option where null stands for the default.
  mutating func valueOrDefault<Value>(_ key: String, _ kind: SettingKind<Value>) throws -> Value {
    asked.insert(key)
    return try settings.value(of: settings.orDefault(key), key, kind)
  }

  /// An integer.
  /// - Throws: ``DescentError`` as all that follow, if the value is of another kind, or missing without a default.
  public mutating func int(_ key: String) throws -> Int { try value(key, .integer) }

  /// A number.
  public mutating func double(_ key: String) throws -> Double { try value(key, .anyNumber) }

  /// True or false.
  public mutating func bool(_ key: String) throws -> Bool { try value(key, .flag) }

  /// A text.
  public mutating func string(_ key: String) throws -> String { try value(key, .text) }

  /// A list of integers, or one.
  public mutating func ints(_ key: String) throws -> [Int] { try value(key, .integers) }

  /// An integer, which Keras 2 may have put in a list.
  mutating func onlyInt(_ key: String) throws -> Int {
    try value(key, SettingKind.integers.map("an integer") { $0.count == 1 ? $0[0] : nil })
  }

  /// A list of integers or one; nil where the option is null or missing.
  public mutating func optionalInts(_ key: String) throws -> [Int]? { try optional(key, .integers) }

  /// An integer, or nil where the option is null or missing.
  public mutating func optionalInt(_ key: String) throws -> Int? { try optional(key, .integer) }

  /// True or false, or nil where the option is null or missing.
  public mutating func optionalBool(_ key: String) throws -> Bool? { try optional(key, .flag) }

  /// A number, or nil where the option is null or missing.
  public mutating func optionalDouble(_ key: String) throws -> Double? { try optional(key, .anyNumber) }

  /// One of the names of an enumeration, in any case; null stands for the default.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_ key: String, _ type: Choice.Type = Choice.self) throws -> Choice {
    try valueOrDefault(key, .choice(ignoresCase: true))
  }

  /// An initializer, an activation …: by name or as an object; null stands for the default.
  public mutating func named<Value: KerasNamed>(_ key: String) throws -> Value { try valueOrDefault(key, .named()) }

  /// The same, or nil where the option is null or missing.
  public mutating func optionalNamed<Value: KerasNamed>(_ key: String, as type: Value.Type = Value.self) throws -> Value? {
    try optional(key, .named())
  }

  /// A layer inside this one.
  public mutating func layer(_ key: String) throws -> Layer { try made(value(key), key, "a layer") }

  /// The same of a certain class.
  /// - Parameters:
  ///   - key: Keras's name of the option.
  ///   - expected: what errors call the class: `a cell`.
  public mutating func layer<Kind: Layer>(_ key: String, _ expected: String) throws -> Kind { try made(value(key), key, expected) }

  /// A list of layers inside this one, of a certain class.
  /// - Parameters:
  ///   - key: Keras's name of the option.
  ///   - expected: what errors call the class: `a cell`.
  public mutating func layers<Kind: Layer>(_ key: String, _ expected: String) throws -> [Kind] {
    let list = try value(key, SettingKind("a list, each \(expected)", \.array))
    return try list.map { try made($0, key, expected) }
  }

  private func made<Kind: Layer>(_ json: JSONValue, _ key: String, _ expected: String) throws -> Kind {
    let layer = try LayerJSON.layer(json, dtype: dtype, elementLimit: elementLimit, place: owner)
    guard let made = layer as? Kind else {
      throw DescentError(.invalidArgument, "\(owner): '\(key)' is a \(layer.kerasClassName); expected \(expected)")
    }
    return made
  }

  /// Refuses an option that Keras has and Descent has not, unless it is at the value that changes nothing.
  public mutating func refuse(_ key: String, unless harmless: JSONValue...) throws {
    let value = value(key)
    if value != .null && !harmless.contains(value) {
      throw DescentError(.invalidArgument, "\(owner): '\(key)' is \(value.shortText), which Descent does not have")
    }
  }

  /// - Throws: ``DescentError`` naming what is left.
  func expectNothingLeft() throws { try settings.refuseOthers(than: Array(asked)) }
}

extension SettingKind where Value: KerasNamed {
  /// An initializer, an activation …: by name or as an object.
  static func named() -> SettingKind { SettingKind("the name of one kind of \(Value.kindName), or an object") { try Value(json: $0) } }
}

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
public struct LayerOptions {
  /// What the layer is called.
  public let name: String
  /// The shape of a row of input, if the description tells it.
  public let inputShape: [Int]?
  /// Of the layer's variables.
  let dtype: DType
  /// How many elements the model's variables may have in all.
  let elementLimit: Int
  /// What errors call the layer.
  let owner: String
  private var values: JSONObject

  init(_ values: JSONObject, name: String, inputShape: [Int]?, dtype: DType, elementLimit: Int = .max, owner: String) {
    self.values = values
    self.name = name
    self.inputShape = inputShape
    self.dtype = dtype
    self.elementLimit = elementLimit
    self.owner = owner
  }

  /// The value of an option; null if it is missing.
  public mutating func value(_ key: String) -> JSONValue {
    defer { values[key] = nil }
    return values[key] ?? .null
  }

  /// Whether the option is there and has not been asked for.
  public func has(_ key: String) -> Bool { values[key] != nil }

  private mutating func read<Result>(
    _ key: String, _ expected: String, default standard: Result?, _ convert: (JSONValue) -> Result?
  ) throws -> Result {
    let isGiven = values[key] != nil
    let value = value(key)
    if !isGiven, let standard { return standard }
    guard let result = convert(value) else {
      throw DescentError(.invalidArgument, "\(owner): '\(key)' \(isGiven ? "is \(value.shortText)" : "is missing"); expected \(expected)")
    }
    return result
  }

  public mutating func int(_ key: String, default standard: Int? = nil) throws -> Int {
    try read(key, "an integer", default: standard, \.int)
  }

  public mutating func double(_ key: String, default standard: Double? = nil) throws -> Double {
    try read(key, "a number", default: standard, \.double)
  }

  public mutating func bool(_ key: String, default standard: Bool? = nil) throws -> Bool {
    try read(key, "true or false", default: standard, \.bool)
  }

  public mutating func string(_ key: String, default standard: String? = nil) throws -> String {
    try read(key, "text", default: standard, \.string)
  }

  /// A list of integers, or one.
  public mutating func ints(_ key: String, default standard: [Int]? = nil) throws -> [Int] {
    try read(key, "a list of integers", default: standard) { value in
      if let one = value.int { return [one] }
      let sizes = value.array?.map(\.int)
      return sizes.flatMap { $0.contains(nil) ? nil : $0.compactMap { $0 } }
    }
  }

  /// An integer, which Keras 2 may have put in a list.
  mutating func onlyInt(_ key: String, default standard: Int) throws -> Int {
    let values = try ints(key, default: [standard])
    guard values.count == 1 else { throw DescentError(.invalidArgument, "\(owner): '\(key)' is \(values); expected one integer") }
    return values[0]
  }

  /// The same, or nil where the option is null or missing.
  public mutating func optionalInts(_ key: String) throws -> [Int]? { isNull(key) ? nil : try ints(key) }

  /// An integer, or nil where the option is null or missing.
  public mutating func optionalInt(_ key: String) throws -> Int? { isNull(key) ? nil : try int(key) }

  /// A number, or nil where the option is null or missing.
  public mutating func optionalDouble(_ key: String) throws -> Double? { isNull(key) ? nil : try double(key) }

  /// Takes an option that is null or missing.
  private mutating func isNull(_ key: String) -> Bool {
    if let value = values[key], value != .null { return false }
    values[key] = nil
    return true
  }

  /// An initializer, an activation …: by name or as an object.
  public mutating func named<Value: KerasNamed>(_ key: String, default standard: Value) throws -> Value {
    try optionalNamed(key) ?? standard
  }

  /// The same, or nil where the option is null or missing.
  public mutating func optionalNamed<Value: KerasNamed>(_ key: String, as type: Value.Type = Value.self) throws -> Value? {
    let value = value(key)
    if value == .null { return nil }
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
    guard let key = values.keys.first else { return }
    throw DescentError(.invalidArgument, "\(owner): the option '\(key)' (\(values[key]!.shortText)) is not known")
  }
}

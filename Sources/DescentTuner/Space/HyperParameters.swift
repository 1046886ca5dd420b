import Descent
import TensorCore

/// A space of hyperparameters and one value for each: what a model is built from. (KerasTuner: `keras_tuner.HyperParameters`.)
///
///     func buildModel(_ hp: HyperParameters) throws -> Model {
///       let model = Sequential {
///         Flatten(inputShape: [28, 28])
///         Dense(try hp.int("units", minValue: 32, maxValue: 512, step: 32), activation: .relu)
///         Dense(10, activation: .softmax)
///       }
///       let rate = try hp.float("learning_rate", minValue: 1e-4, maxValue: 1e-2, sampling: .log)
///       try model.compile(optimizer: Adam(learningRate: rate), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
///       return model
///     }
///
/// Asking for a hyperparameter the first time puts it into the space; its value is then the default, or what the tuner chose.
/// Different from KerasTuner: a hyperparameter that does not count, because a condition is not met, has its default where KerasTuner gives `None`; and
/// a name that is asked for twice with other settings is an error, not the first of them, unless the first was given to the tuner (`hyperparameters`).
public final class HyperParameters {
  /// In the order in which they were asked for first: what depends on another comes behind it.
  public private(set) var space: [HyperParameter] = []
  /// By name, of those that count.
  public var values: [String: HyperParameterValue] = [:]

  private var nameScopes: [String] = []
  private var conditions: [HyperParameter.Condition] = []
  /// The conditions, those around them first, of each scope that was entered, and whether they were all met.
  private(set) var enteredScopes: [(conditions: [HyperParameter.Condition], isActive: Bool)] = []

  /// An empty space.
  public init() {}

  init(space: [HyperParameter], values: [String: HyperParameterValue]) { (self.space, self.values) = (space, values) }

  /// The same space and values, to be changed on their own.
  public func copy() -> HyperParameters { HyperParameters(space: space, values: values) }

  // MARK: - Asking

  /// A whole number from `minValue` to `maxValue`, both included. (KerasTuner: `hp.Int`.)
  /// - Parameters:
  ///   - name: what it is called; within a ``nameScope(_:_:)`` the scope's name comes before it.
  ///   - minValue: the least.
  ///   - maxValue: the greatest.
  ///   - step: the distance between two values; with sampling `.log` or `.reverseLog` how many times a value is the one before, nil there for all values.
  ///   - sampling: how values are drawn.
  ///   - default: the value to begin with; nil for `minValue`.
  ///   - parentName: a hyperparameter that it depends on; nil for none.
  ///   - parentValues: the values of that one with which it counts.
  /// - Throws: ``DescentError`` if the range is impossible, or the name stands for something else.
  public func int(
    _ name: String, minValue: Int, maxValue: Int, step: Int? = nil, sampling: Sampling = .linear, default: Int? = nil, parentName: String? = nil,
    parentValues: [HyperParameterValue] = []
  ) throws -> Int {
    let step = step ?? (sampling == .linear ? 1 : nil)
    return try value(name, .int(minValue: minValue, maxValue: maxValue, step: step, sampling: sampling, default: `default`), parentName, parentValues)
  }

  /// A number from `minValue` to `maxValue`. (KerasTuner: `hp.Float`.)
  /// - Parameters:
  ///   - name: what it is called; within a ``nameScope(_:_:)`` the scope's name comes before it.
  ///   - minValue: the least.
  ///   - maxValue: the greatest.
  ///   - step: the distance between two values; with sampling `.log` or `.reverseLog` how many times a value is the one before; nil for all values.
  ///   - sampling: how values are drawn.
  ///   - default: the value to begin with; nil for `minValue`.
  ///   - parentName: a hyperparameter that it depends on; nil for none.
  ///   - parentValues: the values of that one with which it counts.
  /// - Throws: ``DescentError`` if the range is impossible, or the name stands for something else.
  public func float(
    _ name: String, minValue: Double, maxValue: Double, step: Double? = nil, sampling: Sampling = .linear, default: Double? = nil,
    parentName: String? = nil, parentValues: [HyperParameterValue] = []
  ) throws -> Double {
    try value(name, .float(minValue: minValue, maxValue: maxValue, step: step, sampling: sampling, default: `default`), parentName, parentValues)
  }

  /// One of several values: `hp.choice("activation", ["relu", "tanh"])`. (KerasTuner: `hp.Choice`.)
  /// - Parameters:
  ///   - name: what it is called; within a ``nameScope(_:_:)`` the scope's name comes before it.
  ///   - values: what there is, each once.
  ///   - ordered: whether they have an order; nil if they are numbers.
  ///   - default: the value to begin with; nil for the first.
  ///   - parentName: a hyperparameter that it depends on; nil for none.
  ///   - parentValues: the values of that one with which it counts.
  /// - Throws: ``DescentError`` if there are no values, the default is none of them, or the name stands for something else.
  public func choice<Value: TunableValue>(
    _ name: String, _ values: [Value], ordered: Bool? = nil, default: Value? = nil, parentName: String? = nil, parentValues: [HyperParameterValue] = []
  ) throws -> Value {
    let values = values.map(\.hyperParameterValue)
    let kind = HyperParameter.Kind.choice(
      values, ordered: ordered ?? (values.first?.double != nil), default: `default`?.hyperParameterValue)
    return try value(name, kind, parentName, parentValues)
  }

  /// True or false. (KerasTuner: `hp.Boolean`.)
  /// - Parameters:
  ///   - name: what it is called; within a ``nameScope(_:_:)`` the scope's name comes before it.
  ///   - default: the value to begin with.
  ///   - parentName: a hyperparameter that it depends on; nil for none.
  ///   - parentValues: the values of that one with which it counts.
  /// - Throws: ``DescentError`` if the name stands for something else.
  public func boolean(_ name: String, default: Bool = false, parentName: String? = nil, parentValues: [HyperParameterValue] = []) throws -> Bool {
    try value(name, .boolean(default: `default`), parentName, parentValues)
  }

  /// A value that is not tuned, among those that are. (KerasTuner: `hp.Fixed`.)
  /// - Parameters:
  ///   - name: what it is called; within a ``nameScope(_:_:)`` the scope's name comes before it.
  ///   - value: what it is.
  ///   - parentName: a hyperparameter that it depends on; nil for none.
  ///   - parentValues: the values of that one with which it counts.
  /// - Throws: ``DescentError`` if the name stands for something else.
  @discardableResult
  public func fixed<Value: TunableValue>(
    _ name: String, _ value: Value, parentName: String? = nil, parentValues: [HyperParameterValue] = []
  ) throws -> Value {
    try self.value(name, .fixed(value.hyperParameterValue), parentName, parentValues)
  }

  /// The value of a hyperparameter that was asked for before. (KerasTuner: `hp.get`.)
  /// - Throws: ``DescentError`` if there is none of that name, or it does not count.
  public func get(_ name: String) throws -> HyperParameterValue {
    let name = scoped(name)
    if let value = values[name] { return value }
    if space.contains(where: { $0.name == name }) {
      throw DescentError(.state, "hyperparameter '\(name)' does not count now: a condition of it is not met")
    }
    throw unknownName(name, what: "hyperparameter", known: Set(space.map(\.name)).union(values.keys).sorted())
  }

  /// The same; nil where there is none of that name, or it does not count.
  public subscript(name: String) -> HyperParameterValue? { try? get(name) }

  // MARK: - Scopes

  /// Puts a name before those of the hyperparameters that are asked for in `body`: `cnn/units`. (KerasTuner: `hp.name_scope`.)
  /// - Parameters:
  ///   - name: of the scope.
  ///   - body: what asks.
  public func nameScope<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    nameScopes.append(name)
    defer { nameScopes.removeLast() }
    return try body()
  }

  /// Hyperparameters that are asked for in `body` count only where another has one of some values. (KerasTuner: `hp.conditional_scope`.)
  ///
  ///     let kind = try hp.choice("model_type", ["mlp", "cnn"])
  ///     try hp.conditionalScope("model_type", ["cnn"]) {
  ///       if kind == "cnn" { layers.append(Conv2D(try hp.int("filters", minValue: 8, maxValue: 64, step: 8), 3)) }
  ///     }
  ///
  /// `body` runs in any case. A tuner builds the model once with each condition met before it begins, and so knows what there is in the scope.
  /// - Parameters:
  ///   - parentName: the other hyperparameter, which was asked for before.
  ///   - parentValues: the values of it.
  ///   - body: what asks.
  /// - Throws: ``DescentError`` if there is no such other one, or none of the values is one that it may have.
  public func conditionalScope<Result>(_ parentName: String, _ parentValues: [HyperParameterValue], _ body: () throws -> Result) throws -> Result {
    let parentName = scoped(parentName)
    let parents = space.filter { $0.name == parentName }
    guard !parents.isEmpty else { throw unknownName(parentName, what: "hyperparameter", known: Set(space.map(\.name)).sorted()) }
    guard !parentValues.isEmpty else { throw DescentError(.invalidArgument, "conditionalScope: there are no values of '\(parentName)' to depend on") }
    conditions.append(HyperParameter.Condition(parentName: parentName, parentValues: parentValues))
    defer { conditions.removeLast() }
    enteredScopes.append((conditions, areMet(conditions)))
    return try body()
  }

  /// Whether all conditions of a hyperparameter are met.
  public func isActive(_ hyperparameter: HyperParameter) -> Bool { areMet(hyperparameter.conditions) }

  /// Whether a hyperparameter of that name counts.
  public func isActive(_ name: String) -> Bool { space.contains { $0.name == name && isActive($0) } }

  private func areMet(_ conditions: [HyperParameter.Condition]) -> Bool { conditions.allSatisfy { $0.isMet(by: values) } }

  private func scoped(_ name: String) -> String { (nameScopes + [name]).joined(separator: "/") }

  // MARK: - What the tuner does with it

  private func value<Value: TunableValue>(
    _ name: String, _ kind: HyperParameter.Kind, _ parentName: String?, _ parentValues: [HyperParameterValue]
  ) throws -> Value {
    if let parentName { return try conditionalScope(parentName, parentValues) { try self.value(name, kind, nil, []) } }
    let asked = try HyperParameter(scoped(name), kind, conditions: conditions)
    let value: HyperParameterValue
    if let known = space.first(where: { $0.name == asked.name && $0.conditions == asked.conditions }) {
      if !known.isPreset && !known.hasSettings(of: asked) {
        let differences = RunConditions.differences(from: .object(known.config), to: .object(asked.config))
        let what = known.className == asked.className ? differences.joined(separator: "; ") : "it was of kind \(known.className) and is of kind \(asked.className)"
        throw DescentError(.invalidArgument, "hyperparameter '\(asked.name)' is asked for twice with other settings: \(what); give the two names of their own")
      }
      value = isActive(known) ? values[known.name] ?? known.default : known.default
    } else {
      add(asked)
      value = isActive(asked) ? values[asked.name]! : asked.default
    }
    guard let result = Value(value) else {
      throw DescentError(.invalidArgument, "hyperparameter '\(asked.name)' is \(value), \(value.kindName); expected \(Value.self)")
    }
    return result
  }

  /// Puts one into the space; if it counts and has no value, with its default.
  func add(_ hyperparameter: HyperParameter) {
    space.append(hyperparameter)
    if isActive(hyperparameter) && values[hyperparameter.name] == nil { values[hyperparameter.name] = hyperparameter.default }
  }

  func contains(_ hyperparameter: HyperParameter) -> Bool {
    space.contains { $0.name == hyperparameter.name && $0.conditions == hyperparameter.conditions }
  }

  /// Adds what there is not yet.
  func merge(_ others: [HyperParameter]) { for other in others where !contains(other) { add(other) } }

  /// Takes away the values of those that do not count, and gives those that count and have none their defaults.
  func ensureActiveValues() {
    for hyperparameter in space {
      if isActive(hyperparameter) {
        if values[hyperparameter.name] == nil { values[hyperparameter.name] = hyperparameter.default }
      } else if !isActive(hyperparameter.name) {
        values[hyperparameter.name] = nil
      }
    }
  }

  /// Says that a model's build has to go by these, whatever it asks for.
  func presetting() -> HyperParameters {
    HyperParameters(
      space: space.map { hyperparameter in
        var hyperparameter = hyperparameter
        hyperparameter.isPreset = true
        return hyperparameter
      }, values: values)
  }

  /// The values in the order of the space, then those of no hyperparameter by name.
  var orderedValues: [(name: String, value: HyperParameterValue)] {
    var names: [String] = []
    for name in space.map(\.name) + values.keys.sorted() where values[name] != nil && !names.contains(name) { names.append(name) }
    return names.map { ($0, values[$0]!) }
  }

  var json: JSONValue {
    [
      "space": .array(space.map(\.json)),
      "values": .object(JSONObject(orderedValues.map { (key: $0.name, value: $0.value.json) })),
    ]
  }

  /// - Throws: ``DescentError`` naming the file.
  convenience init(_ json: JSONValue?, of owner: String) throws {
    guard let space = json?["space"]?.array, let values = json?["values"]?.object else {
      throw DescentError(.file, "\(owner): the hyperparameters are missing")
    }
    self.init(
      space: try space.map { try HyperParameter($0, of: owner) },
      values: Dictionary(
        try values.members.map { ($0.key, try HyperParameterValue(checked: $0.value, of: owner)) }, uniquingKeysWith: { $1 }))
  }
}

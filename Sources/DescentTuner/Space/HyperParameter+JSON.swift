import Descent
import Optimizers
import TensorCore

extension HyperParameter.Condition {
  /// KerasTuner's, of the class `Parent`.
  var json: JSONValue {
    ["class_name": "Parent", "config": ["name": .string(parentName), "values": .array(parentValues.map(\.json))]]
  }

  init(_ json: JSONValue, of owner: String) throws {
    guard json["class_name"] == "Parent", let name = json["config"]?["name"]?.string, let values = json["config"]?["values"]?.array else {
      throw DescentError(.file, "\(owner): a condition is not understood")
    }
    (parentName, parentValues) = (name, try values.map { try HyperParameterValue(checked: $0, of: owner) })
  }
}

extension HyperParameterValue {
  init(checked json: JSONValue, of owner: String) throws {
    guard let value = HyperParameterValue(json) else { throw DescentError(.file, "\(owner): \(json) is no value of a hyperparameter") }
    self = value
  }
}

extension HyperParameter {
  /// The settings under KerasTuner's names, as its `get_config` gives them.
  var config: JSONObject {
    let conditions = JSONValue.array(self.conditions.map(\.json))
    func number<Number>(_ value: Number?, _ json: (Number) -> JSONValue) -> JSONValue { value.map(json) ?? .null }
    switch kind {
    case .int(let least, let greatest, let step, let sampling, let standard):
      return JSONObject([
        ("name", .string(name)), ("default", number(standard) { JSONValue($0) }), ("conditions", conditions), ("min_value", JSONValue(least)),
        ("max_value", JSONValue(greatest)), ("step", number(step) { JSONValue($0) }), ("sampling", .string(sampling.rawValue)),
      ])
    case .float(let least, let greatest, let step, let sampling, _):
      return JSONObject([
        ("name", .string(name)), ("default", self.default.json), ("conditions", conditions), ("min_value", JSONValue(least)),
        ("max_value", JSONValue(greatest)), ("step", number(step) { JSONValue($0) }), ("sampling", .string(sampling.rawValue)),
      ])
    case .choice(let values, let ordered, _):
      return JSONObject([
        ("name", .string(name)), ("default", self.default.json), ("conditions", conditions), ("values", .array(values.map(\.json))),
        ("ordered", .bool(ordered)),
      ])
    case .boolean(let standard):
      return JSONObject([("name", .string(name)), ("default", .bool(standard)), ("conditions", conditions)])
    case .fixed(let value):
      return JSONObject([("name", .string(name)), ("conditions", conditions), ("value", value.json)])
    }
  }

  /// With its class, as a file has it.
  var json: JSONValue {
    var object = JSONObject([("class_name", .string(className)), ("config", .object(config))])
    if isPreset { object["preset"] = true }
    return .object(object)
  }

  /// - Throws: ``DescentError`` naming the file if it is none, or has values that cannot be.
  init(_ json: JSONValue, of owner: String) throws {
    func fault(_ what: String) -> DescentError { DescentError(.file, "\(owner): \(what)") }
    guard let className = json["class_name"]?.string, let config = json["config"], let name = config["name"]?.string else {
      throw fault("a hyperparameter has no class or no name")
    }
    func needed<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws -> Value {
      guard let value = config[key].flatMap(read) else { throw fault("the '\(key)' of hyperparameter '\(name)' is missing or of another kind") }
      return value
    }
    func optional<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws -> Value? {
      config[key].map(\.isNull) ?? true ? nil : try needed(key, read)
    }
    let conditions = try needed("conditions", \.array).map { try Condition($0, of: owner) }
    let kind: Kind
    switch className {
    case "Int":
      kind = .int(
        minValue: try needed("min_value", \.int), maxValue: try needed("max_value", \.int), step: try optional("step", \.int),
        sampling: try needed("sampling") { $0.string.flatMap(Sampling.init) }, default: try optional("default", \.int))
    case "Float":
      kind = .float(
        minValue: try needed("min_value", \.double), maxValue: try needed("max_value", \.double), step: try optional("step", \.double),
        sampling: try needed("sampling") { $0.string.flatMap(Sampling.init) }, default: try optional("default", \.double))
    case "Choice":
      kind = .choice(
        try needed("values", \.array).map { try HyperParameterValue(checked: $0, of: owner) }, ordered: try needed("ordered", \.bool),
        default: try optional("default") { HyperParameterValue($0) })
    case "Boolean": kind = .boolean(default: try needed("default", \.bool))
    case "Fixed": kind = .fixed(try needed("value") { HyperParameterValue($0) })
    default: throw fault("hyperparameter '\(name)' is of the unknown class '\(className)'; there are Int, Float, Choice, Boolean and Fixed")
    }
    do {
      try self.init(name, kind, conditions: conditions)
    } catch let error as DescentError {
      throw fault(error.message)
    }
    isPreset = json["preset"]?.bool ?? false
  }

  /// Whether both have the same values, however their defaults are spelled.
  func hasSettings(of other: HyperParameter) -> Bool { className == other.className && config == other.config }
}

extension OptimizerRegistry {
  /// The optimizer as Keras's JSON with those settings alone that are not the class's defaults.
  package static func compactConfiguration(of optimizer: any Optimizer) throws -> JSONValue {
    let (all, plain) = (try comparableConfiguration(of: optimizer), try comparableConfiguration(of: Swift.type(of: optimizer).init()))
    // Objects within, such as a schedule, by what is needed to read them.
    func compact(_ value: JSONValue) -> JSONValue {
      guard let name = value["class_name"], let config = value["config"]?.object else { return value }
      let members = config.members.map { (key: $0.key, value: compact($0.value)) }
      return ["class_name": name, "config": .object(JSONObject(members))]
    }
    let members = (all["config"]?.object?.members ?? []).filter { $0.value != plain["config"]?[$0.key] }
      .map { (key: $0.key, value: compact($0.value)) }
    return ["class_name": .string(Swift.type(of: optimizer).className), "config": .object(JSONObject(members))]
  }

  /// The optimizer with other values of some settings; what a wrapper does not have is set in the optimizer inside.
  /// - Throws: ``DescentError`` for a setting that is not known or out of range.
  package static func setting(_ settings: [(key: String, value: JSONValue)], in optimizer: any Optimizer) throws -> any Optimizer {
    func set<Made: Optimizer>(_ optimizer: Made) throws -> any Optimizer {
      var result = optimizer
      try configure(&result, Made.className, from: JSONObject(settings), by: Made.allHyperparameters)
      try result.validate()
      return result
    }
    func setInside<Made: OptimizerWrapper>(_ wrapper: Made) throws -> any Optimizer {
      let isOwn = { (key: String) in Made.allHyperparameters.contains { $0.key == key } }
      var result = wrapper
      result.innerOptimizer = try setting(settings.filter { !isOwn($0.key) }, in: wrapper.innerOptimizer)
      try configure(&result, Made.className, from: JSONObject(settings.filter { isOwn($0.key) }), by: Made.allHyperparameters)
      try result.validate()
      return result
    }
    if let wrapper = optimizer as? any OptimizerWrapper { return try setInside(wrapper) }
    return try set(optimizer)
  }
}

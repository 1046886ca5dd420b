extension OptimizerRegistry {
  /// The optimizer as Keras's JSON with those settings alone that are not the class's defaults.
  package static func compactConfiguration(of optimizer: any Optimizer) throws -> JSONValue {
    let (all, plain) = (try configuration(of: optimizer), try configuration(of: Swift.type(of: optimizer).init()))
    let members = (all["config"]?.object?.members ?? []).filter { $0.value != plain["config"]?[$0.key] }
    return ["class_name": .string(Swift.type(of: optimizer).className), "config": .object(JSONObject(members))]
  }

  /// The optimizer with other values of some settings.
  /// - Throws: ``DescentError`` for a setting that is not known or out of range.
  package static func setting(_ settings: [(key: String, value: JSONValue)], in optimizer: any Optimizer) throws -> any Optimizer {
    func set<Made: Optimizer>(_ optimizer: Made) throws -> any Optimizer {
      var result = optimizer
      try configure(&result, Made.className, from: JSONObject(settings), by: Made.allHyperparameters)
      try result.validate()
      return result
    }
    return try set(optimizer)
  }
}

/// Sets what a configuration names.
/// - Throws: ``DescentError`` for a setting that is not known, given twice, missing, of the wrong kind or out of range.
func configure<Root>(
  _ root: inout Root, _ name: String, from config: JSONObject, by table: [Hyperparameter<Root>]
) throws {
  var seen: [String: String] = [:]
  for (key, value) in config.members {
    guard let hyperparameter = table.first(where: { $0.understands(key) }) else {
      throw unknown(key, of: name, known: table.map(\.key))
    }
    if let other = seen.updateValue(key, forKey: hyperparameter.key) {
      throw DescentError(.invalidArgument, "\(name): \(other) and \(key) name the same setting")
    }
    do { try hyperparameter.set(value, in: &root) } catch let error as DescentError { throw error.within(name) }
  }
  let left = table.filter { $0.isRequired && seen[$0.key] == nil }
  if !left.isEmpty { throw missing(left.map { ($0.key, $0.range) }, of: name) }
}

/// An optimizer or a schedule, as Keras's object or by name alone, with its settings.
/// - Throws: ``DescentError`` if the value is anything else.
func objectAndSettings(_ json: JSONValue, _ what: String) throws -> (object: KerasObject, settings: JSONObject) {
  let object = try KerasObject(json, what, orName: true)
  return (object, try object.settings(what, isOptional: true))
}

/// Sets what a configuration names.
/// - Throws: ``DescentError`` for a setting that is not known, given twice, missing, of the wrong kind or out of range.
func configure<Root>(
  _ root: inout Root, _ name: String, from config: JSONObject, by table: [Hyperparameter<Root>]
) throws {
  var seen: [String: String] = [:]
  for (key, value) in config.members {
    guard let hyperparameter = table.first(where: { $0.understands(key) }) else {
      throw DescentError(.invalidArgument, "\(name): \(unknownName(key, what: "setting", known: table.map(\.key)).message)")
    }
    if let other = seen.updateValue(key, forKey: hyperparameter.key) {
      throw DescentError(.invalidArgument, "\(name): \(other) and \(key) name the same setting")
    }
    do { try hyperparameter.set(value, in: &root) } catch let error as DescentError {
      throw DescentError(error.kind, "\(name): \(error.message)")
    }
  }
  let missing = table.filter { $0.isRequired && seen[$0.key] == nil }.map(\.key)
  if !missing.isEmpty {
    throw DescentError(.invalidArgument, "\(name): \(missing.joined(separator: ", ")) must be given")
  }
}

/// The parts of `{"class_name": …, "config": {…}}`, or of a name alone.
/// - Throws: ``DescentError`` if the value is anything else.
func classNameAndConfig(_ value: JSONValue, _ what: String) throws -> (name: String, config: JSONObject) {
  if let name = value.string { return (name, JSONObject()) }
  guard let object = value.object else {
    throw DescentError(
      .invalidArgument, "\(what) is \(value.shortText); expected a name or {\"class_name\": …, \"config\": {…}}")
  }
  let known = ["class_name", "config", "module", "registered_name", "build_config", "compile_config", "shared_object_id"]
  for key in object.keys where !known.contains(key) {
    throw DescentError(
      .invalidArgument, "\(what): \(unknownName(key, what: "field", known: ["class_name", "config"]).message)")
  }
  guard let name = object["class_name"]?.string else {
    throw DescentError(.invalidArgument, "\(what): class_name is missing")
  }
  switch object["config"] {
  case .object(let config)?: return (name, config)
  case nil, .null?: return (name, JSONObject())
  case let other?:
    throw DescentError(.invalidArgument, "\(what) \(name): config is \(other.shortText); expected an object")
  }
}

/// `{"module": …, "class_name": …, "config": {…}, "registered_name": null}` as Keras prints it.
func kerasObject(module: String, className: String, config: JSONObject) -> JSONValue {
  ["module": .string(module), "class_name": .string(className), "config": .object(config), "registered_name": nil]
}

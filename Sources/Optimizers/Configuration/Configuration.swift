/// Sets what a configuration names.
/// - Throws: ``DescentError`` for a setting that is not known, given twice, missing, of the wrong kind or out of range.
func configure<Root>(
  _ root: inout Root, _ name: String, from entries: [ConfigurationValue.Entry], by table: [Hyperparameter<Root>]
) throws {
  var seen: [String: String] = [:]
  for entry in entries {
    guard let hyperparameter = table.first(where: { $0.understands(entry.key) }) else {
      let error = unknownName(entry.key, kind: "setting", among: table.map(\.key))
      throw DescentError(.invalidArgument, "\(name): \(error.message)")
    }
    if let other = seen.updateValue(entry.key, forKey: hyperparameter.key) {
      throw DescentError(.invalidArgument, "\(name): \(other) and \(entry.key) name the same setting")
    }
    do { try hyperparameter.set(entry.value, in: &root) } catch let error as DescentError {
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
func classNameAndConfig(_ value: ConfigurationValue, _ what: String) throws -> (name: String, config: [ConfigurationValue.Entry]) {
  switch value {
  case .text(let name): return (name, [])
  case .object(let entries):
    let known = ["class_name", "config", "module", "registered_name", "build_config", "compile_config", "shared_object_id"]
    for entry in entries where !known.contains(entry.key) {
      throw DescentError(
        .invalidArgument, "\(what): \(unknownName(entry.key, kind: "field", among: ["class_name", "config"]).message)")
    }
    guard case .text(let name)? = value["class_name"] else {
      throw DescentError(.invalidArgument, "\(what): class_name is missing")
    }
    switch value["config"] {
    case .object(let config)?: return (name, config)
    case nil, .null?: return (name, [])
    case let other?: throw DescentError(.invalidArgument, "\(what) \(name): config is \(other.kind); expected an object")
    }
  default:
    throw DescentError(
      .invalidArgument, "\(what) is \(value.kind); expected a name or {\"class_name\": …, \"config\": {…}}")
  }
}

/// `{"module": …, "class_name": …, "config": {…}, "registered_name": null}` as Keras prints it.
func kerasObject(module: String, className: String, config: [ConfigurationValue.Entry]) -> ConfigurationValue {
  .object([
    .init("module", .text(module)), .init("class_name", .text(className)), .init("config", .object(config)),
    .init("registered_name", .null),
  ])
}

/// How Keras writes anything that has settings: `{"module": …, "class_name": …, "config": {…}, "registered_name": …}`. The one place
/// that knows the form; what may stand in `config` is each kind's own.
package struct KerasObject: Sendable {
  package let className: String
  /// Where Keras has the class; nil for one of a program's own.
  package let module: String?
  /// What a program has registered the class as.
  package let registeredName: String?
  /// The settings; a function's name where there is only that.
  package let config: JSONValue

  package init(_ className: String, module: String?, config: JSONObject, registeredName: String? = nil) {
    self.init(className, module: module, anyConfig: .object(config), registeredName: registeredName)
  }

  private init(_ className: String, module: String?, anyConfig config: JSONValue, registeredName: String?) {
    self.className = className
    self.module = module
    self.config = config
    self.registeredName = registeredName
  }

  /// A function that a program has given a name.
  package static func function(_ name: String) -> KerasObject {
    KerasObject(functionClass, module: "builtins", anyConfig: .string(name), registeredName: functionClass)
  }

  private static let functionClass = "function"

  /// The name of a function, if it is one.
  package var functionName: String? { className == KerasObject.functionClass ? config.string : nil }

  /// As Keras prints it.
  package var json: JSONValue { .object(members) }

  /// The same, for what has more fields beside these.
  package var members: JSONObject {
    JSONObject([
      ("module", module.map { .string($0) } ?? .null), ("class_name", .string(className)), ("config", config),
      ("registered_name", registeredName.map { .string($0) } ?? .null),
    ])
  }

  /// Whether it is of a class that a program has registered, and not of one of Keras's that is called the same.
  package var isOwn: Bool { module == nil && registeredName?.contains(">") == true }

  /// Reads what Keras has written. `config` is looked at by ``settings(_:kind:isOptional:)``.
  /// - Parameters:
  ///   - what: what errors call it: `optimizer`, or where it stands.
  ///   - kind: of the errors.
  ///   - orName: whether a name may stand in place of the object, for one with default settings.
  ///   - others: fields that Keras writes of this kind of object alone.
  /// - Throws: ``DescentError`` if the value is anything else, or for a field that Keras does not write, with the nearest that it does.
  package init(
    _ json: JSONValue, _ what: String, kind: DescentError.Kind = .invalidArgument, orName: Bool, besides others: [String] = []
  ) throws {
    if orName, let name = json.string {
      self.init(name, module: nil, config: JSONObject())
      return
    }
    guard let className = json["class_name"]?.string else {
      let expected = (orName ? "a name or " : "") + "an object with a \"class_name\""
      throw DescentError(kind, "\(what): expected \(expected), found \(json.shortText)")
    }
    let known = KerasObject.fields + others
    for key in json.object?.keys ?? [] where !known.contains(key) {
      throw DescentError(kind, "\(what): \(unknownName(key, what: "field", known: known).message)")
    }
    self.init(
      className, module: json["module"]?.string, anyConfig: json["config"] ?? .null, registeredName: json["registered_name"]?.string)
  }

  /// The settings by name.
  /// - Parameters:
  ///   - what: what errors call the object.
  ///   - isOptional: whether null stands for none.
  /// - Throws: ``DescentError`` if they are no object.
  package func settings(_ what: String, kind: DescentError.Kind = .invalidArgument, isOptional: Bool) throws -> JSONObject {
    if let settings = config.object { return settings }
    if isOptional && config.isNull { return JSONObject() }
    let found = config.isNull ? "missing" : config.shortText
    throw DescentError(kind, "\(what): the \"config\" of \(className) is \(found); expected an object with its options")
  }

  /// The fields that Keras's objects have.
  private static let fields = ["class_name", "config", "module", "registered_name", "build_config", "compile_config", "shared_object_id"]
}

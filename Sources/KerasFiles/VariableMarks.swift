import Descent

/// Which variables of a model are left alone, or trained, otherwise than they were made to be (`layer.kernel?.isTrainable = false`). Keras's files have
/// no word for it, and what its optimizer remembers fits no other model: these are Descent's own, which Keras does not look at.
enum VariableMarks {
  private static let version = 1

  /// By the variables' places in the file; nil if there are none.
  static func json(of model: Model) -> JSONValue? {
    func isMarked(_ variable: Variable) -> Bool { variable.isTrainable != variable.isMadeToBeTrained }
    guard model.variables.contains(where: isMarked) else { return nil }
    let marked = variables(of: model).filter { isMarked($0.variable) }
    func names(_ isTrainable: Bool) -> JSONValue { .array(marked.filter { $0.variable.isTrainable == isTrainable }.map { .string($0.name) }) }
    return ["version": JSONValue(version), "frozen": names(false), "trained": names(true)]
  }

  /// Marks the variables of a model as ``json(of:)`` says.
  /// - Throws: ``DescentError`` of kind `file` for what it does not write, and for places that the model has not.
  static func mark(_ model: Model, _ json: JSONValue) throws {
    guard json["version"]?.int == version else { throw DescentError(.file, "variables: 'version' is \(json["version"]?.shortText ?? "missing")") }
    let known = Dictionary(variables(of: model).map { ($0.name, $0.variable) }) { first, _ in first }
    for (key, isTrainable) in [("frozen", false), ("trained", true)] {
      guard let names = json[key]?.array else { throw DescentError(.file, "variables: '\(key)' is \(json[key]?.shortText ?? "missing"); expected a list of names") }
      for name in names {
        guard let variable = name.string.flatMap({ known[$0] }) else { throw DescentError(.file, "variables: the model has no variable at \(name.shortText)") }
        variable.isTrainable = isTrainable
      }
    }
  }

  private static func variables(of model: Model) -> [(name: String, variable: Variable)] {
    KerasPaths.places(in: model).flatMap(\.variables)
  }
}

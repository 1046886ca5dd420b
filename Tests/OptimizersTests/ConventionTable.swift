import Optimizers

/// What differs between conventions, from the optimizers' own declarations.
enum ConventionTable {
  /// One optimizer's table in Markdown; nil if all conventions agree.
  static func markdown(of type: any Optimizer.Type) -> String? { table(type) }

  private static func table<Made: Optimizer>(_ type: Made.Type) -> String? {
    let known = Made.knownConventions
    let optimizers = known.map { convention -> Made in
      var optimizer = Made()
      optimizer.adopt(convention)
      return optimizer
    }
    let rows = Made.allHyperparameters.compactMap { hyperparameter -> String? in
      let values = optimizers.map { (try? hyperparameter.value(in: $0)) ?? .null }
      if values.allSatisfy({ $0 == values[0] }) { return nil }
      return "| `\(hyperparameter.key)` | " + values.map(cell).joined(separator: " | ") + " |"
    }
    if rows.isEmpty { return nil }
    let head = "| | " + known.map(\.rawValue).joined(separator: " | ") + " |"
    let rule = "|---|" + known.map { _ in "---|" }.joined()
    return (["### \(Made.className)", "", head, rule] + rows).joined(separator: "\n")
  }

  private static func cell(_ value: JSONValue) -> String {
    value.isNull ? "none" : value.string ?? value.text()
  }
}

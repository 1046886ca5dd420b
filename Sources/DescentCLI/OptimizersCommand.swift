import ArgumentParser
import Descent

struct OptimizersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "optimizers",
    abstract: "List the optimizers, or tell about one.",
    discussion: """
      EXAMPLES:
        descent optimizers
        descent optimizers adam
      """)

  @Argument(help: ArgumentHelp("The optimizer to tell about, by name.", valueName: "name"))
  var name: String?

  func run() throws {
    if let name {
      print(OptimizerPage(try OptimizerRegistry.type(named: name)).text)
    } else {
      print(OptimizerPage.list)
    }
  }
}

/// What there is to say of an optimizer, all of it from its own declarations.
struct OptimizerPage {
  let text: String

  init(_ type: any Optimizer.Type) { text = OptimizerPage.page(type) }

  static var list: String {
    let types = OptimizerRegistry.all
    let width = types.map { $0.className.count }.max() ?? 0
    return types.map { type in
      type.className.lowercased() + String(repeating: " ", count: width - type.className.count + 2) + type.about.summary
    }.joined(separator: "\n")
  }

  private static func page<Made: Optimizer>(_ type: Made.Type) -> String {
    let about = type.about
    var parts = ["\(type.className): \(about.summary)"]
    if !about.formula.isEmpty { parts.append("Formula\n" + indented(about.formula)) }
    parts.append("Settings\n" + table(settings(type)))
    if type.knownConventions.count > 1 { parts.append("Defaults by convention\n" + table(conventions(type))) }
    if !about.advice.isEmpty { parts.append("When\n" + indented(about.advice)) }
    if !about.source.isEmpty { parts.append("Source\n" + indented(about.source)) }
    return parts.joined(separator: "\n\n")
  }

  private static func shown<Made: Optimizer>(_ hyperparameter: Hyperparameter<Made>, in optimizer: Made) -> String {
    guard let value = try? hyperparameter.value(in: optimizer) else { return "" }
    return value.isNull ? "none" : value.string ?? value.text()
  }

  private static func settings<Made: Optimizer>(_ type: Made.Type) -> [[String]] {
    let plain = Made()
    return [["name", "default", "values", ""]]
      + Made.allHyperparameters.map { [$0.key, shown($0, in: plain), $0.range, $0.summary] }
  }

  /// Only what differs from one convention to another.
  private static func conventions<Made: Optimizer>(_ type: Made.Type) -> [[String]] {
    let known = Made.knownConventions
    let optimizers = known.map { convention -> Made in
      var optimizer = Made()
      optimizer.adopt(convention)
      return optimizer
    }
    let rows = Made.allHyperparameters.compactMap { hyperparameter -> [String]? in
      let values = optimizers.map { shown(hyperparameter, in: $0) }
      return Set(values).count > 1 ? [hyperparameter.key] + values : nil
    }
    return rows.isEmpty ? [["the same in " + known.map(\.rawValue).joined(separator: ", ")]] : [["name"] + known.map(\.rawValue)] + rows
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n")
  }

  private static func table(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = "  "
      for (cell, width) in zip(row, widths) { line += cell + String(repeating: " ", count: width - cell.count + 2) }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}

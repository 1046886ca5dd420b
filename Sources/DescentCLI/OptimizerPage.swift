import Descent

/// What there is to say of an optimizer, all of it from its own declarations.
struct OptimizerPage {
  let text: String

  init(_ type: any Optimizer.Type) { text = OptimizerPage.page(type) }

  /// All optimizers with a line for each.
  static var list: String {
    TextTable(rows: OptimizerRegistry.all.map { [$0.className.lowercased(), $0.about.summary] }, indent: 0).text
      + "\n\ndescent optimizers NAME tells more of one."
  }

  private static func page<Made: Optimizer>(_ type: Made.Type) -> String {
    let about = type.about
    let common = Set(type.commonHyperparameters.map(\.key))
    // The rate's default is the optimizer's own.
    let own = type.allHyperparameters.filter { $0.key == "learning_rate" || !common.contains($0.key) }
    let shared = type.allHyperparameters.filter { $0.key != "learning_rate" && common.contains($0.key) }
    var parts = ["\(type.className): \(about.summary)"]
    if !about.formula.isEmpty { parts.append("Formula\n" + formula(about.formula)) }
    if !own.isEmpty { parts.append("Settings and their defaults\n" + settings(own)) }
    if type.knownConventions.count > 1 { parts.append("Defaults by convention\n" + conventions(type)) }
    if !shared.isEmpty { parts.append("Common settings\n" + settings(shared)) }
    if !about.advice.isEmpty { parts.append("When to use it\n" + paragraph(about.advice)) }
    if !about.source.isEmpty { parts.append("Source\n" + paragraph(about.source)) }
    return parts.joined(separator: "\n\n")
  }

  private static func shown<Made: Optimizer>(_ hyperparameter: Hyperparameter<Made>, in optimizer: Made) -> String {
    guard let value = try? hyperparameter.value(in: optimizer) else { return "" }
    // An optimizer or a schedule inside this one.
    if let name = value["class_name"]?.string { return name }
    if value.isNull || value == [] { return "none" }
    return value.string ?? value.text()
  }

  /// What a setting does and may be, without what its default shows already.
  private static func meaning<Made: Optimizer>(_ hyperparameter: Hyperparameter<Made>, isNone: Bool) -> String {
    var range = hyperparameter.range
    if isNone, range.hasSuffix(", or null") { range.removeLast(", or null".count) }
    for plain in ["a number ", "a number", "a text", "true or false"] where range.hasPrefix(plain) && !range.contains(", or") {
      range.removeFirst(plain.count)
    }
    return hyperparameter.summary + (range.isEmpty ? "" : ": \(range)")
  }

  private static func settings<Made: Optimizer>(_ hyperparameters: [Hyperparameter<Made>]) -> String {
    let plain = Made()
    return TextTable(
      rows: hyperparameters.map { hyperparameter in
        let value = shown(hyperparameter, in: plain)
        return [hyperparameter.key, value, meaning(hyperparameter, isNone: value == "none")]
      }
    ).text
  }

  /// Only what differs from one convention to another.
  private static func conventions<Made: Optimizer>(_ type: Made.Type) -> String {
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
    if rows.isEmpty { return paragraph("the same in " + known.map(\.rawValue).joined(separator: ", ")) }
    let example = "\(type.className.lowercased()):convention=\(known[1].rawValue)"
    return TextTable(rows: [[""] + known.map(\.rawValue)] + rows).text + "\n"
      + paragraph("They are chosen as in --optimizer \(example).")
  }

  /// The lines of a formula; one that is too long goes on below itself, with its remark or after an
  /// assignment where that can be.
  private static func formula(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
      let hanging = String(repeating: " ", count: line.prefix { $0 == " " }.count + 4)
      var lines: [String] = []
      var rest = "  " + line
      while rest.count > TextTable.width {
        let fitting = rest.prefix(TextTable.width)
        let remark = fitting.ranges(of: "   (").first.map { fitting.index(before: $0.upperBound) }
        let assignment = fitting.ranges(of: ",  ").last.map(\.upperBound)
        let term = (fitting.ranges(of: " − ") + fitting.ranges(of: " + ")).map(\.lowerBound).max()
        guard let end = remark ?? assignment ?? term ?? fitting.lastIndex(of: " "), end > rest.index(rest.startIndex, offsetBy: hanging.count) else { break }
        lines.append(String(rest[..<end].reversed().drop { $0 == " " }.reversed()))
        rest = "  " + hanging + rest[end...].drop { $0 == " " }
      }
      return lines + [rest]
    }.joined(separator: "\n")
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n")
  }

  private static func paragraph(_ text: String) -> String {
    indented(wrapped(text, to: TextTable.width - 2).joined(separator: "\n"))
  }
}

import Foundation

/// A formula as optimizers describe it, read and computed on rows of numbers: `m ← m + (1 − beta_1) · (g − m)`.
///
/// A line is a statement or more, with two spaces behind the commas between them: `name ← value` changes a name, `name = value` says what it
/// stands for. `a where x > y, else b` chooses for each number. `label: …` holds where the label does, and so do the lines below it that
/// stand further in. What follows three spaces and a parenthesis is a remark.
///
/// A row stands for a matrix where ``columns`` says how long its rows are.
struct Formula {
  struct Misread: Error, CustomStringConvertible {
    let description: String
  }

  private struct Statement {
    var name: String
    var text: String
    var isDefinition: Bool
    var label: String?
    /// The name whose place this one takes from here on.
    var replaces: String?
  }

  var values: [String: [Double]]
  var columns = 1
  private var statements: [Statement] = []

  init(_ text: String, _ values: [String: [Double]]) throws {
    self.values = values
    var label: String?
    for line in text.components(separatedBy: "\n") {
      var rest = line.replacing(#/ {3,}\(.*$/#, with: "")
      if let match = rest.firstMatch(of: #/^([^:←]+): +(.*)$/#) {
        (label, rest) = (String(match.output.1), String(match.output.2))
      } else if !rest.hasPrefix("   ") {
        label = nil
      }
      for part in rest.replacing(#/, {2,}/#, with: "\n").components(separatedBy: "\n") {
        statements.append(try Formula.statement(part.trimmingCharacters(in: .whitespaces), label))
      }
    }
  }

  private static func statement(_ part: String, _ label: String?) throws -> Statement {
    if let match = part.firstMatch(of: #/^(or with Nesterov)  (.*)$/#) { return try statement(String(match.output.2), String(match.output.1)) }
    guard let match = part.firstMatch(of: #/^(\S+) (←|=) (.*?)( takes the place of (\S+))?$/#) else { throw Misread(description: "no statement: \(part)") }
    return Statement(
      name: String(match.output.1), text: String(match.output.3), isDefinition: match.output.2 == "=", label: label,
      replaces: match.output.5.map(String.init))
  }

  /// What is given at each update: its number and the gradient, whose last one is g'.
  mutating func begin(_ t: Int, _ gradient: [Double]) {
    values["g'"] = values["last gradient"] ?? gradient
    values["last gradient"] = gradient
    values["g"] = gradient
    values["t"] = [Double(t)]
  }

  /// One update.
  mutating func step(_ labels: Set<String>) throws {
    var isOtherwise = false
    for statement in statements where statement.isDefinition { values[statement.name] = nil }
    func holds(_ label: String?) throws -> Bool {
      guard let label else { return true }
      if label == "otherwise" && isOtherwise { return true }
      if let match = label.firstMatch(of: #/^(\S+) > (\S+)$/#) {
        let holds = try evaluate(String(match.output.1))[0] > evaluate(String(match.output.2))[0]
        isOtherwise = !holds
        return holds
      }
      if let match = label.firstMatch(of: #/^every (\S+) steps(, from the first)?$/#), let t = values["t"]?[0] {
        let period = try evaluate(String(match.output.1))[0]
        return (match.output.2 == nil ? t : t - 1).truncatingRemainder(dividingBy: period) == 0
      }
      if let match = label.firstMatch(of: #/^t = (\d+)(, …)?$/#), let t = values["t"]?[0], let first = Double(match.output.1) {
        return match.output.2 == nil ? t == first : t >= first
      }
      return labels.contains(label)
    }
    let chosen = try statements.filter { try holds($0.label) }
    let replacement = chosen.first { $0.replaces != nil }
    // What is said instead of the statement before it.
    let instead = chosen.indices.filter { chosen[$0].label == "or with Nesterov" }
    for (index, statement) in chosen.enumerated() where statement.replaces == nil && !instead.contains(index + 1) {
      if statement.isDefinition && statement.name.hasSuffix("ₖ") { continue }
      let isLast = statement.name == "w"
      if isLast, let replacement, let replaced = replacement.replaces {
        values[replacement.name] = try evaluate(replacement.text)
        let kept = values[replaced]
        values[replaced] = values[replacement.name]
        values["w"] = try evaluate(statement.text)
        values[replaced] = kept
      } else {
        values[statement.name] = try evaluate(statement.text)
      }
    }
  }

  /// What a line says that holds elsewhere than in an update; nil if there is none of that label.
  func value(labelled label: String) throws -> [Double]? { try statements.first { $0.label == label }.map { try evaluate($0.text) } }

  /// Labels that neither the step nor a comparison decides.
  var givenLabels: Set<String> {
    Set(statements.compactMap(\.label).filter { !$0.contains(#/^(every |t = |\S+ > )|^(otherwise|evaluation)$/#) })
  }

  func evaluate(_ text: String) throws -> [Double] {
    if text.contains(" where ") { return try choose(text) }
    var reader = Reader(characters: Array(text), formula: self)
    let value = try reader.sum()
    guard reader.isAtEnd else { throw Misread(description: "'\(text)' is not read from character \(reader.place) on") }
    return value
  }

  /// `a where x > y, b where z < 0, else c`
  private func choose(_ text: String) throws -> [Double] {
    let ends = text.components(separatedBy: ", else ")
    guard ends.count == 2 else { throw Misread(description: "'\(text)' does not say what holds else") }
    var choices: [(value: String, condition: String)] = []
    var parts = ends[0].components(separatedBy: " where ")
    var value = parts.removeFirst()
    for part in parts {
      let pieces = part.split(separator: ", ", maxSplits: 1).map(String.init)
      choices.append((value, pieces[0]))
      value = pieces[pieces.count - 1]
    }
    return try choices.reversed().reduce(try evaluate(ends[1])) { other, choice in
      guard let match = choice.condition.firstMatch(of: #/^(.+) ([><]) (.+)$/#) else {
        throw Misread(description: "'\(choice.condition)' compares nothing")
      }
      let (left, right) = (try evaluate(String(match.output.1)), try evaluate(String(match.output.3)))
      let holds = both(left, right) { (match.output.2 == ">" ? $0 > $1 : $0 < $1) ? 1 : 0 }
      // Not 0 · other: it may not be finite where it is not chosen.
      return both(both(try evaluate(choice.value), holds) { $1 == 1 ? $0 : 0 }, both(other, holds) { $1 == 1 ? 0 : $0 }, +)
    }
  }

  /// What a name stands for: a value, what is defined further down, a definition for any k, or an average that is still zero.
  fileprivate func value(of name: String) throws -> [Double] {
    if let value = values[name] { return value }
    for (ending, offset) in [("ₜ₊₁", 1.0), ("ₜ", 0)] where name.hasSuffix(ending) {
      let general = name.dropLast(ending.count) + "ₖ"
      guard let definition = statements.first(where: { $0.isDefinition && $0.name == general }) else { continue }
      var inner = self
      inner.values["k"] = [values["t"]![0] + offset]
      return try inner.evaluate(definition.text)
    }
    guard let statement = statements.first(where: { $0.name == name }) else { throw Misread(description: "nothing is called \(name)") }
    return statement.isDefinition ? try evaluate(statement.text) : [0]
  }
}

private func both(_ a: [Double], _ b: [Double], _ body: (Double, Double) -> Double) -> [Double] {
  (0..<max(a.count, b.count)).map { body(a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
}

/// Recursive descent: sums of products of powers.
private struct Reader {
  let characters: [Character]
  let formula: Formula
  var place = 0

  var isAtEnd: Bool { place == characters.count }

  private mutating func skip() { while place < characters.count && characters[place] == " " { place += 1 } }

  private mutating func take(_ wanted: Character...) -> Character? {
    skip()
    guard place < characters.count, wanted.contains(characters[place]) else { return nil }
    place += 1
    return characters[place - 1]
  }

  private func misread(_ expected: String) -> Formula.Misread {
    Formula.Misread(description: "'\(String(characters))': expected \(expected) at character \(place)")
  }

  mutating func sum() throws -> [Double] {
    var value = try product()
    while let sign = take("+", "−") { value = both(value, try product()) { sign == "+" ? $0 + $1 : $0 - $1 } }
    skip()
    return value
  }

  private mutating func product() throws -> [Double] {
    var value = try power()
    while let sign = take("·", "/", "⊗") {
      let factor = try power()
      switch sign {
      case "⊗": value = value.flatMap { row in factor.map { row * $0 } }
      case "/": value = both(value, factor) { $0 / $1 }
      default: value = both(value, factor) { $0 * $1 }
      }
    }
    return value
  }

  private mutating func power() throws -> [Double] {
    if take("−") != nil { return try power().map { -$0 } }
    if take("Σ") != nil { return [try product().reduce(0, +)] }
    if take("√") != nil { return try power().map { $0.squareRoot() } }
    var value = try atom()
    while place < characters.count {
      switch characters[place] {
      case "²":
        place += 1
        value = value.map { $0 * $0 }
      case "ᵗ":
        place += 1
        value = both(value, try formula.value(of: "t")) { pow($0, $1) }
      case "^":
        place += 1
        value = both(value, try power()) { pow($0, $1) }
      default: return value
      }
    }
    return value
  }

  private mutating func atom() throws -> [Double] {
    if take("(") != nil {
      let value = try sum()
      guard take(")") != nil else { throw misread("')'") }
      return value
    }
    if take("|") != nil {
      let value = try sum()
      guard take("|") != nil else { throw misread("'|'") }
      return value.map(abs)
    }
    if take("‖") != nil {
      let value = try sum()
      guard take("‖") != nil else { throw misread("'‖'") }
      return [value.reduce(0) { $0 + $1 * $1 }.squareRoot()]
    }
    skip()
    let start = place
    while place < characters.count, isPartOfName(characters[place]) { place += 1 }
    let word = String(characters[start..<place])
    if word.isEmpty { throw misread("a name, a number or '('") }
    if let number = Double(word) { return [number] }
    return take("(") == nil ? try formula.value(of: word) : try function(word)
  }

  private mutating func function(_ name: String) throws -> [Double] {
    var arguments: [[Double]] = []
    var isBothWays = false
    repeat {
      if take("±") != nil { isBothWays = true }
      arguments.append(try sum())
    } while take(",") != nil
    guard take(")") != nil else { throw misread("')'") }
    switch (name, arguments.count) {
    case ("sign", 1): return arguments[0].map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    case ("RMS", 1): return [(arguments[0].reduce(0) { $0 + $1 * $1 } / Double(arguments[0].count)).squareRoot()]
    case ("mean", 1): return [arguments[0].reduce(0, +) / Double(arguments[0].count)]
    case ("mean", 2): return means(arguments[0], alongRows: arguments[1] == [-1])
    case ("min", 2): return both(arguments[0], arguments[1], min)
    case ("max", 2): return both(arguments[0], arguments[1], max)
    case ("clip", 2) where isBothWays: return both(both(arguments[0], arguments[1], min), arguments[1].map { -$0 }, max)
    case ("clip", 3): return both(both(arguments[0], arguments[2], min), arguments[1], max)
    default: throw Formula.Misread(description: "no function \(name) of \(arguments.count)")
    }
  }

  private func means(_ matrix: [Double], alongRows: Bool) -> [Double] {
    let columns = formula.columns, rows = matrix.count / columns
    if alongRows { return (0..<rows).map { matrix[($0 * columns)..<(($0 + 1) * columns)].reduce(0, +) / Double(columns) } }
    return (0..<columns).map { column in stride(from: column, to: matrix.count, by: columns).reduce(0) { $0 + matrix[$1] } / Double(rows) }
  }

  private func isPartOfName(_ character: Character) -> Bool {
    if character == "ᵗ" || character == "²" { return false }
    return character.isLetter || character.isNumber || "_.'∞₊".contains(character)
  }
}

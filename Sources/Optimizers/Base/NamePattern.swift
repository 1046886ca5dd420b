/// A regular expression that names of parameters are compared with, in Python's spelling (`re`): letters, `.`, classes (`[a-z]`, `\d`, `\w`, `\s`),
/// groups, `|`, `*`, `+`, `?`, `{2,3}`, `^`, `$`, `\A`, `\Z`, `\b`, and `(?i)` at the beginning.
///
/// Patterns come from files too, so that comparing takes no longer than the pattern's size times the name's: all ways through the pattern are followed
/// at once (Thompson, 1968), none is tried after another. What that cannot do, references to groups and looking ahead, is refused,
/// and so are other flags, possessive repetition and characters by their numbers.
/// Source: <https://swtch.com/~rsc/regexp/regexp1.html>.
struct NamePattern {
  private let steps: [Step]
  private let ignoresCase: Bool

  /// What is done at a place of a name.
  enum Step {
    /// Go on behind a character of the class.
    case character(CharacterClass)
    case assertion(Assertion)
    /// Go on at either.
    case split(Int, Int)
    case jump(Int)
    case accept
  }

  /// What is asked of a place between two characters.
  enum Assertion { case start, end, lineEnd, wordBoundary, noWordBoundary }

  /// - Throws: ``DescentError`` of kind `invalidArgument` for what is no regular expression, too large, or of the kind that is refused.
  init(_ text: String) throws {
    do {
      var parser = NamePatternParser(text), program = Program()
      let (node, ignoresCase) = try parser.pattern()
      try program.add(node)
      steps = program.steps + [.accept]
      self.ignoresCase = ignoresCase
    } catch let fault as NamePatternFault {
      throw DescentError(.invalidArgument, "\"\(text)\" is not a regular expression that names can be compared with: \(fault.message)")
    }
  }

  /// Whether it occurs in a name. (Python: `re.search`.)
  func occurs(in name: String) -> Bool { run(name, anchored: false) }

  /// Whether a whole name is of its form. (Python: `re.fullmatch`.)
  func matchesWhole(_ name: String) -> Bool { run(name, anchored: true) }

  private func run(_ name: String, anchored: Bool) -> Bool {
    let characters = Array(name.unicodeScalars)
    var current: [Int] = [], next: [Int] = [], waiting: [Int] = []
    // At which place a step was last reached, so that each is followed once.
    var reached = [Int](repeating: -1, count: steps.count)
    for place in 0...characters.count {
      if place == 0 || !anchored { current.append(0) }
      let same = place < characters.count ? ignoresCase ? cases(of: characters[place]) : [characters[place]] : []
      waiting.append(contentsOf: current)
      next.removeAll(keepingCapacity: true)
      while let number = waiting.popLast() {
        if reached[number] == place { continue }
        reached[number] = place
        switch steps[number] {
        case .accept: if !anchored || place == characters.count { return true }
        case .jump(let target): waiting.append(target)
        case .split(let first, let second):
          waiting.append(second)
          waiting.append(first)
        case .assertion(let assertion): if holds(assertion, characters, place) { waiting.append(number + 1) }
        case .character(let kind): if kind.contains(anyOf: same) { next.append(number + 1) }
        }
      }
      swap(&current, &next)
    }
    return false
  }

  /// The character, capital and small.
  private func cases(of character: Unicode.Scalar) -> [Unicode.Scalar] {
    let properties = character.properties
    return [character]
      + [properties.lowercaseMapping, properties.uppercaseMapping].compactMap { $0.unicodeScalars.count == 1 ? $0.unicodeScalars.first : nil }
  }

  private func holds(_ assertion: Assertion, _ characters: [Unicode.Scalar], _ place: Int) -> Bool {
    func isWord(_ place: Int) -> Bool { characters.indices.contains(place) && CharacterClass.Kind.word.contains(characters[place]) }
    let isBoundary = isWord(place - 1) != isWord(place)
    return switch assertion {
    case .start: place == 0
    case .end: place == characters.count
    case .lineEnd: place == characters.count || (place == characters.count - 1 && characters[place] == "\n")
    case .wordBoundary: isBoundary
    case .noWordBoundary: !isBoundary
    }
  }
}

/// What a pattern says.
indirect enum PatternNode {
  case character(CharacterClass)
  case assertion(NamePattern.Assertion)
  case sequence([PatternNode])
  case choice([PatternNode])
  /// So many times; without a greatest number as often as there are.
  case repetition(PatternNode, least: Int, greatest: Int?)
}

extension PatternNode {
  /// How much work it is to compare it with a character, without that of its parts.
  fileprivate var size: Int { if case .character(let kind) = self { kind.ranges.count + kind.kinds.count } else { 1 } }
}

/// The steps of a pattern.
private struct Program {
  private(set) var steps: [NamePattern.Step] = []
  private var count = 0
  private static let greatestCount = 2000

  mutating func add(_ node: PatternNode) throws {
    count += node.size
    guard count <= Program.greatestCount else { throw NamePatternFault("it has more than \(Program.greatestCount) parts, repeated ones counted as often") }
    switch node {
    case .character(let kind): steps.append(.character(kind))
    case .assertion(let assertion): steps.append(.assertion(assertion))
    case .sequence(let parts): for part in parts { try add(part) }
    case .choice(let choices):
      var ends: [Int] = []
      for choice in choices.dropLast() {
        let start = steps.count
        steps.append(.accept)
        try add(choice)
        ends.append(steps.count)
        steps.append(.accept)
        steps[start] = .split(start + 1, steps.count)
      }
      if let last = choices.last { try add(last) }
      for end in ends { steps[end] = .jump(steps.count) }
    case .repetition(let part, let least, let greatest):
      for _ in 0..<least { try add(part) }
      guard let greatest else {
        let start = steps.count
        steps.append(.accept)
        try add(part)
        steps.append(.jump(start))
        return steps[start] = .split(start + 1, steps.count)
      }
      for _ in least..<greatest {
        let start = steps.count
        steps.append(.accept)
        try add(part)
        steps[start] = .split(start + 1, steps.count)
      }
    }
  }
}

/// Characters that may stand at a place.
struct CharacterClass {
  enum Kind {
    case digit, word, space

    private static let letters: Set<Unicode.GeneralCategory> = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]

    func contains(_ character: Unicode.Scalar) -> Bool {
      let properties = character.properties
      return switch self {
      case .digit: properties.generalCategory == .decimalNumber
      case .word: character == "_" || properties.numericType != nil || Kind.letters.contains(properties.generalCategory)
      case .space: properties.isWhitespace || (0x1c...0x1f).contains(character.value)
      }
    }
  }

  var ranges: [ClosedRange<Unicode.Scalar>] = []
  var kinds: [(kind: Kind, isNegated: Bool)] = []
  var isNegated = false

  /// All but the end of a line.
  static let anything = CharacterClass(ranges: ["\n"..."\n"], isNegated: true)

  /// - Parameter characters: one, or the same one capital and small; none where a name ends.
  func contains(anyOf characters: [Unicode.Scalar]) -> Bool { !characters.isEmpty && characters.contains(where: holds) != isNegated }

  private func holds(_ character: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(character) } || kinds.contains { $0.kind.contains(character) != $0.isNegated }
  }
}

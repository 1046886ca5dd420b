/// What is wrong with a pattern.
struct NamePatternFault: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

/// Reads a ``NamePattern``.
struct NamePatternParser {
  private var rest: Substring.UnicodeScalarView
  private var depth = 0
  /// Groups in groups: reading them is recursive.
  private static let greatestDepth = 50
  private static let greatestLength = 10_000

  init(_ text: String) { rest = text[...].unicodeScalars }

  /// The whole pattern, and whether capital letters and small ones are the same to it.
  mutating func pattern() throws -> (PatternNode, ignoresCase: Bool) {
    guard rest.count <= NamePatternParser.greatestLength else { throw NamePatternFault("it is longer than \(NamePatternParser.greatestLength) characters") }
    let flag = "(?i)".unicodeScalars, ignoresCase = rest.starts(with: flag)
    if ignoresCase { rest = rest.dropFirst(flag.count) }
    let result = try choice()
    if !rest.isEmpty { throw NamePatternFault("there is no ( for a )") }
    return (result, ignoresCase)
  }

  private mutating func choice() throws -> PatternNode {
    var choices = [try sequence()]
    while take("|") { choices.append(try sequence()) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence() throws -> PatternNode {
    var parts: [PatternNode] = []
    while let next = rest.first, next != "|", next != ")" {
      let part = try single()
      parts.append(try repeated(part))
    }
    return .sequence(parts)
  }

  private mutating func single() throws -> PatternNode {
    let character = rest.removeFirst()
    switch character {
    case "(": return try group()
    case "[": return .character(try characterClass())
    case ".": return .character(.anything)
    case "^": return .assertion(.start)
    case "$": return .assertion(.lineEnd)
    case "*", "+", "?": throw NamePatternFault("there is nothing before \(character) that it could repeat")
    case "{" where counts() != nil: throw NamePatternFault("there is nothing before { that it could repeat")
    case "\\": return try escaped()
    default: return .character(CharacterClass(ranges: [character...character]))
    }
  }

  private mutating func group() throws -> PatternNode {
    if take("?") && !take(":") {
      guard take("P"), take("<"), let end = rest.firstIndex(of: ">") else {
        throw NamePatternFault("of groups that begin with (? only (?:…) and (?P<name>…) are understood, and (?i) at the beginning")
      }
      rest = rest[rest.index(after: end)...]
    }
    depth += 1
    defer { depth -= 1 }
    guard depth <= NamePatternParser.greatestDepth else { throw NamePatternFault("it has more than \(NamePatternParser.greatestDepth) groups in one another") }
    let result = try choice()
    guard take(")") else { throw NamePatternFault("there is no ) for a (") }
    return result
  }

  /// What follows something says how often it comes. Whether that is as often or as seldom as it can does not matter here.
  private mutating func repeated(_ part: PatternNode) throws -> PatternNode {
    let before = rest
    let (least, greatest): (Int, Int?)
    if take("*") {
      (least, greatest) = (0, nil)
    } else if take("+") {
      (least, greatest) = (1, nil)
    } else if take("?") {
      (least, greatest) = (0, 1)
    } else if take("{"), let counts = counts() {
      (least, greatest) = counts
    } else {
      // Such a brace is a character.
      rest = before
      return part
    }
    if let greatest, greatest < least { throw NamePatternFault("{\(least),\(greatest)} ends before it begins") }
    if case .assertion = part { throw NamePatternFault("a place cannot be repeated") }
    _ = take("?")
    if let next = rest.first, "*+?".unicodeScalars.contains(next) { throw NamePatternFault("\(next) repeats what is repeated") }
    return .repetition(part, least: least, greatest: greatest)
  }

  /// What follows the brace of `{2}`, `{2,}`, `{,3}` or `{2,3}`; nil for other things in braces, which stay.
  private mutating func counts() -> (Int, Int?)? {
    let before = rest, least = number(), hasGreatest = take(",")
    let greatest = hasGreatest ? number() : least
    guard take("}"), least != nil || hasGreatest else {
      rest = before
      return nil
    }
    return (least ?? 0, greatest)
  }

  private mutating func number() -> Int? {
    let digits = rest.prefix { ("0"..."9").contains($0) }
    rest = rest.dropFirst(digits.count)
    return digits.isEmpty ? nil : Int(String(digits)) ?? .max
  }

  private mutating func escaped() throws -> PatternNode {
    switch rest.first {
    case "A": return assertion(.start)
    case "Z": return assertion(.end)
    case "b": return assertion(.wordBoundary)
    case "B": return assertion(.noWordBoundary)
    default: return .character(try escapedClass())
    }
  }

  private mutating func assertion(_ assertion: NamePattern.Assertion) -> PatternNode {
    rest.removeFirst()
    return .assertion(assertion)
  }

  /// What a backslash and a character stand for, in brackets too.
  private mutating func escapedClass() throws -> CharacterClass {
    guard let character = rest.popFirst() else { throw NamePatternFault("it ends in a backslash") }
    func one(_ character: Unicode.Scalar) -> CharacterClass { CharacterClass(ranges: [character...character]) }
    switch character {
    case "d": return CharacterClass(kinds: [(.digit, false)])
    case "D": return CharacterClass(kinds: [(.digit, true)])
    case "w": return CharacterClass(kinds: [(.word, false)])
    case "W": return CharacterClass(kinds: [(.word, true)])
    case "s": return CharacterClass(kinds: [(.space, false)])
    case "S": return CharacterClass(kinds: [(.space, true)])
    case "a": return one("\u{7}")
    case "f": return one("\u{c}")
    case "n": return one("\n")
    case "t": return one("\t")
    case "r": return one("\r")
    case "v": return one("\u{b}")
    case "0"..."9", "a"..."z", "A"..."Z": throw NamePatternFault("\\\(character) is not understood")
    default: return one(character)
    }
  }

  private mutating func characterClass() throws -> CharacterClass {
    var result = CharacterClass(isNegated: take("^"))
    var isFirst = true
    while true {
      guard let next = rest.first else { throw NamePatternFault("there is no ] for a [") }
      if next == "]" && !isFirst {
        rest.removeFirst()
        return result
      }
      isFirst = false
      let low = try classMember()
      guard rest.first == "-", rest.dropFirst().first != "]" else {
        result.ranges += low.ranges
        result.kinds += low.kinds
        continue
      }
      rest.removeFirst()
      guard !rest.isEmpty else { throw NamePatternFault("there is no ] for a [") }
      guard let first = low.single, let last = try classMember().single, first <= last else { throw NamePatternFault("a range in brackets is not from one character to a later one") }
      result.ranges.append(first...last)
    }
  }

  private mutating func classMember() throws -> CharacterClass {
    let character = rest.removeFirst()
    return character == "\\" ? try escapedClass() : CharacterClass(ranges: [character...character])
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }
}

extension CharacterClass {
  /// The character, where it is of one.
  fileprivate var single: Unicode.Scalar? { kinds.isEmpty && ranges.count == 1 && ranges[0].lowerBound == ranges[0].upperBound ? ranges[0].lowerBound : nil }
}

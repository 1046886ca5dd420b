extension StringProtocol {
  /// The text as it may be shown to a person: what would steer a terminal, break a line or turn the direction of writing is spelled
  /// out (`\u{1B}`).
  ///
  /// Names and contents of files pass through it on their way into messages, tables and progress bars. Applied again it changes nothing.
  package var printable: String { printable(keeping: []) }

  /// The same for a text with lines of its own.
  package var printableLines: String { printable(keeping: ["\n"]) }

  private func printable(keeping kept: Set<Unicode.Scalar>) -> String {
    if unicodeScalars.allSatisfy({ kept.contains($0) || !$0.steersTerminals }) { return String(self) }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar {
      case _ where kept.contains(scalar) || !scalar.steersTerminals: result.append(scalar)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result.append(contentsOf: "\\u{\(digits.count < 2 ? "0" : "")\(digits)}".unicodeScalars)
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Whether a terminal would do something on it rather than show it.
  var steersTerminals: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    // Joiners belong to words of some languages and to emoji; the others hide or turn what stands beside them.
    case .format: self != "\u{200C}" && self != "\u{200D}"
    default: false
    }
  }
}

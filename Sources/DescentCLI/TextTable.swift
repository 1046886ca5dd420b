import Descent

/// Rows of text in aligned columns, the last of which is broken into lines where it would get too wide.
struct TextTable {
  /// All with equally many cells.
  let rows: [[String]]
  /// Columns that are aligned at their right sides.
  var rightAligned: Set<Int> = []
  var indent = 2

  /// What a terminal shows without breaking lines by itself, and is easily read.
  static var width: Int { max(40, min(Terminal.columns ?? 100, 100)) }

  var text: String {
    guard let columns = rows.first?.count, columns > 0 else { return "" }
    let widths = (0..<columns).map { column in rows.map { $0[column].terminalWidth }.max() ?? 0 }
    let margin = String(repeating: " ", count: indent)
    return rows.map { row in
      var line = margin
      for column in 0..<(columns - 1) {
        let padding = String(repeating: " ", count: widths[column] - row[column].terminalWidth)
        line += (rightAligned.contains(column) ? padding + row[column] : row[column] + padding) + "  "
      }
      let last = wrapped(row[columns - 1], to: TextTable.width - line.terminalWidth)
      let hanging = "\n" + String(repeating: " ", count: line.terminalWidth)
      line += last.joined(separator: hanging)
      return line.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingSuffix { $0 == " " } }
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

/// The words of a text in lines of at most a width, unless a word is longer.
func wrapped(_ text: String, to width: Int) -> [String] {
  var lines = [""]
  for word in text.split(separator: " ") {
    let last = lines[lines.count - 1]
    if !last.isEmpty && last.terminalWidth + 1 + String(word).terminalWidth > width { lines.append("") }
    lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
  }
  return lines
}

extension String {
  /// How many places of a terminal's line the text takes: Hangul, kana, Chinese characters and emoji take two each. (Unicode's Standard
  /// Annex 11, "East Asian Width".)
  var terminalWidth: Int { reduce(0) { $0 + ($1.unicodeScalars.contains(where: String.isWide) ? 2 : 1) } }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD: true
    default: false
    }
  }
}

extension Substring {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, isDropped(self[index(before: end)]) { end = index(before: end) }
    return self[startIndex..<end]
  }
}

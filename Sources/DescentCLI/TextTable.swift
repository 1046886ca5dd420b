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
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let margin = String(repeating: " ", count: indent)
    return rows.map { row in
      var line = margin
      for column in 0..<(columns - 1) {
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        line += (rightAligned.contains(column) ? padding + row[column] : row[column] + padding) + "  "
      }
      let last = wrapped(row[columns - 1], to: TextTable.width - line.count)
      let hanging = "\n" + String(repeating: " ", count: line.count)
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
    if !lines[lines.count - 1].isEmpty && lines[lines.count - 1].count + 1 + word.count > width { lines.append("") }
    lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
  }
  return lines
}

extension Substring {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, isDropped(self[index(before: end)]) { end = index(before: end) }
    return self[startIndex..<end]
  }
}

/// The error for a name that is none of those known: it says the nearest, or lists them all when none is near.
///
///     unknown optimizer 'adma'; did you mean 'adam'?
/// - Parameter what: what the name stands for, such as `optimizer`.
package func unknownName(_ name: String, what: String, known: [String]) -> DescentError {
  DescentError(.invalidArgument, "unknown \(what) '\(name)'\(nameHint(for: name, known: known))")
}

/// What an error says after a name that is none of those known: the nearest, or all where none is near.
package func nameHint(for name: String, known: [String]) -> String {
  nearestName(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ". Known: \(known.sorted().joined(separator: ", "))"
}

/// The candidate that a typing mistake could have made `name` from, if there is one: at most a third of its letters differ.
package func nearestName(to name: String, in candidates: [String]) -> String? {
  let name = normalized(name)
  // Of several spellings of one name, the plainest: lower case sorts last.
  let ranked = candidates.map { (distance: editDistance(name, normalized($0)), name: $0) }
  guard let best = ranked.min(by: { ($0.distance, $1.name) < ($1.distance, $0.name) }) else { return nil }
  return best.distance <= max(1, name.count / 3) ? best.name : nil
}

/// Lower case without separators, so that `BinaryCrossentropy` and `binary_crossentropy` are near.
private func normalized(_ name: String) -> [UInt8] {
  name.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to make one word of the other.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  // A name this long is no typing mistake, and the table below is quadratic.
  if left.count > 64 || right.count > 64 { return .max }
  var rows = [Array(0...right.count)]
  for i in 0..<left.count {
    var row = [i + 1]
    for j in 0..<right.count {
      let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
      var best = min(replaced, row[j] + 1, rows[i][j + 1] + 1)
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
        best = min(best, rows[i - 1][j - 1] + 1)
      }
      row.append(best)
    }
    rows.append(row)
  }
  return rows[left.count][right.count]
}

/// The known name that is most like one that is not known, if any is much like it.
package func nearestName(to name: String, among known: [String]) -> String? {
  let wanted = name.lowercased()
  let ranked = known.map { (name: $0, distance: editDistance(wanted, $0.lowercased())) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(2, wanted.count / 3) else { return nil }
  return best.name
}

/// An error for a name that is not known, listing those that are and the nearest.
package func unknownName(_ name: String, kind: String, among known: [String]) -> DescentError {
  let hint = nearestName(to: name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
  return DescentError(.invalidArgument, "unknown \(kind) \"\(name)\"\(hint) (known: \(known.joined(separator: ", ")))")
}

/// The number of characters to insert, delete or replace.
private func editDistance(_ a: String, _ b: String) -> Int {
  // A name this long is a mistake of another kind, and the time is quadratic.
  let a = Array(a.prefix(64)), b = Array(b.prefix(64))
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let replaced = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}

/// `velocityHat` as files spell it: `velocity_hat`.
func snakeCase(_ name: String) -> String {
  var result = ""
  for character in name {
    if character.isUppercase && !result.isEmpty { result += "_" }
    result += character.lowercased()
  }
  return result
}

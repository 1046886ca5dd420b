/// The known name that `name` was most likely meant to be, or nil if none is close.
///
/// Close means that few letters need to be changed, left out, added or swapped with a neighbour (Damerau–Levenshtein distance):
/// at most a third of the longer name's length. Case, underscores, hyphens and spaces do not count.
package func nearestName(to name: String, among known: some Sequence<String>) -> String? {
  // A name longer than any real one cannot be close, and its comparison would cost the product of the lengths.
  guard name.utf8.count <= 200 else { return nil }
  let wanted = nameLetters(name)
  var best: (name: String, distance: Int)?
  for candidate in known {
    let letters = nameLetters(candidate)
    let distance = editDistance(wanted, letters)
    if distance <= max(wanted.count, letters.count) / 3, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

/// The tail of a message about an unknown name: a suggestion if one is close, then all known names in order.
package func knownNamesText(for name: String, among known: some Sequence<String>) -> String {
  let suggestion = nearestName(to: name, among: known).map { "did you mean '\($0)'? " } ?? ""
  return suggestion + "Known: " + known.sorted().joined(separator: ", ")
}

private func nameLetters(_ name: String) -> [Character] {
  name.lowercased().filter { !"_- ".contains($0) }
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var distance = min(row[j] + 1, previous[j + 1] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, beforePrevious[j - 1] + 1) }
      row.append(distance)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.count]
}

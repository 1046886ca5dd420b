/// Einstein's summation as an equation of letters, one for each axis: `"bij,bjk->bik"`.
///
/// `...` stands for any number of leading, inner or trailing axes, which broadcast. Without `->` the result has the axes of `...` and
/// then, in alphabetical order, the letters that stand once in the equation.
package struct EinsumEquation: Hashable, Sendable {
  /// An axis: a letter, or one of those that `...` stands for, counted from the last.
  package enum Label: Hashable, Sendable {
    case letter(Character)
    case ellipsis(Int)
  }

  package let text: String
  /// The letters of each operand and of the result; nil stands for `...`.
  package let operands: [[Character?]]
  package let output: [Character?]

  package init(_ text: String) throws {
    func fault(_ what: String) -> DescentError { DescentError(.invalidArgument, "einsum: '\(text)' \(what)") }
    func labels(_ part: Substring) throws -> [Character?] {
      var result: [Character?] = []
      var rest = part.filter { $0 != " " }[...]
      while let next = rest.first {
        if next.isASCII && next.isLetter {
          result.append(next)
          rest = rest.dropFirst()
        } else if rest.hasPrefix("...") && !result.contains(nil) {
          result.append(nil)
          rest = rest.dropFirst(3)
        } else {
          throw fault("has '\(rest)' where a letter or one '...' was expected")
        }
      }
      return result
    }
    let sides = text.split(separator: "->", omittingEmptySubsequences: false)
    if sides.count > 2 { throw fault("has '->' more than once") }
    let operands = try sides[0].split(separator: ",", omittingEmptySubsequences: false).map { try labels($0) }
    let letters = operands.joined().compactMap { $0 }
    if sides.count == 2 {
      output = try labels(sides[1])
      let named = output.compactMap { $0 }
      if let twice = named.first(where: { letter in named.count { $0 == letter } > 1 }) {
        throw fault("names '\(twice)' twice in the result")
      }
      if let unknown = named.first(where: { !letters.contains($0) }) {
        throw fault("names '\(unknown)' in the result but in no operand")
      }
      if !output.contains(nil) && operands.joined().contains(nil) { throw fault("has '...' in an operand but not in the result") }
    } else {
      let ellipsis: [Character?] = operands.joined().contains(nil) ? [nil] : []
      output = ellipsis + letters.filter { letter in letters.count { $0 == letter } == 1 }.sorted()
    }
    self.text = text
    self.operands = operands
  }

  /// One label for each axis of operands of these ranks, and of the result.
  package func labels(ranks: [Int]) throws -> (operands: [[Label]], output: [Label]) {
    func fault(_ what: String) -> DescentError { DescentError(.invalidArgument, "einsum: '\(text)' \(what)") }
    guard ranks.count == operands.count else { throw fault("has \(operands.count) operands, not \(ranks.count)") }
    func expanded(_ labels: [Character?], _ open: Int) -> [Label] {
      labels.flatMap { letter in letter.map { [.letter($0)] } ?? (0..<open).reversed().map { .ellipsis($0) } }
    }
    var widest = 0
    let expandedOperands = try zip(operands, ranks).enumerated().map { index, pair in
      let (labels, rank) = pair
      let open = rank - labels.count { $0 != nil }
      guard open == 0 || open > 0 && labels.contains(nil) else {
        throw fault("names \(labels.count { $0 != nil }) axes of operand \(index), which has \(rank)")
      }
      widest = Swift.max(widest, open)
      return expanded(labels, open)
    }
    return (expandedOperands, expanded(output, widest))
  }

  /// The size of each label for operands of these shapes. An axis of size 1 stretches.
  package func sizes(_ shapes: [[Int]]) throws -> [Label: Int] {
    var sizes: [Label: Int] = [:]
    for (labels, shape) in zip(try labels(ranks: shapes.map(\.count)).operands, shapes) {
      for (label, size) in zip(labels, shape) {
        let known = sizes[label] ?? 1
        guard known == size || known == 1 || size == 1 else {
          throw DescentError(.invalidArgument, "einsum: '\(text)' does not fit shapes \(shapes): one axis is \(known) and \(size)")
        }
        sizes[label] = known == 1 ? size : known
      }
    }
    return sizes
  }

  /// The result's shape for operands of these shapes.
  package func outputShape(_ shapes: [[Int]]) throws -> [Int] {
    let sizes = try sizes(shapes)
    return try labels(ranks: shapes.map(\.count)).output.map { sizes[$0]! }
  }
}

/// Products of the operands' elements, summed over the axes that the result does not have, as an equation says: `"ij,jk->ik"` is the
/// matrix product, `"bij->bji"` a transposition, `"ii->i"` the diagonal, `"bqhd,bkhd->bhqk"` scores of attention.
///
/// `...` stands for axes that are not named and broadcast; without `->` the result has, in alphabetical order, the letters that stand
/// once. Operands are combined from left to right, two at a time, by matrix products where something is summed.
/// Source: https://keras.io/api/ops/numpy/#einsum-function
/// - Precondition: the equation fits the shapes, and all operands are of one dtype: floating-point or `int32`.
public func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { einsum(equation, operands) }

/// The same for a list of operands.
public func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
  do {
    return try Contraction(EinsumEquation(equation), operands).result()
  } catch {
    programmingError("\(error)")
  }
}

/// The steps of one ``einsum(_:_:)``.
private struct Contraction {
  typealias Label = EinsumEquation.Label

  /// A tensor with a label for each axis, no label twice.
  private struct Term {
    var tensor: Tensor
    var labels: [Label]
  }

  private var terms: [Term] = []
  private let output: [Label]
  private let sizes: [Label: Int]

  init(_ equation: EinsumEquation, _ operands: [Tensor]) throws {
    let first = operands.first.map(\.dtype) ?? .float32
    guard first.isFloatingPoint || first == .int32, operands.allSatisfy({ $0.dtype == first }) else {
      throw DescentError(
        .invalidArgument,
        "einsum: '\(equation.text)' of \(operands.map { "\($0.dtype) \($0.shape)" }.joined(separator: ", ")); one dtype was expected, "
          + "floating-point or int32")
    }
    let shapes = operands.map(\.shape)
    let (labels, output) = try equation.labels(ranks: shapes.map(\.count))
    sizes = try equation.sizes(shapes)
    self.output = output
    for (tensor, labels) in zip(operands, labels) { terms.append(distinct(tensor, labels)) }
  }

  /// Without the axes that only stretch, and with the diagonal in place of axes of one label.
  private func distinct(_ tensor: Tensor, _ labels: [Label]) -> Term {
    let kept = labels.indices.filter { tensor.shape[$0] == sizes[labels[$0]]! }
    var term = Term(tensor: tensor.reshaped(kept.map { tensor.shape[$0] }), labels: kept.map { labels[$0] })
    while let first = term.labels.indices.first(where: { term.labels[..<$0].contains(term.labels[$0]) }) {
      let before = term.labels.firstIndex(of: term.labels[first])!
      term.tensor = term.tensor.diagonal(axis1: before, axis2: first)
      let label = term.labels.remove(at: first)
      term.labels.remove(at: before)
      term.labels.append(label)
    }
    return term
  }

  func result() -> Tensor {
    var current = terms[0]
    for index in terms.indices.dropFirst() {
      let later = Set(output).union(terms[(index + 1)...].flatMap(\.labels))
      current = product(summed(current, keeping: later.union(terms[index].labels)),
                        summed(terms[index], keeping: later.union(current.labels)), keeping: later)
    }
    current = summed(current, keeping: Set(output))
    let present = output.filter { current.labels.contains($0) }
    let ordered = arranged(current, present)
    return ordered.reshaped(output.map { current.labels.contains($0) ? sizes[$0]! : 1 }).broadcast(to: output.map { sizes[$0]! })
  }

  private func summed(_ term: Term, keeping kept: Set<Label>) -> Term {
    let axes = term.labels.indices.filter { !kept.contains(term.labels[$0]) }
    if axes.isEmpty { return term }
    return Term(tensor: term.tensor.sum(axes: axes), labels: term.labels.filter(kept.contains))
  }

  private func arranged(_ term: Term, _ labels: [Label]) -> Tensor {
    term.tensor.transposed(labels.map { term.labels.firstIndex(of: $0)! })
  }

  private func product(_ a: Term, _ b: Term, keeping kept: Set<Label>) -> Term {
    let shared = a.labels.filter(b.labels.contains)
    let summed = shared.filter { !kept.contains($0) }
    let batch = shared.filter(kept.contains)
    let onlyA = a.labels.filter { !shared.contains($0) }, onlyB = b.labels.filter { !shared.contains($0) }
    func shape(_ labels: [Label]) -> [Int] { labels.map { sizes[$0]! } }
    func count(_ labels: [Label]) -> Int { shape(labels).reduce(1, *) }
    if summed.isEmpty || a.tensor.dtype == .int32 {
      let all = batch + onlyA + onlyB + summed
      func spread(_ term: Term) -> Tensor {
        let present = all.filter(term.labels.contains)
        return arranged(term, present).reshaped(all.map { term.labels.contains($0) ? sizes[$0]! : 1 })
      }
      return self.summed(Term(tensor: spread(a) * spread(b), labels: all), keeping: kept)
    }
    let left = arranged(a, batch + onlyA + summed).reshaped(shape(batch) + [count(onlyA), count(summed)])
    let right = arranged(b, batch + summed + onlyB).reshaped(shape(batch) + [count(summed), count(onlyB)])
    let labels = batch + onlyA + onlyB
    return Term(tensor: matmul(left, right).reshaped(shape(labels)), labels: labels)
  }
}

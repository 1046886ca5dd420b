import Foundation

/// A string that is equal to another where its bytes are: in Swift strings are equal too where they only look the same, in files of
/// Keras they are not.
struct ByteString: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ByteString, b: ByteString) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

/// Tokens by number: what lookups and vectorizations know.
struct Vocabulary: Sendable {
  /// Without the special ones.
  private(set) var tokens: [String] = []
  /// How much each counts in ``LookupOutput/tfIdf``, of the tokens.
  private(set) var idfWeights: [Double] = []
  private var places: [ByteString: Int] = [:]

  init() {}

  /// - Throws: ``DescentError`` if a token comes twice.
  init(_ tokens: [String], idfWeights: [Double] = [], owner: String) throws {
    self.tokens = tokens
    self.idfWeights = idfWeights
    places.reserveCapacity(tokens.count)
    for (place, token) in tokens.enumerated() {
      guard places.updateValue(place, forKey: ByteString(token)) == nil else {
        throw DescentError(.invalidArgument, "\(owner): the vocabulary holds \"\(token)\" twice")
      }
    }
  }

  /// The place of a token among the tokens.
  func place(of token: String) -> Int? { places[ByteString(token)] }
}

/// How often tokens come in the texts that a vocabulary is made from.
struct TokenCounts {
  private var counts: [ByteString: (total: Int, documents: Int)] = [:]
  private var documents = 0

  mutating func add(document tokens: [String]) {
    documents += 1
    var seen: Set<ByteString> = []
    for token in tokens.lazy.map(ByteString.init) {
      let isNew = seen.insert(token).inserted ? 1 : 0
      counts[token, default: (0, 0)].total += 1
      counts[token, default: (0, 0)].documents += isNew
    }
  }

  /// The tokens that came most often, in the order of Keras: those that came equally often by their bytes, or as numbers, descending.
  func vocabulary(limit: Int?, without special: [String], areNumbers: Bool = false, owner: String) throws -> Vocabulary {
    let ordered = counts.filter { !special.contains($0.key.text) }.sorted { a, b in
      if a.value.total != b.value.total { return a.value.total > b.value.total }
      if areNumbers, let left = Int(a.key.text), let right = Int(b.key.text) { return left > right }
      return b.key.text.utf8.lexicographicallyPrecedes(a.key.text.utf8)
    }
    let kept = ordered.prefix(limit ?? ordered.count)
    let weights = kept.map { log(1 + Double(documents) / Double(1 + $0.value.documents)) }
    return try Vocabulary(kept.map(\.key.text), idfWeights: weights, owner: owner)
  }

  var isEmpty: Bool { counts.isEmpty }
}

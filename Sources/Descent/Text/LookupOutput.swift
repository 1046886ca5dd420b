import TensorCore

/// How the tokens of a text are written as numbers. (Keras: `output_mode`.)
public enum LookupOutput: String, Sendable, CaseIterable {
  /// The number of each token.
  case int
  /// For each token a row with 1 at its number.
  case oneHot = "one_hot"
  /// For each text a row: 1 for the tokens that occur.
  case multiHot = "multi_hot"
  /// The same with how often they occur.
  case count
  /// The same times log(1 + texts / (1 + texts that hold the token)) of the texts that were shown.
  case tfIdf = "tf_idf"
}

/// What all lookups of tokens have in common: special tokens, the vocabulary, the forms of results.
struct TokenTable {
  let owner: String
  let maxTokens: Int?
  let numOOVIndices: Int
  let maskToken: String?
  let oovToken: String
  let outputMode: LookupOutput
  let padToMaxTokens: Bool
  /// Whether tokens are whole numbers in digits: those that are not in the vocabulary are spread by their remainder then, not by a hash.
  let areNumbers: Bool
  /// Whether the vocabulary was given, so that no data can change it.
  private(set) var isGiven = false
  private(set) var vocabulary = Vocabulary()

  init(
    owner: String, maxTokens: Int?, numOOVIndices: Int, maskToken: String?, oovToken: String, vocabulary: [String]?, idfWeights: [Double]?,
    outputMode: LookupOutput, padToMaxTokens: Bool, areNumbers: Bool = false
  ) throws {
    self.owner = owner
    self.maxTokens = maxTokens
    self.numOOVIndices = numOOVIndices
    self.maskToken = maskToken
    self.oovToken = oovToken
    self.outputMode = outputMode
    self.padToMaxTokens = padToMaxTokens
    self.areNumbers = areNumbers
    if let maxTokens, maxTokens <= 1 { throw error("maxTokens is \(maxTokens); expected more than 1, or nil") }
    if padToMaxTokens && maxTokens == nil { throw error("padToMaxTokens needs maxTokens") }
    try NumberRange.from(0, to: TokenTable.greatestOOVCount).check("numOOVIndices", numOOVIndices, owner)
    if let maxTokens, maxTokens < start { throw error("maxTokens is \(maxTokens); expected at least \(start), as there are so many special tokens") }
    if vocabulary == nil && idfWeights != nil { throw error("idfWeights are of a vocabulary; give that too") }
    if let vocabulary { try set(vocabulary, idfWeights: idfWeights) }
  }

  private func error(_ message: String) -> DescentError { DescentError(.invalidArgument, "\(owner): \(message)") }

  /// Each has a place of its own.
  private static let greatestOOVCount = 1 << 24

  /// The number of the first token outside the vocabulary.
  private var oovStart: Int { maskToken != nil && outputMode == .int ? 1 : 0 }

  /// The number of the vocabulary's first token.
  private var start: Int { oovStart + numOOVIndices }

  private var special: [String] { [String](repeating: maskToken ?? "", count: oovStart) + [String](repeating: oovToken, count: numOOVIndices) }

  /// How many numbers there are.
  var size: Int { start + vocabulary.tokens.count }

  /// The length of a row where tokens are places of one.
  var depth: Int { padToMaxTokens ? maxTokens ?? size : size }

  /// All tokens by their numbers, with the special ones or without.
  func tokens(includingSpecial: Bool) -> [String] { (includingSpecial ? special : []) + vocabulary.tokens }

  mutating func set(_ tokens: [String], idfWeights: [Double]?) throws {
    guard !tokens.isEmpty else { throw error("the vocabulary is empty") }
    let hasSpecial = Array(tokens.prefix(start)) == special
    let own = hasSpecial ? Array(tokens.dropFirst(start)) : tokens
    if let maskToken, own.contains(maskToken) {
      throw error("the vocabulary holds the mask token \"\(maskToken)\"; it may do so only at its start, as \(special)")
    }
    if let maxTokens, start + own.count > maxTokens {
      throw error("the vocabulary makes \(start + own.count) tokens with the special ones; maxTokens is \(maxTokens)")
    }
    var weights: [Double] = []
    if outputMode == .tfIdf {
      guard let idfWeights, idfWeights.count == tokens.count else {
        throw error("outputMode is tf_idf: expected one of idfWeights for each of \(tokens.count) tokens, found \(idfWeights?.count ?? 0)")
      }
      weights = hasSpecial ? Array(idfWeights.dropFirst(start)) : idfWeights
      front = hasSpecial ? Array(idfWeights.prefix(start)) : nil
    } else if idfWeights != nil {
      throw error("idfWeights are for outputMode tf_idf; it is \(outputMode.rawValue)")
    }
    vocabulary = try Vocabulary(own, idfWeights: weights, owner: owner)
    isGiven = true
  }

  /// The weights of special tokens, where they were given.
  private var front: [Double]?

  mutating func adapt(_ counts: TokenCounts) throws {
    if isGiven { throw DescentError(.state, "\(owner): adapt: its vocabulary was given") }
    if counts.isEmpty { throw DescentError(.data, "\(owner): adapt: there are no tokens") }
    if let maxTokens, maxTokens <= start {
      throw error("maxTokens is \(maxTokens), and so many special tokens there are; adapt learns tokens beside them, so expected at least \(start + 1)")
    }
    vocabulary = try counts.vocabulary(limit: maxTokens.map { $0 - start }, without: [maskToken, oovToken].compactMap { $0 }, areNumbers: areNumbers, owner: owner)
    front = nil
  }

  /// The number of a token; nil for the mask where it has none.
  func number(of token: String) throws -> Int? {
    if token == maskToken { return outputMode == .int ? 0 : nil }
    if let place = vocabulary.place(of: token) { return start + place }
    switch numOOVIndices {
    case 0: throw DescentError(.data, "\(owner): \"\(token)\" is not in the vocabulary, and numOOVIndices is 0")
    case 1: return oovStart
    default:
      if areNumbers, let value = Int(token) { return oovStart + ((value % numOOVIndices) + numOOVIndices) % numOOVIndices }
      return oovStart + Int(fingerprint64(token) % UInt64(numOOVIndices))
    }
  }

  /// - Throws: ``DescentError`` of kind `state` if there is no vocabulary yet.
  func check() throws {
    guard !vocabulary.tokens.isEmpty || isGiven else {
      throw DescentError(.state, "\(owner): it has no vocabulary yet; adapt it to texts first, or give it one")
    }
  }

  /// A row for each text: 1, how often, or how often times the token's weight.
  func rows(_ texts: [[String]]) throws -> Tensor {
    try check()
    let depth = depth
    try checkMemory(texts.count, depth)
    var all = [Float](repeating: 0, count: texts.count * depth)
    let weights = outputMode == .tfIdf ? allWeights : []
    for (row, text) in texts.enumerated() {
      for token in text {
        guard let number = try number(of: token) else { continue }
        let place = row * depth + number
        if outputMode == .multiHot { all[place] = 1 } else { all[place] += 1 }
      }
      for number in weights.indices { all[row * depth + number] *= weights[number] }
    }
    return Tensor(shape: [texts.count, depth], scalars: all)
  }

  private func checkMemory(_ rows: Int, _ depth: Int) throws {
    if !ElementCount.fitsMemory([rows, depth], bytes: MemoryLayout<Float>.size) {
      throw error("\(rows) rows of \(depth) numbers are more than this machine's memory holds")
    }
  }

  /// Special tokens weigh as much as the others on average.
  var allWeights: [Float] {
    let known = vocabulary.idfWeights
    let mean = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    return ((front ?? [Double](repeating: mean, count: start)) + known).map { Float($0) }
  }

  /// Numbers `int32` [tokens], one-hot rows [tokens, ``depth``], or one row [``depth``] of what occurs.
  func encoded(_ tokens: [String]) throws -> Tensor {
    switch outputMode {
    case .int, .oneHot: try encoded(tokens.map { [$0] }).reshaped([tokens.count] + (outputMode == .int ? [] : [depth]))
    default: try rows([tokens]).reshaped([depth])
    }
  }

  /// Numbers `int32` [texts, tokens of each], one-hot rows behind them (instead of an axis of size 1), or a row for each of what occurs.
  func encoded(_ texts: [[String]]) throws -> Tensor {
    try check()
    guard outputMode == .int || outputMode == .oneHot else { return try rows(texts) }
    let width = texts.first?.count ?? 0
    if let other = texts.firstIndex(where: { $0.count != width }) {
      throw DescentError(.data, "\(owner): row \(other) has \(texts[other].count) \(areNumbers ? "numbers" : "strings"); expected \(width) as row 0 has")
    }
    if outputMode == .int {
      return Tensor(shape: [texts.count, width], scalars: try texts.flatMap { try $0.map { Int32(try number(of: $0) ?? 0) } })
    }
    let (depth, count) = (depth, texts.count * width)
    try checkMemory(count, depth)
    var all = [Float](repeating: 0, count: count * depth)
    for (place, token) in texts.joined().enumerated() {
      if let number = try number(of: token) { all[place * depth + number] = 1 }
    }
    return Tensor(shape: (width == 1 ? [texts.count] : [texts.count, width]) + [depth], scalars: all)
  }
}

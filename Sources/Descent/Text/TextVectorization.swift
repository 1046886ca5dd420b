import TensorCore

/// What is done to a text before it is split. (Keras: `standardize`.)
public enum TextStandardization: Sendable {
  /// Nothing.
  case none
  /// ASCII letters become small ones.
  case lower
  /// ASCII punctuation is left out.
  case stripPunctuation
  /// Both.
  case lowerAndStripPunctuation
  /// What the closure makes of it.
  case custom(@Sendable (String) -> String)

  func apply(_ text: String) -> String {
    switch self {
    case .none: return text
    case .custom(let body): return body(text)
    case .lower: return mapped(text, lower: true, strip: false)
    case .stripPunctuation: return mapped(text, lower: false, strip: true)
    case .lowerAndStripPunctuation: return mapped(text, lower: true, strip: true)
    }
  }

  private func mapped(_ text: String, lower: Bool, strip: Bool) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(lower ? byte | 0x20 : byte)
      case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: if !strip { bytes.append(byte) }
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// How a text becomes tokens. (Keras: `split`.)
public enum TextSplit: Sendable {
  /// It is one.
  case none
  /// At ASCII white space.
  case whitespace
  /// Each Unicode scalar is one.
  case character
  /// What the closure makes of it.
  case custom(@Sendable (String) -> [String])

  func apply(_ text: String) -> [String] {
    switch self {
    case .none: return [text]
    case .whitespace: return text.utf8.split { $0 == 0x20 || (0x09...0x0d).contains($0) }.map { String(decoding: $0, as: UTF8.self) }
    case .character: return text.unicodeScalars.map { String($0) }
    case .custom(let body): return body(text)
    }
  }
}

/// Texts as rows of numbers. (Keras: `keras.layers.TextVectorization`.)
///
///     let vectorize = try TextVectorization(maxTokens: 10_000, outputSequenceLength: 200)
///     try vectorize.adapt(reviews)
///     let x = try vectorize(reviews)                                    // int32 [reviews, 200]
///
/// 0 stands for nothing (shorter texts end with it), 1 for all words that are not in the vocabulary, which holds the words that come
/// most often. Texts are data and no tensors, so this is no layer of a model, but a step before it: ``Model/texts`` keeps it, and in a `.keras` file
/// it is the first layer, as in Keras.
/// Source: <https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/>.
public final class TextVectorization {
  private(set) var table: TokenTable
  let standardize: TextStandardization
  let split: TextSplit
  /// How many neighbours make a token, each width in turn; empty for words alone.
  let ngrams: [Int]
  let outputSequenceLength: Int?
  /// What `ngrams` may be: each width up to it is one of a list.
  static let widths = 1...(1 << 16)
  /// Each text has so many numbers, however short it is.
  private static let greatestLength = 1 << 24

  /// - Parameters:
  ///   - maxTokens: how many numbers there are at most, with those of special tokens; nil for as many as there are words.
  ///   - standardize: what is done to a text first.
  ///   - split: how it becomes words.
  ///   - ngrams: 2 for pairs of neighbours beside the words, 3 for triples too, …; nil for words alone.
  ///   - outputMode: numbers of words, or for each text a row of what occurs; not one-hot.
  ///   - outputSequenceLength: how many numbers each text has, where it is numbers: longer ones are cut; nil for the longest's.
  ///   - padToMaxTokens: whether rows of what occurs have `maxTokens` places even if there are fewer words.
  ///   - vocabulary: the words, the special ones before them or not; nil to learn it from texts.
  ///   - idfWeights: how much each counts, where `outputMode` is ``LookupOutput/tfIdf`` and the vocabulary is given.
  /// - Throws: ``DescentError`` if they do not go together.
  public convenience init(
    maxTokens: Int? = nil, standardize: TextStandardization = .lowerAndStripPunctuation, split: TextSplit = .whitespace,
    ngrams: Int? = nil, outputMode: LookupOutput = .int, outputSequenceLength: Int? = nil, padToMaxTokens: Bool = false,
    vocabulary: [String]? = nil, idfWeights: [Double]? = nil
  ) throws {
    try NumberRange.from(1, to: TextVectorization.widths.upperBound).check("ngrams", ngrams, "TextVectorization")
    try self.init(
      maxTokens: maxTokens, standardize: standardize, split: split, ngramWidths: ngrams.map { Array(1...$0) } ?? [], outputMode: outputMode,
      outputSequenceLength: outputSequenceLength, padToMaxTokens: padToMaxTokens, vocabulary: vocabulary, idfWeights: idfWeights)
  }

  /// - Parameters:
  ///   - ngramWidths: how many neighbours make a token, of each width in turn. (Keras: `ngrams` as a tuple.)
  ///   - maxTokens: as that of the other initializer.
  ///   - standardize: as that of the other initializer.
  ///   - split: as that of the other initializer.
  ///   - outputMode: as that of the other initializer.
  ///   - outputSequenceLength: as that of the other initializer.
  ///   - padToMaxTokens: as that of the other initializer.
  ///   - vocabulary: as that of the other initializer.
  ///   - idfWeights: as that of the other initializer.
  public init(
    maxTokens: Int? = nil, standardize: TextStandardization = .lowerAndStripPunctuation, split: TextSplit = .whitespace,
    ngramWidths: [Int], outputMode: LookupOutput = .int, outputSequenceLength: Int? = nil, padToMaxTokens: Bool = false,
    vocabulary: [String]? = nil, idfWeights: [Double]? = nil
  ) throws {
    func error(_ message: String) -> DescentError { DescentError(.invalidArgument, "TextVectorization: \(message)") }
    for width in ngramWidths { try NumberRange.count.check("a width of ngrams", width, "TextVectorization") }
    if outputMode == .oneHot { throw error("outputMode is one_hot; texts differ in length, so expected int, multi_hot, count or tf_idf") }
    if outputSequenceLength != nil && outputMode != .int { throw error("outputSequenceLength is for outputMode int; it is \(outputMode.rawValue)") }
    try NumberRange.from(0, to: TextVectorization.greatestLength).check("outputSequenceLength", outputSequenceLength, "TextVectorization")
    self.standardize = standardize
    self.split = split
    self.ngrams = ngramWidths
    self.outputSequenceLength = outputSequenceLength
    table = try TokenTable(
      owner: "TextVectorization", maxTokens: maxTokens, numOOVIndices: 1, maskToken: "", oovToken: "[UNK]", vocabulary: vocabulary,
      idfWeights: idfWeights, outputMode: outputMode, padToMaxTokens: padToMaxTokens)
  }

  /// The tokens of a text, before they are looked up.
  public func tokens(of text: String) -> [String] {
    let words = split.apply(standardize.apply(text))
    if ngrams.isEmpty { return words }
    return ngrams.flatMap { width in
      words.count < width ? [] : (0...words.count - width).map { words[$0..<$0 + width].joined(separator: " ") }
    }
  }

  /// Takes the words that come most often for the vocabulary; those that come equally often in descending order of their bytes.
  /// - Throws: ``DescentError`` if there are none, or the vocabulary was given.
  public func adapt(_ texts: some Sequence<String>) throws {
    var counts = TokenCounts()
    for text in texts { counts.add(document: tokens(of: text)) }
    try table.adapt(counts)
  }

  /// The same of a stream of batches, such as ``TextDataset/texts``, of which one is in memory at a time.
  /// - Throws: ``DescentError`` also where the stream throws, and for one that is known to have no end.
  public func adapt(_ batches: Dataset<[String]>) throws {
    if batches.isEndless {
      throw DescentError(.invalidArgument, "TextVectorization.adapt: the stream has no end; take(_:) gives it one")
    }
    var counts = TokenCounts()
    try batches.forEach { for text in $0 { counts.add(document: tokens(of: text)) } }
    try table.adapt(counts)
  }

  /// The words by their numbers. (Keras: `get_vocabulary`.)
  /// - Parameter includingSpecialTokens: whether "" and "[UNK]" come first.
  public func vocabulary(includingSpecialTokens: Bool = true) -> [String] { table.tokens(includingSpecial: includingSpecialTokens) }

  /// How many numbers there are, with those of special tokens.
  public var vocabularySize: Int { table.size }

  /// Gives a vocabulary. (Keras: `set_vocabulary`.)
  /// - Throws: ``DescentError`` if it is empty, too long, or holds a word twice.
  public func setVocabulary(_ vocabulary: [String], idfWeights: [Double]? = nil) throws { try table.set(vocabulary, idfWeights: idfWeights) }

  /// Numbers `int32` [texts, length], or `float32` [texts, ``vocabularySize``] of what occurs.
  /// - Throws: ``DescentError`` if there is no vocabulary.
  public func callAsFunction(_ texts: [String]) throws -> Tensor {
    let split = texts.map(tokens(of:))
    guard table.outputMode == .int else { return try table.rows(split) }
    try table.check()
    let length = outputSequenceLength ?? split.map(\.count).max() ?? 0
    var all = [Int32](repeating: 0, count: texts.count * length)
    for (row, words) in split.enumerated() {
      for (place, word) in words.prefix(length).enumerated() { all[row * length + place] = Int32(try table.number(of: word) ?? 0) }
    }
    return Tensor(shape: [texts.count, length], scalars: all)
  }

  /// One text: `int32` [length], or `float32` [``vocabularySize``].
  public func callAsFunction(_ text: String) throws -> Tensor {
    let row = try self([text])
    return row.reshaped(Array(row.shape.dropFirst()))
  }
}

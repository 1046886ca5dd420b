import Foundation
import TensorCore

/// What a row of ``Tokenizer/textsToMatrix(_:mode:)`` says of a text's words.
public enum TokenMatrixMode: String, Sendable, CaseIterable {
  /// 1 for those that occur.
  case binary
  /// How often they occur.
  case count
  /// (1 + log of how often) · log(1 + texts / (1 + texts that hold the word)).
  case tfidf
  /// How often they occur as a part of the text's words.
  case freq
}

/// Words as numbers in the order of how often they came: `keras.preprocessing.text.Tokenizer` of Keras 2, for programs from its books.
/// ``TextVectorization`` is its successor.
///
///     var tokenizer = try Tokenizer(numWords: 1000, oovToken: "<OOV>")
///     tokenizer.fit(onTexts: sentences)
///     let x = try padSequences(tokenizer.textsToSequences(sentences), maxlen: 100)
/// Source: <https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/Tokenizer>.
public struct Tokenizer: Sendable {
  /// Numbers from this on are those of no word; nil for no limit. Numbers begin with 1, so one word less has a number.
  public let numWords: Int?
  /// Characters that are as good as ``split``.
  public let filters: String
  /// Whether texts become small letters first.
  public let lower: Bool
  /// What stands between words.
  public let split: String
  /// Whether each character is a word.
  public let charLevel: Bool
  /// What stands for words without a number; nil if they are left out.
  public let oovToken: String?

  /// How many texts were seen.
  public private(set) var documentCount = 0
  private var order: [String] = []
  private var counts: [ByteString: (total: Int, documents: Int)] = [:]
  private var indices: [ByteString: Int] = [:]
  private var words: [String] = []

  /// - Parameters:
  ///   - numWords: numbers from this on are those of no word; nil for no limit.
  ///   - filters: characters that are as good as `split`.
  ///   - lower: whether texts become small letters first.
  ///   - split: what stands between words.
  ///   - charLevel: whether each character (Unicode scalar) is a word; `filters` and `split` then have no meaning.
  ///   - oovToken: what stands for words without a number, and has number 1; nil if they are left out.
  /// - Throws: ``DescentError`` if `numWords` is less than 1 or `split` empty.
  public init(
    numWords: Int? = nil, filters: String = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n", lower: Bool = true, split: String = " ",
    charLevel: Bool = false, oovToken: String? = nil
  ) throws {
    try NumberRange.count.check("numWords", numWords, "Tokenizer")
    if split.isEmpty { throw DescentError(.invalidArgument, "Tokenizer: split is empty; charLevel makes each character a word") }
    self.numWords = numWords
    self.filters = filters
    self.lower = lower
    self.split = split
    self.charLevel = charLevel
    self.oovToken = oovToken
  }

  /// The words of a text. (Keras: `text_to_word_sequence`.)
  public func words(of text: String) -> [String] {
    let text = lower ? text.lowercased() : text
    if charLevel { return text.unicodeScalars.map { String($0) } }
    let filtered = Set(filters.unicodeScalars)
    var result = ""
    for scalar in text.unicodeScalars {
      if filtered.contains(scalar) { result += split } else { result.unicodeScalars.append(scalar) }
    }
    return result.components(separatedBy: split).filter { !$0.isEmpty }
  }

  /// Counts the words of texts, and numbers all that were counted: those that came most often first, of those that came equally often
  /// the one that came first.
  public mutating func fit(onTexts texts: some Sequence<String>) {
    for text in texts {
      documentCount += 1
      var seen: Set<ByteString> = []
      for word in words(of: text) {
        let key = ByteString(word)
        if counts[key] == nil { order.append(word) }
        counts[key, default: (0, 0)].total += 1
        if seen.insert(key).inserted { counts[key]!.documents += 1 }
      }
    }
    let frequent = order.enumerated().sorted { a, b in
      let (first, second) = (counts[ByteString(a.element)]!.total, counts[ByteString(b.element)]!.total)
      return first != second ? first > second : a.offset < b.offset
    }
    words = [oovToken].compactMap { $0 } + frequent.map(\.element)
    indices = [:]
    for (place, word) in words.enumerated() { indices[ByteString(word)] = place + 1 }
  }

  /// The number of each word, ``numWords`` or not. (Keras: `word_index`.)
  public var wordIndex: [String: Int] { Dictionary(words.enumerated().map { ($1, $0 + 1) }) { _, last in last } }

  /// The words by their numbers, from 1 on. (Keras: `index_word`.)
  public var indexWord: [Int: String] { Dictionary(uniqueKeysWithValues: words.enumerated().map { ($0 + 1, $1) }) }

  /// How often each word came. (Keras: `word_counts`.)
  public var wordCounts: [String: Int] { Dictionary(order.map { ($0, counts[ByteString($0)]!.total) }) { first, _ in first } }

  /// In how many texts each word came. (Keras: `word_docs`.)
  public var wordDocuments: [String: Int] { Dictionary(order.map { ($0, counts[ByteString($0)]!.documents) }) { first, _ in first } }

  /// The numbers of the texts' words. (Keras: `texts_to_sequences`.)
  public func textsToSequences(_ texts: some Sequence<String>) -> [[Int32]] {
    let unknown = oovToken.flatMap { indices[ByteString($0)] }
    return texts.map { text in
      words(of: text).compactMap { word in
        guard let index = indices[ByteString(word)], index < numWords ?? .max else { return unknown }
        return index
      }.map { Int32($0) }
    }
  }

  /// The words of numbers, with a space between them. (Keras: `sequences_to_texts`.)
  public func sequencesToTexts(_ sequences: some Sequence<[Int32]>) -> [String] {
    let unknown = oovToken.flatMap { indices[ByteString($0)] }
    return sequences.map { sequence in
      sequence.compactMap { number -> String? in
        let index = Int(number)
        guard index >= 1, index <= words.count, index < numWords ?? .max else { return unknown.map { words[$0 - 1] } }
        return words[index - 1]
      }.joined(separator: " ")
    }
  }

  /// A row for each text: `float32` [texts, ``numWords``] (or one more than there are words). (Keras: `texts_to_matrix`.)
  /// - Throws: ``DescentError`` if no texts were seen.
  public func textsToMatrix(_ texts: some Sequence<String>, mode: TokenMatrixMode = .binary) throws -> Tensor {
    try sequencesToMatrix(textsToSequences(texts), mode: mode)
  }

  /// The same from numbers; those beyond the row are left out. (Keras: `sequences_to_matrix`.)
  /// - Throws: ``DescentError`` if no texts were seen, or a number is negative.
  public func sequencesToMatrix(_ sequences: [[Int32]], mode: TokenMatrixMode = .binary) throws -> Tensor {
    guard numWords != nil || !words.isEmpty else {
      throw DescentError(.state, "Tokenizer: it has seen no texts; fit(onTexts:) first, or give numWords")
    }
    if mode == .tfidf && documentCount == 0 { throw DescentError(.state, "Tokenizer: it has seen no texts, which tfidf counts; fit(onTexts:) first") }
    let width = numWords ?? indices.count + 1
    guard ElementCount.fitsMemory([sequences.count, width], bytes: MemoryLayout<Float>.size) else {
      throw DescentError(.data, "Tokenizer: \(sequences.count) rows of \(width) numbers are more than this machine's memory holds; give a smaller numWords")
    }
    var all = [Float](repeating: 0, count: sequences.count * width)
    for (row, sequence) in sequences.enumerated() {
      var counts: [Int: Int] = [:]
      for number in sequence {
        guard number >= 0 else { throw DescentError(.data, "Tokenizer: sequence \(row) holds \(number); expected numbers of words, 0 or more") }
        if number < width { counts[Int(number), default: 0] += 1 }
      }
      for (number, count) in counts {
        all[row * width + number] =
          switch mode {
          case .binary: 1
          case .count: Float(count)
          case .freq: Float(Double(count) / Double(sequence.count))
          case .tfidf: Float((1 + log(Double(count))) * log(1 + Double(documentCount) / Double(1 + documents(number))))
          }
      }
    }
    return Tensor(shape: [sequences.count, width], scalars: all)
  }

  private func documents(_ number: Int) -> Int {
    number >= 1 && number <= words.count ? counts[ByteString(words[number - 1])]?.documents ?? 0 : 0
  }
}

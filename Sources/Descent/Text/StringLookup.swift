import TensorCore

/// Strings as numbers, by a vocabulary. (Keras: `keras.layers.StringLookup`.)
///
///     let animals = try StringLookup(vocabulary: ["cat", "dog"])
///     try animals(["dog", "cow", "cat"])                             // [2, 0, 1]: 0 is for all that are not in the vocabulary
///
/// or learned from data: `try animals.adapt(column)` takes the strings that come most often. Strings are data and no tensors, so this
/// is no layer of a model, but a step before it.
/// Source: <https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/>.
public final class StringLookup {
  private var table: TokenTable

  /// - Parameters:
  ///   - maxTokens: how many numbers there are at most, with those of special tokens; nil for as many as there are strings.
  ///   - numOOVIndices: over how many numbers strings that are not in the vocabulary are spread, by a hash of their bytes; with 0
  ///     they are errors.
  ///   - maskToken: what stands for nothing; where numbers are written it is 0, elsewhere it is left out. nil for none.
  ///   - oovToken: what numbers outside the vocabulary are called.
  ///   - vocabulary: the strings, the special ones before them or not; nil to learn it from data.
  ///   - idfWeights: how much each counts, where `outputMode` is ``LookupOutput/tfIdf`` and the vocabulary is given.
  ///   - outputMode: numbers, or rows of zeros and ones, of counts, of weighted counts.
  ///   - padToMaxTokens: whether rows have `maxTokens` places even if there are fewer strings.
  /// - Throws: ``DescentError`` if they do not go together.
  public init(
    maxTokens: Int? = nil, numOOVIndices: Int = 1, maskToken: String? = nil, oovToken: String = "[UNK]", vocabulary: [String]? = nil,
    idfWeights: [Double]? = nil, outputMode: LookupOutput = .int, padToMaxTokens: Bool = false
  ) throws {
    table = try TokenTable(
      owner: "StringLookup", maxTokens: maxTokens, numOOVIndices: numOOVIndices, maskToken: maskToken, oovToken: oovToken,
      vocabulary: vocabulary, idfWeights: idfWeights, outputMode: outputMode, padToMaxTokens: padToMaxTokens)
  }

  /// Takes the strings that come most often for the vocabulary; those that come equally often in descending order of their bytes.
  /// - Throws: ``DescentError`` if there are none, or the vocabulary was given.
  public func adapt(_ strings: some Sequence<String>) throws { try adapt(strings.lazy.map { [$0] }) }

  /// The same; each row is a text of its own where weights are learned.
  public func adapt(_ rows: some Sequence<[String]>) throws {
    var counts = TokenCounts()
    for row in rows { counts.add(document: row) }
    try table.adapt(counts)
  }

  /// The strings by their numbers. (Keras: `get_vocabulary`.)
  /// - Parameter includingSpecialTokens: whether the mask and those that stand for unknown strings come first.
  public func vocabulary(includingSpecialTokens: Bool = true) -> [String] { table.tokens(includingSpecial: includingSpecialTokens) }

  /// How many numbers there are, with those of special tokens.
  public var vocabularySize: Int { table.size }

  /// Gives a vocabulary. (Keras: `set_vocabulary`.)
  /// - Throws: ``DescentError`` if it is empty, too long, or holds a string twice.
  public func setVocabulary(_ vocabulary: [String], idfWeights: [Double]? = nil) throws { try table.set(vocabulary, idfWeights: idfWeights) }

  /// Numbers `int32` [strings], one-hot rows `float32` [strings, ``vocabularySize``], or one row [``vocabularySize``] of what occurs.
  /// - Throws: ``DescentError`` if there is no vocabulary, or a string is not in it and `numOOVIndices` is 0.
  public func callAsFunction(_ strings: [String]) throws -> Tensor { try table.encoded(strings) }

  /// Numbers `int32` [rows, strings of each], one-hot rows behind them (instead of an axis of size 1), or a row for each of what occurs.
  /// - Throws: ``DescentError`` as for one row, and if rows differ in length where each string has its number.
  public func callAsFunction(_ rows: [[String]]) throws -> Tensor { try table.encoded(rows) }

  /// The strings of numbers, in row-major order; for those of no string the token that stands for unknown ones. (Keras: a lookup with
  /// `invert`.)
  public func strings(_ numbers: Tensor) throws -> [String] {
    try table.check()
    let all = table.tokens(includingSpecial: true)
    return numbers.cast(to: .int32).scalars(as: Int32.self).map { all.indices.contains(Int($0)) ? all[Int($0)] : table.oovToken }
  }
}

import TensorCore

/// Whole numbers of any size as numbers from 0 on, by a vocabulary. (Keras: `keras.layers.IntegerLookup`.)
///
///     let codes = try IntegerLookup(vocabulary: [12, 36, 1138, 42])
///     try codes([1138, 7, 42])                                       // [3, 0, 4]: 0 is for all that are not in the vocabulary
///
/// or learned from data: `try codes.adapt(column)` takes the numbers that come most often. As ``StringLookup``, this is no layer of a model, but a
/// step before it.
/// Source: <https://keras.io/api/layers/preprocessing_layers/categorical/integer_lookup/>.
public final class IntegerLookup {
  private var table: TokenTable

  /// - Parameters:
  ///   - maxTokens: how many numbers there are at most, with those of special tokens; nil for as many as there are.
  ///   - numOOVIndices: over how many numbers those that are not in the vocabulary are spread, by their remainder; with 0 they are
  ///     errors.
  ///   - maskToken: what stands for nothing; where numbers are written it is 0, elsewhere it is left out. nil for none.
  ///   - oovToken: what numbers outside the vocabulary are called.
  ///   - vocabulary: the numbers, the special ones before them or not; nil to learn it from data.
  ///   - idfWeights: how much each counts, where `outputMode` is ``LookupOutput/tfIdf`` and the vocabulary is given.
  ///   - outputMode: numbers, or rows of zeros and ones, of counts, of weighted counts.
  ///   - padToMaxTokens: whether rows have `maxTokens` places even if there are fewer numbers.
  /// - Throws: ``DescentError`` if they do not go together.
  public init(
    maxTokens: Int? = nil, numOOVIndices: Int = 1, maskToken: Int? = nil, oovToken: Int = -1, vocabulary: [Int]? = nil, idfWeights: [Double]? = nil,
    outputMode: LookupOutput = .int, padToMaxTokens: Bool = false
  ) throws {
    table = try TokenTable(
      owner: "IntegerLookup", maxTokens: maxTokens, numOOVIndices: numOOVIndices, maskToken: maskToken.map(String.init), oovToken: String(oovToken),
      vocabulary: vocabulary?.map(String.init), idfWeights: idfWeights, outputMode: outputMode, padToMaxTokens: padToMaxTokens, areNumbers: true)
  }

  /// Takes the numbers that come most often for the vocabulary; those that come equally often in descending order.
  /// - Throws: ``DescentError`` if there are none, or the vocabulary was given.
  public func adapt(_ numbers: some Sequence<Int>) throws { try adapt(CollectionOfOne(Array(numbers))) }

  /// The same; each row is a text of its own where weights are learned.
  public func adapt(_ rows: some Sequence<[Int]>) throws {
    var counts = TokenCounts()
    for row in rows { counts.add(document: row.map(String.init)) }
    try table.adapt(counts)
  }

  /// The numbers in the order of theirs. (Keras: `get_vocabulary`.)
  /// - Parameter includingSpecialTokens: whether the mask and those that stand for unknown numbers come first.
  public func vocabulary(includingSpecialTokens: Bool = true) -> [Int] {
    table.tokens(includingSpecial: includingSpecialTokens).map { Int($0) ?? 0 }
  }

  /// How many numbers there are, with those of special tokens.
  public var vocabularySize: Int { table.size }

  /// Gives a vocabulary. (Keras: `set_vocabulary`.)
  /// - Throws: ``DescentError`` if it is empty, too long, or holds a number twice.
  public func setVocabulary(_ vocabulary: [Int], idfWeights: [Double]? = nil) throws { try table.set(vocabulary.map(String.init), idfWeights: idfWeights) }

  /// Numbers `int32` [numbers], one-hot rows `float32` [numbers, ``vocabularySize``], or one row [``vocabularySize``] of what occurs.
  /// - Throws: ``DescentError`` if there is no vocabulary, or a number is not in it and `numOOVIndices` is 0.
  public func callAsFunction(_ numbers: [Int]) throws -> Tensor { try table.encoded(numbers.map(String.init)) }

  /// Numbers `int32` [rows, numbers of each], one-hot rows behind them (instead of an axis of size 1), or a row for each of what occurs.
  /// - Throws: ``DescentError`` as for one row, and if rows differ in length where each has its number.
  public func callAsFunction(_ rows: [[Int]]) throws -> Tensor { try table.encoded(rows.map { $0.map(String.init) }) }

  /// The numbers that numbers from 0 on stand for, in row-major order; the token that stands for unknown ones where they are none. (Keras: a
  /// lookup with `invert`.)
  public func integers(_ numbers: Tensor) throws -> [Int] {
    try table.check()
    let all = vocabulary()
    let unknown = Int(table.oovToken) ?? -1
    return numbers.cast(to: .int32).scalars(as: Int32.self).map { all.indices.contains(Int($0)) ? all[Int($0)] : unknown }
  }
}

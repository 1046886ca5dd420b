import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// Texts and strings as numbers, against Keras 3 and the Tokenizer of Keras 2.
@Suite struct TextTests {
  private static let fixture = try! Fixture("text").json

  private func strings(_ value: JSONValue?) throws -> [String] { try needed(value?.array).map { try needed($0.string) } }
  private func list(_ name: String) throws -> [JSONValue] { try needed(TextTests.fixture[name]?.array) }
  private func texts(_ name: String) throws -> [String] { try list(name).map { try needed($0.string) } }

  private func output(_ config: JSONValue) throws -> LookupOutput {
    try config["output_mode"]?.string.map { try needed(LookupOutput(rawValue: $0)) } ?? .int
  }

  private func vectorization(_ config: JSONValue) throws -> TextVectorization {
    let standardize: TextStandardization =
      switch config["standardize"] {
      case nil: .lowerAndStripPunctuation
      case .string("lower"): .lower
      case .string("strip_punctuation"): .stripPunctuation
      default: .none
      }
    let widths = try config["ngrams"]?.int.map { Array(1...$0) } ?? (config["ngrams"]?.array == nil ? [] : Fixture.integers(config["ngrams"]))
    return try TextVectorization(
      maxTokens: config["max_tokens"]?.int, standardize: standardize, split: config["split"]?.string == "character" ? .character : .whitespace,
      ngramWidths: widths, outputMode: output(config), outputSequenceLength: config["output_sequence_length"]?.int,
      padToMaxTokens: config["pad_to_max_tokens"]?.bool ?? false, vocabulary: config["vocabulary"].map { try strings($0) },
      idfWeights: config["idf_weights"].map { try Fixture.numbers($0) })
  }

  private func expect(_ result: Tensor, _ expected: JSONValue?, _ what: String) throws {
    #expect(try result.shape == Fixture.integers(expected?["shape"]), "\(what)")
    expectClose(result, try Fixture.numbers(expected?["values"]), tolerance: 1e-6, what)
  }

  @Test func `texts become the numbers of Keras`() throws {
    for entry in try list("vectorizations") {
      let config = try needed(entry["config"]), what = config.text()
      let layer = try vectorization(config)
      if config["vocabulary"] == nil { try layer.adapt(texts("texts")) }
      // Keras shows one special token for each of its numbers.
      #expect(try layer.vocabulary().map { Array($0.utf8) } == strings(entry["vocabulary"]).map { Array($0.utf8) }, "\(what)")
      #expect(try layer.vocabulary(includingSpecialTokens: false) == strings(entry["short"]), "\(what)")
      #expect(layer.vocabularySize == entry["size"]?.int, "\(what)")
      try expect(layer(texts("new")), entry["result"], what)
      let first = try layer(texts("new")[0])
      #expect(first.rank == 1, "\(what)")
    }
    #expect(try list("vectorizations").count == 20)
  }

  @Test func `strings become the numbers of Keras`() throws {
    for entry in try list("lookups") {
      let config = try needed(entry["config"]), what = config.text()
      let layer = try StringLookup(
        maxTokens: config["max_tokens"]?.int, numOOVIndices: config["num_oov_indices"]?.int ?? 1, maskToken: config["mask_token"]?.string,
        oovToken: config["oov_token"]?.string ?? "[UNK]", vocabulary: config["vocabulary"].map { try strings($0) },
        idfWeights: config["idf_weights"].map { try Fixture.numbers($0) }, outputMode: output(config),
        padToMaxTokens: config["pad_to_max_tokens"]?.bool ?? false)
      if config["vocabulary"] == nil { try layer.adapt(texts("words")) }
      #expect(try layer.vocabulary() == strings(entry["vocabulary"]), "\(what)")
      #expect(layer.vocabularySize == entry["size"]?.int, "\(what)")
      let asked = try strings(entry["asked"])
      try expect(layer(asked), entry["row"], "\(what): a row")
      try expect(layer(asked.map { [$0] }), entry["column"], "\(what): a column")
      try expect(layer([Array(asked[0..<2]), Array(asked[2..<4])]), entry["pairs"], "\(what): pairs")
    }
    #expect(try list("lookups").count == 17)
  }

  @Test func `numbers become strings again`() throws {
    let layer = try StringLookup(maskToken: "", vocabulary: ["a", "b"])
    let numbers = try layer(["b", "a", "", "c"])
    #expect(numbers.doubles == [3, 2, 0, 1])
    #expect(try layer.strings(numbers) == ["b", "a", "", "[UNK]"])
    #expect(try layer.strings(Tensor([Int32(7), -1])) == ["[UNK]", "[UNK]"])
  }

  @Test func `the Tokenizer of Keras 2 gives the same numbers`() throws {
    // Dictionaries take the two forms of é for one.
    let seen = try texts("texts").map { $0.replacingOccurrences(of: " \u{e9}", with: "", options: .literal) }
    for entry in try list("tokenizers") {
      let config = try needed(entry["config"]), what = config.text()
      let standard = try Tokenizer()
      var tokenizer = try Tokenizer(
        numWords: config["num_words"]?.int, filters: config["filters"]?.string ?? standard.filters, lower: config["lower"]?.bool ?? true,
        split: config["split"]?.string ?? " ", charLevel: config["char_level"]?.bool ?? false, oovToken: config["oov_token"]?.string)
      tokenizer.fit(onTexts: seen)
      tokenizer.fit(onTexts: try texts("new").prefix(1))
      #expect(tokenizer.documentCount == entry["documents"]?.int, "\(what)")
      for (name, found) in [("index", tokenizer.wordIndex), ("counts", tokenizer.wordCounts), ("docs", tokenizer.wordDocuments)] {
        for (word, value) in try needed(entry[name]?.object).members { #expect(found[word] == value.int, "\(what): \(name) of \(word)") }
      }
      let sequences = tokenizer.textsToSequences(try seen + texts("new"))
      let expected = try needed(entry["sequences"]?.array).map { try Fixture.integers($0).map { Int32($0) } }
      #expect(sequences == expected, "\(what)")
      #expect(try tokenizer.sequencesToTexts(sequences) == strings(entry["texts"]), "\(what)")
      for mode in TokenMatrixMode.allCases {
        let matrix = try tokenizer.textsToMatrix(texts("new").filter { !$0.isEmpty }, mode: mode)
        expectClose(matrix, try Fixture.numbers(entry["matrices"]?[mode.rawValue]), tolerance: 1e-6, "\(what): \(mode)")
      }
    }
    #expect(try list("tokenizers").count == 7)
  }

  @Test func `fingerprints are those of TensorFlow for all lengths`() throws {
    for entry in try list("hashes") {
      let pair = try needed(entry.array)
      #expect(fingerprint64(try needed(pair[0].string)) % UInt64(Int32.max) == pair[1].int.map { UInt64($0) }, "\(pair[0])")
    }
  }

  @Test func `what does not go together is refused`() throws {
    func refused(_ part: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
      let error = #expect(throws: DescentError.self, sourceLocation: sourceLocation) { try body() }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
    }
    refused("has no vocabulary yet") { _ = try TextVectorization()(["a"]) }
    refused("has no vocabulary yet") { _ = try StringLookup()([["a"]]) }
    refused("there are no tokens") { try TextVectorization().adapt(["", " "]) }
    refused("its vocabulary was given") { try StringLookup(vocabulary: ["a"]).adapt(["b"]) }
    refused("holds \"a\" twice") { _ = try StringLookup(vocabulary: ["a", "b", "a"]) }
    refused("the vocabulary is empty") { _ = try StringLookup(vocabulary: []) }
    refused("holds the mask token") { _ = try TextVectorization(vocabulary: ["a", ""]) }
    refused("maxTokens is 3") { _ = try TextVectorization(maxTokens: 3, vocabulary: ["a", "b"]) }
    refused("maxTokens is 1") { _ = try TextVectorization(maxTokens: 1) }
    refused("maxTokens is 2; expected at least 3") { _ = try StringLookup(maxTokens: 2, numOOVIndices: 3) }
    refused("expected at least 3") { try TextVectorization(maxTokens: 2).adapt(["a"]) }
    refused("expected at least 4") { try StringLookup(maxTokens: 3, numOOVIndices: 3).adapt(["a"]) }
    refused("numOOVIndices is 9223372036854775807; it must be from 0 to 16777216") { _ = try StringLookup(numOOVIndices: .max, maskToken: "", vocabulary: ["a"]) }
    refused("ngrams is 9223372036854775807; it must be from 1 to 65536") { _ = try TextVectorization(ngrams: .max) }
    refused("ngrams is 0; it must be from 1 to 65536") { _ = try TextVectorization(ngrams: 0) }
    refused("outputSequenceLength is 9223372036854775807; it must be from 0 to") { _ = try TextVectorization(outputSequenceLength: .max) }
    refused("'ngrams' is 1000000000000; expected an integer from 1 to 65536") {
      let config: JSONValue = ["ngrams": 1_000_000_000_000, "output_mode": "int", "vocabulary": ["a"]]
      _ = try TextVectorization(config: needed(config.object), vocabulary: nil, owner: "layer t")
    }
    refused("give a smaller numWords") {
      var tokenizer = try Tokenizer(numWords: .max)
      tokenizer.fit(onTexts: ["a b"])
      _ = try tokenizer.textsToMatrix(["a", "b"])
    }
    refused("padToMaxTokens needs maxTokens") { _ = try StringLookup(padToMaxTokens: true) }
    refused("one_hot") { _ = try TextVectorization(outputMode: .oneHot) }
    refused("outputSequenceLength is for outputMode int") { _ = try TextVectorization(outputMode: .count, outputSequenceLength: 3) }
    refused("ngrams is 0") { _ = try TextVectorization(ngrams: 0) }
    refused("not in the vocabulary") { _ = try StringLookup(numOOVIndices: 0, vocabulary: ["a"])(["b"]) }
    refused("row 1 has 2 strings") { _ = try StringLookup(vocabulary: ["a"])([["a"], ["a", "b"]]) }
    refused("idfWeights") { _ = try StringLookup(vocabulary: ["a"], idfWeights: [1]) }
    refused("expected one of idfWeights") { _ = try StringLookup(vocabulary: ["a"], outputMode: .tfIdf) }
    refused("numWords is 0") { _ = try Tokenizer(numWords: 0) }
    refused("has seen no texts") { _ = try Tokenizer().textsToMatrix(["a"]) }
    // Strings that look the same and have other bytes are others, as in Keras.
    #expect(try StringLookup(vocabulary: ["\u{e9}", "e\u{301}"])(["e\u{301}", "\u{e9}"]).doubles == [2, 1])
    #expect(try TextVectorization(vocabulary: ["a"])([String]()).shape == [0, 0])
  }

  /// A description says where the words came from, and they are beside it; or it has them itself.
  @Test func `the words of a description, or those beside it`() throws {
    func made(_ vocabulary: JSONValue, beside words: [String]?) throws -> [String] {
      let config = JSONObject([("output_mode", "int"), ("standardize", .null), ("split", "whitespace"), ("ngrams", .null), ("vocabulary", vocabulary)])
      return try TextVectorization(config: config, vocabulary: words, owner: "layer 'words'").vocabulary()
    }
    #expect(try made(["a", "b"], beside: nil).suffix(2) == ["a", "b"])
    #expect(try made("words.txt", beside: ["", "[UNK]", "c"]).last == "c")
    #expect(try made(.null, beside: ["", "[UNK]", "c"]).last == "c")
    func message(_ vocabulary: JSONValue) throws -> String {
      try #require(throws: DescentError.self) { _ = try made(vocabulary, beside: nil) }.message
    }
    #expect(try message(["a", 1]) == "layer 'words': 'vocabulary' is [\"a\", 1]; expected a list of texts")
    #expect(try message("words.txt") == "layer 'words': has no vocabulary")
  }
}

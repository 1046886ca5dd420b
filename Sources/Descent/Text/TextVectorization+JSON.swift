import TensorCore

extension TextVectorization {
  /// As Keras describes the layer, with the vocabulary. (Keras: `get_config`.)
  /// - Parameter name: what the layer is called.
  /// - Throws: ``DescentError`` of kind `state` for closures, and without a vocabulary.
  package func config(name: String) throws -> JSONObject {
    try table.check()
    func closure(_ option: String) -> DescentError {
      DescentError(.state, "TextVectorization: \(option) is a closure, which cannot be written to a file")
    }
    let standardizing: JSONValue
    switch standardize {
    case .none: standardizing = .null
    case .custom: throw closure("standardize")
    default: standardizing = TextVectorization.standardizations.first { $0.value.name == standardize.name }.map { .string($0.key) } ?? .null
    }
    let splitting: JSONValue
    switch split {
    case .none: splitting = .null
    case .whitespace: splitting = "whitespace"
    case .character: splitting = "character"
    case .custom: throw closure("split")
    }
    let isRange = !ngrams.isEmpty && ngrams == Array(1...ngrams.count)
    let widths: JSONValue = ngrams.isEmpty
      ? .null : isRange ? JSONValue(ngrams.count) : .object(JSONObject([("class_name", .string("__tuple__")), ("items", .ints(ngrams))]))
    var config = JSONObject()
    config["name"] = .string(name)
    config["trainable"] = .bool(true)
    config["dtype"] = .string("float32")
    config["max_tokens"] = .optional(table.maxTokens)
    config["standardize"] = standardizing
    config["split"] = splitting
    config["ngrams"] = widths
    config["output_mode"] = .string(table.outputMode.rawValue)
    config["output_sequence_length"] = .optional(outputSequenceLength)
    config["pad_to_max_tokens"] = .bool(table.padToMaxTokens)
    config["sparse"] = .bool(false)
    config["ragged"] = .bool(false)
    let isWeighted = table.outputMode == .tfIdf
    config["vocabulary"] = .array(table.tokens(includingSpecial: isWeighted).map { .string($0) })
    config["idf_weights"] = isWeighted ? .array(table.allWeights.map { JSONValue(Double($0)) }) : .null
    config["encoding"] = .string("utf-8")
    return config
  }

  /// Makes what Keras describes.
  /// - Parameters:
  ///   - config: Keras's `get_config`.
  ///   - vocabulary: the words with the special ones before them, where the description has none.
  ///   - idfWeights: how much each counts, where the description does not say and `output_mode` is `tf_idf`.
  ///   - owner: what errors call the layer.
  /// - Throws: ``DescentError`` naming what Descent does not have, or a vocabulary that is missing.
  package convenience init(config: JSONObject, vocabulary: [String]?, idfWeights: [Double]? = nil, owner: String) throws {
    var options = LayerOptions(config, name: config["name"]?.string ?? "text_vectorization", inputShape: nil, dtype: .float32, owner: owner)
    let standardizing = try options.optional("standardize", .standardization) ?? .none
    let splitting = try options.optional("split", .split) ?? .none
    let widths = try options.optional("ngrams", .widths) ?? []
    let mode = try options.optional("output_mode", .choice(LookupOutput.self)) ?? .int
    for key in ["sparse", "ragged"] { try options.refuse(key, unless: false) }
    try options.refuse("encoding", unless: "utf-8")
    for key in ["trainable", "dtype", "name", "vocabulary_size", "batch_input_shape"] { _ = options.value(key) }
    // The name of a file stands there where the words were read from one; they are beside the description then.
    let isListed = options.value("vocabulary").array != nil
    guard let words = isListed ? try options.value("vocabulary", SettingKind.text.list(of: "texts")) : vocabulary else {
      throw DescentError(.file, "\(owner): has no vocabulary")
    }
    let hasWeights = options.value("idf_weights").array != nil
    let weights = hasWeights
      ? try options.value("idf_weights", SettingKind.anyNumber.list(of: "numbers")) : idfWeights.map { Array($0.prefix(words.count)) }
    if mode == .tfIdf && weights == nil { throw DescentError(.file, "\(owner): 'output_mode' is tf_idf, and there are no 'idf_weights'") }
    try self.init(
      maxTokens: try options.optionalInt("max_tokens"), standardize: standardizing, split: splitting, ngramWidths: widths, outputMode: mode,
      outputSequenceLength: try options.optionalInt("output_sequence_length"),
      padToMaxTokens: try options.optionalBool("pad_to_max_tokens") ?? false, vocabulary: words, idfWeights: mode == .tfIdf ? weights : nil)
    try options.expectNothingLeft()
  }

  /// How much each place of a row counts, as Keras keeps it beside a model's weights; nil but for `tf_idf`.
  package var idfWeights: Tensor? {
    guard table.outputMode == .tfIdf else { return nil }
    let weights = table.allWeights
    return Tensor(weights + [Float](repeating: 0, count: table.depth - weights.count))
  }

  /// The shape of what becomes of a text, as far as it is known, and its dtype.
  package var rowShape: (shape: [Int?], dtype: DType) {
    table.outputMode == .int ? ([outputSequenceLength], .int32) : ([table.depth], .float32)
  }

  fileprivate static let standardizations: [String: TextStandardization] = [
    "lower": .lower, "strip_punctuation": .stripPunctuation, "lower_and_strip_punctuation": .lowerAndStripPunctuation,
  ]
}

extension SettingKind<TextStandardization> {
  fileprivate static var standardization: SettingKind {
    let known = TextVectorization.standardizations
    return SettingKind("one of \(known.keys.sorted().joined(separator: ", "))") { $0.string.flatMap { known[$0] } }
  }
}

extension SettingKind<TextSplit> {
  fileprivate static var split: SettingKind {
    SettingKind("whitespace or character") { $0 == "whitespace" ? .whitespace : $0 == "character" ? .character : nil }
  }
}

extension SettingKind<[Int]> {
  /// From 1 to a number, or those of a list, which may be a tuple of Python's.
  fileprivate static var widths: SettingKind {
    let greatest = SettingKind<Int>.integer(atLeast: 1).map { TextVectorization.widths.contains($0) ? $0 : nil }, list = SettingKind<Int>.integer.list(of: "integers")
    return SettingKind("an integer from 1 to \(TextVectorization.widths.upperBound) or a list of integers") { json in
      try greatest.read(json).map { Array(1...$0) } ?? list.read(json["items"] ?? json)
    }
  }
}

extension TextStandardization {
  fileprivate var name: String {
    switch self {
    case .none: "none"
    case .lower: "lower"
    case .stripPunctuation: "strip_punctuation"
    case .lowerAndStripPunctuation: "lower_and_strip_punctuation"
    case .custom: "custom"
    }
  }
}

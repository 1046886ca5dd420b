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
    func wrong(_ key: String, _ expected: String) -> DescentError {
      DescentError(.invalidArgument, "\(owner): '\(key)' is \(config[key]?.shortText ?? "missing"); expected \(expected)")
    }
    let standardizing: TextStandardization
    switch options.value("standardize") {
    case .null: standardizing = .none
    case let value:
      let known = TextVectorization.standardizations
      guard let found = value.string.flatMap({ known[$0] }) else { throw wrong("standardize", "null or one of \(known.keys.sorted().joined(separator: ", "))") }
      standardizing = found
    }
    let splitting: TextSplit
    switch options.value("split") {
    case .null: splitting = .none
    case "whitespace": splitting = .whitespace
    case "character": splitting = .character
    default: throw wrong("split", "null, whitespace or character")
    }
    let widths: [Int]
    switch options.value("ngrams") {
    case .null: widths = []
    case let value where value.int.map({ $0 > 0 }) ?? false: widths = Array(1...(value.int ?? 1))
    case let value:
      guard let items = (value["items"] ?? value).array, case let numbers = items.compactMap(\.int), numbers.count == items.count else {
        throw wrong("ngrams", "null, a number or a list of numbers")
      }
      widths = numbers
    }
    guard let mode = LookupOutput(rawValue: try options.string("output_mode", default: "int")) else { throw wrong("output_mode", "int, multi_hot, count or tf_idf") }
    for key in ["sparse", "ragged"] { try options.refuse(key, unless: false) }
    try options.refuse("encoding", unless: "utf-8")
    for key in ["trainable", "dtype", "name", "vocabulary_size", "batch_input_shape"] { _ = options.value(key) }
    var words = vocabulary
    if let given = options.value("vocabulary").array {
      words = given.compactMap(\.string)
      guard words?.count == given.count else { throw wrong("vocabulary", "words") }
    }
    guard let words else { throw DescentError(.file, "\(owner): has no vocabulary") }
    let weights = options.value("idf_weights").array?.compactMap(\.double) ?? idfWeights.map { Array($0.prefix(words.count)) }
    if mode == .tfIdf && weights == nil { throw DescentError(.file, "\(owner): 'output_mode' is tf_idf, and there are no 'idf_weights'") }
    try self.init(
      maxTokens: try options.optionalInt("max_tokens"), standardize: standardizing, split: splitting, ngramWidths: widths, outputMode: mode,
      outputSequenceLength: try options.optionalInt("output_sequence_length"),
      padToMaxTokens: try options.bool("pad_to_max_tokens", default: false), vocabulary: words, idfWeights: mode == .tfIdf ? weights : nil)
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

  private static let standardizations: [String: TextStandardization] = [
    "lower": .lower, "strip_punctuation": .stripPunctuation, "lower_and_strip_punctuation": .lowerAndStripPunctuation,
  ]
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

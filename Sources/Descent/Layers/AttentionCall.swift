import TensorCore

/// What a call of an attention layer gives, by name.
struct AttentionCall {
  let query: Tensor
  let value: Tensor
  let key: Tensor?
  let attentionMask: Tensor?
  let masks: (query: Tensor?, value: Tensor?, key: Tensor?)
  let isCausal: Bool
  let returnsScores: Bool

  /// Whether some positions are left out by masks that travel.
  var hasMasks: Bool { masks.query != nil || masks.value != nil || masks.key != nil }

  static let argumentNames = ["query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask"]
  static let optionNames = ["use_causal_mask", "return_attention_scores"]

  init(_ inputs: [Tensor], of layer: Layer, _ context: ForwardContext) throws {
    let details = context.callDetails
    let names = details.names.count == inputs.count ? details.names : Array(layer.argumentNames.prefix(inputs.count))
    guard names.count == inputs.count else {
      throw DescentError(.invalidArgument, "layer \(layer.name): it was called with \(inputs.count) tensors; expected a query, a value, a key and masks")
    }
    let given = Dictionary(zip(names, inputs)) { first, _ in first }
    guard let query = given["query"], let value = given["value"] else {
      throw DescentError(.invalidArgument, "layer \(layer.name): it was called without a value; expected a query and a value, or a key besides")
    }
    self.query = query
    self.value = value
    key = given["key"]
    attentionMask = given["attention_mask"]
    func mask(_ name: String, _ tensor: Tensor?) throws -> Tensor? {
      guard let mask = given[name] ?? tensor.flatMap({ context.mask(of: $0) }) else { return nil }
      // Without a key of its own the value is the key.
      let subject = tensor ?? value, expected = Array(subject.shape.prefix(2))
      guard mask.shape == expected else {
        throw layer.settingsError("\(name) has shape \(mask.shape); expected \(expected), the rows and positions of shape \(subject.shape)")
      }
      return mask.cast(to: .bool)
    }
    masks = try (mask("query_mask", query), mask("value_mask", value), mask("key_mask", given["key"]))
    isCausal = details.isSet("use_causal_mask")
    returnsScores = details.isSet("return_attention_scores")
  }

  /// - Throws: ``DescentError`` if the call's own mask does not stretch over the scores.
  /// - Parameters:
  ///   - scoring: what scores are made by.
  ///   - shape: of the scores: [rows, heads, …positions of the query, …positions of the key].
  func checkAttentionMask(_ scoring: AttentionScores, scores shape: [Int], of layer: Layer) throws {
    guard let attentionMask else { return }
    guard attentionMask.rank >= 2 * scoring.axisCount, attentionMask.rank <= shape.count,
      broadcastShape(scoring.spread(attentionMask, rank: shape.count).shape, shape) == shape
    else {
      throw layer.settingsError(
        "attention_mask has shape \(attentionMask.shape); expected one that stretches to \(shape): rows, heads or none, positions of the query and of the value")
    }
  }

  /// What a call in a graph is given.
  static func arguments(
    _ tensors: [(String, (any Symbolic)?)], useCausalMask: Bool, returnsScores: Bool, training: Bool?
  ) -> CallArguments {
    var result = CallArguments()
    for (name, symbol) in tensors {
      guard let symbol else { continue }
      if name == "query" || name == "value" { result.positional.append(.symbol(symbol.symbol)) } else { result.named.append((name, .symbol(symbol.symbol))) }
    }
    if returnsScores { result.named.append(("return_attention_scores", .json(true))) }
    if useCausalMask { result.named.append(("use_causal_mask", .json(true))) }
    if let training { result.named.append(("training", .json(.bool(training)))) }
    return result
  }
}

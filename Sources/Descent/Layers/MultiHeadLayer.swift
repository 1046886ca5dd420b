import TensorCore

/// A layer by which positions of a query look at those of a value.
public class MultiHeadLayer: Layer {
  public override var argumentNames: [String] { AttentionCall.argumentNames }
  public override var supportsMasking: Bool { true }
  override var callOptionNames: [String] { AttentionCall.optionNames }

  /// As in Keras the result's mask is the query's.
  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) throws -> [Tensor?] { [masks[0]] }

  /// Calls the layer in a graph. (Keras: `layer(query, value, key=…, attention_mask=…, use_causal_mask=…)`.)
  /// - Parameters:
  ///   - query: what looks, rows of [positions, size].
  ///   - value: what is looked at.
  ///   - key: by what it is found; nil for `value`.
  ///   - attentionMask: which positions of the query (last but one axis) see which of the value (last axis), for all heads alike
  ///     or with an axis of heads behind the rows; not 0 for those that do.
  ///   - queryMask: which positions of the query count, rows of [positions]; nil for the mask that travels beside it.
  ///   - valueMask: likewise of the value.
  ///   - keyMask: likewise of the key, where one is given.
  ///   - useCausalMask: whether positions see none behind their own.
  ///   - training: whether the layer does what it does while training; nil for as the model does.
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit.
  public func callAsFunction(
    _ query: some Symbolic, _ value: some Symbolic, key: (any Symbolic)? = nil, attentionMask: (any Symbolic)? = nil,
    queryMask: (any Symbolic)? = nil, valueMask: (any Symbolic)? = nil, keyMask: (any Symbolic)? = nil,
    useCausalMask: Bool = false, training: Bool? = nil
  ) throws -> Symbol {
    let call = try call(query, value, [key, queryMask, valueMask, keyMask, attentionMask], useCausalMask, returnsScores: false, training)
    return Symbol(call: call, index: 0)
  }

  /// The result and how much each position of the query took of each of the value, rows of [heads, positions, positions]. (Keras: a call
  /// with `return_attention_scores=True`.)
  public func withScores(
    _ query: some Symbolic, _ value: some Symbolic, key: (any Symbolic)? = nil, attentionMask: (any Symbolic)? = nil,
    queryMask: (any Symbolic)? = nil, valueMask: (any Symbolic)? = nil, keyMask: (any Symbolic)? = nil,
    useCausalMask: Bool = false, training: Bool? = nil
  ) throws -> (output: Symbol, scores: Symbol) {
    let call = try call(query, value, [key, queryMask, valueMask, keyMask, attentionMask], useCausalMask, returnsScores: true, training)
    return (Symbol(call: call, index: 0), Symbol(call: call, index: 1))
  }

  private func call(
    _ query: any Symbolic, _ value: any Symbolic, _ others: [(any Symbolic)?], _ useCausalMask: Bool, returnsScores: Bool, _ training: Bool?
  ) throws -> LayerCall {
    try LayerCall(
      self,
      AttentionCall.arguments(
        Array(zip(AttentionCall.argumentNames, [query, value] + others)), useCausalMask: useCausalMask,
        returnsScores: returnsScores, training: training))
  }

  /// Calls the layer as a part of another's forward pass; see the call in a graph.
  public func callAsFunction(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, attentionMask: Tensor? = nil, queryMask: Tensor? = nil, valueMask: Tensor? = nil,
    keyMask: Tensor? = nil, useCausalMask: Bool = false, _ context: ForwardContext
  ) throws -> Tensor {
    try outputs([query, value, key, queryMask, valueMask, keyMask, attentionMask], useCausalMask, returnsScores: false, context)[0]
  }

  /// The result and how much each position took of each; see the call in a graph.
  public func withScores(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, attentionMask: Tensor? = nil, queryMask: Tensor? = nil, valueMask: Tensor? = nil,
    keyMask: Tensor? = nil, useCausalMask: Bool = false, _ context: ForwardContext
  ) throws -> (output: Tensor, scores: Tensor) {
    let both = try outputs([query, value, key, queryMask, valueMask, keyMask, attentionMask], useCausalMask, returnsScores: true, context)
    return (both[0], both[1])
  }

  private func outputs(_ tensors: [Tensor?], _ useCausalMask: Bool, returnsScores: Bool, _ context: ForwardContext) throws -> [Tensor] {
    let given = zip(AttentionCall.argumentNames, tensors).compactMap { name, tensor in tensor.map { (name: name, tensor: $0) } }
    var details = CallDetails(names: given.map(\.name))
    if useCausalMask { details.options["use_causal_mask"] = true }
    if returnsScores { details.options["return_attention_scores"] = true }
    return try context.with(details) { try outputs(given.map(\.tensor), context) }
  }

  /// The dense layers inside, once they are made.
  struct Parts {
    let query: EinsumDense
    let key: EinsumDense
    let value: EinsumDense
    let output: EinsumDense
    /// What results are multiplied by, if there is a gate.
    let gate: EinsumDense?
  }

  /// What a forward pass gives: the result, and the weights of values if the call asks for them.
  /// - Parameters:
  ///   - axes: the axes of positions.
  ///   - headSize: of a query and a key.
  ///   - repeats: how many heads of queries share one of keys and values.
  ///   - dropout: what drops weights while training.
  func attend(
    _ inputs: [Tensor], with parts: Parts, axes: (Int) -> [Int], headSize: Int, repeats: Int = 1, slidingWindow: Int?, dropout: Dropout,
    _ context: ForwardContext
  ) throws -> [Tensor] {
    let call = try AttentionCall(inputs, of: self, context)
    let key = call.key ?? call.value
    guard call.value.shape.dropLast() == key.shape.dropLast() else {
      throw settingsError("value and key have shapes \(call.value.shape) and \(key.shape); expected the same but for the last axis")
    }
    guard call.query.shape[0] == key.shape[0] else {
      throw settingsError("query and value have shapes \(call.query.shape) and \(call.value.shape); expected as many rows")
    }
    let axes = axes(call.query.rank)
    if call.isCausal || call.hasMasks, call.query.rank != 3 {
      throw settingsError("causal masks and masks of positions are for one axis of positions; the query has shape \(call.query.shape)")
    }
    func shared(_ x: Tensor) -> Tensor { repeats == 1 ? x : repeatElements(x, repeats, axis: 2) }
    let q = try parts.query(call.query, context) * (1 / Double(headSize).squareRoot())
    let k = shared(try parts.key(key, context))
    let gate = try parts.gate?(call.query, context)
    let v = shared(try parts.value(call.value, context))
    let scoring = AttentionScores(slidingWindow: slidingWindow, axisCount: axes.count)
    let others = (0..<(q.rank - 1)).filter { !axes.contains($0) }
    try call.checkAttentionMask(scoring, scores: (others + axes).map { q.shape[$0] } + axes.map { k.shape[$0] }, of: self)
    let equations = AttentionScores.equations(rank: q.rank, axes: axes)
    var weights: Tensor?
    /// - Parameter rows: places of positions in the query's sequence.
    func attended(_ q: Tensor, rows: Tensor, queryMask: Tensor?, given: Tensor?, isExplicit: Bool) throws -> Tensor {
      let mask = scoring.mask(
        rows: rows, count: k.shape[1], masks: (queryMask, call.masks.value, call.masks.key), given: given, isCausal: call.isCausal)
      let shares = scoring.probabilities(einsum(equations.scores, k, q), mask: mask, isExplicit: isExplicit)
      weights = shares
      return einsum(equations.results, dropout.rate > 0 ? try dropout(shares, context) : shares, v)
    }
    var result: Tensor
    if q.rank == 4, dropout.rate == 0, !call.returnsScores, let blocks = QueryBlocks(queries: q.shape[1], keys: k.shape[1]) {
      result = try blocks.each(q, call.masks.query, call.attentionMask) {
        try attended($0, rows: $1, queryMask: $2, given: $3, isExplicit: false)
      }
    } else {
      result = try attended(
        q, rows: Tensor.arange(0, Double(q.shape[1]), dtype: .int32), queryMask: call.masks.query, given: call.attentionMask,
        isExplicit: dropout.rate > 0 || call.returnsScores || q.rank != 4)
    }
    if let gate { result *= gate }
    return [try parts.output(result, context)] + (call.returnsScores ? [weights!] : [])
  }
}

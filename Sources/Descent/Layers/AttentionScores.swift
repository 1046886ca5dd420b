import Foundation
import TensorCore

/// What attention of several heads has in common: which positions see which, and how much of each they take.
struct AttentionScores {
  /// How many of a sequence's neighbours on either side a position sees, itself included; nil for all.
  let slidingWindow: Int?
  /// How many axes of positions there are.
  let axisCount: Int

  /// Which positions of the query (last but one axis) see which of the value (last axis): `bool`, nil where all see all.
  /// - Parameters:
  ///   - query, value: [rows, positions, …].
  ///   - masks: which positions of the query, the value and the key count.
  ///   - given: a mask of the caller's.
  func mask(query: Tensor, value: Tensor, masks: (query: Tensor?, value: Tensor?, key: Tensor?), given: Tensor?, isCausal: Bool) -> Tensor? {
    var result = given.map { $0.dtype == .bool ? $0 : $0 .!= 0 }
    func add(_ mask: Tensor) { result = result.map { $0 .&& mask } ?? mask }
    if let mask = masks.query { add(mask.expandingShape(at: -1)) }
    for mask in [masks.value, masks.key] { if let mask { add(mask.expandingShape(at: mask.rank - 1)) } }
    if isCausal || slidingWindow != nil {
      let rows = Tensor.arange(0, Double(query.shape[1]), dtype: .int32).reshaped([1, query.shape[1], 1])
      let columns = Tensor.arange(0, Double(value.shape[1]), dtype: .int32).reshaped([1, 1, value.shape[1]])
      if isCausal { add(rows .>= columns) }
      if let slidingWindow { add(abs(rows - columns) .< Tensor(Int32(slidingWindow))) }
    }
    return result
  }

  /// The softmax of scores [rows, heads, …positions of the query, …positions of the key] over the latter.
  /// - Parameter isExplicit: whether a position that sees nothing takes nothing, as where Keras gives the scores out; otherwise it takes
  ///   the mean of all.
  func probabilities(_ scores: Tensor, mask: Tensor?, isExplicit: Bool) -> Tensor {
    var mask = mask
    while let known = mask, known.rank < scores.rank { mask = known.expandingShape(at: max(known.rank - 2 * axisCount, 0)) }
    let kept = mask.map { select($0, scores, Tensor(repeating: isExplicit ? -1e9 : -0.7 * limit(scores.dtype), dtype: scores.dtype)) } ?? scores
    let flat = axisCount == 1 ? kept : kept.reshaped(Array(kept.shape.dropLast(axisCount)) + [kept.shape.suffix(axisCount).reduce(1, *)])
    let result = flat.softmax(axis: -1).reshaped(scores.shape)
    guard isExplicit, let mask else { return result }
    return select(mask, result, Tensor(repeating: 0, dtype: scores.dtype))
  }

  private func limit(_ dtype: DType) -> Double { dtype == .float64 ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude) }

  /// The equations of keys and queries to scores, and of scores and values to results, for tensors of `rank` axes with positions along `axes`.
  static func equations(rank: Int, axes: [Int]) -> (scores: String, results: String) {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    let batch = (0..<rank).filter { !axes.contains($0) && $0 != rank - 1 }
    var next = rank
    let source = (0..<rank).map { axis -> Character in
      if batch.contains(axis) || axis == rank - 1 { return letters[axis] }
      defer { next += 1 }
      return letters[next]
    }
    let product = String(batch.map { letters[$0] } + axes.map { letters[$0] } + axes.map { source[$0] })
    let (from, to) = (String(source), String(letters[0..<rank]))
    return ("\(from),\(to)->\(product)", "\(product),\(from)->\(to)")
  }

  /// The equation of a dense layer from rows of `free` axes that stay and `bound` that are summed to `made` new ones, and its bias's axes.
  static func projection(free: Int, bound: Int, made: Int) -> (equation: String, biasAxes: String) {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    let stays = String(letters[0..<free]), summed = String(letters[free..<free + bound])
    let new = String(letters[free + bound..<free + bound + made])
    return ("\(stays)\(summed),\(summed)\(new)->\(stays)\(new)", new)
  }
}

/// How the dense layers inside an attention layer are made.
struct AttentionProjections {
  let useBias: Bool
  let kernelInitializer: Initializer
  let biasInitializer: Initializer
  let kernelRegularizer: Regularizer?
  let biasRegularizer: Regularizer?
  let activityRegularizer: Regularizer?
  let kernelConstraint: Constraint?
  let biasConstraint: Constraint?

  /// From [rows, …, size] or [rows, …, heads, size] to [rows, …] and `sizes`.
  func dense(_ name: String, rank: Int, bound: Int = 1, _ sizes: [Int], activation: ActivationFunction = .linear) -> EinsumDense {
    let free = rank - bound, made = AttentionScores.projection(free: free, bound: bound, made: sizes.count)
    return EinsumDense(
      made.equation, outputShape: [Int?](repeating: nil, count: free - 1) + sizes, activation: activation,
      biasAxes: useBias ? made.biasAxes : nil, kernelInitializer: kernelInitializer, biasInitializer: biasInitializer,
      kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
      kernelConstraint: kernelConstraint, biasConstraint: biasConstraint, name: name)
  }

  init(
    useBias: Bool, _ kernelInitializer: Initializer, _ biasInitializer: Initializer, _ kernelRegularizer: Regularizer?,
    _ biasRegularizer: Regularizer?, _ activityRegularizer: Regularizer?, _ kernelConstraint: Constraint?, _ biasConstraint: Constraint?
  ) {
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    self.kernelRegularizer = kernelRegularizer
    self.biasRegularizer = biasRegularizer
    self.activityRegularizer = activityRegularizer
    self.kernelConstraint = kernelConstraint
    self.biasConstraint = biasConstraint
  }

  /// From the options of a file.
  init(_ options: inout LayerOptions) throws {
    self.init(
      useBias: try options.bool("use_bias"), try options.named("kernel_initializer"),
      try options.named("bias_initializer"), try options.optionalNamed("kernel_regularizer"),
      try options.optionalNamed("bias_regularizer"), try options.optionalNamed("activity_regularizer"),
      try options.optionalNamed("kernel_constraint"), try options.optionalNamed("bias_constraint"))
  }

  /// As Keras writes them.
  func json() throws -> [(String, JSONValue)] {
    [
      ("use_bias", .bool(useBias)), ("kernel_initializer", try kernelInitializer.json()), ("bias_initializer", try biasInitializer.json()),
      ("kernel_regularizer", try kernelRegularizer?.json() ?? .null), ("bias_regularizer", try biasRegularizer?.json() ?? .null),
      ("activity_regularizer", try activityRegularizer?.json() ?? .null),
      ("kernel_constraint", try kernelConstraint?.json() ?? .null), ("bias_constraint", try biasConstraint?.json() ?? .null),
    ]
  }
}

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

  static let argumentNames = ["query", "value", "key", "value_mask", "key_mask", "attention_mask"]
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
    func mask(_ name: String, _ tensor: Tensor?) -> Tensor? {
      given[name].map { $0.dtype == .bool ? $0 : $0 .!= 0 } ?? tensor.flatMap { context.mask(of: $0) }
    }
    masks = (context.mask(of: query), mask("value_mask", value), mask("key_mask", given["key"]))
    isCausal = details.isSet("use_causal_mask")
    returnsScores = details.isSet("return_attention_scores")
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
  ///   - useCausalMask: whether positions see none behind their own.
  ///   - training: whether the layer does what it does while training; nil for as the model does.
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit.
  public func callAsFunction(
    _ query: some Symbolic, _ value: some Symbolic, key: (any Symbolic)? = nil, attentionMask: (any Symbolic)? = nil,
    useCausalMask: Bool = false, training: Bool? = nil
  ) throws -> Symbol {
    let call = try LayerCall(
      self,
      AttentionCall.arguments(
        [("query", query), ("value", value), ("key", key), ("attention_mask", attentionMask)], useCausalMask: useCausalMask,
        returnsScores: false, training: training))
    return Symbol(call: call, index: 0)
  }

  /// The result and how much each position of the query took of each of the value, rows of [heads, positions, positions]. (Keras: a call
  /// with `return_attention_scores=True`.)
  public func withScores(
    _ query: some Symbolic, _ value: some Symbolic, key: (any Symbolic)? = nil, attentionMask: (any Symbolic)? = nil,
    useCausalMask: Bool = false, training: Bool? = nil
  ) throws -> (output: Symbol, scores: Symbol) {
    let call = try LayerCall(
      self,
      AttentionCall.arguments(
        [("query", query), ("value", value), ("key", key), ("attention_mask", attentionMask)], useCausalMask: useCausalMask,
        returnsScores: true, training: training))
    return (Symbol(call: call, index: 0), Symbol(call: call, index: 1))
  }

  /// Calls the layer as a part of another's forward pass; see the call in a graph.
  public func callAsFunction(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, attentionMask: Tensor? = nil, useCausalMask: Bool = false, _ context: ForwardContext
  ) throws -> Tensor {
    try outputs(query, value, key, attentionMask, useCausalMask, returnsScores: false, context)[0]
  }

  /// The result and how much each position took of each; see the call in a graph.
  public func withScores(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, attentionMask: Tensor? = nil, useCausalMask: Bool = false, _ context: ForwardContext
  ) throws -> (output: Tensor, scores: Tensor) {
    let both = try outputs(query, value, key, attentionMask, useCausalMask, returnsScores: true, context)
    return (both[0], both[1])
  }

  private func outputs(
    _ query: Tensor, _ value: Tensor, _ key: Tensor?, _ attentionMask: Tensor?, _ useCausalMask: Bool, returnsScores: Bool,
    _ context: ForwardContext
  ) throws -> [Tensor] {
    var details = CallDetails(names: ["query", "value"])
    var inputs = [query, value]
    for (name, tensor) in [("key", key), ("attention_mask", attentionMask)] {
      if let tensor {
        details.names.append(name)
        inputs.append(tensor)
      }
    }
    if useCausalMask { details.options["use_causal_mask"] = true }
    if returnsScores { details.options["return_attention_scores"] = true }
    return try context.with(details) { try outputs(inputs, context) }
  }
}

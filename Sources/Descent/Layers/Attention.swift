import TensorCore

/// How ``Attention`` compares a query with a key. (Keras: `score_mode`.)
public enum AttentionScoreMode: String, Sendable, CaseIterable {
  /// q · k.
  case dot
  /// Σ tanh(q + k).
  case concat
}

/// Attention of one head without projections: softmax of how a query and keys go together, times values. It is called with [query, value]
/// or [query, value, key], rows of [positions, size]; rows of the query that its mask leaves out become 0.
public class SingleHeadAttention: Layer {
  /// Whether scores have a scale that is learned.
  public let useScale: Bool
  /// The probability of a weight to be dropped while training.
  public let dropout: Double
  /// Of the random numbers of `dropout`; nil to draw from the model's.
  public var seed: UInt64? { random.seed }
  private let random: LayerRandom

  init(isScaled: Bool, dropout: Double, seed: UInt64?, name: String?, trainable: Bool, dtype: DType?) {
    useScale = isScaled
    self.dropout = dropout
    random = LayerRandom(seed: seed)
    super.init(name: name, trainable: trainable, dtype: dtype)
  }

  public override var supportsMasking: Bool { true }
  override var callOptionNames: [String] { AttentionCall.optionNames }
  override class var trainingByDefault: Bool? { false }

  /// As in Keras the result's mask is the query's.
  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) throws -> [Tensor?] { [masks[0]] }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShapes: [[Int]]) throws {
    try check(inputShapes)
    try checkSetting("dropout", dropout, .decay)
  }

  /// - Throws: ``DescentError`` if the layer does not take rows of those shapes.
  private func check(_ inputShapes: [[Int]]) throws {
    guard (2...3).contains(inputShapes.count), inputShapes.allSatisfy({ $0.count == 2 }),
      inputShapes.count == 2 || inputShapes[2][0] == inputShapes[1][0], inputShapes[0][1] == inputShapes.last![1]
    else {
      throw settingsError(
        "it was called with rows of shapes \(inputShapes); expected [query, value] or [query, value, key] of [positions, size], a key as long as the value and as wide as the query")
    }
  }

  /// The layer's computation.
  /// - Parameter compare: how well each position of the query goes with each of the key: [rows, positions, positions].
  fileprivate func attend(
    _ inputs: [Tensor], _ context: ForwardContext, _ compare: (_ query: Tensor, _ key: Tensor) -> Tensor
  ) throws -> [Tensor] {
    try check(inputs.map { Array($0.shape.dropFirst()) })
    guard inputs.allSatisfy({ $0.shape[0] == inputs[0].shape[0] }) else {
      throw settingsError("it was called with tensors of shapes \(inputs.map(\.shape)); expected as many rows of each")
    }
    let (query, value) = (inputs[0], inputs[1])
    let details = context.callDetails
    var scores = compare(query, inputs.count > 2 ? inputs[2] : value)
    let scoring = AttentionScores(slidingWindow: nil, axisCount: 1)
    let masks: (query: Tensor?, value: Tensor?, key: Tensor?) = (nil, try stepMask(of: value, context), nil)
    let rows = Tensor.arange(0, Double(query.shape[1]), dtype: .int32)
    if let mask = scoring.mask(rows: rows, count: value.shape[1], masks: masks, given: nil, isCausal: details.isSet("use_causal_mask")) {
      scores = select(mask, scores, scores - Tensor(repeating: 1e9, dtype: scores.dtype))
    }
    var weights = scores.softmax(axis: -1)
    if context.isTraining && dropout > 0 { weights = random.dropped(weights, rate: dropout, shape: weights.shape, context) }
    var result = matmul(weights, value)
    if let mask = try stepMask(of: query, context) { result = select(mask.expandingShape(at: -1), result, Tensor.zeros([], dtype: result.dtype)) }
    return [result] + (details.isSet("return_attention_scores") ? [weights] : [])
  }

  /// Calls the layer in a graph. (Keras: `layer([query, value], use_causal_mask=True)`.)
  /// - Parameters:
  ///   - inputs: a query, a value, and a key if that is another.
  ///   - useCausalMask: whether positions see none behind their own.
  ///   - training: whether the layer does what it does while training; nil for as the model does.
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit.
  public func callAsFunction(_ inputs: [any Symbolic], useCausalMask: Bool, training: Bool? = nil) throws -> Symbol {
    Symbol(call: try call(inputs, useCausalMask, returnsScores: false, training), index: 0)
  }

  /// The result and how much each position of the query took of each of the value, rows of [positions, positions]. (Keras: a call with
  /// `return_attention_scores=True`.)
  public func withScores(
    _ inputs: [any Symbolic], useCausalMask: Bool = false, training: Bool? = nil
  ) throws -> (output: Symbol, scores: Symbol) {
    let call = try call(inputs, useCausalMask, returnsScores: true, training)
    return (Symbol(call: call, index: 0), Symbol(call: call, index: 1))
  }

  private func call(_ inputs: [any Symbolic], _ useCausalMask: Bool, returnsScores: Bool, _ training: Bool?) throws -> LayerCall {
    var arguments = AttentionCall.arguments([], useCausalMask: useCausalMask, returnsScores: returnsScores, training: training)
    arguments.positional = [.list(inputs.map { .symbol($0.symbol) })]
    return try LayerCall(self, arguments)
  }

  /// Calls the layer as a part of another's forward pass; see the call in a graph.
  public func callAsFunction(_ inputs: [Tensor], useCausalMask: Bool, _ context: ForwardContext) throws -> Tensor {
    try context.with(CallDetails(options: useCausalMask ? ["use_causal_mask": true] : [:])) { try self(inputs, context) }
  }
}

/// Dot-product attention (Luong et al., 2015): softmax(q kᵀ) v. (Keras: `keras.layers.Attention`.)
/// Source: <https://keras.io/api/layers/attention_layers/attention/>.
public final class Attention: SingleHeadAttention {
  /// How a query and a key are compared.
  public let scoreMode: AttentionScoreMode
  private var scale: Variable?
  private var concatScoreWeight: Variable?

  /// - Parameters:
  ///   - useScale: whether scores have a scale that is learned.
  ///   - scoreMode: how a query and a key are compared.
  ///   - dropout: the probability of a weight to be dropped while training, in 0 ..< 1.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    useScale: Bool = false, scoreMode: AttentionScoreMode = .dot, dropout: Double = 0, seed: UInt64? = nil, name: String? = nil,
    trainable: Bool = true, dtype: DType? = nil
  ) {
    self.scoreMode = scoreMode
    super.init(isScaled: useScale, dropout: dropout, seed: seed, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShapes: [[Int]]) throws {
    try super.build(inputShapes: inputShapes)
    if useScale { scale = try addVariable("scale", shape: [], initializer: .ones) }
    if scoreMode == .concat { concatScoreWeight = try addVariable("concat_score_weight", shape: [], initializer: .ones) }
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] { try attend(inputs, context, scores) }

  private func scores(_ query: Tensor, _ key: Tensor) -> Tensor {
    guard let concatScoreWeight else {
      let scores = matmul(query, key.transposed([0, 2, 1]))
      return scale.map { scores * $0.value } ?? scores
    }
    let sums = query.expandingShape(at: 2) + key.expandingShape(at: 1)
    return concatScoreWeight.value * tanh(scale.map { $0.value * sums } ?? sums).sum(axes: [-1])
  }
}

extension Attention: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Attention())
    self.init(
      useScale: try options.bool("use_scale"), scoreMode: try options.choice("score_mode", AttentionScoreMode.self), dropout: try options.double("dropout"), seed: try options.seed(),
      name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("use_scale", .bool(useScale)), ("score_mode", .string(scoreMode.rawValue)), ("dropout", JSONValue(dropout)), ("seed", .seed(seed))])
  }
}

/// Additive attention (Bahdanau et al., 2015): softmax(Σ scale · tanh(q + k)) v. (Keras: `keras.layers.AdditiveAttention`.)
/// Source: <https://keras.io/api/layers/attention_layers/additive_attention/>.
public final class AdditiveAttention: SingleHeadAttention {
  private var scale: Variable?

  /// - Parameters:
  ///   - useScale: whether the sum has weights that are learned.
  ///   - dropout: the probability of a weight to be dropped while training, in 0 ..< 1.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(useScale: Bool = true, dropout: Double = 0, seed: UInt64? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    super.init(isScaled: useScale, dropout: dropout, seed: seed, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShapes: [[Int]]) throws {
    try super.build(inputShapes: inputShapes)
    if useScale { scale = try addVariable("scale", shape: [inputShapes[0][1]], initializer: .glorotUniform) }
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    if let scale { try requireSize(scale.shape[0], ofAxis: -1, in: inputs[0]) }
    return try attend(inputs, context, scores)
  }

  private func scores(_ query: Tensor, _ key: Tensor) -> Tensor {
    let terms = tanh(query.expandingShape(at: 2) + key.expandingShape(at: 1))
    return (scale.map { $0.value * terms } ?? terms).sum(axes: [-1])
  }
}

extension AdditiveAttention: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: AdditiveAttention())
    self.init(
      useScale: try options.bool("use_scale"), dropout: try options.double("dropout"), seed: try options.seed(), name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("use_scale", .bool(useScale)), ("dropout", JSONValue(dropout)), ("seed", .seed(seed))])
  }
}

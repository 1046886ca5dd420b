import TensorCore

/// Attention of several heads of which groups share keys and values (Ainslie et al., 2023). (Keras:
/// `keras.layers.GroupQueryAttention`; as many key and value heads as query heads are ``MultiHeadAttention``, one is multi-query
/// attention.)
/// Source: <https://keras.io/api/layers/attention_layers/group_query_attention/>.
public final class GroupQueryAttention: MultiHeadLayer {
  /// The size of a head.
  public let headDim: Int
  /// How many heads of queries there are.
  public let numQueryHeads: Int
  /// How many heads of keys and values there are; it divides ``numQueryHeads``.
  public let numKeyValueHeads: Int
  /// The probability of a weight to be dropped while training.
  public let dropout: Double
  /// How many neighbours on either side a position sees, itself included; nil for all.
  public let slidingWindow: Int?
  /// Whether results are multiplied by a sigmoid of a projection of the query.
  public let useGate: Bool
  /// Of the random numbers of `dropout`; nil to draw from the model's.
  public let seed: UInt64?
  private let projections: AttentionProjections

  private var _queryDense: EinsumDense?
  private var _keyDense: EinsumDense?
  private var _gateDense: EinsumDense?
  private var _valueDense: EinsumDense?
  private var _outputDense: EinsumDense?
  private let _dropoutLayer: Dropout

  /// - Parameters:
  ///   - headDim: the size of a head.
  ///   - numQueryHeads: how many heads of queries there are.
  ///   - numKeyValueHeads: how many heads of keys and values there are; it divides `numQueryHeads`.
  ///   - dropout: the probability of a weight to be dropped while training, in 0 ..< 1.
  ///   - useBias: whether projections have biases.
  ///   - slidingWindow: how many neighbours on either side a position sees, itself included; nil for all.
  ///   - kernelInitializer: the kernels' first values.
  ///   - biasInitializer: the biases' first values.
  ///   - kernelRegularizer: a penalty on each kernel, added to the loss.
  ///   - biasRegularizer: a penalty on each bias, added to the loss.
  ///   - activityRegularizer: a penalty on the result of each projection, divided by the number of rows.
  ///   - kernelConstraint: what is done to the kernels after each step of training.
  ///   - biasConstraint: what is done to the biases after each step of training.
  ///   - useGate: whether results are multiplied by a sigmoid of a projection of the query.
  ///   - seed: for a stream of random numbers of its own; nil to draw from the model's.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    headDim: Int, numQueryHeads: Int, numKeyValueHeads: Int, dropout: Double = 0, useBias: Bool = true, slidingWindow: Int? = nil,
    kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
    biasConstraint: Constraint? = nil, useGate: Bool = false, seed: UInt64? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.headDim = headDim
    self.numQueryHeads = numQueryHeads
    self.numKeyValueHeads = numKeyValueHeads
    self.dropout = dropout
    self.slidingWindow = slidingWindow
    self.useGate = useGate
    self.seed = seed
    projections = AttentionProjections(
      useBias: useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, activityRegularizer, kernelConstraint,
      biasConstraint)
    _dropoutLayer = Dropout(dropout, seed: seed, name: "dropout")
    super.init(name: name, trainable: trainable, dtype: dtype)
  }

  /// Keras's class has another name inside than outside.
  override var baseName: String { "grouped_query_attention" }
  override var kerasPathName: String { baseName }

  public override func build(inputShapes: [[Int]]) throws {
    try checkSetting("headDim", headDim, .count)
    try checkSetting("numQueryHeads", numQueryHeads, .count)
    try checkSetting("numKeyValueHeads", numKeyValueHeads, .count)
    try checkSetting("slidingWindow", slidingWindow, .count)
    guard numQueryHeads % numKeyValueHeads == 0 else {
      throw settingsError("numQueryHeads is \(numQueryHeads) and numKeyValueHeads \(numKeyValueHeads); expected a multiple of it")
    }
    guard inputShapes.count > 1, inputShapes[0].count == 2, inputShapes[1].count == 2 else {
      throw settingsError("it was called with rows of shapes \(inputShapes); expected a query and a value of [positions, size] each")
    }
    _queryDense = projections.dense("query", rank: 3, [numQueryHeads, headDim])
    _keyDense = projections.dense("key", rank: 3, [numKeyValueHeads, headDim])
    if useGate { _gateDense = projections.dense("gate", rank: 3, [numQueryHeads, headDim], activation: .sigmoid) }
    _valueDense = projections.dense("value", rank: 3, [numKeyValueHeads, headDim])
    _outputDense = projections.dense("attention_output", rank: 4, bound: 2, [inputShapes[0][1]])
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard let _queryDense, let _keyDense, let _valueDense, let _outputDense else { throw DescentError(.state, "layer \(name): it is not built") }
    return try attend(
      inputs, with: Parts(query: _queryDense, key: _keyDense, value: _valueDense, output: _outputDense, gate: _gateDense), axes: { _ in [1] },
      headSize: headDim, repeats: numQueryHeads / numKeyValueHeads, slidingWindow: slidingWindow, dropout: _dropoutLayer, context)
  }
}

extension GroupQueryAttention: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(
      of: GroupQueryAttention(headDim: 1, numQueryHeads: 1, numKeyValueHeads: 1), except: "head_dim", "num_query_heads",
      "num_key_value_heads")
    let made = try AttentionProjections(&options)
    self.init(
      headDim: try options.int("head_dim"), numQueryHeads: try options.int("num_query_heads"),
      numKeyValueHeads: try options.int("num_key_value_heads"), dropout: try options.double("dropout"), useBias: made.useBias,
      slidingWindow: try options.optionalInt("sliding_window"), kernelInitializer: made.kernelInitializer, biasInitializer: made.biasInitializer,
      kernelRegularizer: made.kernelRegularizer, biasRegularizer: made.biasRegularizer, activityRegularizer: made.activityRegularizer,
      kernelConstraint: made.kernelConstraint, biasConstraint: made.biasConstraint, useGate: try options.bool("use_gate"),
      seed: try options.seed(), name: options.name)
  }

  public func options() throws -> JSONObject {
    try JSONObject(
      [
        ("head_dim", JSONValue(headDim)), ("num_query_heads", JSONValue(numQueryHeads)), ("num_key_value_heads", JSONValue(numKeyValueHeads)),
        ("use_gate", .bool(useGate)), ("sliding_window", slidingWindow.map { JSONValue($0) } ?? .null), ("dropout", JSONValue(dropout)),
        ("seed", .seed(seed)),
      ] + projections.json())
  }
}

import TensorCore

/// Attention of several heads (Vaswani et al., 2017): each projects queries, keys and values, weighs the values by
/// softmax(q · k / √keyDim), and all are projected together. (Keras: `keras.layers.MultiHeadAttention`.)
///
///     let y = try MultiHeadAttention(numHeads: 4, keyDim: 32)(x, x, useCausalMask: true)
///
/// Masks of the query, the value and the key that travel beside them are taken into account. What positions take of one another is not
/// held whole where a sequence is long (more than a million numbers a head), unless the call gives it out or drops some of it.
/// Source: <https://keras.io/api/layers/attention_layers/multi_head_attention/>.
public final class MultiHeadAttention: MultiHeadLayer {
  /// How many heads there are.
  public let numHeads: Int
  /// The size of a head's queries and keys.
  public let keyDim: Int
  /// The size of a head's values.
  public let valueDim: Int
  /// The probability of a weight to be dropped while training.
  public let dropout: Double
  /// The shape of a result's last axes; nil for the size of the query.
  public let resultShape: [Int]?
  /// The axes of positions, with axis 0 counting rows; nil for all but the first and the last.
  public let attentionAxes: [Int]?
  /// How many neighbours on either side a position sees, itself included; nil for all.
  public let slidingWindow: Int?
  /// Whether results are multiplied by a sigmoid of a projection of the query.
  public let useGate: Bool
  /// Of the random numbers of `dropout`; nil to draw from the model's.
  public let seed: UInt64?
  private let projections: AttentionProjections

  /// The projection of the query; nil until the layer is built. So are the others.
  public private(set) var queryDense: EinsumDense?
  /// The projection of the key.
  public private(set) var keyDense: EinsumDense?
  /// The projection of the value.
  public private(set) var valueDense: EinsumDense?
  /// The projection of all heads together.
  public private(set) var outputDense: EinsumDense?
  private var _gateDense: EinsumDense?
  private let _dropoutLayer: Dropout

  /// - Parameters:
  ///   - numHeads: how many heads there are.
  ///   - keyDim: the size of a head's queries and keys.
  ///   - valueDim: the size of a head's values; nil for `keyDim`.
  ///   - dropout: the probability of a weight to be dropped while training, in 0 ..< 1.
  ///   - useBias: whether projections have biases.
  ///   - outputShape: the shape of a result's last axes; nil for the size of the query.
  ///   - attentionAxes: the axes of positions, with axis 0 counting rows; nil for all but the first and the last.
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
    numHeads: Int, keyDim: Int, valueDim: Int? = nil, dropout: Double = 0, useBias: Bool = true, outputShape: [Int]? = nil,
    attentionAxes: [Int]? = nil, slidingWindow: Int? = nil, kernelInitializer: Initializer = .glorotUniform,
    biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, useGate: Bool = false,
    seed: UInt64? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.numHeads = numHeads
    self.keyDim = keyDim
    self.valueDim = valueDim ?? keyDim
    self.dropout = dropout
    resultShape = outputShape
    self.attentionAxes = attentionAxes
    self.slidingWindow = slidingWindow
    self.useGate = useGate
    self.seed = seed
    projections = AttentionProjections(
      useBias: useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, activityRegularizer, kernelConstraint,
      biasConstraint)
    _dropoutLayer = Dropout(dropout, seed: seed, name: "dropout")
    super.init(name: name, trainable: trainable, dtype: dtype)
  }

  /// The axes of positions among those of a query of that rank.
  private func axes(rank: Int) -> [Int] { attentionAxes?.map { $0 < 0 ? rank + $0 : $0 } ?? Array(1..<rank - 1) }

  public override func build(inputShapes: [[Int]]) throws {
    try checkSetting("numHeads", numHeads, .count)
    try checkSetting("keyDim", keyDim, .count)
    try checkSetting("valueDim", valueDim, .count)
    try checkSetting("slidingWindow", slidingWindow, .count)
    let (query, value) = (inputShapes[0], inputShapes.count > 1 ? inputShapes[1] : [])
    guard query.count >= 2, query.count == value.count else {
      throw settingsError("it was called with rows of shapes \(inputShapes); expected a query and a value of [positions, size] each")
    }
    let axes = axes(rank: query.count + 1)
    guard !axes.isEmpty, Set(axes).count == axes.count, axes.allSatisfy({ $0 >= 1 && $0 < query.count }) else {
      throw settingsError("attentionAxes is \(attentionAxes ?? []); expected axes of positions, 1 to \(query.count - 1)")
    }
    guard slidingWindow == nil || (axes == [1] && query.count == 2) else {
      throw settingsError("slidingWindow is for one axis of positions; rows have shape \(query)")
    }
    let rank = query.count + 1
    queryDense = projections.dense("query", rank: rank, [numHeads, keyDim])
    keyDense = projections.dense("key", rank: rank, [numHeads, keyDim])
    if useGate { _gateDense = projections.dense("gate", rank: rank, [numHeads, valueDim], activation: .sigmoid) }
    valueDense = projections.dense("value", rank: rank, [numHeads, valueDim])
    outputDense = projections.dense("attention_output", rank: rank + 1, bound: 2, resultShape ?? [query.last!])
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard let queryDense, let keyDense, let valueDense, let outputDense else { throw DescentError(.state, "layer \(name): it is not built") }
    return try attend(
      inputs, with: Parts(query: queryDense, key: keyDense, value: valueDense, output: outputDense, gate: _gateDense), axes: axes(rank:),
      headSize: keyDim, slidingWindow: slidingWindow, dropout: _dropoutLayer, context)
  }
}

extension MultiHeadAttention: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: MultiHeadAttention(numHeads: 1, keyDim: 1), except: "num_heads", "key_dim", "value_dim")
    let made = try AttentionProjections(&options)
    let shape = try options.optionalInts("output_shape")
    self.init(
      numHeads: try options.int("num_heads"), keyDim: try options.int("key_dim"), valueDim: try options.optionalInt("value_dim"),
      dropout: try options.double("dropout"), useBias: made.useBias, outputShape: shape,
      attentionAxes: try options.optionalInts("attention_axes"), slidingWindow: try options.optionalInt("sliding_window"),
      kernelInitializer: made.kernelInitializer, biasInitializer: made.biasInitializer, kernelRegularizer: made.kernelRegularizer,
      biasRegularizer: made.biasRegularizer, activityRegularizer: made.activityRegularizer, kernelConstraint: made.kernelConstraint,
      biasConstraint: made.biasConstraint, useGate: try options.bool("use_gate"), seed: try options.seed(), name: options.name)
  }

  public func options() throws -> JSONObject {
    try JSONObject(
      [
        ("num_heads", JSONValue(numHeads)), ("key_dim", JSONValue(keyDim)), ("value_dim", JSONValue(valueDim)), ("dropout", JSONValue(dropout)),
        ("use_gate", .bool(useGate)), ("output_shape", resultShape.map { .ints($0) } ?? .null),
        ("attention_axes", attentionAxes.map { .ints($0) } ?? .null), ("sliding_window", slidingWindow.map { JSONValue($0) } ?? .null),
        ("seed", .seed(seed)),
      ] + projections.json())
  }
}

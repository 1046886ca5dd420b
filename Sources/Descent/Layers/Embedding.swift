import TensorCore

/// The rows of a table that row numbers choose: `[rows, …]` of numbers from 0 to `inputDim` − 1 to `[rows, …, outputDim]`. (Keras:
/// `keras.layers.Embedding`.)
///
/// As the first layer of a model it takes integers (`int32`, `uint8`) as they are; numbers of other dtypes, and whatever another
/// layer computed, lose their fraction first, as in Keras. `fit` and its like refuse data with a number that is no row. A layer
/// called on its own, or after others, gives NaN for it (so does Keras on JAX, but there −1 is the last row).
///
/// Training costs nothing for the rows that a batch does not choose where the optimizer leaves those as they are: `SparseUpdates`
/// says which do, and `ParameterSetting`'s `isLazy` asks it of others, such as Adam.
///
///     try model.compile(
///       optimizer: Adam().with { $0.parameterSettings = [.init(.name("embeddings"), isLazy: true)] }, loss: .binaryCrossentropy)
///
/// Keras's `lora_rank` is not supported: descriptions that use it are refused.
public final class Embedding: Layer {
  /// How many rows the table has.
  public let inputDim: Int
  /// How long a row is.
  public let outputDim: Int
  /// The table's first values.
  public let embeddingsInitializer: Initializer
  /// A penalty on the table.
  public let embeddingsRegularizer: Regularizer?
  /// What is done to the table after each step of training.
  public let embeddingsConstraint: Constraint?
  /// Whether 0 stands for nothing: the result has a mask that leaves such places out.
  public let maskZero: Bool
  private let startingWeights: Tensor?

  /// The table, `[inputDim, outputDim]`; nil until the layer is built.
  public private(set) var embeddings: Variable?

  /// - Parameters:
  ///   - inputDim: how many rows the table has: the greatest number in the input plus one, at least 1.
  ///   - outputDim: how long a row is, at least 1.
  ///   - embeddingsInitializer: the table's first values.
  ///   - embeddingsRegularizer: a penalty on the table, added to the loss. All rows take part in each step then.
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows of the batch.
  ///   - embeddingsConstraint: what is done to the table after each step of training, to all its rows.
  ///   - maskZero: whether 0 stands for nothing and is left out by layers that heed masks, by the loss and by the metrics.
  ///   - weights: the table's first values themselves, `[inputDim, outputDim]`, instead of the initializer's.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ inputDim: Int, _ outputDim: Int, embeddingsInitializer: Initializer = .randomUniform(),
    embeddingsRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, embeddingsConstraint: Constraint? = nil,
    maskZero: Bool = false, weights: Tensor? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.inputDim = inputDim
    self.outputDim = outputDim
    self.embeddingsInitializer = embeddingsInitializer
    self.embeddingsRegularizer = embeddingsRegularizer
    self.embeddingsConstraint = embeddingsConstraint
    self.maskZero = maskZero
    startingWeights = weights
    super.init(activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("inputDim", inputDim, .count)
    try checkSetting("outputDim", outputDim, .count)
    guard inputDim <= Int(Int32.max) else {
      throw DescentError(.invalidArgument, "layer \(name): inputDim is \(inputDim); row numbers are int32, so it is at most \(Int32.max)")
    }
    _ = try ModelBuilder.elementCount(inputShape + [outputDim], of: "layer \(name): a row of the result")
    if let startingWeights, startingWeights.shape != [inputDim, outputDim] {
      throw DescentError(
        .invalidArgument, "layer \(name): weights has shape \(startingWeights.shape); expected \([inputDim, outputDim])")
    }
    let table = try addVariable(
      "embeddings", shape: [inputDim, outputDim], initializer: startingWeights == nil ? embeddingsInitializer : .zeros,
      regularizer: embeddingsRegularizer, constraint: embeddingsConstraint)
    if let startingWeights { table.assign(startingWeights.cast(to: table.dtype)) }
    embeddings = table
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard let embeddings else { throw DescentError(.state, "layer \(name): it is not built") }
    return embeddings.value.gathering(x.cast(to: .int32))
  }

  public override var supportsMasking: Bool { maskZero }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] {
    [inputs[0].cast(to: .int32) .!= 0]
  }

  override var acceptedRowNumbers: Range<Int>? { 0..<max(inputDim, 0) }
}

extension Embedding: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Embedding(1, 1), except: "input_dim", "output_dim")
    try options.refuse("lora_rank")
    try options.refuse("lora_alpha")
    try options.refuse("quantization_config")
    // Of older versions of Keras; it says nothing that the shape does not say.
    _ = options.value("input_length")
    self.init(
      try options.int("input_dim"), try options.int("output_dim"),
      embeddingsInitializer: try options.named("embeddings_initializer"),
      embeddingsRegularizer: try options.optionalNamed("embeddings_regularizer"),
      activityRegularizer: try options.optionalNamed("activity_regularizer"),
      embeddingsConstraint: try options.optionalNamed("embeddings_constraint"),
      maskZero: try options.bool("mask_zero"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("input_dim", JSONValue(inputDim)), ("output_dim", JSONValue(outputDim)),
      ("embeddings_initializer", try embeddingsInitializer.json()),
      ("embeddings_regularizer", try embeddingsRegularizer?.json() ?? .null),
      ("activity_regularizer", try activityRegularizer?.json() ?? .null),
      ("embeddings_constraint", try embeddingsConstraint?.json() ?? .null), ("mask_zero", .bool(maskZero)),
    ])
  }
}

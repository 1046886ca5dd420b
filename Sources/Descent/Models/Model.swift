import TensorCore

/// A layer that can be trained: `compile`, then `fit`, `evaluate` and `predict`.
///
/// ``Sequential`` is the usual one. A model of another form is a subclass whose forward pass calls its layers:
///
///     final class Residual: Model {
///       let inner = Dense(64, activation: .relu)
///       let outer = Dense(64)
///       override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
///         try x + outer(inner(x, context), context)
///       }
///     }
///
/// `predict`, `evaluate` and the saving of weights may be called by any number of threads at once, also while one trains the model:
/// they see its weights before a step or after it. In Swift 6 mode ``predictor()`` gives what can be handed to them. Two threads cannot
/// train one model, nor change its layers, at once. (Keras: `keras.Model`.)
open class Model: Layer {
  /// The dtype of the variables and of the computation. Inputs of another dtype are cast on their way into a step, but for
  /// integers that an ``Embedding`` takes.
  public let dtype: DType
  /// The dtype that files say the layers have.
  var innerDType: DType { dtype }
  /// Decides the initial weights, the order of rows in training, and dropout. Setting it before the weights exist changes all
  /// of these, later only what is still to come.
  public var seed: UInt64 {
    didSet { modelBuilder.reseed(seed) }
  }
  /// Another seed, if it is another: one that is set begins the streams of random numbers anew.
  final func takeUp(seed: UInt64) { if seed != self.seed { self.seed = seed } }
  /// Set to true by a callback, ends training after the batch; `fit` sets it to false when it starts.
  public var stopTraining = false

  /// The numbers of the last `fit`, also of one that ended with an error. (Keras: `Model.history`.)
  public internal(set) var history: History?

  /// What the rows of tables become before the model sees them, and what its answers mean; nil for a model that was not made for a table. A
  /// `.keras` file keeps it.
  public var table: TablePreprocessing?

  /// What pictures in files become before the model sees them, and what its classes are called; nil for a model that was not made for them. A
  /// `.keras` file keeps it.
  public var images: ImagePreprocessing?

  /// What texts become before the model sees them, and what its classes are called; nil for a model that was not made for them. A `.keras` file keeps
  /// it, as a first layer of the kind `TextVectorization`, and a model of such a file that Keras wrote has it.
  public var texts: TextPreprocessing?

  /// How many passes over training data were begun: with ``seed`` it decides the order of rows of the next.
  package var passCount = 0
  let modelBuilder: ModelBuilder
  /// The states of all generators of random numbers: the model's own, then its layers'.
  package var allRandomStates: [Variable] { [modelBuilder.random.state] + randomStates }
  let access = ModelAccess()
  /// What `compile` was given and what training made of it.
  var training: TrainingState?
  /// Plans of `predict`, which needs no `compile`.
  let predictionPlans = PlanCache<PlanPool>()
  /// Set while callbacks are told of the end of a `fit` that failed: the weights are to stay as they are.
  var hasFailed = false
  /// The calls of layers that the model is made of, if it was made of inputs and outputs.
  var graph: LayerGraph?
  /// Set when what follows an epoch is to be left out.
  var isAbandoned = false

  /// - Parameters:
  ///   - name: made from the class's if nil; in another model, numbered where there are several.
  ///   - trainable: whether training changes the layers' variables.
  ///   - dtype: of the variables and the computation: `float32` or `float64`.
  ///   - seed: for the initial weights, the order of rows and dropout; nil for one derived from ``setRandomSeed(_:)``'s.
  public init(name: String? = nil, trainable: Bool = true, dtype: DType = .float32, seed: UInt64? = nil) {
    let seed = seed ?? nextDefaultSeed()
    self.dtype = dtype
    self.seed = seed
    modelBuilder = ModelBuilder(dtype: dtype, seed: seed)
    super.init(name: name, trainable: trainable)
  }

  /// A model of the layers between inputs and outputs of a graph: one, several in order (`[a, b]`), or by name
  /// (`["class": a, "score": b]`). (Keras: `keras.Model(inputs, outputs)`.)
  ///
  ///     let image = Input(shape: [784], name: "image")
  ///     let hidden = try Dense(64, activation: .relu)(image)
  ///     let model = try Model(inputs: image, outputs: Dense(10, activation: .softmax)(hidden))
  ///
  /// Layers that were called more than once have one set of weights. The inputs may be what other layers gave: a model of a part
  /// of another one shares its layers (`try Model(inputs: model.inputs, outputs: model.layers[2].output)`).
  /// - Parameters:
  ///   - inputs: where the rows come in.
  ///   - outputs: what the model computes.
  ///   - name: `functional` if nil.
  ///   - trainable: whether training changes the layers' variables.
  ///   - seed: for the order of rows and dropout; nil for one derived from ``setRandomSeed(_:)``'s, which also decides the initial
  ///     weights, drawn when the layers were called.
  /// - Throws: ``DescentError`` if the outputs need an input that is not given, or two layers have one name.
  public init(
    inputs: some SymbolStructure, outputs: some SymbolStructure, name: String? = nil, trainable: Bool = true, seed: UInt64? = nil
  ) throws {
    let graph = try LayerGraph(inputs: inputs.structure, outputs: outputs.structure, name: name ?? "Model")
    let seed = seed ?? nextDefaultSeed()
    let dtype = Model.dtype(of: graph)
    self.dtype = dtype
    self.seed = seed
    modelBuilder = ModelBuilder(dtype: dtype, seed: seed)
    self.graph = graph
    super.init(name: name, trainable: trainable)
    try adopt(graph)
  }

  /// The same with what the layers were built with.
  init(graph: LayerGraph, builder: ModelBuilder, seed: UInt64, name: String?) throws {
    dtype = Model.dtype(of: graph)
    self.seed = seed
    modelBuilder = builder
    self.graph = graph
    super.init(name: name)
    try adopt(graph)
  }

  private static func dtype(of graph: LayerGraph) -> DType {
    for layer in graph.layers where !layer.ownVariables.isEmpty || layer is Model { return (layer as? Model)?.dtype ?? layer.builtDType }
    return (graph.outputs + graph.inputs).first { $0.dtype.isFloatingPoint }?.dtype ?? .float32
  }

  override var baseName: String { type(of: self) == Model.self && graph != nil ? "functional" : super.baseName }

  open override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard let graph, !(self is Sequential) else { return try super.forward(inputs, context) }
    guard inputs.count == graph.inputs.count else {
      throw DescentError(
        .invalidArgument, "\(name): it takes \(graph.inputs.count) tensors, and was called with \(inputs.count)")
    }
    for (symbol, x) in zip(graph.inputs, inputs) where !symbol.shape.fits(Array(x.shape.dropFirst())) {
      throw DescentError(
        .invalidArgument,
        "\(name): a row of the input '\(symbol.layer.name)' has shape \(symbol.shape.text), and \(Array(x.shape.dropFirst())) was given")
    }
    return try graph.run(inputs, context)
  }

  // MARK: - Steps

  /// What training does with a batch: here the forward pass, the loss, the metrics and a step of the optimizer that `compile` was given.
  ///
  /// A model that is trained in another way overrides it. The step is traced once for each shape of batch, as a function given to
  /// `compiled(_:)` is, and runs as fast:
  ///
  ///     override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
  ///       let predictions = try outputs(step.inputs, step.context)
  ///       let loss = try computeLoss(step, predictions)
  ///       try step.minimize(loss)
  ///       return try computeMetrics(step, predictions, loss: loss)
  ///     }
  ///
  /// Further optimizers are ``Stepper``s, and metrics of the step's own ``StatefulMetric``s, in stored properties of the model; layers and
  /// models that the step calls belong to the model if they are called by ``Layer/forward(_:_:)-(Tensor,_)`` or held by a stored property. So do
  /// variables, and generators of random numbers, which `saveWeights` and checkpoints then hold.
  /// (Keras: `Model.train_step`.)
  /// - Returns: numbers to log beside those that ``computeMetrics(_:_:loss:)`` counts: of an epoch, those of its last batch.
  /// - Throws: what is wrong with the batch; `fit` throws it, having changed nothing.
  open func trainStep(_ step: StepContext) throws -> [String: Tensor] {
    step.isStandard = true
    let predictions = try outputs(step.inputs, step.context)
    let loss = try computeLoss(step, predictions)
    let logs = try computeMetrics(step, predictions, loss: loss)
    try step.minimize(loss)
    return logs
  }

  /// What `evaluate` and validation do with a batch: the forward pass, the loss, the metrics. (Keras: `Model.test_step`.)
  /// - Returns: numbers to log beside those that ``computeMetrics(_:_:loss:)`` counts: those of the last batch.
  open func testStep(_ step: StepContext) throws -> [String: Tensor] {
    step.isStandard = true
    let predictions = try outputs(step.inputs, step.context)
    return try computeMetrics(step, predictions, loss: computeLoss(step, predictions))
  }

  /// The loss of a batch, one number: the sum of the losses that `compile` was given, each times its weight, of what layers added
  /// (``ForwardContext/addLoss(_:)``), and of penalties on weights. (Keras: `Model.compute_loss`.)
  /// - Parameters:
  ///   - step: the step that the loss is a part of.
  ///   - predictions: what the model computed, one tensor for each output.
  open func computeLoss(_ step: StepContext, _ predictions: [Tensor]) throws -> Tensor { try step.compiledLoss(predictions) }

  /// Counts the loss and the metrics that `compile` was given. (Keras: `Model.compute_metrics`.)
  /// - Parameters:
  ///   - step: the step that the numbers are of.
  ///   - predictions: what the model computed, one tensor for each output.
  ///   - loss: what the logs call `loss`; nil for none.
  /// - Returns: further numbers to log, here none.
  open func computeMetrics(_ step: StepContext, _ predictions: [Tensor], loss: Tensor?) throws -> [String: Tensor] {
    try step.count(predictions, loss: loss)
    return [:]
  }

  override var acceptedRowNumbers: Range<Int>? { graph?.acceptedRowNumbers(ofInput: 0) }

  /// The layers that the model calls; for other models than ``Sequential`` known once it is built.
  public var layers: [Layer] { sublayers.filter { !($0 is OperationLayer) } }

  /// The layer of that name.
  /// - Throws: ``DescentError`` with the names there are.
  public func layer(named name: String) throws -> Layer {
    if let layer = layers.first(where: { $0.name == name }) { return layer }
    throw DescentError(
      .invalidArgument, "\(self.name) has no layer '\(name)'; it has \(layers.map(\.name).joined(separator: ", "))")
  }

  /// The shape of a row of input as far as it can be told from the layers.
  var declaredInputShape: [Int?]? { inputShape }

  /// Makes all variables for rows of the given shape; nil is a size that is open. `fit` and its like do this when they first see data.
  /// - Throws: ``DescentError`` if the layers do not fit one another or an option of theirs is unknown.
  public final func build(rows shape: [Int?]) throws {
    try build(specifications: [(shape, rowDType(.int32))])
  }

  /// The same for several inputs.
  final func build(specifications: [(shape: [Int?], dtype: DType)]) throws {
    guard dtype.isFloatingPoint else {
      throw DescentError(.invalidArgument, "\(name): a model's dtype is float32 or float64, not \(dtype)")
    }
    try access.tracing {
      try buildByTracing(specifications, with: modelBuilder)
      try adoptHeldParts()
      orderSublayers()
    }
  }

  /// Builds the model if its layers say for what shape.
  func buildIfDeclared() throws {
    if let shape = declaredInputShape { try build(rows: shape) }
  }

  override func prepareToBeInspected() {
    // What is wrong is told where it can be thrown: by compile, fit or predict.
    try? buildIfDeclared()
  }

  override func prepareToShowWeights() { showWeightsToJudge() }
  override func withWeightsReplaced(_ body: () -> Void) { replacingWeights(body) }

  /// After layers came or went.
  func structureChanged() {
    forgetTrace()
    inputShapes = nil
    outputShapes = nil
    openShapes = nil
    graph = nil
    predictionPlans.removeAll()
    training?.isOutdated = true
  }
}

extension Model {
  /// A batch of input as the first layer takes it.
  func castInput(_ x: Tensor, _ index: Int = 0) -> Tensor {
    if let graph, !(self is Sequential) { return x.cast(to: graph.inputs[index].dtype) }
    return x.cast(to: rowDType(x.dtype))
  }

  /// What rows of the given dtype reach a model without a graph as. One of its own forward pass may say that it takes whole numbers.
  func rowDType(_ given: DType) -> DType {
    if given.isFloatingPoint { return dtype }
    if acceptedRowNumbers != nil { return .int32 }
    // Larger ones than are declared stay what they are.
    if let declared = (self as? Sequential)?.declaredRowDType { return declared == .uint8 && given == .int32 ? given : declared }
    return acceptsIntegers ? given : dtype
  }

  /// Ends training after the batch and leaves out the rest of the epoch: validation and the callbacks' `onEpochEnd`.
  func abandonTraining() {
    isAbandoned = true
    stopTraining = true
  }
}

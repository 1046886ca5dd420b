import Synchronization
import TensorCore

/// One step of a model's computation, with the variables it owns.
///
/// A layer of one's own is a forward pass and its variables, nothing else:
///
///     final class Scale: Layer {
///       let factor = Variable(Tensor.ones([3]), name: "factor")
///       override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { x * factor.value }
///     }
///
/// Variables that the forward pass reads become the layer's own when it is first called. Where their shapes depend on the
/// input's, override ``build(inputShape:)`` and make them with ``addVariable(_:shape:initializer:regularizer:constraint:isTrainable:)``.
/// Layers that the forward pass calls (`try inner(x, context)`) become its ``sublayers``; they are built on the way.
/// The shape of the result is found by tracing the forward pass.
///
/// A layer of several tensors overrides ``forward(_:_:)-([Tensor],_)`` instead:
///
///     final class Distance: Layer {
///       override func forward(_ inputs: [Tensor], _ context: ForwardContext) -> [Tensor] { [abs(inputs[0] - inputs[1])] }
///     }
///
/// A **mask** says which steps of a sequence count: a `bool` tensor that travels beside another, `[rows, steps]` for
/// `[rows, steps, …]` (``ForwardContext/mask(of:)``). A layer hands on its input's mask if ``supportsMasking`` says so, another
/// one by ``computeMask(_:_:_:)``.
///
/// Shapes given to layers leave out axis 0, which counts the rows of a batch. (Keras: `keras.layers.Layer`.)
open class Layer {
  /// What the layer is called in its model. Without a name of its own it is called after its class (`dense`), with a number
  /// where a model has several (`dense_1`).
  public internal(set) var name: String
  /// Whether training changes the layer's variables, and those of its ``sublayers``: to set it marks all layers below, as in Keras, so that
  /// one of them that is used elsewhere is frozen there too. A change takes effect at the next call of `fit` or `trainOnBatch`, also after
  /// `compile`; the optimizer keeps what it knows about the variables meanwhile.
  public var isTrainable: Bool {
    get { isMarkedTrainable }
    set { for layer in withHeldLayers { layer.isMarkedTrainable = newValue } }
  }
  /// The layer's own mark, as files have it for each layer.
  final var isMarkedTrainable: Bool
  /// A penalty on what the layer computes, divided by the number of rows and added to the loss.
  public let activityRegularizer: Regularizer?

  /// The shapes of one row of each input, known once the layer has been called: of the last call where sizes are open.
  public internal(set) var inputShapes: [[Int]]? {
    get { lastCall.inputs }
    set { lastCall.inputs = newValue }
  }
  /// The shapes of one row of each result, known once the layer has been called.
  public internal(set) var outputShapes: [[Int]]? {
    get { lastCall.outputs }
    set { lastCall.outputs = newValue }
  }
  /// The shape of one row of the first input: given when the layer was made, otherwise known once the layer has been called.
  public internal(set) var inputShape: [Int]? {
    get { inputShapes?.first }
    set { inputShapes = newValue.map { [$0] } }
  }
  /// The shape of one row of the first result, known once the layer has been called.
  public internal(set) var outputShape: [Int]? {
    get { outputShapes?.first }
    set { outputShapes = newValue.map { [$0] } }
  }
  /// Whether the variables exist.
  public internal(set) var isBuilt = false
  /// The layers that this one calls, in the order of the stored properties that hold them, and then of their first calls.
  public internal(set) var sublayers: [Layer] = []

  /// The variables that belong to the layer itself, in the order in which they were made or met.
  package private(set) var ownVariables: [Variable] = []
  /// The states of the generators of random numbers that the layer itself draws from, but for its model's.
  package private(set) var ownRandomStates: [Variable] = []
  package private(set) var regularizers: [(variable: Variable, regularizer: Regularizer)] = []
  package private(set) var constraints: [(variable: Variable, constraint: Constraint)] = []

  /// The layer or model that it is a part of, the first if there are several.
  weak var parent: Layer?
  /// Where it was called with symbols.
  var callReferences: [CallReference] = []

  /// Layers made later have greater numbers.
  let serial = Layer.counter.add(1, ordering: .relaxed).newValue
  private static let counter = Atomic<Int>(0)

  let hasGivenName: Bool
  let givenInputShape: [Int?]?
  /// Where sizes of the rows are open: what is known of them.
  var openShapes: LastCall.Open? {
    get { lastCall.open }
    set { lastCall.open = newValue }
  }
  let lastCall = LastCall()
  /// What the model gives its layers to build with; set on the way into ``build(inputShape:)``.
  private(set) var builder: ModelBuilder?
  /// Of its variables, once it is built.
  private(set) var variableDType: DType?
  /// The name with those of the objects around it.
  var path: String

  /// - Parameters:
  ///   - activityRegularizer: a penalty on the result, divided by the number of rows.
  ///   - inputShape: the shape of one row of input, for the first layer of a model; nil for a size that is open.
  ///   - name: what to call it; nil to call it after its class.
  ///   - trainable: whether training changes the variables; see ``isTrainable``.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    activityRegularizer: Regularizer? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.activityRegularizer = activityRegularizer
    isMarkedTrainable = trainable
    requestedDType = dtype
    hasGivenName = name != nil
    givenInputShape = inputShape
    self.name = name ?? ""
    path = self.name
    inputShapes = inputShape?.known.map { [$0] }
    if name == nil {
      self.name = baseName
      path = self.name
    }
  }

  /// What Keras calls the layer's class.
  package var kerasClassName: String {
    if self is Input { return "InputLayer" }
    if let operation = self as? OperationLayer { return operation.definition.className }
    if type(of: self) == Model.self, (self as? Model)?.graph != nil { return FunctionalJSON.className }
    return (self as? any ConfigurableLayer).map { type(of: $0).className } ?? String(describing: type(of: self))
  }

  /// What Keras calls layers of the class in weight files, before numbers.
  var kerasPathName: String { Layer.kerasName(ofClass: kerasClassName) }

  /// What a layer without a name of its own is called, before numbers.
  var baseName: String { Layer.kerasName(ofClass: String(describing: type(of: self))) }

  /// Makes the variables whose shapes depend on the input's. Called once, before the first forward pass.
  /// - Throws: ``DescentError`` if the layer cannot be used on such input.
  open func build(inputShape: [Int]) throws {}

  /// The same for a layer of several inputs. The default builds for the shape of the first.
  /// - Throws: ``DescentError`` if the layer cannot be used on such input.
  open func build(inputShapes: [[Int]]) throws { try build(inputShape: inputShapes[0]) }

  /// The layer's computation: a tensor with rows on axis 0 to another. The default gives its input back.
  ///
  /// It is traced, once for each shape of batch, and replayed; it must not read elements.
  open func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { x }

  /// The computation of a layer of several tensors. The default is for layers of one.
  open func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard inputs.count == 1 else {
      throw DescentError(.invalidArgument, "layer \(name): it takes one tensor, and was called with \(inputs.count)")
    }
    return [try forward(inputs[0], context)]
  }

  /// What the tensors of a call are named where they are not given in order, as in Keras's files.
  open var argumentNames: [String] { ["inputs"] }

  /// What a call may say beside its tensors, a mask and whether it is training, as in Keras's files.
  var callOptionNames: [String] { [] }

  /// What Keras's layer takes `training` to be in a call that does not say it; nil where that is for whoever calls. Keras's files note
  /// this value of each call as if it had been said, and its `fit` does not go by it.
  class var trainingByDefault: Bool? { nil }

  /// Whether whole numbers reach the layer as they are when it is a part of a graph; otherwise they are cast to its dtype.
  open var acceptsIntegers: Bool { acceptedRowNumbers != nil }

  // MARK: - Masks

  /// Whether the result has a mask where the input has one. Otherwise the mask ends here.
  open var supportsMasking: Bool { false }

  /// The masks of the results of a layer that supports masking, where ``forward(_:_:)-([Tensor],_)`` has set none. The default
  /// hands those of the inputs on.
  /// - Parameters:
  ///   - inputs: what the layer was called with.
  ///   - masks: their masks.
  ///   - context: the forward pass's.
  open func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) throws -> [Tensor?] { masks }

  /// Whether a call may give masks: the layer looks at them or hands them on. What a program's own layer does is not known.
  var usesMasks: Bool { supportsMasking || self is Model || !isBuiltIn }

  /// Whether a mask that a call gives is one of the tensor: of its leading axes.
  func fits(_ mask: Tensor, _ x: Tensor) -> Bool { mask.rank > 0 && mask.shape == Array(x.shape.prefix(mask.rank)) }

  // MARK: - Building

  /// Builds the layer and all it calls for rows of the given shapes, computing nothing.
  func buildByTracing(_ inputs: [(shape: [Int?], dtype: DType)], with builder: ModelBuilder) throws {
    if isTracedThrough { return }
    _ = try tracingOpen(inputs.map(\.shape)) { shapes in
      try Trace.discarding {
        // Two rows, so that the axis of rows is not mistaken for one that stretches.
        let rows = shapes.indices.map { Tensor.placeholder($0, shape: [2] + shapes[$0], dtype: inputs[$0].dtype) }
        return try ForwardContext.building(with: builder) { context in try outputs(rows, context).map { Array($0.shape.dropFirst()) } }
      }
    }
    isTracedThrough = true
  }
  private var isTracedThrough = false

  /// The dtype that the layer's variables have or would have.
  var builtDType: DType { variableDType ?? requestedDType ?? builder?.dtype ?? LayerJSON.around ?? .float32 }
  /// The dtype that the layer was made with, or that a file says it has.
  var requestedDType: DType?

  /// After which the next use finds sublayers and shapes anew.
  func forgetTrace() { isTracedThrough = false }

  /// The whole numbers that the layer's input may hold, if they are numbers of rows: they reach it as they are, not cast to the
  /// model's dtype, and others are refused. Nil for any other input.
  var acceptedRowNumbers: Range<Int>? { nil }

  /// Whether whole numbers reach the forward pass as they are. Otherwise they are cast to the layer's dtype.
  var keepsWholeNumbers: Bool { true }

  /// How often what its forward pass takes for constants was replaced. A model traces its passes anew after that.
  var revision: Int { 0 }

  /// Whether Keras builds the layer for a number of rows, which files leave to its model's input.
  var isBuiltForRowCount: Bool { false }

  /// Whether Keras's class takes the option `trainable`, so that files have it.
  var hasTrainableOption: Bool { true }

  /// Called before the variables are listed.
  func prepareToBeInspected() {}

  /// Called before the variables' values are read.
  func prepareToShowWeights() {}

  /// Runs what puts other values in the variables' places.
  func withWeightsReplaced(_ body: () -> Void) { body() }

  final func buildOnce(inputShapes: [[Int]], with builder: ModelBuilder, dtype: DType) throws {
    self.builder = builder
    variableDType = dtype
    do {
      try build(inputShapes: inputShapes)
      adoptHeldVariables(builder)
    } catch {
      // A failed attempt leaves nothing behind, so that a second one starts clean.
      forgetVariables()
      throw error
    }
    isBuilt = true
  }

  /// As if it had never been built.
  final func forgetVariables() {
    builder?.release(ownVariables + ownRandomStates)
    (isBuilt, ownVariables, ownRandomStates, regularizers, constraints) = (false, [], [], [], [])
  }

  /// Counts a variable of a layer inside as one of this layer's own too, in front of the others.
  final func share(_ variable: Variable) { ownVariables.insert(variable, at: 0) }

  /// - Throws: ``DescentError`` naming the layer and both shapes if the layer was built for another size of an axis.
  package final func requireSize(_ size: Int, ofAxis axis: Int, in x: Tensor) throws {
    let own = axis < 0 ? axis + x.rank : axis
    guard x.shape.indices.contains(own), x.shape[own] == size else {
      throw DescentError(
        .invalidArgument,
        "layer \(name): it was built for \(size) elements along axis \(axis) (rows of shape \(inputShape ?? [])), but a row has shape \(Array(x.shape.dropFirst()))")
    }
  }

  /// Takes up what the forward pass read or assigned and what belongs to nobody yet: parameters, statistics, counters, and the
  /// states of generators.
  final func adoptVariables(_ context: ForwardContext) {
    let new = Trace.newVariables(for: context.builder)
    if new.isEmpty { return }
    // What metrics count is theirs: no weights of the layer's, nor of a layer that this one is a part of.
    for metric in ownMetrics { for variable in metric.variables { _ = context.builder.claim(variable) } }
    adopt(new, with: context.builder)
  }

  /// Takes up the variables and generators in stored properties of a layer of the program's own, in the order of these, before its forward
  /// pass hands what it reads of them to others, which would take them for theirs.
  private func adoptHeldVariables(_ builder: ModelBuilder) {
    if isBuiltIn { return }
    let made = ownVariables
    ownVariables = []
    adopt((held() as [Variable]) + (held() as [RandomGenerator]).map(\.state), with: builder)
    // What the layer had from the start comes before what was made for the shape of the input.
    ownVariables += made
  }

  /// Takes up those of some variables that belong to nobody yet.
  final func adopt(_ variables: some Sequence<Variable>, with builder: ModelBuilder) {
    for variable in variables where builder.claim(variable) {
      variable.path = path + "/" + variable.name
      if variable.isRandomState {
        ownRandomStates.append(variable)
      } else {
        if !variable.dtype.isFloatingPoint { variable.isTrainable = false }
        ownVariables.append(variable)
      }
    }
  }

  /// Puts sublayers into the order of the stored properties that hold them, and behind these those that none holds, in the order of their
  /// first calls. So Keras orders a layer's variables, which files of optimizers go by.
  final func orderSublayers() {
    // The module's own layers call theirs in Keras's order.
    if sublayers.count < 2 || (self as? Model)?.graph != nil || isBuiltIn { return }
    let held: [Layer] = self.held()
    let places = Dictionary(held.enumerated().map { (ObjectIdentifier($1), $0) }) { first, _ in first }
    sublayers = sublayers.enumerated().sorted {
      (places[ObjectIdentifier($0.element)] ?? .max, $0.offset) < (places[ObjectIdentifier($1.element)] ?? .max, $1.offset)
    }.map(\.element)
  }

  // MARK: - Variables

  /// Makes a variable that belongs to this layer. For use in ``build(inputShape:)``.
  /// - Parameters:
  ///   - name: its name within the layer, such as `kernel`.
  ///   - shape: of the variable.
  ///   - initializer: gives the first value, from a stream of random numbers that depends on the model's seed and on how many
  ///     variables the model made before.
  ///   - regularizer: a penalty added to the loss.
  ///   - constraint: what is done to the variable after each step of training.
  ///   - isTrainable: false for statistics that are updated in another way than by the optimizer.
  /// - Throws: ``DescentError`` if an option's name is unknown or the initializer cannot fill such a shape.
  @discardableResult
  public final func addVariable(
    _ name: String, shape: [Int], initializer: Initializer = .glorotUniform, regularizer: Regularizer? = nil,
    constraint: Constraint? = nil, isTrainable: Bool = true
  ) throws -> Variable {
    if ownVariables.contains(where: { $0.name == name }) {
      throw DescentError(.invalidArgument, "layer \(self.name): there is a variable named \(name) already")
    }
    let builder = self.builder ?? ModelBuilder(dtype: .float32, seed: nextDefaultSeed())
    self.builder = builder
    try builder.reserve(shape, for: "layer \(self.name): \(name)")
    let value = try initializer(shape, dtype: builtDType, generator: builder.nextGenerator())
    let variable = Variable(value, name: name, isTrainable: isTrainable)
    variable.path = path + "/" + name
    _ = builder.claim(variable)
    ownVariables.append(variable)
    if let regularizer { regularizers.append((variable, try regularizer.validated(for: shape, of: "layer \(self.name): \(name)"))) }
    if let constraint { constraints.append((variable, try constraint.validated(for: shape, of: "layer \(self.name): \(name)"))) }
    return variable
  }

  /// Makes a variable of whole numbers, which training leaves alone, that starts at 0. For use in ``build(inputShape:)``.
  final func addCounter(_ name: String) -> Variable {
    let variable = Variable(Tensor(repeating: 0, dtype: .int32), name: name, isTrainable: false)
    variable.path = path + "/" + name
    _ = builder?.claim(variable)
    ownVariables.append(variable)
    return variable
  }
}

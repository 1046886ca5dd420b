import TensorCore

/// What a call says beside its tensors.
struct CallDetails {
  /// What each tensor is, of ``Layer/argumentNames``.
  var names: [String] = []
  /// Settings of this call, of ``Layer/callOptionNames``.
  var options: [String: JSONValue] = [:]

  /// Whether the call says which steps count; otherwise a mask may travel beside the tensors.
  var isMaskGiven = false

  func isSet(_ option: String) -> Bool { options[option] == true }
}

/// What a forward pass is told, and what it leaves beside its result.
public final class ForwardContext {
  /// True in the forward pass of a training step, false when evaluating and predicting.
  public var isTraining: Bool {
    wasAskedForTraining = true
    return trains
  }

  private var trains: Bool
  /// Whether what is called may depend on whether the pass is one of training.
  private var wasAskedForTraining = false
  /// The model's source of random numbers. Its state is saved with the model, so that training goes on where it stopped.
  public let random: RandomGenerator

  let builder: ModelBuilder
  /// The layers that do not train in this pass, if the caller says; otherwise layers' own marks count.
  private let frozenLayers: Set<ObjectIdentifier>?
  /// Layers make their variables and find their sublayers in this pass.
  let isBuilding: Bool
  /// Whether it is a step's, by which time all layers are built.
  let isStep: Bool
  /// What layers added to the loss so far: scalars.
  public private(set) var losses: [Tensor] = []

  private var stack: [Layer] = []
  /// What variables of the layer being called are, and of those in it: that of the model but where a layer has one of its own.
  private(set) var dtype: DType
  private var outerDTypes: [DType] = []
  /// Of each of the calls on the stack.
  private var details: [CallDetails] = []
  /// Of the call that is made next.
  private var nextDetails: CallDetails?
  private var problem: DescentError?
  /// What a softmax or sigmoid was computed from, by the result's node.
  private var origins: [Int: Logits] = [:]
  /// The masks that travel beside tensors, by the tensors' nodes.
  private var masks: [Int: Tensor] = [:]

  init(
    builder: ModelBuilder, isTraining: Bool, isBuilding: Bool = false, isStep: Bool = false, frozenLayers: Set<ObjectIdentifier>? = nil
  ) {
    self.builder = builder
    self.isStep = isStep
    self.frozenLayers = frozenLayers
    trains = isTraining
    self.isBuilding = isBuilding
    random = builder.random
    dtype = builder.dtype
  }

  /// What passes in which layers are built give: one of training and, if anything in it depends on that, one of inference, so that what
  /// either of them calls becomes a sublayer. The result is the first one's.
  static func building<Result>(with builder: ModelBuilder, _ pass: (ForwardContext) throws -> Result) rethrows -> Result {
    let training = ForwardContext(builder: builder, isTraining: true, isBuilding: true)
    let result = try pass(training)
    if training.wasAskedForTraining { _ = try pass(ForwardContext(builder: builder, isTraining: false, isBuilding: true)) }
    return result
  }

  /// Whether the layer being called, and all around it, have ``Layer/isTrainable`` set. Layers that keep statistics leave them
  /// alone otherwise.
  public var isLayerTrainable: Bool {
    guard let frozenLayers else { return stack.allSatisfy(\.isTrainable) }
    return stack.allSatisfy { !frozenLayers.contains(ObjectIdentifier($0)) }
  }

  /// Adds a number to the loss of this pass, such as a penalty on what a layer computed. One that is no floating-point scalar is an error
  /// of the layer's call.
  ///
  /// Where a batch is shared by a group of processes, or cut in shards, each part adds the number of its own rows, and the batch's is their
  /// mean, weighted by rows: as on one process if it is a mean over rows, but not if it is a sum over them or mixes them otherwise.
  public func addLoss(_ loss: Tensor) {
    guard loss.shape.isEmpty, loss.dtype.isFloatingPoint else {
      let owner = stack.last.map { "layer \($0.name): " } ?? ""
      problem = problem ?? DescentError(
        .invalidArgument, "\(owner)addLoss: the loss is \(loss.dtype) \(loss.shape); expected one number, []")
      return
    }
    losses.append(loss)
  }

  /// - Throws: what was wrong in a forward pass and could not be thrown there.
  func check() throws {
    if let problem { throw problem }
  }

  /// Applies an activation, remembering the logits of a softmax or sigmoid so that a cross-entropy can be computed from them.
  /// - Throws: ``DescentError`` if the activation's name is unknown.
  public func apply(_ activation: ActivationFunction, to x: Tensor) throws -> Tensor {
    let y = try activation.applied(to: x)
    if let logits = Logits(x, before: activation) { origins[y.node.id] = logits }
    return y
  }

  /// Which steps of the tensor count, if a mask travels beside it: `bool`, of the tensor's leading axes.
  public func mask(of x: Tensor) -> Tensor? { masks[x.node.id] }

  /// Lets a mask travel beside a tensor, or none.
  public func setMask(_ mask: Tensor?, of x: Tensor) { masks[x.node.id] = mask }

  /// The tensor in another dtype, with the mask that travels beside it.
  func cast(_ x: Tensor, to dtype: DType) -> Tensor {
    let y = x.cast(to: dtype)
    if let mask = mask(of: x) { setMask(mask, of: y) }
    return y
  }

  /// Runs `body` as a part of training, or not.
  func withTraining<Result>(_ isTraining: Bool, _ body: () throws -> Result) rethrows -> Result {
    let outer = trains
    trains = isTraining
    defer { trains = outer }
    return try body()
  }

  /// What the given result of a softmax or sigmoid was computed from, if that is remembered.
  func logits(of output: Tensor) -> Logits? { origins[output.node.id] }

  func enter(_ layer: Layer) {
    if isBuilding, let parent = stack.last, !parent.sublayers.contains(where: { $0 === layer }) {
      parent.sublayers.append(layer)
      layer.place(under: parent)
    }
    stack.append(layer)
    outerDTypes.append(dtype)
    dtype = layer.isBuilt && !(layer is Model) ? layer.builtDType : layer.requestedDType ?? dtype
    details.append(nextDetails ?? CallDetails())
    nextDetails = nil
  }

  func leave() {
    stack.removeLast()
    dtype = outerDTypes.removeLast()
    details.removeLast()
  }

  /// What the call of the layer says that is being called.
  var callDetails: CallDetails { details.last ?? CallDetails() }

  /// Runs `body`, which calls a layer, with what the call says.
  func with<Result>(_ details: CallDetails, _ body: () throws -> Result) rethrows -> Result {
    nextDetails = details
    defer { nextDetails = nil }
    return try body()
  }
}

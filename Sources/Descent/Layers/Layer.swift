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
/// Shapes given to layers leave out axis 0, which counts the rows of a batch. (Keras: `keras.layers.Layer`.)
open class Layer {
  /// What the layer is called in its model. Without a name of its own it is called after its class (`dense`), with a number
  /// where a model has several (`dense_1`).
  public internal(set) var name: String
  /// Whether training changes the layer's variables, and those of its ``sublayers``. A change takes effect at the next call of
  /// `fit` or `trainOnBatch`, also after `compile`; the optimizer keeps what it knows about the variables meanwhile.
  public var isTrainable = true

  /// The shape of one row of input: given when the layer was made, otherwise known once the layer has been called.
  public internal(set) var inputShape: [Int]?
  /// The shape of one row of the result, known once the layer has been called.
  public internal(set) var outputShape: [Int]?
  /// Whether the variables exist.
  public internal(set) var isBuilt = false
  /// The layers that this one calls, in the order in which it called them first.
  public internal(set) var sublayers: [Layer] = []

  /// The variables that belong to the layer itself, in the order in which they were made.
  package private(set) var ownVariables: [Variable] = []
  package private(set) var regularizers: [(variable: Variable, regularizer: Regularizer)] = []
  package private(set) var constraints: [(variable: Variable, constraint: Constraint)] = []

  let hasGivenName: Bool
  let givenInputShape: [Int]?
  /// What the model gives its layers to build with; set on the way into ``build(inputShape:)``.
  private var builder: ModelBuilder?
  /// The name with those of the objects around it.
  var path: String

  /// - Parameters:
  ///   - name: what to call it; nil to call it after its class.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  public init(name: String? = nil, inputShape: [Int]? = nil) {
    hasGivenName = name != nil
    givenInputShape = inputShape
    self.inputShape = inputShape
    self.name = name ?? ""
    path = self.name
    if name == nil {
      self.name = Layer.kerasName(ofClass: String(describing: type(of: self)))
      path = self.name
    }
  }

  /// Makes the variables whose shapes depend on the input's. Called once, before the first forward pass.
  /// - Throws: ``DescentError`` if the layer cannot be used on such input.
  open func build(inputShape: [Int]) throws {}

  /// The layer's computation: a tensor with rows on axis 0 to another. The default gives its input back.
  ///
  /// It is traced, once for each shape of batch, and replayed; it must not read elements.
  open func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { x }

  /// Calls the layer as a part of another's forward pass, building it if that has not been done.
  public final func callAsFunction(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard x.rank > 0 else {
      throw DescentError(.invalidArgument, "layer \(name): the input has no axes; axis 0 counts rows")
    }
    context.enter(self)
    defer { context.leave() }
    let rowShape = Array(x.shape.dropFirst())
    if !isBuilt {
      if let givenInputShape, givenInputShape != rowShape {
        throw DescentError(
          .invalidArgument, "layer \(name): inputShape is \(givenInputShape) but a row of the input has shape \(rowShape)")
      }
      try Trace.suspended { try buildOnce(inputShape: rowShape, with: context.builder) }
    } else if context.isBuilding {
      // Built before, in another model or alone: the variables are the layer's own already.
      for variable in ownVariables { _ = context.builder.claim(variable) }
    }
    let result = try forward(x, context)
    guard result.rank > 0 else {
      throw DescentError(.invalidArgument, "layer \(name): the forward pass gave a tensor without axes; axis 0 counts rows")
    }
    inputShape = rowShape
    outputShape = Array(result.shape.dropFirst())
    if context.isBuilding { _ = try ModelBuilder.elementCount(outputShape ?? [], of: "layer \(name): a row of the result") }
    if context.isBuilding { adoptVariables(readBy: result, from: x, context) }
    return result
  }

  /// Calls the layer on its own, outside of any model.
  /// - Parameters:
  ///   - x: rows on axis 0.
  ///   - training: whether layers such as ``Dropout`` do what they do while training.
  public final func callAsFunction(_ x: Tensor, training: Bool = false) throws -> Tensor {
    let builder = self.builder ?? ModelBuilder(dtype: x.dtype.isFloatingPoint ? x.dtype : .float32, seed: nextDefaultSeed())
    try buildByTracing(inputShape: Array(x.shape.dropFirst()), dtype: x.dtype, with: builder)
    return try self(x, ForwardContext(builder: builder, isTraining: training))
  }

  /// Builds the layer and all it calls for rows of the given shape, computing nothing.
  func buildByTracing(inputShape: [Int], dtype: DType, with builder: ModelBuilder) throws {
    if isTracedThrough { return }
    _ = try Trace.discarding {
      // Two rows, so that the axis of rows is not mistaken for one that stretches.
      let x = Tensor.placeholder(shape: [2] + inputShape, dtype: dtype)
      return try self(x, ForwardContext(builder: builder, isTraining: true, isBuilding: true))
    }
    isTracedThrough = true
  }
  private var isTracedThrough = false

  /// After which the next use finds sublayers and shapes anew.
  func forgetTrace() { isTracedThrough = false }

  /// The whole numbers that the layer's input may hold, if they are numbers of rows: they reach it as they are, not cast to the
  /// model's dtype, and others are refused. Nil for any other input.
  var acceptedRowNumbers: Range<Int>? { nil }

  /// Called before the variables are listed.
  func prepareToBeInspected() {}

  private func buildOnce(inputShape: [Int], with builder: ModelBuilder) throws {
    self.builder = builder
    do {
      try build(inputShape: inputShape)
    } catch {
      // A failed attempt leaves nothing behind, so that a second one starts clean.
      (ownVariables, regularizers, constraints) = ([], [], [])
      throw error
    }
    isBuilt = true
  }

  private func adoptVariables(readBy result: Tensor, from x: Tensor, _ context: ForwardContext) {
    for variable in result.variablesRead(after: x) where variable.dtype.isFloatingPoint && context.builder.claim(variable) {
      variable.path = path + "/" + variable.name
      ownVariables.append(variable)
    }
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
    let value = try initializer(shape, dtype: builder.dtype, generator: builder.nextGenerator())
    let variable = Variable(value, name: name, isTrainable: isTrainable)
    variable.path = path + "/" + name
    _ = builder.claim(variable)
    ownVariables.append(variable)
    if let regularizer { regularizers.append((variable, try regularizer.validated())) }
    if let constraint { constraints.append((variable, try constraint.validated())) }
    return variable
  }

  /// All variables: the layer's own, then those of its sublayers, in order.
  public var variables: [Variable] {
    prepareToBeInspected()
    var seen: Set<ObjectIdentifier> = []
    return allLayers.flatMap(\.ownVariables).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The variables that training changes as things stand.
  public var trainableVariables: [Variable] {
    prepareToBeInspected()
    var seen: Set<ObjectIdentifier> = []
    return trainableLayers.flatMap(\.ownVariables).filter { $0.isTrainable && seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The variables that training leaves alone or changes in another way than by the optimizer.
  public var nonTrainableVariables: [Variable] {
    let trainable = Set(trainableVariables.map(ObjectIdentifier.init))
    return variables.filter { !trainable.contains(ObjectIdentifier($0)) }
  }

  /// The number of elements of all variables.
  public func countParameters() -> Int { variables.reduce(0) { $0 + $1.count } }

  /// This layer and all below it.
  package var allLayers: [Layer] { [self] + sublayers.flatMap(\.allLayers) }

  private var trainableLayers: [Layer] { isTrainable ? [self] + sublayers.flatMap(\.trainableLayers) : [] }

  // MARK: - Names

  /// Gives the layer its place in the tree of names.
  func place(under parent: Layer) {
    if !hasGivenName {
      let base = Layer.kerasName(ofClass: String(describing: type(of: self)))
      let taken = Set(parent.sublayers.lazy.filter { $0 !== self }.map(\.name))
      name = base
      var number = 1
      while taken.contains(name) {
        name = "\(base)_\(number)"
        number += 1
      }
    }
    renamePaths(to: parent.path + "/" + name)
  }

  private func renamePaths(to newPath: String) {
    path = newPath
    for variable in ownVariables { variable.path = path + "/" + variable.name }
    for layer in sublayers { layer.renamePaths(to: newPath + "/" + layer.name) }
  }

  /// `BatchNormalization` → `batch_normalization`, `ReLU` → `re_lu`: Keras's rule.
  package static func kerasName(ofClass className: String) -> String {
    var result = ""
    let letters = Array(className.prefix { $0 != "<" })
    for (index, letter) in letters.enumerated() {
      if letter.isUppercase && index > 0 {
        let followsLower = letters[index - 1].isLowercase
        let startsWord = index + 1 < letters.count && letters[index + 1].isLowercase
        if followsLower || startsWord { result += "_" }
      }
      result += letter.lowercased()
    }
    return result
  }
}

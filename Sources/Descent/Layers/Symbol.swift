import TensorCore

/// What stands for a tensor in a graph of layers: an ``Input``, or the ``Symbol`` that a layer gave.
public protocol Symbolic {
  /// What it stands for in a graph.
  var symbol: Symbol { get }
}

/// A tensor that is not there yet: its shape, its dtype, and the call of a layer that will give it.
///
///     let image = Input(shape: [28, 28]), meta = Input(shape: [8])
///     let x = try concatenate([Flatten()(image), Dense(16, activation: .relu)(meta)])
///     let model = try Model(inputs: [image, meta], outputs: Dense(10, activation: .softmax)(x))
///
/// Layers, models, operators and the functions of tensors take symbols and give symbols; nothing is computed, so a symbol has no
/// elements to print or to train on. What does not fit throws when the graph is made. (Keras: `KerasTensor`.)
public struct Symbol: Symbolic, CustomStringConvertible {
  let call: LayerCall
  /// Which of the call's results it is.
  let index: Int

  /// The shape of one row; nil for a size that is open.
  public var shape: [Int?] { call.results[index].shape }
  /// Of the tensor that it stands for.
  public var dtype: DType { call.results[index].dtype }
  /// The layer that gives it. (Keras: `_keras_history.operation`.)
  public var layer: Layer { call.layer }
  /// What it stands for in a graph.
  public var symbol: Symbol { self }
  public var description: String { "Symbol(\(call.layer.name), a row: \(shape.text), dtype: \(dtype))" }

  /// What tells two symbols apart.
  var identity: Identity { Identity(call: ObjectIdentifier(call), index: index) }

  struct Identity: Hashable {
    let call: ObjectIdentifier
    let index: Int
  }
}

extension Input: Symbolic {
  /// The input as a part of a graph.
  public var symbol: Symbol {
    if let call = calls.first { return Symbol(call: call, index: 0) }
    let call = LayerCall(input: self, shape: givenInputShape ?? [], dtype: dtype ?? .float32)
    return Symbol(call: call, index: 0)
  }
}

/// A call of a layer in a graph: the layer, what it is called with, and what comes out.
final class LayerCall {
  struct Result {
    let shape: [Int?]
    let dtype: DType
  }

  /// Of tensors that stand in for others while shapes are found out: a prime number.
  private static let rows = 1009

  let layer: Layer
  private(set) var arguments: CallArguments
  /// The tensors among the arguments, in order.
  private(set) var inputs: [Symbol]
  private(set) var results: [Result] = []

  var isInput: Bool { layer is Input }
  var outputs: [Symbol] { results.indices.map { Symbol(call: self, index: $0) } }

  fileprivate init(input: Input, shape: [Int?], dtype: DType) {
    layer = input
    arguments = CallArguments()
    inputs = []
    results = [Result(shape: shape, dtype: dtype)]
    input.noteCall(self)
  }

  /// Finds out shapes by tracing the call, which builds the layer.
  /// - Throws: ``DescentError`` naming the layer if it cannot be called so.
  /// - Parameter builder: what an unbuilt layer is built with; nil for one of its own.
  init(_ layer: Layer, _ arguments: CallArguments, builder given: ModelBuilder? = nil) throws {
    self.layer = layer
    self.arguments = arguments
    inputs = arguments.symbols
    guard !inputs.isEmpty else { throw DescentError(.invalidArgument, "layer \(layer.name): it was called without a symbol") }
    let dtype = inputs.first { $0.dtype.isFloatingPoint }?.dtype ?? .float32
    let builder = layer.builder ?? given ?? ModelBuilder(dtype: layer.requestedDType ?? dtype, seed: nextDefaultSeed())
    var dtypes: [DType] = []
    let shapes = try layer.tracingOpen(inputs.map(\.shape)) { shapes in
      try Trace.discarding {
        // So many rows that their axis is not mistaken for another one.
        let stand = shapes.indices.map { Tensor.placeholder($0, shape: [LayerCall.rows] + shapes[$0], dtype: inputs[$0].dtype) }
        let results = try ForwardContext.building(with: builder) { context in try run(stand, context) }
        guard results.allSatisfy({ $0.rank > 0 }) else {
          throw DescentError(.invalidArgument, "layer \(layer.name): the result has no axes; axis 0 counts rows, and must stay")
        }
        dtypes = results.map(\.dtype)
        return results.map { Array($0.shape.dropFirst()) }
      }
    }
    results = zip(shapes, dtypes).map { Result(shape: $0, dtype: $1) }
    layer.noteCall(self)
  }

  /// Lets go of the calls before it one after the other: a graph of many layers would overflow the stack if each released the next.
  deinit {
    var waiting = inputs.map(\.call)
    (arguments, inputs) = (CallArguments(), [])
    while var call = waiting.popLast() {
      if !isKnownUniquelyReferenced(&call) { continue }
      waiting += call.inputs.map(\.call)
      (call.arguments, call.inputs) = (CallArguments(), [])
    }
  }

  /// The results for tensors in place of ``inputs``.
  func run(_ tensors: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    let values = arguments.with(tensors)
    if let operation = layer as? OperationLayer { return try operation.apply(values) }
    func body() throws -> [Tensor] {
      var places: [Tensor] = values.positional.flatMap(\.tensors)
      // A tensor that may be left out is given as none.
      var details = CallDetails(names: zip(layer.argumentNames, values.positional).compactMap { $1.tensors.isEmpty ? nil : $0 })
      for name in layer.argumentNames.dropFirst(values.positional.count) {
        if let value = values.named.first(where: { $0.name == name })?.value {
          places += value.tensors
          details.names.append(name)
        }
      }
      for name in layer.callOptionNames {
        if let json = values.named.first(where: { $0.name == name })?.value.json { details.options[name] = json }
      }
      var masks: [Tensor?] = []
      if let given = values.named.first(where: { $0.name == "mask" })?.value {
        masks = given.isList ? given.elements.map(\.tensors.first) : [given.tensors.first]
      }
      return try layer.outputs(places.map { layer.fitted($0, context) }, givenMasks: masks, details, context)
    }
    if let training = values.named.first(where: { $0.name == "training" })?.value.json?.bool {
      return try context.withTraining(training, body)
    }
    return try body()
  }
}

/// What a layer is called with: tensors, lists of them, numbers and names.
struct CallArguments {
  indirect enum Value {
    case symbol(Symbol)
    case tensor(Tensor)
    case list([Value])
    case json(JSONValue)
  }

  var positional: [Value] = []
  var named: [(name: String, value: Value)] = []

  var symbols: [Symbol] { positional.flatMap(\.symbols) + named.flatMap(\.value.symbols) }

  /// The same with tensors in place of the symbols, in order.
  func with(_ tensors: [Tensor]) -> CallArguments {
    var rest = tensors[...]
    var result = self
    result.positional = positional.map { $0.with(&rest) }
    result.named = named.map { ($0.name, $0.value.with(&rest)) }
    return result
  }
}

extension CallArguments.Value {
  var symbols: [Symbol] {
    switch self {
    case .symbol(let symbol): [symbol]
    case .list(let values): values.flatMap(\.symbols)
    case .tensor, .json: []
    }
  }

  var tensors: [Tensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .list(let values): values.flatMap(\.tensors)
    case .symbol, .json: []
    }
  }

  var isList: Bool { if case .list = self { true } else { false } }
  var elements: [CallArguments.Value] { if case .list(let values) = self { values } else { [self] } }
  var json: JSONValue? { if case .json(let json) = self { json } else { nil } }

  func with(_ rest: inout ArraySlice<Tensor>) -> CallArguments.Value {
    switch self {
    case .symbol: return .tensor(rest.removeFirst())
    case .list(let values): return .list(values.map { $0.with(&rest) })
    case .tensor, .json: return self
    }
  }
}

// MARK: - Layers called with symbols

extension Layer {
  /// Calls the layer in a graph. (Keras: `layer(x)`.)
  /// - Parameters:
  ///   - x: an input or what another layer gave.
  ///   - mask: which steps of `x` count, of its leading axes, for this call; what is not 0 counts. Nil for what travels beside `x`.
  ///   - training: whether the layer does what it does while training; nil for as the model does.
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit.
  public func callAsFunction(_ x: some Symbolic, mask: (any Symbolic)? = nil, training: Bool? = nil) throws -> Symbol {
    try only(LayerCall(self, layerArguments([.symbol(x.symbol)], mask, training)))
  }

  /// Calls a layer of several tensors in a graph. (Keras: `layer([a, b])`.)
  public func callAsFunction(_ inputs: [any Symbolic], training: Bool? = nil) throws -> Symbol {
    try only(LayerCall(self, layerArguments([.list(inputs.map { .symbol($0.symbol) })], nil, training)))
  }

  /// All that the layer gives. (Keras: `a, b = layer(x)`.)
  public func outputs(_ inputs: [any Symbolic], training: Bool? = nil) throws -> [Symbol] {
    let values = inputs.map { CallArguments.Value.symbol($0.symbol) }
    return try LayerCall(self, layerArguments(values.count == 1 ? values : [.list(values)], nil, training)).outputs
  }

  private func layerArguments(
    _ positional: [CallArguments.Value], _ mask: (any Symbolic)?, _ training: Bool?
  ) -> CallArguments {
    var result = CallArguments(positional: positional)
    if let mask { result.named.append(("mask", .symbol(mask.symbol))) }
    if let training { result.named.append(("training", .json(.bool(training)))) }
    return result
  }

  private func only(_ call: LayerCall) throws -> Symbol {
    guard call.results.count == 1 else {
      throw DescentError(.invalidArgument, "layer \(name): it gives \(call.results.count) tensors; ask for its outputs(_:)")
    }
    return Symbol(call: call, index: 0)
  }

  /// The calls that are a part of some graph, the first first.
  var calls: [LayerCall] { callReferences.compactMap(\.call) }

  func noteCall(_ call: LayerCall) {
    callReferences.removeAll { $0.call == nil }
    callReferences.append(CallReference(call: call))
  }

  private func firstCall() throws -> LayerCall {
    if calls.isEmpty { try (parent as? Sequential)?.makeGraph() }
    guard let call = calls.first else {
      throw DescentError(.state, "layer \(name): it has not been called with symbols, and so is no part of a graph")
    }
    return call
  }

  /// What the layer gave when it was first called in a graph; of a model that is a graph itself, its own output. (Keras: `Layer.output`.)
  /// - Throws: ``DescentError`` if it is no part of a graph, or gives several tensors; see ``outputs``.
  public var output: Symbol {
    get throws {
      let all = try outputs
      guard all.count == 1 else { throw DescentError(.invalidArgument, "\(name): it has \(all.count) outputs; ask for its outputs") }
      return all[0]
    }
  }

  /// All tensors that the layer gave when it was first called in a graph; of a model that is a graph itself, its own outputs. (Keras:
  /// `Layer.output` of a layer that gives several, `Model.outputs`.)
  /// - Throws: ``DescentError`` if it is no part of a graph.
  public var outputs: [Symbol] {
    get throws {
      if let own = try (self as? Model)?.ownGraph { return own.outputs }
      let call = try firstCall()
      return call.results.indices.map { Symbol(call: call, index: $0) }
    }
  }

  /// What the layer was called with when it was first called in a graph; of a model that is a graph itself, its own input. (Keras:
  /// `Layer.input`.)
  /// - Throws: ``DescentError`` if it is no part of a graph, or a model of several inputs.
  public var input: Symbol {
    get throws {
      if let own = try (self as? Model)?.ownGraph {
        guard own.inputs.count == 1 else { throw DescentError(.invalidArgument, "\(name): it has \(own.inputs.count) inputs; ask for its inputs") }
        return own.inputs[0]
      }
      let call = try firstCall()
      return call.inputs.first ?? Symbol(call: call, index: 0)
    }
  }
}

/// A call that a layer knows of but does not keep.
struct CallReference {
  weak var call: LayerCall?
}

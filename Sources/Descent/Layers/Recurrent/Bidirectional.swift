import TensorCore

/// A recurrent layer run over a sequence forwards, and another one backwards. (Schuster & Paliwal, 1997; Keras:
/// `keras.layers.Bidirectional`.)
///
///     let model = Sequential { Embedding(500, 16); Bidirectional(LSTM(8)); Dense(1, activation: .sigmoid) }
///
/// As in Keras, both layers are made anew from the settings of the one given. Initial states are the forward layer's and then the backward
/// layer's, and so are the states that `returnState` asks for. With `returnSequences` a masked step gives zeros.
public final class Bidirectional: Layer {
  /// How the results of both directions become one.
  public enum MergeMode: String, Sendable, CaseIterable {
    /// Side by side along the last axis.
    case concat
    /// Their sum.
    case sum
    /// Their product.
    case mul
    /// Their mean.
    case ave
  }

  /// The layer that runs from the first step to the last.
  public let forwardLayer: RecurrentLayer
  /// The layer that runs from the last step to the first.
  public let backwardLayer: RecurrentLayer
  /// How the results become one; nil for two results.
  public let mergeMode: MergeMode?
  private let problem: (any Error)?

  /// - Parameters:
  ///   - layer: the layer to run forwards.
  ///   - mergeMode: how the results of both directions become one; nil for two results.
  ///   - backwardLayer: the layer to run backwards, with `goBackwards`; nil for one like `layer`.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ layer: RecurrentLayer, mergeMode: MergeMode? = .concat, backwardLayer: RecurrentLayer? = nil, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    let (forward, forwardProblem) = Bidirectional.copy(layer, "forward_")
    let (backward, backwardProblem) = backwardLayer.map { ($0, nil) } ?? Bidirectional.copy(layer, "backward_", goBackwards: true)
    forwardLayer = forward
    self.backwardLayer = backward
    problem = forwardProblem ?? backwardProblem
    self.mergeMode = mergeMode
    for inner in [forward, backward] { inner.forceZeroOutputForMask(inner.returnSequences) }
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// A layer of the same settings, or the layer and why it cannot be made.
  private static func copy(_ layer: RecurrentLayer, _ prefix: String, goBackwards: Bool? = nil) -> (RecurrentLayer, (any Error)?) {
    do {
      let json = try LayerJSON.json(of: layer, dtype: layer.builtDType)
      guard var description = json.object, var config = json["config"]?.object else { return (layer, nil) }
      let own = layer.name.hasPrefix(prefix) ? String(layer.name.dropFirst(prefix.count)) : layer.name
      config["name"] = .string(prefix + own)
      description["name"] = .string(prefix + own)
      description["build_config"] = nil
      if let goBackwards { config["go_backwards"] = .bool(goBackwards) }
      description["config"] = .object(config)
      let copy = try LayerJSON.layer(.object(description), dtype: layer.requestedDType, elementLimit: .max, place: "Bidirectional")
      guard let copy = copy as? RecurrentLayer else { return (layer, nil) }
      copy.isTrainable = layer.isTrainable
      // What was made without a dtype takes the one around it, cells too.
      for (copy, layer) in zip(copy.withHeldLayers, layer.withHeldLayers) { copy.requestedDType = layer.requestedDType }
      return (copy, nil)
    } catch {
      return (layer, error)
    }
  }

  override var keepsWholeNumbers: Bool { false }
  override var isBuiltForRowCount: Bool { forwardLayer.isStateful }

  public override func build(inputShape: [Int]) throws {
    if let problem { throw problem }
    let (forward, backward) = (forwardLayer, backwardLayer)
    guard forward !== backward, forward.goBackwards != backward.goBackwards else {
      throw settingsError("one of its layers must have goBackwards set, and the other not")
    }
    for (option, isEqual) in [
      ("returnSequences", forward.returnSequences == backward.returnSequences), ("returnState", forward.returnState == backward.returnState),
      ("stateful", forward.isStateful == backward.isStateful),
    ] where !isEqual {
      throw settingsError("its layers differ in \(option); expected the same")
    }
  }

  public override var argumentNames: [String] { ["sequences", "initial_state"] }

  public override var supportsMasking: Bool { true }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] {
    let states = forwardLayer.returnState ? (forwardLayer.cell.stateShapes + backwardLayer.cell.stateShapes).count : 0
    let mask = forwardLayer.returnSequences ? masks[0] : nil
    return [Tensor?](repeating: mask, count: mergeMode == nil ? 2 : 1) + [Tensor?](repeating: nil, count: states)
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    let states = Array(inputs.dropFirst())
    let own = forwardLayer.cell.stateShapes.count
    let expected = own + backwardLayer.cell.stateShapes.count
    guard states.isEmpty || states.count == expected else {
      throw settingsError("it was called with \(states.count) initial states; expected \(expected)")
    }
    let details = CallDetails(isMaskGiven: context.callDetails.isMaskGiven)
    let forward = try context.with(details) { try forwardLayer.outputs([inputs[0]] + states.prefix(own), context) }
    let backward = try context.with(details) { try backwardLayer.outputs([inputs[0]] + states.dropFirst(own), context) }
    let (a, b) = (forward[0], forwardLayer.returnSequences ? flip(backward[0], axes: [1]) : backward[0])
    let merged: [Tensor]
    switch mergeMode {
    case nil: merged = [a, b]
    case .concat: merged = [concatenate([a, b], axis: -1)]
    case .some(let mode):
      guard a.shape == b.shape else { throw settingsError("rows of shapes \(a.shape.dropFirst()) and \(b.shape.dropFirst()) cannot be merged") }
      merged = [mode == .sum ? a + b : mode == .mul ? a * b : (a + b) / 2]
    }
    return merged + forward.dropFirst() + backward.dropFirst()
  }

  /// Calls the layer in a graph with what its states are before the first step.
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit.
  /// - Returns: all that the layer gives.
  public func outputs(_ x: some Symbolic, initialState: [any Symbolic]) throws -> [Symbol] {
    let states = CallArguments.Value.list(initialState.map { .symbol($0.symbol) })
    return try LayerCall(self, CallArguments(positional: [.symbol(x.symbol)], named: [("initial_state", states)])).outputs
  }
}

extension Bidirectional: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let layer: RecurrentLayer = try options.layer("layer", "a recurrent layer")
    var backward: RecurrentLayer?
    if options.value("backward_layer") != .null { backward = try options.layer("backward_layer", "a recurrent layer") as RecurrentLayer }
    let mode = options.has("merge_mode") ? try options.optional("merge_mode", .choice(MergeMode.self)) : .concat
    self.init(layer, mergeMode: mode, backwardLayer: backward, inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([
      ("merge_mode", mergeMode.map { .string($0.rawValue) } ?? .null),
      ("layer", try LayerJSON.json(of: forwardLayer, dtype: forwardLayer.builtDType)),
      ("backward_layer", try LayerJSON.json(of: backwardLayer, dtype: backwardLayer.builtDType)),
    ])
  }
}


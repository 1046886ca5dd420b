import TensorCore

/// A cell run over the steps of a sequence: `[rows, steps, …]` to the output of the last step, `[rows, units]`, or of all steps,
/// `[rows, steps, units]`. The base of ``SimpleRNN``, ``LSTM``, ``GRU``, and of ``RNN`` for any cell.
///
/// The steps are one operation of the plan (`scan`), so that neither building nor compiling takes longer for longer sequences. A masked
/// step leaves the state as it is.
///
/// With initial states the layer is called with several tensors, the sequence first: `layer([x, h])`, or in a graph
/// `layer(x, initialState: [h])`. With `returnState` it gives the states after the last step behind the output; ask for them by
/// `outputs`. A mask that travels beside the sequence does not reach a call with states, as in Keras; one that is given to the call does.
public class RecurrentLayer: Layer {
  /// What is done at each step.
  public let cell: RNNCell
  /// Whether the result holds the outputs of all steps, in the order in which they were computed, or the last one.
  public let returnSequences: Bool
  /// Whether the states after the last step are results too.
  public let returnState: Bool
  /// Whether the last step of the sequence is the first to be computed.
  public let goBackwards: Bool
  /// Whether a batch begins with the states that the one before it left, row by row.
  public let isStateful: Bool
  /// Kept for files: here the steps are a loop of the plan in any case, with the same result.
  public let unroll: Bool
  /// Whether masked steps give zeros; otherwise what the last step that counts gave.
  public private(set) var zeroOutputForMask: Bool

  /// The states that the last batch left, if the layer is stateful and has seen one.
  public private(set) var states: [Variable]?

  init(
    _ cell: RNNCell, _ sequence: SequenceSettings, activityRegularizer: Regularizer?, inputShape: [Int?]?,
    name: String?, trainable: Bool, dtype: DType?
  ) {
    self.cell = cell
    returnSequences = sequence.returnSequences
    returnState = sequence.returnState
    goBackwards = sequence.goBackwards
    isStateful = sequence.stateful
    unroll = sequence.unroll
    zeroOutputForMask = sequence.zeroOutputForMask
    super.init(activityRegularizer: activityRegularizer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }
  override var isBuiltForRowCount: Bool { isStateful }

  public override func build(inputShape: [Int]) throws {
    guard inputShape.count >= 2, inputShape[0] > 0 else {
      throw settingsError("a row of the input has shape \(inputShape); expected [steps, features] with at least one step")
    }
  }

  public override var argumentNames: [String] { ["sequences", "initial_state"] }

  public override var supportsMasking: Bool { true }

  override class var trainingByDefault: Bool? { false }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] {
    [returnSequences ? masks[0] : nil] + (returnState ? cell.stateShapes.map { _ in nil } : [])
  }

  // MARK: - Computing

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    let x = inputs[0]
    guard x.rank >= 3, x.shape[1] > 0 else {
      throw settingsError("a row of the input has shape \(Array(x.shape.dropFirst())); expected [steps, features] with at least one step")
    }
    let (rows, steps) = (x.shape[0], x.shape[1])
    // As Keras, which passes a mask on only to calls of one tensor: beside states it must be given.
    let isMasked = inputs.count == 1 || context.callDetails.isMaskGiven
    let mask = try isMasked ? stepMask(of: x, context)?.transposed([1, 0]) : nil
    for shape in cell.stateShapes where shape.contains(where: { $0 < 0 }) {
      throw settingsError("the states of \(type(of: cell)) have the shape \(shape); expected sizes of at least 1")
    }
    let kept = try keptStates(rows: rows, dtype: x.dtype, context)
    let given = Array(inputs.dropFirst())
    let initial = given.isEmpty ? kept?.map(\.value) ?? cell.initialState(rows: rows, dtype: x.dtype) : given
    try cell.checkState(initial, rows: rows, of: self)
    if context.isBuilding || !cell.isBuilt {
      _ = try cell.outputs([x.sliced(starts: [0, 0], sizes: [rows, 1]).reshaped([rows] + x.shape.dropFirst(2))] + initial, context)
    }
    context.enter(cell)
    defer { context.leave() }
    let parts = try cell.prepare(x.transposed([1, 0] + Array(2..<x.rank)), context)
    let needsOutputs = returnSequences || cell.outputState == nil || (mask != nil && zeroOutputForMask)
    let (final, outputs) = try scan(initial, over: parts + (mask.map { [$0] } ?? []), reverse: goBackwards) { state, step in
      let (output, next) = try cell.step(Array(step.prefix(parts.count)), state, context)
      guard mask != nil, let isGiven = step.last else { return (next, needsOutputs ? [output] : []) }
      let held = zip(next, state).map { select(isGiven.spread(like: $0), $0, $1) }
      if !needsOutputs { return (held, []) }
      let masked = zeroOutputForMask ? Tensor.zeros([], dtype: output.dtype) : state[cell.heldState]
      return (held, [select(isGiven.spread(like: output), output, masked)])
    }
    if let kept { for (variable, state) in zip(kept, final) { variable.assign(stopGradient(state)) } }
    return [try result(final, outputs, steps)] + (returnState ? final : [])
  }

  private func result(_ final: [Tensor], _ outputs: [Tensor], _ steps: Int) throws -> Tensor {
    guard let all = outputs.first else { return final[cell.outputState ?? 0] }
    if !returnSequences {
      return all.sliced(starts: [goBackwards ? 0 : steps - 1], sizes: [1]).reshaped(Array(all.shape.dropFirst()))
    }
    let ordered = goBackwards ? flip(all, axes: [0]) : all
    return ordered.transposed([1, 0] + Array(2..<all.rank))
  }

  // MARK: - States between batches

  /// The variables of a stateful layer's states; nil while it is built, and of a layer that keeps none.
  private func keptStates(rows: Int, dtype: DType, _ context: ForwardContext) throws -> [Variable]? {
    if !isStateful || context.isBuilding { return nil }
    if let states {
      if let first = states.first, first.shape[0] != rows {
        throw settingsError("it is stateful and began with batches of \(first.shape[0]) rows; this one has \(rows)")
      }
      return states
    }
    return Trace.suspended { makeStates(cell.initialState(rows: rows, dtype: dtype)) }
  }

  private func makeStates(_ values: [Tensor]) -> [Variable] {
    let made = values.enumerated().map { Variable($1, name: "rnn_state_\($0)", isTrainable: false) }
    for variable in made { variable.path = path + "/" + variable.name }
    states = made
    return made
  }

  /// Whether states can be given to ``restoreStates(_:)``: none, or those of some number of rows.
  func canTake(_ values: [Tensor]) -> Bool {
    guard let first = values.first else { return true }
    guard let rows = first.shape.first, first.count > 0, values.allSatisfy({ $0.dtype == first.dtype }), first.dtype.isFloatingPoint else { return false }
    return Trace.suspended { cell.initialState(rows: rows, dtype: first.dtype).map(\.shape) } == values.map(\.shape)
  }

  /// Lets the next batch begin with given states.
  func restoreStates(_ values: [Tensor]) {
    guard let states, states.map(\.shape) == values.map(\.shape) else {
      if values.isEmpty { resetStates() } else { _ = makeStates(values) }
      return
    }
    for (variable, value) in zip(states, values) { variable.assign(value) }
  }

  /// Lets the next batch of a stateful layer begin with zeros. (Keras: `reset_state`.)
  public func resetStates() {
    for variable in states ?? [] { variable.assign(Tensor.zeros(variable.shape, dtype: variable.dtype)) }
  }

  /// As ``Bidirectional`` asks of the layers inside.
  func forceZeroOutputForMask(_ value: Bool) { zeroOutputForMask = value }

  // MARK: - Calls in a graph

  /// Calls the layer in a graph with what its states are before the first step. (Keras: `layer(x, initial_state=[h])`.)
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit, or if it gives several results;
  ///   `outputs(_:initialState:)` gives them all.
  public func callAsFunction(_ x: some Symbolic, initialState: [any Symbolic]) throws -> Symbol {
    let results = try outputs(x, initialState: initialState)
    guard results.count == 1 else { throw settingsError("it gives \(results.count) tensors; ask for its outputs(_:initialState:)") }
    return results[0]
  }

  /// All that the layer gives for initial states.
  /// - Throws: ``DescentError`` naming the layer and the shapes if they do not fit.
  public func outputs(_ x: some Symbolic, initialState: [any Symbolic]) throws -> [Symbol] {
    let states = CallArguments.Value.list(initialState.map { .symbol($0.symbol) })
    return try LayerCall(self, CallArguments(positional: [.symbol(x.symbol)], named: [("initial_state", states)])).outputs
  }
}

extension Model {
  /// Lets the next batch begin with zeros in all stateful layers.
  public func resetStates() { for layer in allLayers { (layer as? RecurrentLayer)?.resetStates() } }
}

// MARK: - Files

/// The settings that all recurrent layers have.
struct SequenceSettings {
  var returnSequences: Bool, returnState: Bool, goBackwards: Bool, stateful: Bool, unroll: Bool, zeroOutputForMask: Bool
}

extension SequenceSettings {
  init(_ options: inout LayerOptions) throws {
    self.init(
      returnSequences: try options.bool("return_sequences"),
      returnState: try options.bool("return_state"), goBackwards: try options.bool("go_backwards"),
      stateful: try options.bool("stateful"), unroll: try options.bool("unroll"),
      zeroOutputForMask: try options.bool("zero_output_for_mask"))
    // Where Keras 2 has the axis of steps.
    try options.refuse("time_major", unless: false)
  }
}

extension RecurrentLayer {
  func sequenceOptions() -> JSONObject {
    JSONObject([
      ("return_sequences", .bool(returnSequences)), ("return_state", .bool(returnState)), ("go_backwards", .bool(goBackwards)),
      ("stateful", .bool(isStateful)), ("unroll", .bool(unroll)), ("zero_output_for_mask", .bool(zeroOutputForMask)),
    ])
  }
}

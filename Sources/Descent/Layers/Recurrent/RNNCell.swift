import TensorCore

/// What a recurrent network does at one step: from a step's input and the state to an output and a new state. ``RNN`` makes a layer
/// of it.
///
/// A cell of one's own says how large its states are and computes a step:
///
///     final class Minimal: RNNCell {
///       let units: Int
///       init(_ units: Int) { self.units = units; super.init() }
///       override var stateShapes: [[Int]] { [[units]] }
///       override func build(inputShape: [Int]) throws {
///         try addVariable("kernel", shape: [inputShape[0], units])
///         try addVariable("recurrent_kernel", shape: [units, units], initializer: .orthogonal)
///       }
///       override func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
///         let h = matmul(x[0], variables[0].value) + matmul(state[0], variables[1].value)
///         return (h, [h])
///       }
///     }
///     let layer = RNN(Minimal(32), returnSequences: true)
///
/// A step is traced once, whatever the length of the sequence. Called as a layer, a cell takes a step's input and the states, and gives
/// the output and the states after the step. (Keras: a cell, any object with `state_size` and `call(inputs, states)`.)
open class RNNCell: Layer {
  /// The shape of one row of each state: at least one, which a cell of one's own has to say. (Keras: `state_size`.)
  open var stateShapes: [[Int]] { [] }

  override class var trainingByDefault: Bool? { false }

  /// What is wrong where there are none.
  var reasonForNoStates: String { "\(type(of: self)) says no stateShapes; override it" }

  /// Which of the states after a step is also the step's output; nil if none is known to be. A masked step of a sequence gives this
  /// state, or the first.
  open var outputState: Int? { nil }

  /// Which state a masked step gives.
  var heldState: Int { outputState ?? 0 }

  /// What the steps need of the inputs, computed for all steps at once: `[steps, rows, …]` to one or more tensors with the steps
  /// along axis 0. The default gives the inputs; products with a kernel belong here, because one large product is faster than many.
  /// - Throws: ``DescentError`` if the cell cannot be used on such input.
  open func prepare(_ x: Tensor, _ context: ForwardContext) throws -> [Tensor] { [x] }

  /// One step.
  /// - Parameters:
  ///   - x: the step's parts of what ``prepare(_:_:)`` gave, `[rows, …]`.
  ///   - state: the states before the step.
  ///   - context: of the forward pass.
  /// - Returns: the output, and the states after the step, in their order.
  /// - Throws: ``DescentError`` if the cell cannot be used on such input, or overrides no step.
  open func step(_ x: [Tensor], _ state: [Tensor], _ context: ForwardContext) throws -> (output: Tensor, state: [Tensor]) {
    throw settingsError("\(type(of: self)) computes no step; override step(_:_:_:)")
  }

  /// The states before the first step; zeros unless overridden. (Keras: `get_initial_state`.)
  open func initialState(rows: Int, dtype: DType) -> [Tensor] { stateShapes.map { Tensor.zeros([rows] + $0, dtype: dtype) } }

  public override var argumentNames: [String] { ["inputs", "states"] }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    let state = Array(inputs.dropFirst())
    try checkState(state, rows: inputs[0].shape[0])
    let parts = try prepare(inputs[0].expandingShape(at: 0), context).map { $0.reshaped(Array($0.shape.dropFirst())) }
    let (output, next) = try step(parts, state, context)
    return [output] + next
  }

  /// - Throws: ``DescentError`` naming the layer if states are not those of the cell.
  func checkState(_ state: [Tensor], rows: Int, of owner: Layer? = nil) throws {
    if stateShapes.isEmpty { throw (owner ?? self).settingsError(reasonForNoStates) }
    let given = state.map { Array($0.shape.dropFirst()) }
    guard given == stateShapes else {
      func text(_ shapes: [[Int]]) -> String { shapes.map { "\($0)" }.joined(separator: ", ") }
      throw (owner ?? self).settingsError(
        given.isEmpty ? "the initial states are missing; expected rows of shapes \(text(stateShapes))"
          : "a row of the initial states has the shapes \(text(given)); expected \(text(stateShapes))")
    }
    for state in state where state.shape[0] != rows {
      throw (owner ?? self).settingsError("the initial state has \(state.shape[0]) rows; the input has \(rows)")
    }
  }
}

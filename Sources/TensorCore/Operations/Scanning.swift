/// A loop over the steps of a sequence, as one operation: a recurrent network, a filter, a running total.
///
///     // A recurrent cell without a bias: h ← tanh(xW + hU), for x of shape [steps, rows, inputs].
///     let products = matmul(x, w.value)
///     let (last, all) = scan(Tensor.zeros([rows, units]), over: products) { h, product in
///       tanh(product + matmul(h, u.value))
///     }
///
/// The body is traced once, whatever the number of steps, and runs inside the plan: neither compiling nor the plan grows with the
/// sequence. What the body takes from outside is the same at each step; what of it does not depend on the state or the step is computed
/// once, before the loop. Derivatives of all orders exist; they keep the states, and the matrix products of the body, of each step, or
/// compute the products again where memory is dearer than time (`recompute`).
///
/// The states and results are of one dtype. The body may read variables and must not assign them anything that depends on the state or
/// the step; what does not fit is a programming error.
/// - Parameters:
///   - initial: the states before the first step.
///   - inputs: the steps lie along axis 0 of each. The body gets a step's part without that axis.
///   - count: the number of steps; may be left out where there is an input.
///   - reverse: from the last step to the first. Results stay where their steps are.
///   - recompute: whether derivatives compute the body's matrix products again instead of keeping those of each step. The numbers are
///     the same.
///   - body: from the states and the parts of a step to the states after it, of the same shapes, and what to give for it.
/// - Returns: the states after the last step (the initial ones if there is none), and the results of all steps along a new axis 0.
public func scan(
  _ initial: [Tensor], over inputs: [Tensor], count: Int? = nil, reverse: Bool = false, recompute: Bool = false,
  _ body: (_ state: [Tensor], _ step: [Tensor]) throws -> (state: [Tensor], results: [Tensor])
) rethrows -> (state: [Tensor], results: [Tensor]) {
  guard let count = count ?? inputs.first?.shape.first, count >= 0 else {
    programmingError("scan: the number of steps is not known; give an input with an axis, or count")
  }
  for input in inputs where input.shape.first != count {
    programmingError("scan: an input has shape \(input.shape); expected \(count) steps along axis 0")
  }
  let states = initial.enumerated().map { Tensor(.argument($0), shape: $1.shape, dtype: $1.dtype) }
  let parts = inputs.enumerated().map { Tensor(.argument(initial.count + $0), shape: Array($1.shape.dropFirst()), dtype: $1.dtype) }
  let known = Trace.assignmentCount
  var (newStates, results) = try body(states, parts)
  if Trace.assigned(since: known, dependOn: states + parts) {
    programmingError("scan: the body assigns a variable what depends on the state or the step; give it as a state or a result")
  }
  guard newStates.count == initial.count else {
    programmingError("scan: the body gives \(newStates.count) states; expected \(initial.count)")
  }
  guard let dtype = initial.first?.dtype ?? results.first?.dtype else { return ([], []) }
  for (index, state) in newStates.enumerated() {
    if state.node.isNumber { newStates[index] = state.cast(to: initial[index].dtype) }
    guard newStates[index].shape == initial[index].shape, newStates[index].dtype == initial[index].dtype else {
      programmingError(
        "scan: state \(index) is \(initial[index].dtype) \(initial[index].shape), and \(state.dtype) \(state.shape) after a step")
    }
  }
  for (index, result) in results.enumerated() where result.node.isNumber { results[index] = result.cast(to: dtype) }
  for tensor in initial + results where tensor.dtype != dtype {
    programmingError("scan: a state or result is \(tensor.dtype) \(tensor.shape) beside others of \(dtype); cast it")
  }
  let (scan, arguments) = Scan.make(
    count: count, isReversed: reverse, isRecomputed: recompute, states: zip(states, initial).map { ($0, $1) }, parts: zip(parts, inputs).map { ($0, $1) },
    newStates: newStates, results: results)
  for standIn in states + parts { standIn.node.becomePast() }
  let packed = scan.applied(to: arguments)
  return (initial.indices.map { scan.state($0, in: packed) }, results.indices.map { scan.result($0, in: packed) })
}

/// The same for one state and one input, where the result of a step is the state after it.
/// - Parameters:
///   - initial: the state before the first step.
///   - input: the steps lie along its axis 0.
///   - reverse: from the last step to the first.
///   - recompute: whether derivatives compute the body's matrix products again instead of keeping them.
///   - body: from the state and a step's part of the input to the state after it.
/// - Returns: the state after the last step, and after each step along a new axis 0.
public func scan(
  _ initial: Tensor, over input: Tensor, reverse: Bool = false, recompute: Bool = false,
  _ body: (_ state: Tensor, _ step: Tensor) throws -> Tensor
) rethrows -> (last: Tensor, all: Tensor) {
  let (state, results) = try scan([initial], over: [input], reverse: reverse, recompute: recompute) { state, step in
    let next = try body(state[0], step[0])
    return ([next], [next])
  }
  return (state[0], results[0])
}

/// A derivative given by whoever wrote the function, see ``customGradient(_:_:gradient:)``.
package final class CustomGradient: EqualByIdentity, Sendable {
  package typealias Body = @Sendable (_ inputs: [Tensor], _ output: Tensor, _ upstream: Tensor) -> [Tensor]

  private let body: Body

  init(_ body: @escaping Body) { self.body = body }

  func derivative(_ inputs: [Tensor], _ output: Tensor, adjoint: Tensor) -> [Tensor?] {
    var parts = body(inputs, output, adjoint)
    // A number took the dtype of what it met.
    for (place, input) in inputs.enumerated() where input.node.isNumber && place < parts.count { parts[place] = parts[place].cast(to: input.dtype) }
    guard parts.map(\.shape) == inputs.map(\.shape), zip(parts, inputs).allSatisfy({ $0.dtype == $1.dtype }) else {
      let (given, expected) = (parts.map { "\($0.dtype) \($0.shape)" }, inputs.map { "\($0.dtype) \($0.shape)" })
      programmingError("customGradient: the gradients are \(given); expected one for each input: \(expected)")
    }
    return parts
  }
}

/// `function(inputs)`, with a derivative of one's own in place of the one that follows from the operations it is made of: where that
/// is costly, inexact or not what is wanted. (Keras: `keras.ops.custom_gradient`.)
///
/// ```swift
/// // Rounds, and passes the gradient through as if it had not.
/// let y = customGradient([x]) { round($0[0]) } gradient: { _, _, upstream in [upstream] }
/// ```
///
/// What `gradient` computes can be differentiated once more, through its inputs, `output` and `upstream`. Nothing reaches what `function` takes
/// from elsewhere. In a loop's body, what `gradient` needs of the state and the step has to be among the inputs.
/// - Parameters:
///   - inputs: what the derivative is taken with respect to.
///   - function: the value.
///   - gradient: given the inputs, the value and the derivative of the loss with respect to the value, the derivatives with respect to the
///     inputs: one for each, of its shape and dtype (of whole numbers, zeros).
/// - Precondition: `gradient` gives one tensor for each input, of its shape and dtype.
public func customGradient(
  _ inputs: [Tensor], _ function: ([Tensor]) -> Tensor,
  gradient: @escaping @Sendable (_ inputs: [Tensor], _ output: Tensor, _ upstream: Tensor) -> [Tensor]
) -> Tensor {
  let value = function(inputs)
  return Tensor(.customGradient(CustomGradient(gradient)), [value] + inputs, shape: value.shape, dtype: value.dtype, isNumber: value.node.isNumber)
}

/// A function of each element by itself.
///
/// Its derivative is taken by itself and multiplied by what comes from above, so that it can be computed together with the value: that one
/// tensor is kept for the backward pass, and not the intermediate results that the function is made of.
/// - Parameter function: made of elementwise operations of its argument alone.
package func differentiatedAlone(_ x: Tensor, _ function: @escaping @Sendable (Tensor) -> Tensor) -> Tensor {
  customGradient([x]) { function($0[0]) } gradient: { inputs, _, upstream in
    // A handle of its own, younger than all that `x` was computed from: the search for what depends on it ends there.
    let x = Tensor(.reshape, inputs, shape: inputs[0].shape, dtype: inputs[0].dtype)
    return [upstream * gradients(of: function(x), withRespectTo: [x])[0]]
  }
}

import TensorCore

extension Layer {
  /// All that the layer computes, as a part of another's forward pass, with a mask that the call gives. (Keras: `layer(x, mask=mask)`.)
  ///
  /// A mask that only travels beside a tensor does not reach a recurrent layer that is called with initial states as well; one that is given does.
  /// - Parameters:
  ///   - inputs: as those of the call without a mask.
  ///   - mask: which steps of the first input count.
  ///   - context: the forward pass's.
  /// - Throws: ``DescentError`` as the call without a mask.
  public final func outputs(_ inputs: [Tensor], mask: Tensor, _ context: ForwardContext) throws -> [Tensor] {
    guard let first = inputs.first else { throw DescentError(.invalidArgument, "layer \(name): it was called without a tensor") }
    context.setMask(mask, of: first)
    return try context.with(CallDetails(isMaskGiven: true)) { try outputs(inputs, context) }
  }
}

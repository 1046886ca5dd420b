import TensorCore

extension Layer {
  /// All that the layer computes, as a part of another's forward pass, with a mask that the call gives. (Keras: `layer(x, mask=mask)`.)
  ///
  /// A mask that only travels beside a tensor does not reach a recurrent layer that is called with initial states as well; one that is given does.
  /// It is this call's, and travels on beside its results: other layers that are called with the same tensor do not see it.
  /// - Parameters:
  ///   - inputs: as those of the call without a mask.
  ///   - mask: which steps of the first input count: of its leading axes; what is not 0 counts.
  ///   - context: the forward pass's.
  /// - Throws: ``DescentError`` as the call without a mask, and if the mask does not fit the tensor, or the layer has no use for masks.
  public final func outputs(_ inputs: [Tensor], mask: Tensor, _ context: ForwardContext) throws -> [Tensor] {
    try outputs(inputs, givenMasks: [mask], CallDetails(), context)
  }

  /// All that the layer computes with the masks that its call gives, one for each of the first inputs: nil where all of it counts. Beside the
  /// other inputs travels what did, and beside all of them if no mask is given.
  final func outputs(_ inputs: [Tensor], givenMasks masks: [Tensor?], _ details: CallDetails, _ context: ForwardContext) throws -> [Tensor] {
    guard masks.count <= inputs.count else {
      throw settingsError("it was called with \(masks.count) masks for \(inputs.count) tensor\(inputs.count == 1 ? "" : "s"); expected one for each")
    }
    var details = details, inputs = inputs
    details.isMaskGiven = masks.contains { $0 != nil }
    if details.isMaskGiven {
      guard usesMasks else { throw settingsError("it was called with a mask, which it neither looks at nor hands on") }
      for (place, mask) in masks.enumerated() {
        let mask = try mask.map { try checked($0, for: inputs[place]) }
        // A handle of the call's own, so that no other call sees its mask.
        inputs[place] = inputs[place].expandingShape(at: 0).reshaped(inputs[place].shape)
        context.setMask(mask, of: inputs[place])
      }
    }
    return try context.with(details) { try outputs(inputs, context) }
  }

  /// A mask in `bool`.
  /// - Throws: ``DescentError`` if it is not one of the tensor.
  private func checked(_ mask: Tensor, for x: Tensor) throws -> Tensor {
    guard fits(mask, x) else {
      throw settingsError("the mask has shape \(mask.shape) for an input of shape \(x.shape); expected its leading axes")
    }
    return mask.cast(to: .bool)
  }

  /// The mask that travels beside a sequence.
  /// - Throws: ``DescentError`` if it is not one of rows and steps.
  final func stepMask(of x: Tensor, along axis: Int = 1, _ context: ForwardContext) throws -> Tensor? {
    guard let mask = context.mask(of: x) else { return nil }
    let expected = [x.shape[0], x.shape[axis]]
    guard mask.shape == expected else { throw settingsError("the mask has shape \(mask.shape); expected \(expected)") }
    return mask
  }
}

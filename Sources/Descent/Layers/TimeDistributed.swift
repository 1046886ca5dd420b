import TensorCore

/// A layer applied to each step of a sequence alike: `[rows, steps, …]` to `[rows, steps, …]`. (Keras:
/// `keras.layers.TimeDistributed`.)
///
/// The steps are taken as rows of one call, but for layers with statistics, such as ``BatchNormalization``, and recurrent ones that keep
/// their states, which see one step after another as Keras's do.
///
/// The layer inside sees its steps' part of a mask. What it leaves of that is the result's; where it leaves none, as an ``LSTM`` that gives
/// its last output, the steps count of which anything did.
public final class TimeDistributed: Wrapper {
  public override func build(inputShape: [Int]) throws {
    guard inputShape.count >= 2, inputShape[0] > 0 else {
      throw DescentError(
        .invalidArgument, "layer \(name): a row of the input has shape \(inputShape); expected [steps, …] with at least one step")
    }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let rows = x.shape[0], steps = x.shape[1]
    let mask = context.mask(of: x)
    guard mask.map({ $0.rank >= 2 && $0.shape == Array(x.shape.prefix($0.rank)) }) ?? true else {
      throw settingsError("the mask has shape \(mask?.shape ?? []) for an input of shape \(x.shape); expected its leading axes, two at least")
    }
    /// The result of the layer inside and its mask, for what `part` makes of the sequence and of its mask.
    func called(_ part: (Tensor) -> Tensor) throws -> (result: Tensor, mask: Tensor?) {
      let own = part(x)
      if let mask { context.setMask(part(mask), of: own) }
      let y = try layer(own, context)
      return (y, context.mask(of: y))
    }
    func step(_ number: Int) throws -> (result: Tensor, mask: Tensor?) {
      try called { $0.sliced(starts: [0, number], sizes: [rows, 1]).reshaped([rows] + $0.shape.dropFirst(2)) }
    }
    if !layer.isBuilt { _ = try step(0) }
    let y: Tensor, innerMask: Tensor?
    if layer.allLayers.contains(where: { layer in
      layer.ownVariables.contains { !$0.isMadeToBeTrained } || (layer as? RecurrentLayer)?.isStateful == true
    }) {
      let all = try (0..<steps).map(step), masks = all.compactMap(\.mask)
      y = stack(all.map(\.result), axis: 1)
      innerMask = masks.count == steps ? stack(masks, axis: 1) : nil
    } else {
      let all = try called { $0.reshaped([rows * steps] + $0.shape.dropFirst(2)) }
      y = all.result.reshaped([rows, steps] + all.result.shape.dropFirst())
      innerMask = all.mask.map { $0.reshaped([rows, steps] + $0.shape.dropFirst()) }
    }
    // A step of which nothing counts does not count, where the layer inside leaves no mask of what is in the steps.
    if let mask { context.setMask(innerMask ?? (mask.rank > 2 ? mask.max(axes: Array(2..<mask.rank)) : mask), of: y) }
    return y
  }
}

extension TimeDistributed: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.layer("layer"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject { JSONObject([("layer", try layerOption())]) }
}

import TensorCore

/// A layer applied to each step of a sequence alike: `[rows, steps, …]` to `[rows, steps, …]`. (Keras:
/// `keras.layers.TimeDistributed`.)
///
/// The steps are taken as rows of one call, but for layers with statistics, such as ``BatchNormalization``, which see one step
/// after another as Keras's do.
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
    let stepShape = Array(x.shape.dropFirst(2))
    func step(_ number: Int) throws -> Tensor {
      try layer(x.sliced(starts: [0, number], sizes: [rows, 1]).reshaped([rows] + stepShape), context)
    }
    if !layer.isBuilt { _ = try step(0) }
    if layer.allLayers.contains(where: { $0.ownVariables.contains { !$0.isMadeToBeTrained } }) {
      return stack(try (0..<steps).map(step), axis: 1)
    }
    let y = try layer(x.reshaped([rows * steps] + stepShape), context)
    return y.reshaped([rows, steps] + y.shape.dropFirst())
  }
}

extension TimeDistributed: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.layer("layer"), inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject { JSONObject([("layer", try layerOption())]) }
}

import TensorCore

/// Gives its input back. (Keras: `keras.layers.Identity`.)
public final class Identity: Layer {
  public override var supportsMasking: Bool { true }

  public override var acceptsIntegers: Bool { true }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) -> [Tensor] { inputs }
}

extension Identity: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject() }
}

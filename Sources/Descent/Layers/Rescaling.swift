import TensorCore

/// x · scale + offset, the same for every element. (Keras: `keras.layers.Rescaling`.)
public final class Rescaling: Layer {
  public let scale: Double
  public let offset: Double

  public init(_ scale: Double, offset: Double = 0, inputShape: [Int]? = nil, name: String? = nil) {
    self.scale = scale
    self.offset = offset
    super.init(name: name, inputShape: inputShape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    let scaled = x * scale
    return offset == 0 ? scaled : scaled + offset
  }
}

import TensorCore

/// x where x ≥ 0, `negativeSlope` · x below. The layer's slope is 0.3, the activation function's 0.2. (Keras:
/// `keras.layers.LeakyReLU`.)
public final class LeakyReLU: Layer {
  public let activation: ActivationFunction

  public init(negativeSlope: Double = 0.3, inputShape: [Int]? = nil, name: String? = nil) {
    activation = .leakyReLU(negativeSlope: negativeSlope)
    super.init(name: name, inputShape: inputShape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

import TensorCore

/// x where x ≥ `threshold` (at most `maxValue`), `negativeSlope` · (x − `threshold`) below. (Keras: `keras.layers.ReLU`.)
public final class ReLU: Layer {
  public let activation: ActivationFunction

  public init(
    maxValue: Double? = nil, negativeSlope: Double = 0, threshold: Double = 0, inputShape: [Int]? = nil, name: String? = nil
  ) {
    activation = .relu(negativeSlope: negativeSlope, maxValue: maxValue, threshold: threshold)
    super.init(name: name, inputShape: inputShape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

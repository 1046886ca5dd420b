import TensorCore

/// x where x ≥ 0, `alpha` · (eˣ − 1) below. (Clevert et al., 2016; Keras: `keras.layers.ELU`.)
public final class ELU: Layer {
  public let activation: ActivationFunction

  public init(alpha: Double = 1, inputShape: [Int]? = nil, name: String? = nil) {
    activation = .elu(alpha: alpha)
    super.init(name: name, inputShape: inputShape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

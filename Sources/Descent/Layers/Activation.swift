import TensorCore

/// An activation function as a layer of its own. (Keras: `keras.layers.Activation`.)
public final class Activation: Layer {
  public let activation: ActivationFunction

  /// - Parameters:
  ///   - activation: by value (`.relu`) or by Keras's name (`"relu"`).
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  public init(_ activation: ActivationFunction, inputShape: [Int]? = nil, name: String? = nil) {
    self.activation = activation
    super.init(name: name, inputShape: inputShape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

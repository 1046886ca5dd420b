import TensorCore

/// eˣ / Σ eˣ along an axis. (Keras: `keras.layers.Softmax`.)
public final class Softmax: Layer {
  public let activation: ActivationFunction

  /// - Parameters:
  ///   - axis: with axis 0 counting the rows; negative from the end.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  public init(axis: Int = -1, inputShape: [Int]? = nil, name: String? = nil) {
    activation = .softmax(axis: axis)
    super.init(name: name, inputShape: inputShape)
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try context.apply(activation, to: x)
  }
}

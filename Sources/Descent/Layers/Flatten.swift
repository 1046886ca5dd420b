import TensorCore

/// Lays the elements of each row out in one axis: `[rows, a, b, …]` to `[rows, a · b · …]`. (Keras: `keras.layers.Flatten`.)
public final class Flatten: Layer {
  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    // Not −1, which an empty batch would leave open.
    x.reshaped([x.shape[0], x.shape.dropFirst().reduce(1, *)])
  }
}

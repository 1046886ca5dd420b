/// Declares the shape of one row of a model's input, as the first layer of ``Sequential``. It computes nothing and is not
/// listed among the model's layers. (Keras: `keras.Input`.)
public final class Input: Layer {
  /// - Parameters:
  ///   - shape: without the axis of rows.
  ///   - name: `input_layer` if nil.
  public init(shape: [Int], name: String? = nil) {
    super.init(inputShape: shape, name: name ?? "input_layer")
  }
}

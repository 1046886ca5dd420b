import TensorCore

/// The mean over the steps of a sequence: `[rows, steps, features]` to `[rows, features]`. (Keras:
/// `keras.layers.GlobalAveragePooling1D` with channels last.)
public final class GlobalAveragePooling1D: Layer {
  /// Whether the axis of steps stays, with size 1.
  public let keepDims: Bool

  /// - Parameters:
  ///   - keepDims: whether the axis of steps stays, with size 1.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  public init(keepDims: Bool = false, inputShape: [Int]? = nil, name: String? = nil) {
    self.keepDims = keepDims
    super.init(name: name, inputShape: inputShape)
  }

  public override func build(inputShape: [Int]) throws {
    guard inputShape.count == 2, inputShape[0] > 0 else {
      throw DescentError(
        .invalidArgument, "layer \(name): a row of the input has shape \(inputShape); expected [steps, features] with at least one step")
    }
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { x.mean(axis: 1, keepDims: keepDims) }
}

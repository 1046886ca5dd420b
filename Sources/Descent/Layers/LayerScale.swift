import Optimizers
import TensorCore

/// x times a vector that is learned: what a block adds to its shortcut, small at first. (Touvron et al., 2021; Keras keeps it with
/// ConvNeXt: `keras.src.applications.convnext.LayerScale`.)
public final class LayerScale: Layer {
  /// What the vector begins with.
  public let initialValue: Double
  /// How many elements it has: as many as the input's last axis.
  public let projectionDim: Int

  /// - Parameters:
  ///   - initialValue: what the vector's elements begin with.
  ///   - projectionDim: how many elements it has: as many as the input's last axis.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the vector.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ initialValue: Double, _ projectionDim: Int, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.initialValue = initialValue
    self.projectionDim = projectionDim
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override func build(inputShape: [Int]) throws {
    guard projectionDim > 0, inputShape.last == projectionDim else {
      throw DescentError(
        .invalidArgument, "layer \(name): projectionDim is \(projectionDim); expected the last size of rows of shape \(inputShape)")
    }
    _ = try addVariable("gamma", shape: [projectionDim], initializer: .constant(initialValue))
  }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try requireSize(projectionDim, ofAxis: -1, in: x)
    return x * ownVariables[0].value
  }
}

extension LayerScale: OutsideLayer {
  static let kerasModule = "keras.src.applications.convnext"

  public convenience init(_ options: inout LayerOptions) throws {
    self.init(
      try options.double("init_values"), try options.int("projection_dim"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject {
    JSONObject([("init_values", JSONValue(initialValue)), ("projection_dim", JSONValue(projectionDim))])
  }
}

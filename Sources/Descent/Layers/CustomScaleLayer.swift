import Optimizers
import TensorCore

/// The first of two inputs plus the second times a number. (Keras keeps it with InceptionResNetV2:
/// `keras.src.applications.inception_resnet_v2.CustomScaleLayer`.)
public final class CustomScaleLayer: Merge {
  /// What the second input is multiplied by.
  public let scale: Double

  /// - Parameters:
  ///   - scale: what the second input is multiplied by.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ scale: Double, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.scale = scale
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override func check(_ shapes: [[Int]]) throws {
    try requireTwo(shapes)
    try super.check(shapes)
  }

  override var keepsWholeNumbers: Bool { false }

  public override var supportsMasking: Bool { false }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) -> [Tensor] { [inputs[0] + inputs[1] * scale] }
}

extension CustomScaleLayer: OutsideLayer {
  static let kerasModule = "keras.src.applications.inception_resnet_v2"

  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.double("scale"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("scale", JSONValue(scale))]) }
}

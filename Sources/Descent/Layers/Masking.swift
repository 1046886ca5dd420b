import TensorCore

/// Leaves steps out whose elements all are `maskValue`: they become 0, and the result has a mask. `[rows, steps, …, features]`.
/// (Keras: `keras.layers.Masking`.)
public final class Masking: Layer {
  /// A step whose numbers are all this is left out.
  public let maskValue: Double

  /// - Parameters:
  ///   - maskValue: what all features of a step are that does not count.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(maskValue: Double = 0, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.maskValue = maskValue
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    guard inputShape.last ?? 0 > 0 else {
      throw DescentError(.invalidArgument, "layer \(name): a row of the input has shape \(inputShape); expected features along the last axis")
    }
  }

  public override var supportsMasking: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    // A number with a fraction is none of whole ones, nor can it be made one.
    let numbers = x.dtype.isFloatingPoint ? x : x.cast(to: .float64)
    let isGiven = (numbers .!= Tensor(number: maskValue)).cast(to: .int32).max(axis: -1, keepDims: true) .!= 0
    let y = select(isGiven, x, Tensor.zeros([], dtype: x.dtype))
    context.setMask(isGiven.reshaped(Array(x.shape.dropLast())), of: y)
    return y
  }
}

extension Masking: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Masking())
    let number = try options.valueOrDefault("mask_value", SettingKind.anyNumber.unwrapped)
    self.init(maskValue: number, inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("mask_value", JSONValue(maskValue))]) }
}

import TensorCore

/// Gives its input back and adds `l1` · Σ |x| + `l2` · Σ x², divided by the number of rows, to the loss. (Keras:
/// `keras.layers.ActivityRegularization`.)
public final class ActivityRegularization: Layer {
  /// The factors of Σ|x| and of Σx².
  public let l1: Double, l2: Double

  /// - Parameters:
  ///   - l1: the factor of the sum of magnitudes, at least 0.
  ///   - l2: the factor of the sum of squares, at least 0.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    l1: Double = 0, l2: Double = 0, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.l1 = l1
    self.l2 = l2
    super.init(activityRegularizer: .l1l2(l1: l1, l2: l2), inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  override var keepsWholeNumbers: Bool { false }

  public override var supportsMasking: Bool { true }
}

extension ActivityRegularization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: ActivityRegularization())
    self.init(
      l1: try options.double("l1"), l2: try options.double("l2"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("l1", JSONValue(l1)), ("l2", JSONValue(l2))]) }
}

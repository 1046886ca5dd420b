import TensorCore

/// Each row `n` times: `[rows, features]` to `[rows, n, features]`. (Keras: `keras.layers.RepeatVector`.)
public final class RepeatVector: Layer {
  /// How often the row is repeated.
  public let n: Int

  /// - Parameters:
  ///   - n: how often, at least once.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ n: Int, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.n = n
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("n", n, .count)
  }

  public override var acceptsIntegers: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    guard x.rank == 2 else {
      throw DescentError(
        .invalidArgument, "layer \(name): a row of the input has shape \(Array(x.shape.dropFirst())); expected one axis")
    }
    return x.expandingShape(at: 1).broadcast(to: [x.shape[0], n, x.shape[1]])
  }
}

extension RepeatVector: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.int("n"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("n", JSONValue(n))]) }
}

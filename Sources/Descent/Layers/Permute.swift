import TensorCore

/// Puts the axes of each row in another order. (Keras: `keras.layers.Permute`.)
public final class Permute: Layer {
  /// Axis k of a row of the result is axis `dims[k − 1]` of a row of the input, both counted from 1.
  public let dims: [Int]

  /// - Parameters:
  ///   - dims: the numbers from 1 to the number of a row's axes, in the new order.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ dims: [Int], inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.dims = dims
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws { try check(rowShape: inputShape) }

  public override var acceptsIntegers: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try check(rowShape: Array(x.shape.dropFirst()))
    return x.transposed([0] + dims)
  }

  private func check(rowShape: [Int]) throws {
    guard dims.sorted() == Array(1...max(dims.count, 1)), dims.count == rowShape.count else {
      throw DescentError(
        .invalidArgument, "layer \(name): dims \(dims) is no order of the axes, counted from 1, of a row of shape \(rowShape)")
    }
  }
}

extension Permute: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.ints("dims"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("dims", .ints(dims))]) }
}

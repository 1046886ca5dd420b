import TensorCore

/// Gives each row another shape; the elements and their order stay. (Keras: `keras.layers.Reshape`.)
public final class Reshape: Layer {
  /// The shape of a row of the result; one size may be −1 and is worked out.
  public let targetShape: [Int]

  /// - Parameters:
  ///   - targetShape: the shape of one row of the result; one size may be −1, for what is left.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(_ targetShape: [Int], inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil) {
    self.targetShape = targetShape
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws { _ = try resolvedShape(from: inputShape) }

  public override var acceptsIntegers: Bool { true }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    x.reshaped([x.shape[0]] + (try resolvedShape(from: Array(x.shape.dropFirst()))))
  }

  private func resolvedShape(from shape: [Int]) throws -> [Int] {
    let count = shape.reduce(1, *)
    let open = targetShape.indices.filter { targetShape[$0] == -1 }
    let known = try ModelBuilder.elementCount(targetShape.filter { $0 != -1 }, of: "layer \(name)")
    var result = targetShape
    if let axis = open.first, known > 0 { result[axis] = count / known }
    guard open.count <= 1, result.allSatisfy({ $0 >= 0 }), result.reduce(1, *) == count else {
      throw DescentError(
        .invalidArgument, "layer \(name): rows of shape \(shape) have \(count) elements and cannot take the shape \(targetShape)")
    }
    return result
  }
}

extension Reshape: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.ints("target_shape"), inputShape: options.inputShape, name: options.name)
  }

  public func options() -> JSONObject { JSONObject([("target_shape", .array(targetShape.map { JSONValue($0) }))]) }
}

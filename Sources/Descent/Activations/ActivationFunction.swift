/// A function applied to a layer's output: `.relu`, `"relu"`, `.leakyReLU(negativeSlope: 0.1)`, `.custom("cube") { $0 * $0 * $0 }`.
///
/// Names and definitions are those of [Keras](https://keras.io/api/layers/activations/). The result has the argument's shape
/// (except ``glu(axis:)``'s) and dtype, which is floating-point.
public struct ActivationFunction: KerasNamed {
  public static var kindName: String { "activation" }
  public static var kerasModule: String { "keras.activations" }

  /// What Keras calls it, with its settings.
  public internal(set) var keras: KerasDescription
  private let body: @Sendable (Tensor) -> Tensor

  init(
    _ name: String, config: [String: JSONValue] = [:], problem: DescentError? = nil,
    _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    keras = KerasDescription(name, name: name, config: config, problem: problem)
    self.body = body
  }

  public init(refusedWith error: DescentError) {
    keras = KerasDescription(nil, name: "refused", problem: error)
    body = { $0 }
  }

  private init(custom name: String, _ body: @escaping @Sendable (Tensor) -> Tensor) {
    keras = KerasDescription(nil, name: name)
    self.body = body
  }

  /// A function of one's own. Files can name it once it is registered (``KerasNamed/register(_:)``).
  /// - Parameters:
  ///   - name: what errors and files call it.
  ///   - body: the function. A result of another shape or dtype than the argument's is an error where it is used.
  public static func custom(_ name: String = "custom", _ body: @escaping @Sendable (Tensor) -> Tensor) -> ActivationFunction {
    ActivationFunction(custom: name, body)
  }

  /// The function itself.
  /// - Throws: ``DescentError`` if it cannot be used on tensors of such a shape.
  func validated(for shape: [Int]) throws -> ActivationFunction {
    try validated()
    if let axis = config["axis"]?.int {
      guard axis >= -shape.count && axis < shape.count else {
        throw DescentError(.invalidArgument, "activation \(name): axis \(axis) does not exist in shape \(shape)")
      }
      if className == "glu" && !keras.isOwn && shape[axis < 0 ? axis + shape.count : axis] % 2 != 0 {
        throw DescentError(.invalidArgument, "activation glu: axis \(axis) of shape \(shape) has no even size")
      }
    }
    return self
  }

  /// The function's value.
  /// - Throws: ``DescentError`` if it cannot be used on tensors of such a shape, or a closure of the user's gives another shape or dtype.
  func applied(to x: Tensor) throws -> Tensor {
    let y = try validated(for: x.shape).body(x)
    guard !keras.isOwn || (y.shape == x.shape && y.dtype == x.dtype) else {
      throw DescentError(
        .invalidArgument, "activation \(name): the closure gives \(y.dtype) \(y.shape) for \(x.dtype) \(x.shape); expected the same")
    }
    return y
  }

  /// The function's value.
  /// - Precondition: `x` is floating-point, and the function is not one made from an unknown name or bad settings.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    do { return try applied(to: x) } catch { programmingError("\(error)") }
  }
}

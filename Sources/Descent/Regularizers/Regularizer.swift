/// A penalty on a layer's weights or outputs that is added to the loss: `.l2(0.01)`, `"l2"`.
///
/// The gradient of the penalty passes through the optimizer like that of the loss, so with Adam and its kin L2 is not weight
/// decay. Definitions are those of [Keras](https://keras.io/api/layers/regularizers/).
public struct Regularizer: KerasNamed {
  public static var kindName: String { "regularizer" }
  public static var kerasModule: String { "keras.regularizers" }

  /// What Keras calls it, with its settings.
  public internal(set) var keras: KerasDescription
  private let body: @Sendable (Tensor) -> Tensor

  init(
    _ className: String?, name: String, config: [String: JSONValue] = [:], problem: DescentError? = nil,
    _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    keras = KerasDescription(className, name: name, config: config, problem: problem)
    self.body = body
  }

  public init(refusedWith error: DescentError) {
    self.init(nil, name: "refused", problem: error) { _ in 0 }
  }

  /// A penalty of one's own. Files can name it once it is registered (``KerasNamed/register(_:)``).
  /// - Parameters:
  ///   - name: what errors and files call it.
  ///   - body: from the weights to a scalar; anything else is an error.
  public static func custom(_ name: String = "custom", _ body: @escaping @Sendable (Tensor) -> Tensor) -> Regularizer {
    Regularizer(nil, name: name, body)
  }

  /// The penalty: a scalar of the weights' dtype.
  public func callAsFunction(_ weights: Tensor) -> Tensor {
    assumeValid()
    return body(weights)
  }

  /// The penalty for numbers of such a shape.
  /// - Throws: ``DescentError`` if it is no valid one, or for numbers of other shapes.
  func validated(for shape: [Int], of owner: String) throws -> Regularizer {
    if isOfMatrices && shape.count != 2 {
      throw DescentError(.invalidArgument, "\(owner): the regularizer \(name) is for matrices, but the shape is \(shape)")
    }
    return try validated()
  }

  private var isOfMatrices: Bool { className == Regularizer.orthogonal.className && !keras.isOwn }

  /// The penalty on a variable, as a part of a loss.
  /// - Throws: ``DescentError`` if a closure of the user's gives anything else than a number.
  func penalty(of variable: Variable) throws -> Tensor {
    let penalty = self(variable.value)
    guard penalty.shape.isEmpty, penalty.dtype.isFloatingPoint else {
      throw DescentError(
        .invalidArgument, "regularizer \(name) of \(variable.path): gives \(penalty.dtype) \(penalty.shape); expected one number, \(variable.dtype) []")
    }
    return penalty.cast(to: variable.dtype)
  }
}

/// A projection that weights go through after each update: `.nonNeg`, `.maxNorm(2)`, `"max_norm"`.
///
/// Definitions are those of [Keras](https://keras.io/api/layers/constraints/). Norms are Euclidean, over the axes given; for
/// a `Dense` kernel of shape [inputs, units] axis 0 makes them those of each unit's weights.
public struct Constraint: KerasNamed {
  public static var kindName: String { "constraint" }
  public static var kerasModule: String { "keras.constraints" }

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
    self.init(nil, name: "refused", problem: error) { $0 }
  }

  /// A projection of one's own. Files can name it once it is registered (``KerasNamed/register(_:)``).
  /// - Parameters:
  ///   - name: what errors and files call it.
  ///   - body: from the weights to weights of the same shape and dtype; others are an error.
  public static func custom(_ name: String = "custom", _ body: @escaping @Sendable (Tensor) -> Tensor) -> Constraint {
    Constraint(nil, name: name, body)
  }

  /// The weights that satisfy the constraint: the same shape and dtype.
  public func callAsFunction(_ weights: Tensor) -> Tensor {
    assumeValid()
    return body(weights)
  }

  /// The constraint for weights of such a shape.
  /// - Throws: ``DescentError`` if it is no valid one, or looks along axes that there are not.
  func validated(for shape: [Int], of owner: String) throws -> Constraint {
    let axis = config["axis"] ?? .null
    for axis in axis.array?.compactMap(\.int) ?? axis.int.map({ [$0] }) ?? [] where !(-shape.count..<shape.count).contains(axis) {
      throw DescentError(.invalidArgument, "\(owner): the constraint \(name) is along axis \(axis), but the shape is \(shape)")
    }
    return try validated()
  }

  /// - Throws: ``DescentError`` if a closure of the user's gives anything else than weights of the same shape and dtype.
  func check(for variable: Variable) throws {
    let result = Trace.discarding { self(Tensor.placeholder(shape: variable.shape, dtype: variable.dtype)) }
    guard result.shape == variable.shape, result.dtype == variable.dtype else {
      throw DescentError(
        .invalidArgument,
        "constraint \(name) of \(variable.path): gives \(result.dtype) \(result.shape); expected \(variable.dtype) \(variable.shape)")
    }
  }
}

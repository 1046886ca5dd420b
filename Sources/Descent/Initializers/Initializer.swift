/// How a layer's weights start: `.glorotUniform`, `"uniform"`, `.randomNormal(standardDeviation: 0.01)`.
///
/// Names and definitions are those of [Keras](https://keras.io/api/layers/initializers/). Numbers come from the generator that
/// the model passes, so that one seed decides all; an initializer with a `seed` of its own gives the same numbers at every call
/// with the same shape, as in Keras.
public struct Initializer: KerasNamed {
  public static var kindName: String { "initializer" }
  public static var kerasModule: String { "keras.initializers" }

  /// What Keras calls it, with its settings.
  public internal(set) var keras: KerasDescription
  /// Whether weights are being made that others take the place of before anything sees them, as those of a file that is read: what takes long
  /// to compute is left out.
  @TaskLocal package static var isForReplacedWeights = false

  private let seed: Int?
  private let body: @Sendable (_ shape: [Int], DType, RandomGenerator) throws -> Tensor

  init(
    _ className: String?, name: String, config: [String: JSONValue] = [:], seed: Int? = nil, problem: DescentError? = nil,
    _ body: @escaping @Sendable (_ shape: [Int], DType, RandomGenerator) throws -> Tensor
  ) {
    keras = KerasDescription(className, name: name, config: config, problem: problem)
    self.seed = seed
    self.body = body
  }

  public init(refusedWith error: DescentError) {
    self.init(nil, name: "refused", problem: error) { _, _, _ in throw error }
  }

  /// An initializer of one's own. Files can name it once it is registered (``KerasNamed/register(_:)``).
  /// - Parameters:
  ///   - name: what errors and files call it.
  ///   - body: gives a tensor of the shape and dtype that it is asked for; another is an error where the initializer is used. The
  ///     generator is the model's.
  public static func custom(
    _ name: String = "custom", _ body: @escaping @Sendable (_ shape: [Int], DType, RandomGenerator) throws -> Tensor
  ) -> Initializer {
    Initializer(nil, name: name, body)
  }

  /// Fresh weights.
  /// - Parameters:
  ///   - shape: for weights of rank 2 [inputs, outputs]; of higher rank […, input channels, output channels].
  ///   - dtype: floating-point.
  ///   - generator: where random numbers come from unless the initializer has its own seed.
  /// - Throws: ``DescentError`` if the initializer makes no weights of this shape or was made from an unknown name or bad settings.
  public func callAsFunction(_ shape: [Int], dtype: DType = .float32, generator: RandomGenerator) throws -> Tensor {
    try validated()
    guard dtype.isFloatingPoint else {
      throw DescentError(.invalidArgument, "initializer \(name): dtype \(dtype) cannot be used; float32 or float64 can")
    }
    let source = seed.map { RandomGenerator(seed: UInt64(bitPattern: Int64($0))) } ?? generator
    let value = try body(shape, dtype, source)
    guard value.shape == shape, value.dtype == dtype else {
      throw DescentError(
        .invalidArgument, "initializer \(name): it gives \(value.dtype) \(value.shape); expected \(dtype) \(shape)")
    }
    return value
  }
}

extension Initializer {
  /// A matrix with orthonormal rows or columns, whichever are fewer, times `gain`; uniformly distributed among those
  /// (Saxe et al., 2014). Weights of higher rank are one matrix of all axes but the last, and the last.
  /// - Parameters:
  ///   - gain: what the matrix is multiplied by.
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  public static func orthogonal(gain: Double = 1, seed: Int? = nil) -> Initializer {
    Initializer(
      "Orthogonal", name: "orthogonal", config: ["gain": JSONValue(gain), "seed": .optional(seed)], seed: seed
    ) { shape, dtype, generator in
      guard shape.count >= 2 else {
        throw DescentError(.invalidArgument, "initializer orthogonal: shape \(shape) has fewer than two axes")
      }
      if Initializer.isForReplacedWeights { return Tensor.zeros(shape, dtype: dtype) }
      let columns = shape[shape.count - 1]
      let rows = shape.dropLast().reduce(1, *)
      let (long, short) = (Swift.max(rows, columns), Swift.min(rows, columns))
      let random = generator.normal([long, short], dtype: .float64).doubles
      let basis = orthonormalColumns((0..<short).map { column in (0..<long).map { random[$0 * short + column] } })
      let matrix = Tensor(shape: [short, long], scalars: basis.flatMap(\.self))
      return ((rows < columns ? matrix : matrix.transposed()) * gain).cast(to: dtype).reshaped(shape)
    }
  }
  /// With default settings.
  public static let orthogonal = orthogonal()
}

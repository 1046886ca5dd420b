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
      let basis = orthonormalBasis(of: random, rows: long, columns: short)
      let matrix = Tensor(shape: [long, short], scalars: basis)
      return ((rows < columns ? matrix.transposed() : matrix) * gain).cast(to: dtype).reshaped(shape)
    }
  }
  /// With default settings.
  public static let orthogonal = orthogonal()

  /// The factor Q of the QR decomposition (rows ≥ columns) by Householder reflections, with the signs that make the diagonal of
  /// R positive; row-major.
  static func orthonormalBasis(of matrix: [Double], rows: Int, columns: Int) -> [Double] {
    // Column by column, because reflections work on columns.
    var a = (0..<columns).map { column in (0..<rows).map { matrix[$0 * columns + column] } }
    var signs = [Double](repeating: 1, count: columns)
    for column in 0..<columns {
      var reflection = a[column]
      let norm = sumOfProducts(reflection, reflection, from: column).squareRoot()
      // The sign that does not cancel.
      let diagonal = reflection[column] > 0 ? -norm : norm
      signs[column] = diagonal < 0 ? -1 : 1
      reflection[column] -= diagonal
      let length = sumOfProducts(reflection, reflection, from: column).squareRoot()
      if length != 0 {
        for row in column..<rows { reflection[row] /= length }
        for other in a.indices.dropFirst(column + 1) { reflect(&a[other], by: reflection, from: column) }
      }
      a[column] = reflection
    }
    // The reflections applied, last first, to the leading columns of the identity; those before a reflection's own are 0 where it works.
    var q = (0..<columns).map { column in (0..<rows).map { $0 == column ? 1.0 : 0 } }
    for column in a.indices.reversed() {
      for target in column..<columns { reflect(&q[target], by: a[column], from: column) }
    }
    return (0..<rows).flatMap { row in q.indices.map { q[$0][row] * signs[$0] } }
  }

  private static func sumOfProducts(_ a: [Double], _ b: [Double], from first: Int) -> Double {
    var sum = 0.0
    for row in first..<a.count { sum += a[row] * b[row] }
    return sum
  }

  private static func reflect(_ column: inout [Double], by reflection: [Double], from first: Int) {
    let twice = 2 * sumOfProducts(reflection, column, from: first)
    for row in first..<column.count { column[row] -= twice * reflection[row] }
  }
}

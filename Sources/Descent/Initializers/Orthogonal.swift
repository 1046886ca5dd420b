extension Initializer {
  /// A matrix with orthonormal rows or columns, whichever are fewer, times `gain`; uniformly distributed among those
  /// (Saxe et al., 2014). Weights of higher rank are one matrix of all axes but the last, and the last.
  public static func orthogonal(gain: Double = 1, seed: Int? = nil) -> Initializer {
    Initializer(
      "Orthogonal", name: "orthogonal", config: ["gain": JSONValue(gain), "seed": .optional(seed)], seed: seed
    ) { shape, dtype, generator in
      guard shape.count >= 2 else {
        throw DescentError(.invalidArgument, "initializer orthogonal: shape \(shape) has fewer than two axes")
      }
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
    var a = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows { for column in 0..<columns { a[column * rows + row] = matrix[row * columns + column] } }
    var signs = [Double](repeating: 1, count: columns)
    for column in 0..<columns {
      let start = column * rows
      let norm = (column..<rows).reduce(0) { $0 + a[start + $1] * a[start + $1] }.squareRoot()
      // The sign that does not cancel.
      let diagonal = a[start + column] > 0 ? -norm : norm
      signs[column] = diagonal < 0 ? -1 : 1
      a[start + column] -= diagonal
      let length = (column..<rows).reduce(0) { $0 + a[start + $1] * a[start + $1] }.squareRoot()
      if length == 0 { continue }
      for row in column..<rows { a[start + row] /= length }
      for other in (column + 1)..<Swift.max(columns, column + 1) { reflect(&a, at: other * rows, by: start, from: column, rows) }
    }
    // The reflections applied, last first, to the leading columns of the identity.
    var q = [Double](repeating: 0, count: rows * columns)
    for column in 0..<columns { q[column * rows + column] = 1 }
    var result = a
    for column in (0..<columns).reversed() {
      for target in 0..<columns {
        let product = (column..<rows).reduce(0) { $0 + result[column * rows + $1] * q[target * rows + $1] }
        for row in column..<rows { q[target * rows + row] -= 2 * product * result[column * rows + row] }
      }
    }
    for row in 0..<rows {
      for column in 0..<columns { result[row * columns + column] = q[column * rows + row] * signs[column] }
    }
    return result
  }

  private static func reflect(_ a: inout [Double], at target: Int, by source: Int, from first: Int, _ rows: Int) {
    let product = (first..<rows).reduce(0) { $0 + a[source + $1] * a[target + $1] }
    for row in first..<rows { a[target + row] -= 2 * product * a[source + row] }
  }
}

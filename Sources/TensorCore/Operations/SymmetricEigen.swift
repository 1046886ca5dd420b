/// The eigenvalues and eigenvectors of a symmetric matrix, in `Double` and on one thread. Deterministic; about 6 n³ multiplications.
package struct SymmetricEigen {
  /// Ascending.
  package let values: [Double]
  /// Row k, of `size` elements, is the vector of value k.
  package let vectors: [Double]

  /// - Parameter elements: row by row; the upper and lower triangles count half each. Elements that are not finite give NaN everywhere.
  package init(_ elements: [Double], size: Int) {
    precondition(elements.count == size * size)
    guard elements.allSatisfy(\.isFinite) else {
      values = [Double](repeating: .nan, count: size)
      vectors = [Double](repeating: .nan, count: size * size)
      return
    }
    var matrix = elements
    for row in 0..<size {
      for column in 0..<row {
        let mean = elements[row * size + column] / 2 + elements[column * size + row] / 2
        matrix[row * size + column] = mean
        matrix[column * size + row] = mean
      }
    }
    var values = [Double](repeating: 0, count: size)
    var vectors = [Double](repeating: 0, count: size * size)
    HostKernels.symmetricEigen(&matrix, &values, &vectors, size: size)
    let order = values.indices.sorted { values[$0] < values[$1] }
    self.values = order.map { values[$0] }
    self.vectors = order.flatMap { vectors[$0 * size..<($0 + 1) * size] }
  }
}

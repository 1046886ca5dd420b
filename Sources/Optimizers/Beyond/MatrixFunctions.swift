import Foundation

/// Functions of symmetric matrices that are not made of primitives. Decompositions are computed in `Double`, and
/// have no derivative.
extension Tensor {
  /// The matrix to the power −1 / `root`, for a symmetric matrix whose eigenvalues are at least `least`: computed eigenvalues
  /// below that are taken to be it. Same shape and dtype.
  package func inverseRoot(_ root: Double, least: Double) -> Tensor {
    let size = squareSize("inverseRoot")
    let halves = hostComputation("inverseRoot", [self], shape: shape, dtype: .float64) { inputs in
      let eigen = SymmetricEigen(inputs[0], size: size)
      var vectors = eigen.vectors
      for row in 0..<size {
        let factor = pow(Swift.max(eigen.values[row], least), -0.5 / root)
        for column in 0..<size { vectors[row * size + column] *= factor }
      }
      return vectors
    }
    // Powers as squares of half the power: the result is symmetric to the last bit.
    return matmul(halves, halves, transposeA: true).cast(to: dtype)
  }

  /// The eigenvectors of a symmetric matrix as columns, that of the greatest eigenvalue first.
  package func eigenvectors() -> Tensor {
    let size = squareSize("eigenvectors")
    return hostComputation("eigenvectors", [self], shape: shape, dtype: dtype) { inputs in
      let vectors = SymmetricEigen(inputs[0], size: size).vectors
      return (0..<size * size).map { vectors[(size - 1 - $0 % size) * size + $0 / size] }
    }
  }

  /// One turn of orthogonal iteration: from nearly the eigenvectors of a symmetric matrix to more nearly them, sorted by their
  /// eigenvalues, the greatest first. [2, n, n]: the vectors as columns, and the matrix that sorts columns as they were sorted.
  package func refinedEigenvectors(_ basis: Tensor) -> Tensor {
    let size = squareSize("refinedEigenvectors")
    // Columns are wanted, so the product is taken transposed.
    let product = matmul(basis, self, transposeA: true, transposeB: true)
    let estimates = (product * basis.transposed()).sum(axis: 1)
    return hostComputation("refinedEigenvectors", [product, estimates], shape: [2, size, size], dtype: dtype) { inputs in
      let (columns, estimates) = (inputs[0], inputs[1])
      // Ties keep their order.
      let order = estimates.indices.sorted { estimates[$0] != estimates[$1] ? estimates[$0] > estimates[$1] : $0 < $1 }
      let refined = orthonormalColumns(order.map { Array(columns[$0 * size..<($0 + 1) * size]) })
      var result = [Double](repeating: 0, count: 2 * size * size)
      for (column, vector) in refined.enumerated() {
        for row in 0..<size { result[row * size + column] = vector[row] }
        result[size * size + order[column] * size + column] = 1
      }
      return result
    }
  }

  private func squareSize(_ name: String) -> Int {
    guard rank == 2, shape[0] == shape[1] else { programmingError("\(name): shape \(shape) is not a square matrix") }
    return shape[0]
  }
}

extension Tensor {
  /// Multiplies one axis by a matrix: result[…, j, …] = Σᵢ self[…, i, …] · matrix[i, j].
  func multiplied(axis: Int, by matrix: Tensor, transposed: Bool = false) -> Tensor {
    if axis == rank - 1 { return matmul(self, matrix, transposeB: transposed) }
    if rank == 2 { return matmul(matrix, self, transposeA: !transposed) }
    var order = Array(0..<rank)
    order.append(order.remove(at: axis))
    let product = matmul(self.transposed(order), matrix, transposeB: transposed)
    var back = Array(0..<rank - 1)
    back.insert(rank - 1, at: axis)
    return product.transposed(back)
  }

  /// The products of the slices along an axis with one another: [n, n].
  func gram(axis: Int) -> Tensor {
    var order = Array(0..<rank)
    order.insert(order.remove(at: axis), at: 0)
    let rows = transposed(order).reshaped([shape[axis], count / Swift.max(1, shape[axis])])
    return matmul(rows, rows, transposeB: true)
  }
}

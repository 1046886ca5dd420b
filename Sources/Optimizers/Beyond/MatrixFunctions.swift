import Foundation

/// Functions of symmetric matrices that are not made of primitives. They compute in `Double` on one thread, and have no
/// derivative.
extension Tensor {
  /// The matrix to the power −1 / `root`, for a symmetric matrix whose eigenvalues are at least `least`: computed eigenvalues
  /// below that are taken to be it. Same shape and dtype.
  package func inverseRoot(_ root: Double, least: Double) -> Tensor {
    let size = squareSize("inverseRoot")
    return hostComputation("inverseRoot", [self], shape: shape, dtype: dtype) { inputs in
      let eigen = SymmetricEigen(inputs[0], size: size)
      // Powers as squares of half the power: the result is symmetric to the last bit.
      let scaled = zip(eigen.values, eigen.vectors).map { value, vector in
        let factor = pow(Swift.max(value, least), -0.5 / root)
        return vector.map { $0 * factor }
      }
      var result = [Double](repeating: 0, count: size * size)
      for vector in scaled {
        for row in 0..<size where vector[row] != 0 {
          for column in 0..<size { result[row * size + column] += vector[row] * vector[column] }
        }
      }
      return result
    }
  }

  /// The eigenvectors of a symmetric matrix as columns, that of the greatest eigenvalue first.
  package func eigenvectors() -> Tensor {
    let size = squareSize("eigenvectors")
    return hostComputation("eigenvectors", [self], shape: shape, dtype: dtype) { inputs in
      let vectors = SymmetricEigen(inputs[0], size: size).vectors
      return (0..<size * size).map { vectors[size - 1 - $0 % size][$0 / size] }
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
      let refined = orthonormalized(columns: order.map { Array(columns[$0 * size..<($0 + 1) * size]) })
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

/// Orthonormal vectors that span what the first, the first two, the first three … of the given ones span: the Q of a QR
/// decomposition by Householder's reflections.
func orthonormalized(columns: [[Double]]) -> [[Double]] {
  let size = columns.count
  var columns = columns
  var reflections: [(vector: [Double], factor: Double)] = []
  func reflect(_ x: inout [Double], _ reflection: (vector: [Double], factor: Double), from start: Int) {
    var sum = 0.0
    for index in start..<size { sum += x[index] * reflection.vector[index] }
    if sum == 0 { return }
    for index in start..<size { x[index] -= reflection.factor * sum * reflection.vector[index] }
  }
  for column in 0..<size {
    var vector = columns[column]
    let factor = reflector(&vector, from: column).factor
    let reflection = (vector: vector, factor: factor)
    reflections.append(reflection)
    if factor == 0 { continue }
    for other in column..<size { reflect(&columns[other], reflection, from: column) }
  }
  return (0..<size).map { column in
    var unit = [Double](repeating: 0, count: size)
    unit[column] = 1
    for index in stride(from: column, through: 0, by: -1) where reflections[index].factor != 0 {
      reflect(&unit, reflections[index], from: index)
    }
    return unit
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
    let rows = transposed(order).reshaped([shape[axis], count / shape[axis]])
    return matmul(rows, rows, transposeB: true)
  }
}

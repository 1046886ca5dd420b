import Foundation

/// Equations and decompositions of the square matrices in the last two axes. They are computed in double precision, all but
/// `qr` on one thread.
/// A matrix that has no answer gives NaN.
/// Source: https://keras.io/api/ops/linalg/

/// The x with a x = b, for each matrix `a` and the matrix `b` of as many rows (or vector, if `b` has one axis less).
public func solve(_ a: Tensor, _ b: Tensor) -> Tensor {
  let n = matrixSize(a, "solve")
  if b.rank == a.rank - 1 { return solve(a, b.expandingShape(at: -1)).reshaped(b.shape) }
  guard b.rank == a.rank, b.shape.dropLast() == a.shape.dropLast(), b.dtype == a.dtype else {
    programmingError("solve: \(a.dtype) \(a.shape) and \(b.dtype) \(b.shape) do not fit")
  }
  let columns = b.shape[b.rank - 1]
  return hostComputation("solve", [a, b], shape: b.shape, dtype: a.dtype) { inputs, x, g, needed in
    let back = solve(matrixTransposed(inputs[0]), g)
    return [needed[0] ? -matmul(back, x, transposeB: true) : nil, back]
  } body: { inputs in
    matrices(inputs[0], n * n).enumerated().flatMap { index, matrix in
      LUDecomposition(matrix, n).solve(Array(inputs[1][(index * n * columns)..<((index + 1) * n * columns)]), columns)
    }
  }
}

/// The inverse matrices.
public func inv(_ a: Tensor) -> Tensor {
  let n = matrixSize(a, "inv")
  return hostComputation("inv", [a], shape: a.shape, dtype: a.dtype) { _, result, g, _ in
    [-matmul(matmul(result, g, transposeA: true), result, transposeB: true)]
  } body: { inputs in
    let identity = (0..<(n * n)).map { $0 % (n + 1) == 0 ? 1.0 : 0.0 }
    return matrices(inputs[0], n * n).flatMap { LUDecomposition($0, n).solve(identity, n) }
  }
}

/// The determinants. The derivative needs the inverse.
public func det(_ a: Tensor) -> Tensor {
  let n = matrixSize(a, "det")
  return hostComputation("det", [a], shape: Array(a.shape.dropLast(2)), dtype: a.dtype) { inputs, result, g, _ in
    [(g * result).expandingShape(at: -1).expandingShape(at: -1) * matrixTransposed(inv(inputs[0]))]
  } body: { inputs in
    matrices(inputs[0], n * n).map {
      let (sign, logarithm) = LUDecomposition($0, n).signAndLogarithm
      return sign * Foundation.exp(logarithm)
    }
  }
}

/// The signs of the determinants, and the logarithms of their magnitudes, which do not overflow.
public func slogdet(_ a: Tensor) -> (sign: Tensor, logarithm: Tensor) {
  let n = matrixSize(a, "slogdet")
  let shape = Array(a.shape.dropLast(2))
  let sign = hostComputation("sign of the determinant", [a], shape: shape, dtype: a.dtype) { inputs, _, _, _ in
    [Tensor.zeros(inputs[0].shape, dtype: inputs[0].dtype)]
  } body: { inputs in matrices(inputs[0], n * n).map { LUDecomposition($0, n).signAndLogarithm.sign } }
  let logarithm = hostComputation("logarithm of the determinant", [a], shape: shape, dtype: a.dtype) { inputs, _, g, _ in
    [g.expandingShape(at: -1).expandingShape(at: -1) * matrixTransposed(inv(inputs[0]))]
  } body: { inputs in matrices(inputs[0], n * n).map { LUDecomposition($0, n).signAndLogarithm.logarithm } }
  return (sign, logarithm)
}

/// The lower triangular matrices L with L Lᵀ = (a + aᵀ) / 2.
/// - Precondition: the matrices are positive definite.
public func cholesky(_ a: Tensor) -> Tensor {
  let n = matrixSize(a, "cholesky")
  return hostComputation("cholesky", [a], shape: a.shape, dtype: a.dtype) { _, lower, g, _ in
    let inverse = inv(lower)
    let product = tril(matmul(lower, g, transposeA: true))
    let halved = product - 0.5 * product * Tensor.identity(n, dtype: g.dtype)
    let inner = matmul(matmul(inverse, halved, transposeA: true), inverse)
    return [0.5 * (inner + matrixTransposed(inner))]
  } body: { inputs in
    matrices(inputs[0], n * n).flatMap { choleskyFactor($0, n) }
  }
}

/// The same of one matrix of n rows, row by row; with NaN in it where the matrix is not positive definite.
package func choleskyFactor(_ matrix: [Double], _ n: Int) -> [Double] {
  var lower = [Double](repeating: 0, count: n * n)
  for row in 0..<n {
    for column in 0...row {
      var sum = 0.5 * (matrix[row * n + column] + matrix[column * n + row])
      for k in 0..<column { sum -= lower[row * n + k] * lower[column * n + k] }
      lower[row * n + column] = row == column ? sum.squareRoot() : sum / lower[column * n + column]
    }
  }
  return lower
}

/// Eigenvalues in ascending order, and eigenvectors in the columns of a matrix, of (a + aᵀ) / 2.
///
/// The derivative of the vectors exists where no two values are equal. A vector's sign is arbitrary.
public func eigh(_ a: Tensor) -> (values: Tensor, vectors: Tensor) {
  let n = matrixSize(a, "eigh")
  let batch = Array(a.shape.dropLast(2))
  // The values are the first row, the matrix of vectors lies below.
  let both = hostComputation("eigh", [a], shape: batch + [n + 1, n], dtype: a.dtype) { _, result, g, _ in
    let (w, v) = parts(result), (gw, gv) = parts(g)
    let identity = Tensor.identity(n, dtype: g.dtype)
    let distance = w.expandingShape(at: -2) - w.expandingShape(at: -1) + identity
    let turned = matmul(v, gv, transposeA: true) * (1 - identity) / distance
    let inner = turned + gw.expandingShape(at: -1) * identity
    let whole = matmul(matmul(v, inner), v, transposeB: true)
    return [0.5 * (whole + matrixTransposed(whole))]
  } body: { inputs in
    matrices(inputs[0], n * n).flatMap { matrix in
      let symmetric = (0..<(n * n)).map { 0.5 * (matrix[$0] + matrix[$0 % n * n + $0 / n]) }
      let (values, vectors) = jacobiEigenvectors(symmetric, n)
      let order = (0..<n).sorted { values[$0] < values[$1] }
      return order.map { values[$0] } + (0..<n).flatMap { row in order.map { vectors[row * n + $0] } }
    }
  }
  @Sendable func parts(_ both: Tensor) -> (Tensor, Tensor) {
    let zeros = batch.map { _ in 0 }
    return (
      both.sliced(starts: zeros + [0, 0], sizes: batch + [1, n]).reshaped(batch + [n]),
      both.sliced(starts: zeros + [1, 0], sizes: batch + [n, n])
    )
  }
  return parts(both)
}

/// The orthonormal columns q and the upper triangular r with a = q r, for matrices of m rows and n columns: q has min(m, n) columns.
/// Diagonal elements of r are at least 0, but for rounding where columns depend on others. Has no derivative.
public func qr(_ a: Tensor) -> (q: Tensor, r: Tensor) {
  let (m, n) = matrixShape(a, "qr")
  let k = Swift.min(m, n)
  let batch = Array(a.shape.dropLast(2))
  let q = hostComputation("qr", [a], shape: batch + [m, k], dtype: a.dtype) { inputs in
    matrices(inputs[0], m * n).flatMap { matrix in
      let q = orthonormalColumns((0..<k).map { column in (0..<m).map { matrix[$0 * n + column] } })
      return (0..<m).flatMap { row in q.map { $0[row] } }
    }
  }
  return (q, triu(matmul(q, a, transposeA: true)))
}

/// The decomposition a = u · diagonal(s) · v of matrices of m rows and n columns, singular values in descending order; u has min(m, n)
/// columns and v as many rows. Has no derivative.
public func svd(_ a: Tensor) -> (u: Tensor, s: Tensor, v: Tensor) {
  let (m, n) = matrixShape(a, "svd")
  if m < n {
    let (u, s, v) = svd(matrixTransposed(a))
    return (matrixTransposed(v), s, matrixTransposed(u))
  }
  let batch = Array(a.shape.dropLast(2))
  // One column of u, s and v after another, made orthogonal in pairs (one-sided Jacobi).
  let all = hostComputation("svd", [a], shape: batch + [n, m + 1 + n], dtype: a.dtype) { inputs in
    matrices(inputs[0], m * n).flatMap { matrix -> [Double] in
      // Squares of great or small elements would be none.
      let greatest = matrix.reduce(0) { Swift.max($0, $1.magnitude) }, scale = greatest > 0 && greatest.isFinite ? greatest : 1
      var columns = (0..<n).map { column in (0..<m).map { matrix[$0 * n + column] / scale } }
      var right = (0..<n).map { column in (0..<n).map { $0 == column ? 1.0 : 0.0 } }
      var isDone = false
      for _ in 0..<60 where !isDone {
        isDone = true
        for p in 0..<n {
          for q in stride(from: p + 1, to: n, by: 1) {
            var (alpha, beta, gamma) = (0.0, 0.0, 0.0)
            for row in 0..<m {
              alpha += columns[p][row] * columns[p][row]
              beta += columns[q][row] * columns[q][row]
              gamma += columns[p][row] * columns[q][row]
            }
            if gamma == 0 || gamma.magnitude <= 1e-16 * (alpha * beta).squareRoot() { continue }
            isDone = false
            let zeta = (beta - alpha) / (2 * gamma)
            let t = (zeta < 0 ? -1 : 1) / (zeta.magnitude + (1 + zeta * zeta).squareRoot())
            let c = 1 / (1 + t * t).squareRoot(), s = c * t
            rotate(&columns, p, q, c, s)
            rotate(&right, p, q, c, s)
          }
        }
      }
      let lengths = columns.map { $0.reduce(0.0) { $0 + $1 * $1 }.squareRoot() }
      let order = (0..<n).sorted { lengths[$0] > lengths[$1] }
      // Of a column that is nothing beside the longest there is no direction: it gets one at right angles to the others.
      let least = Double(m) * Double.ulpOfOne * (order.first.map { lengths[$0] } ?? 0)
      var left: [[Double]] = []
      for index in order {
        left.append(lengths[index] <= least ? normal(to: left, size: m) : columns[index].map { $0 / lengths[index] })
      }
      return zip(order, left).flatMap { index, column in column + [lengths[index] * scale] + right[index] }
    }
  }
  func part(_ start: Int, _ size: Int) -> Tensor { all.sliced(starts: batch.map { _ in 0 } + [0, start], sizes: batch + [n, size]) }
  return (matrixTransposed(part(0, m)), part(m, 1).reshaped(batch + [n]), part(m + 1, n))
}

/// A vector of length 1 at right angles to some of such, which are fewer than it has elements.
private func normal(to others: [[Double]], size: Int) -> [Double] {
  for place in 0..<size {
    var vector = [Double](repeating: 0, count: size)
    vector[place] = 1
    // Twice, because the first time leaves rounding errors that are great beside a short rest.
    for _ in 0..<2 {
      for other in others {
        let product = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        for row in vector.indices { vector[row] -= product * other[row] }
      }
    }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // One of the axes has at least so much left.
    if length * length >= 0.5 / Double(size) { return vector.map { $0 / length } }
  }
  return [Double](repeating: .nan, count: size)
}

private func rotate(_ vectors: inout [[Double]], _ p: Int, _ q: Int, _ c: Double, _ s: Double) {
  for row in vectors[p].indices {
    let (x, y) = (vectors[p][row], vectors[q][row])
    vectors[p][row] = c * x - s * y
    vectors[q][row] = s * x + c * y
  }
}

private func matrixShape(_ a: Tensor, _ name: String) -> (Int, Int) {
  guard a.rank >= 2, a.dtype.isFloatingPoint else { programmingError("\(name): \(a.dtype) \(a.shape) holds no floating-point matrices") }
  return (a.shape[a.rank - 2], a.shape[a.rank - 1])
}

private func matrixSize(_ a: Tensor, _ name: String) -> Int {
  let (m, n) = matrixShape(a, name)
  if m != n { programmingError("\(name): the matrices of shape \(a.shape) are not square") }
  return n
}

private func matrixTransposed(_ a: Tensor) -> Tensor {
  a.transposed(Array(0..<(a.rank - 2)) + [a.rank - 1, a.rank - 2])
}

private func matrices(_ values: [Double], _ size: Int) -> [[Double]] {
  stride(from: 0, to: values.count, by: Swift.max(size, 1)).map { Array(values[$0..<($0 + size)]) }
}

/// A square matrix as the product of a lower and an upper triangular one, with rows exchanged.
private struct LUDecomposition {
  private var elements: [Double]
  private var order: [Int]
  private let n: Int
  private var isOdd = false

  init(_ matrix: [Double], _ n: Int) {
    elements = matrix
    order = Array(0..<n)
    self.n = n
    for step in 0..<n {
      let pivot = (step..<n).max { elements[$0 * n + step].magnitude < elements[$1 * n + step].magnitude }!
      if pivot != step {
        for column in 0..<n { elements.swapAt(pivot * n + column, step * n + column) }
        order.swapAt(pivot, step)
        isOdd.toggle()
      }
      if elements[step * n + step] == 0 { continue }
      for row in (step + 1)..<Swift.max(n, step + 1) {
        elements[row * n + step] /= elements[step * n + step]
        let factor = elements[row * n + step]
        for column in (step + 1)..<Swift.max(n, step + 1) { elements[row * n + column] -= factor * elements[step * n + column] }
      }
    }
  }

  var signAndLogarithm: (sign: Double, logarithm: Double) {
    let diagonal = (0..<n).map { elements[$0 * n + $0] }
    let sign = diagonal.reduce(isOdd ? -1.0 : 1.0) { $0 * ($1 == 0 ? 0 : $1 < 0 ? -1 : 1) }
    return (sign, diagonal.reduce(0.0) { $0 + Foundation.log($1.magnitude) })
  }

  func solve(_ b: [Double], _ columns: Int) -> [Double] {
    if (0..<n).contains(where: { elements[$0 * n + $0] == 0 }) { return b.map { _ in .nan } }
    var x = order.flatMap { b[($0 * columns)..<(($0 + 1) * columns)] }
    for row in 0..<n {
      for earlier in 0..<row {
        for column in 0..<columns { x[row * columns + column] -= elements[row * n + earlier] * x[earlier * columns + column] }
      }
    }
    for row in (0..<n).reversed() {
      for column in 0..<columns {
        for later in (row + 1)..<Swift.max(n, row + 1) { x[row * columns + column] -= elements[row * n + later] * x[later * columns + column] }
        x[row * columns + column] /= elements[row * n + row]
      }
    }
    return x
  }
}

/// Eigenvalues and, in columns, eigenvectors of a symmetric matrix: Jacobi's rotations.
private func jacobiEigenvectors(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [Double]) {
  var a = matrix
  var v = (0..<(n * n)).map { $0 % (n + 1) == 0 ? 1.0 : 0.0 }
  for _ in 0..<60 {
    let off = (0..<n).reduce(0.0) { sum, row in (0..<row).reduce(sum) { $0 + a[row * n + $1] * a[row * n + $1] } }
    if off.isNaN { return ([Double](repeating: .nan, count: n), [Double](repeating: .nan, count: n * n)) }
    if off == 0 { break }
    for p in 0..<n {
      for q in stride(from: p + 1, to: n, by: 1) {
        let apq = a[p * n + q]
        // Too small to change either diagonal element.
        if apq.magnitude <= 1e-17 * Swift.min(a[p * n + p].magnitude, a[q * n + q].magnitude) || apq == 0 {
          (a[p * n + q], a[q * n + p]) = (0, 0)
          continue
        }
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
        let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot(), s = t * c
        for k in 0..<n {
          let (x, y) = (a[k * n + p], a[k * n + q])
          (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y)
        }
        for k in 0..<n {
          let (x, y) = (a[p * n + k], a[q * n + k])
          (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y)
          let (u, w) = (v[k * n + p], v[k * n + q])
          (v[k * n + p], v[k * n + q]) = (c * u - s * w, s * u + c * w)
        }
      }
    }
  }
  return ((0..<n).map { a[$0 * n + $0] }, v)
}

import Foundation

/// The eigenvalues and eigenvectors of a symmetric matrix, in `Double`: Householder's tridiagonal form and then the implicit QL
/// method (Golub & Van Loan, 2013, "Matrix Computations", chapter 8). Deterministic; about 9 n³ multiplications.
struct SymmetricEigen {
  /// Ascending.
  private(set) var values: [Double]
  /// Row k is the vector of value k.
  private(set) var vectors: [[Double]]

  /// - Parameter elements: row by row; the upper and lower triangles count half each. Elements that are not finite give NaN everywhere.
  init(_ elements: [Double], size: Int) {
    guard elements.allSatisfy(\.isFinite) else {
      values = [Double](repeating: .nan, count: size)
      vectors = [[Double]](repeating: values, count: size)
      return
    }
    var matrix = (0..<size).map { row in
      (0..<size).map { (elements[row * size + $0] + elements[$0 * size + row]) / 2 }
    }
    (values, vectors) = ([], [])
    let (reflections, off) = SymmetricEigen.tridiagonalize(&matrix)
    values = (0..<size).map { matrix[$0][$0] }
    vectors = SymmetricEigen.transposedProduct(of: reflections, size)
    diagonalize(off)
    let order = values.indices.sorted { values[$0] < values[$1] }
    values = order.map { values[$0] }
    vectors = order.map { vectors[$0] }
  }

  /// A reflection x − factor · (x · vector) · vector.
  private struct Reflection {
    let vector: [Double]
    let factor: Double
  }

  /// Makes all but the diagonal and its neighbours zero.
  /// - Returns: what was done, and the elements beside the diagonal.
  private static func tridiagonalize(_ a: inout [[Double]]) -> (reflections: [Reflection], off: [Double]) {
    let size = a.count
    var reflections: [Reflection] = []
    var off: [Double] = []
    for column in 0..<max(0, size - 1) {
      let below = column + 1..<size
      var vector = [Double](repeating: 0, count: size)
      for row in below { vector[row] = a[row][column] }
      let reflection = reflector(&vector, from: column + 1)
      off.append(reflection.image)
      reflections.append(Reflection(vector: vector, factor: reflection.factor))
      if reflection.factor == 0 { continue }
      // A ← H · A · H with H = I − factor · v · vᵀ, as A − v · wᵀ − w · vᵀ.
      var product = [Double](repeating: 0, count: size)
      for row in below {
        var sum = 0.0
        for other in below { sum += a[row][other] * vector[other] }
        product[row] = reflection.factor * sum
      }
      var half = 0.0
      for row in below { half += product[row] * vector[row] }
      half *= reflection.factor / 2
      for row in below { product[row] -= half * vector[row] }
      for row in below {
        for other in below { a[row][other] -= vector[row] * product[other] + product[row] * vector[other] }
      }
    }
    return (reflections, off)
  }

  /// (H₀ · H₁ · …)ᵀ, row by row.
  private static func transposedProduct(of reflections: [Reflection], _ size: Int) -> [[Double]] {
    var rows = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0.0 } }
    for reflection in reflections.reversed() where reflection.factor != 0 {
      // (H · X)ᵀ = Xᵀ · H, so each row is reflected on its own.
      for row in rows.indices {
        var sum = 0.0
        for index in 0..<size { sum += rows[row][index] * reflection.vector[index] }
        if sum == 0 { continue }
        for index in 0..<size { rows[row][index] -= reflection.factor * sum * reflection.vector[index] }
      }
    }
    return rows
  }

  /// Turns the tridiagonal matrix of ``values`` and `off` into a diagonal one, and ``vectors`` with it.
  private mutating func diagonalize(_ off: [Double]) {
    let size = values.count
    var off = off + [0]
    for first in 0..<size {
      // Each value takes two or three turns; the limit only keeps a loop from being endless.
      for _ in 0..<60 {
        let last = (first..<size - 1).first { abs(off[$0]) <= .ulpOfOne * (abs(values[$0]) + abs(values[$0 + 1])) } ?? size - 1
        if last == first { break }
        // Wilkinson's shift: the eigenvalue of the first two by two that is nearest to the first.
        let half = (values[first + 1] - values[first]) / (2 * off[first])
        let root = hypot(half, 1)
        let shift = values[first] - off[first] / (half + (half < 0 ? -root : root))
        chase(from: last, to: first, values[last] - shift, &off)
      }
    }
  }

  /// One turn of QL with a shift: rotations from below push the bulge up and out.
  private mutating func chase(from last: Int, to first: Int, _ start: Double, _ off: inout [Double]) {
    var (diagonal, sine, cosine, moved) = (start, 1.0, 1.0, 0.0)
    for index in stride(from: last - 1, through: first, by: -1) {
      let bulge = sine * off[index]
      let beside = cosine * off[index]
      let length = hypot(bulge, diagonal)
      off[index + 1] = length
      if length == 0 {
        values[index + 1] -= moved
        off[last] = 0
        return
      }
      (sine, cosine) = (bulge / length, diagonal / length)
      let lower = values[index + 1] - moved
      let mixed = (values[index] - lower) * sine + 2 * cosine * beside
      moved = sine * mixed
      values[index + 1] = lower + moved
      diagonal = cosine * mixed - beside
      // Taken out for the loop, which is most of the work.
      var upper: [Double] = []
      var under: [Double] = []
      swap(&upper, &vectors[index])
      swap(&under, &vectors[index + 1])
      for column in values.indices {
        let (x, y) = (upper[column], under[column])
        under[column] = sine * x + cosine * y
        upper[column] = cosine * x - sine * y
      }
      swap(&upper, &vectors[index])
      swap(&under, &vectors[index + 1])
    }
    values[first] -= moved
    off[first] = diagonal
    off[last] = 0
  }
}

/// Turns the part of `vector` from `start` on into the one that reflects it onto its first axis.
/// - Returns: the element that the reflection leaves on that axis, and the factor of x − factor · (x · vector) · vector; 0 where nothing
///   is to be done.
func reflector(_ vector: inout [Double], from start: Int) -> (image: Double, factor: Double) {
  let scale = vector[start...].reduce(0) { max($0, abs($1)) }
  let head = vector[start]
  if vector[(start + 1)...].allSatisfy({ $0 == 0 }) { return (head, 0) }
  // Scaled, so that squares neither vanish nor overflow.
  var square = 0.0
  for index in start..<vector.count {
    vector[index] /= scale
    square += vector[index] * vector[index]
  }
  let length = square.squareRoot()
  let image = vector[start] > 0 ? -length : length
  vector[start] -= image
  let factor = 1 / (image * (image - head / scale))
  return (image * scale, factor)
}

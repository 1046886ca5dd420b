import Foundation
import Optimizers
import Testing

/// Decompositions of matrices far from the identity.
@Suite struct MatrixFunctionTests {
  private func matrix(_ json: JSONValue) -> (elements: [Double], size: Int) { (json["matrix"]!.numbers, json["size"]!.int!) }

  private func greatest(_ a: [Double]) -> Double { a.map(abs).max() ?? 0 }

  private func product(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
    (0..<size * size).map { place in (0..<size).reduce(0) { $0 + a[place / size * size + $1] * b[$1 * size + place % size] } }
  }

  /// Eigenvalues are known to about ε times the greatest one, so the roots of the least to ε times the condition.
  @Test func `Roots against sci py`() throws {
    var count = 0
    for json in try Fixture.cases("matrix-roots") {
      let (elements, size) = matrix(json)
      let condition = json["condition"]!.double!
      let tensor = Tensor(shape: [size, size], scalars: elements)
      for (name, expected) in json["powers"]!.object!.members {
        let root = ["-1/2": 2.0, "-1/4": 4, "-1/8": 8][name]!
        let found = tensor.inverseRoot(root, least: 0).doubles
        let wanted = expected.numbers
        let difference = greatest(zip(found, wanted).map { $0 - $1 }) / greatest(wanted)
        #expect(difference < 3e-16 * condition + 1e-14, "\(size), \(condition), \(name): \(difference)")
        // Its power is the inverse: times the matrix, the identity.
        var power = found
        for _ in 1..<Int(root) { power = product(power, found, size) }
        let identity = product(power, elements, size)
        let error = greatest(identity.enumerated().map { $0.element - ($0.offset / size == $0.offset % size ? 1 : 0) })
        #expect(error < 1e-15 * condition * Double(size) + 1e-13, "\(size), \(condition), \(name): \(error)")
        // Symmetric to the last bit.
        #expect((0..<size * size).allSatisfy { found[$0] == found[$0 % size * size + $0 / size] })
        count += 1
      }
      let narrow = tensor.cast(to: .float32).inverseRoot(4, least: 0)
      #expect(narrow.dtype == .float32)
    }
    #expect(count == 27)
  }

  @Test func `Eigenvectors against sci py`() throws {
    for json in try Fixture.cases("matrix-roots") {
      let (elements, size) = matrix(json)
      let found = Tensor(shape: [size, size], scalars: elements).eigenvectors().doubles
      let expected = json["eigenvectors"]!.numbers
      for column in 0..<size {
        let a = (0..<size).map { found[$0 * size + column] }
        let b = (0..<size).map { expected[$0 * size + size - 1 - column] }
        let cosine = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(abs(cosine) - 1) < 1e-13)
      }
    }
  }

  @Test func `Special matrices`() throws {
    func check(_ rows: [[Double]], _ values: [Double]) {
      let size = rows.count
      let tensor = Tensor(shape: [size, size], scalars: rows.flatMap { $0 })
      let vectors = tensor.eigenvectors().doubles
      let transposed = (0..<size * size).map { vectors[$0 % size * size + $0 / size] }
      let unit = product(transposed, vectors, size)
      #expect(greatest(unit.enumerated().map { $0.element - ($0.offset / size == $0.offset % size ? 1 : 0) }) < 1e-14)
      let diagonal = product(product(transposed, rows.flatMap { $0 }, size), vectors, size)
      let scale = max(greatest(values), 1e-300)
      for row in 0..<size {
        for column in 0..<size {
          #expect(abs(diagonal[row * size + column] - (row == column ? values[row] : 0)) < 4e-15 * scale, "\(rows)")
        }
      }
    }
    check([[3]], [3])
    check([[0, 0], [0, 0]], [0, 0])
    check([[1, 0, 0], [0, 5, 0], [0, 0, 2]], [5, 2, 1])
    check([[2, 0, 0], [0, 2, 0], [0, 0, 2]], [2, 2, 2])
    check([[0, 1], [1, 0]], [1, -1])
    // Rank one, large and small.
    check([[1e200, 1e200], [1e200, 1e200]], [2e200, 0])
    check([[1e-200, 1e-200], [1e-200, 1e-200]], [2e-200, 0])
    check([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]], [4, 0, 0, 0])
    let broken = Tensor([[1, Double.nan], [0, 1]]).inverseRoot(2, least: 1e-6).doubles
    #expect(broken.allSatisfy { $0.isNaN })
  }

  @Test func `Large matrix`() throws {
    // The second differences of 60 points, whose eigenvalues are 2 − 2 cos(π k / 61).
    let size = 60
    let elements = (0..<size * size).map { place in
      let distance = abs(place / size - place % size)
      return distance == 0 ? 2.0 : distance == 1 ? -1.0 : 0
    }
    let root = Tensor(shape: [size, size], scalars: elements).inverseRoot(2, least: 0).doubles
    let trace = (0..<size).reduce(0) { $0 + root[$1 * size + $1] }
    let expected = (1...size).reduce(0) { $0 + 1 / (2 - 2 * cos(Double.pi * Double($1) / 61)).squareRoot() }
    #expect(abs(trace / expected - 1) < 1e-12)
  }

  /// Turns of orthogonal iteration end at the eigenvectors, sorted.
  @Test func `Orthogonal iteration`() throws {
    let matrix = Tensor([[4.0, 1, 0], [1, 3, 0.5], [0, 0.5, 9]])
    var basis = Tensor.identity(3, dtype: .float64)
    for _ in 0..<200 {
      let turned = matrix.refinedEigenvectors(basis)
      basis = turned.sliced(starts: [0, 0, 0], sizes: [1, 3, 3]).reshaped([3, 3]).evaluated()
    }
    let expected = matrix.eigenvectors().doubles
    #expect(zip(basis.doubles, expected).allSatisfy { abs(abs($0) - abs($1)) < 1e-12 })
    let first = matrix.refinedEigenvectors(Tensor.identity(3, dtype: .float64)).doubles
    // The diagonal 4, 3, 9 is sorted 9, 4, 3.
    #expect(Array(first[9...]) == [0, 1, 0, 0, 0, 1, 1, 0, 0])
  }
}

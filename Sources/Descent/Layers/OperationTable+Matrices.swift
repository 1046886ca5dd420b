import Optimizers
import TensorCore

extension OperationInput {
  /// Matrices in the last two axes of rows.
  fileprivate func matrices(_ place: Int = 0, _ name: String = "x", areSquare: Bool = true) throws -> Tensor {
    let x = try floating(place, name)
    guard x.rank >= 3, x.shape.suffix(2).allSatisfy({ $0 > 0 }), !areSquare || x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
      throw refusal("rows of shape \(rowShape(x)) are no \(areSquare ? "square " : "")matrices")
    }
    try checkTable(Array(x.shape.suffix(2)))
    return x
  }
}

extension OperationTable {
  /// Products, and equations and decompositions of the matrices that rows are.
  static let matrices: [OperationDefinition] =
    triangle("Tril") { tril($0, k: $1) } + triangle("Triu") { triu($0, k: $1) }
    + [
      OperationDefinition("Diagonal", "numpy") { input in
        let (x, axes) = try planes(input)
        return [x.diagonal(offset: try input.value("offset", .reckoned(), default: 0), axis1: axes.0, axis2: axes.1)]
      },
      OperationDefinition("Trace", "numpy") { input in
        let (x, axes) = try planes(input)
        return [trace(whole(x), offset: try input.value("offset", .reckoned(), default: 0), axis1: axes.0, axis2: axes.1)]
      },
      OperationDefinition("Dot", "numpy") { input in
        let (a, b) = try pair(input)
        guard b.rank > 0, a.shape.last == b.shape[max(b.rank - 2, 0)] else { throw unfit(input, a, b) }
        try input.elementCount(a.shape.dropLast() + b.shape.indices.filter { $0 != max(b.rank - 2, 0) }.map { b.shape[$0] })
        return [dot(a, b)]
      },
      OperationDefinition("Inner", "numpy") { input in
        let (a, b) = try pair(input)
        guard a.shape.last == b.shape.last else { throw unfit(input, a, b) }
        try input.elementCount(a.shape.dropLast() + b.shape.dropLast())
        return [inner(a, b)]
      },
      OperationDefinition("Tensordot", "numpy") { input in
        let (a, b) = try pair(input)
        var axes: ([Int], [Int])
        switch try input.value("axes", .summedAxes, default: .count(2)) {
        case .count(let count):
          guard count <= min(a.rank, b.rank) else { throw unfit(input, a, b) }
          axes = (Array(a.rank - count..<a.rank), Array(0..<count))
        case .pairs(let left, let right): axes = (left, right)
        }
        axes = (axes.0.map { $0 < 0 ? $0 + a.rank : $0 }, axes.1.map { $0 < 0 ? $0 + b.rank : $0 })
        guard axes.0.count == axes.1.count, Set(axes.0).count == axes.0.count, Set(axes.1).count == axes.1.count,
          axes.0.allSatisfy(a.shape.indices.contains), axes.1.allSatisfy(b.shape.indices.contains),
          zip(axes.0, axes.1).allSatisfy({ a.shape[$0] == b.shape[$1] })
        else { throw unfit(input, a, b) }
        try input.elementCount(
          a.shape.indices.filter { !axes.0.contains($0) }.map { a.shape[$0] } + b.shape.indices.filter { !axes.1.contains($0) }.map { b.shape[$0] })
        return [tensordot(a, b, axes: axes)]
      },
      OperationDefinition("Cross", "numpy") { input in
        let (a, b) = try input.pair()
        for key in ["axisa", "axisb", "axisc", "axis"] {
          guard try input.optional(key, .reckoned()) ?? -1 == -1 else { throw input.refusal("'\(key)' must be -1") }
        }
        guard a.shape.last == 3, b.shape.last == 3 else { throw unfit(input, a, b) }
        return [cross(whole(a), whole(b))]
      },
      OperationDefinition("Det", "linalg") { [det(try $0.matrices())] },
      OperationDefinition("Slogdet", "numpy") { input in
        let (sign, logarithm) = slogdet(try input.matrices())
        return [sign, logarithm]
      },
      OperationDefinition("Logdet", "math") { [slogdet(try $0.matrices()).logarithm] },
      OperationDefinition("Inv", "linalg") { [inv(try $0.matrices())] },
      OperationDefinition("Cholesky", "linalg") { input in
        let x = cholesky(try input.matrices())
        let order = Array(0..<x.rank - 2) + [x.rank - 1, x.rank - 2]
        return [try input.flag("upper") ? x.transposed(order) : x]
      },
      OperationDefinition("Solve", "linalg") { input in
        let a = try input.matrices(0, "a"), b = try input.tensor(1, "b").cast(to: a.dtype)
        let expected = a.shape.dropLast()
        guard b.shape == Array(expected) || b.rank == a.rank && b.shape.dropLast() == expected else { throw unfit(input, a, b) }
        return [solve(a, b)]
      },
      OperationDefinition("SolveTriangular", "linalg") { input in
        let a = try input.matrices(0, "a"), b = try input.tensor(1, "b").cast(to: a.dtype)
        let expected = a.shape.dropLast()
        guard b.shape == Array(expected) || b.rank == a.rank && b.shape.dropLast() == expected else { throw unfit(input, a, b) }
        return [solve(try input.flag("lower") ? tril(a) : triu(a), b)]
      },
      OperationDefinition("Eigh", "linalg") { input in
        let (values, vectors) = eigh(try input.matrices())
        return [values, vectors]
      },
      OperationDefinition("Qr", "linalg") { input in
        guard try input.value("mode", .text, default: "reduced") == "reduced" else { throw input.refusal("'mode' must be reduced") }
        let (q, r) = qr(try input.matrices(areSquare: false))
        return [q, r]
      },
      OperationDefinition("SVD", "linalg") { input in
        let x = try input.matrices(areSquare: false)
        let isSquare = x.shape[x.rank - 1] == x.shape[x.rank - 2]
        let isWhole = try input.value("compute_uv", .flag, default: true), isFull = try input.value("full_matrices", .flag, default: true)
        guard isWhole, isSquare || !isFull else {
          throw input.refusal("'full_matrices' must be false, and 'compute_uv' true")
        }
        let (u, s, v) = svd(x)
        return [u, s, v]
      },
    ]

  private static func pair(_ input: OperationInput) throws -> (Tensor, Tensor) {
    let both = promoted([try input.tensor(0, "x1"), try input.tensor(1, "x2")]).map(float)
    return (both[0], both[1])
  }

  private static func unfit(_ input: OperationInput, _ a: Tensor, _ b: Tensor) -> DescentError {
    input.refusal("tensors of shapes [rows] + \(input.rowShape(a)) and [\(b.shape.first.map(String.init) ?? "")] + \(input.rowShape(b)) do not fit")
  }

  private static func triangle(_ name: String, body: @escaping @Sendable (Tensor, Int) -> Tensor) -> [OperationDefinition] {
    [
      OperationDefinition(name, "numpy") { input in
        let x = try input.tensor(0)
        guard x.rank >= 3 else { throw input.refusal("rows of shape \(input.rowShape(x)) are no matrices") }
        try input.checkTable(Array(x.shape.suffix(2)))
        return [body(x, try input.value("k", .reckoned(), default: 0))]
      }
    ]
  }

  /// Two axes of rows, of matrices.
  private static func planes(_ input: OperationInput) throws -> (Tensor, (Int, Int)) {
    let x = try input.tensor(0)
    let axes = (try input.axis(of: x, default: 0, "axis1"), try input.axis(of: x, default: 1, "axis2"))
    guard x.rank >= 3, axes.0 > 0, axes.1 > 0, axes.0 != axes.1 else {
      throw input.refusal("axes \(axes.0) and \(axes.1) are not two of a row of shape \(input.rowShape(x)); axis 0 counts the rows")
    }
    return (x, axes)
  }
}

/// The axes that a product of tensors sums over.
private enum SummedAxes {
  /// So many, the last ones of the first tensor and the first ones of the second.
  case count(Int)
  case pairs([Int], [Int])
}

extension SettingKind<SummedAxes> {
  fileprivate static var summedAxes: SettingKind {
    SettingKind("an integer at least 0, or two lists of axes") { json in
      if let count = json.int { return count >= 0 ? .count(count) : nil }
      guard let lists = json.array, lists.count == 2 else { return nil }
      let axes = SettingKind<[Int]>.reckonedList()
      return try .pairs(axes.value(of: lists[0], named: "first"), axes.value(of: lists[1], named: "second"))
    }
  }
}

// MARK: - For symbols

/// The diagonal of the matrices in two axes of the rows, which disappear.
public func diagonal(_ x: some Symbolic, offset: Int = 0, axis1: Int = -2, axis2: Int = -1) throws -> Symbol {
  try Symbol.only(
    "Diagonal", [x.value], [("offset", JSONValue(offset)), ("axis1", JSONValue(axis1)), ("axis2", JSONValue(axis2))])
}

/// The sum of the diagonal of the matrices in two axes of the rows.
public func trace(_ x: some Symbolic, offset: Int = 0, axis1: Int = -2, axis2: Int = -1) throws -> Symbol {
  try Symbol.only("Trace", [x.value], [("offset", JSONValue(offset)), ("axis1", JSONValue(axis1)), ("axis2", JSONValue(axis2))])
}

/// The matrices in the last two axes with zeros above a diagonal: the main one, or `k` places to its right. (Keras: `ops.tril`.)
public func tril(_ x: some Symbolic, k: Int = 0) throws -> Symbol { try Symbol.only("Tril", [x.value], [("k", JSONValue(k))]) }
/// The matrices in the last two axes with zeros below a diagonal: the main one, or `k` places to its right. (Keras: `ops.triu`.)
public func triu(_ x: some Symbolic, k: Int = 0) throws -> Symbol { try Symbol.only("Triu", [x.value], [("k", JSONValue(k))]) }

/// The matrix product of rows with a constant.
public func matmul(_ a: some Symbolic, _ b: Tensor) throws -> Symbol { try Symbol.only("Matmul", [a.value, .tensor(b)]) }
/// Products of the elements of the last axes, summed, with a constant.
public func inner(_ a: some Symbolic, _ b: Tensor) throws -> Symbol { try Symbol.only("Inner", [a.value, .tensor(b)]) }
/// Summed products over the last axis of the rows and the last but one of a constant.
public func dot(_ a: some Symbolic, _ b: Tensor) throws -> Symbol { try Symbol.only("Dot", [a.value, .tensor(b)]) }
/// Summed products over the last axes of the rows and the first ones of a constant.
public func tensordot(_ a: some Symbolic, _ b: Tensor, axes: Int = 2) throws -> Symbol {
  try Symbol.only("Tensordot", [a.value, .tensor(b)], [("axes", JSONValue(axes))])
}
/// The cross product of the vectors of three elements in the last axes.
public func cross(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol {
  try Symbol.only("Cross", [a.value, b.value], [("axisa", -1), ("axisb", -1), ("axisc", -1), ("axis", .null)])
}

/// The determinant of each row's matrix. (Keras: `ops.det`.)
public func det(_ a: some Symbolic) throws -> Symbol { try Symbol.only("Det", [a.value]) }
/// The inverse of each row's matrix. (Keras: `ops.inv`.)
public func inv(_ a: some Symbolic) throws -> Symbol { try Symbol.only("Inv", [a.value]) }
/// The lower triangular l with l lᵀ = a, for each row's symmetric positive definite matrix. (Keras: `ops.cholesky`.)
public func cholesky(_ a: some Symbolic) throws -> Symbol { try Symbol.only("Cholesky", [a.value], [("upper", false)]) }
/// The x with a x = b, for each row.
public func solve(_ a: some Symbolic, _ b: some Symbolic) throws -> Symbol { try Symbol.only("Solve", [a.value, b.value]) }

/// Eigenvalues in ascending order, and eigenvectors in columns, of each row's symmetric matrix.
public func eigh(_ a: some Symbolic) throws -> (values: Symbol, vectors: Symbol) {
  let results = try Symbol.applying("Eigh", [a.value])
  return (results[0], results[1])
}

/// Orthonormal columns and an upper triangular matrix whose product each row is.
public func qr(_ a: some Symbolic) throws -> (q: Symbol, r: Symbol) {
  let results = try Symbol.applying("Qr", [a.value], [("mode", "reduced")])
  return (results[0], results[1])
}

/// The singular value decomposition of each row.
public func svd(_ a: some Symbolic) throws -> (u: Symbol, s: Symbol, v: Symbol) {
  let results = try Symbol.applying("SVD", [a.value], [("full_matrices", false), ("compute_uv", true)])
  return (results[0], results[1], results[2])
}

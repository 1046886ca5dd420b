/// The matrix product of the last two axes, either side transposed first if asked. Leading axes are batch dimensions and
/// broadcast; a vector on the left counts as one row, on the right as one column, and that axis disappears again.
public func matmul(_ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false) -> Tensor {
  let (a, b) = Tensor.sameDType(a, b, "matmul")
  if a.dtype == .bool || a.dtype == .uint8 || a.rank == 0 || b.rank == 0 {
    programmingError("matmul: \(a.dtype) \(a.shape) and \(b.dtype) \(b.shape) cannot be multiplied")
  }
  if a.rank == 1 {
    let result = matmul(a.reshaped([1, a.count]), b, transposeB: transposeB)
    return result.reshaped(b.rank == 1 ? [] : result.shape.dropLast(2) + [result.shape.last!])
  }
  if b.rank == 1 {
    let result = matmul(a, b.reshaped([b.count, 1]), transposeA: transposeA)
    return result.reshaped(Array(result.shape.dropLast()))
  }
  let rowsA = a.shape[a.rank - 2], columnsA = a.shape[a.rank - 1]
  let rowsB = b.shape[b.rank - 2], columnsB = b.shape[b.rank - 1]
  let (m, k) = transposeA ? (columnsA, rowsA) : (rowsA, columnsA)
  let (k2, n) = transposeB ? (columnsB, rowsB) : (rowsB, columnsB)
  guard k == k2, let batch = broadcastShape(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))) else {
    programmingError(
      "matmul: shapes \(a.shape)\(transposeA ? "ᵀ" : "") and \(b.shape)\(transposeB ? "ᵀ" : "") do not fit")
  }
  if !a.dtype.isFloatingPoint {
    // Whole numbers: exact, and not what machines multiply fast.
    func turned(_ x: Tensor, _ isTurned: Bool) -> Tensor {
      isTurned ? x.transposed(Array(0..<(x.rank - 2)) + [x.rank - 1, x.rank - 2]) : x
    }
    let (x, y) = (turned(a, transposeA), turned(b, transposeB))
    return (x.expandingShape(at: x.rank) * y.expandingShape(at: y.rank - 2)).sum(axis: -2)
  }
  if b.rank == 2 && a.rank > 2 && !transposeA {
    // A matrix on the right needs no batch: all rows of the left are rows of one product.
    let flat = matmul(a.reshaped([a.shape.dropLast().reduce(1, *), k]), b, transposeB: transposeB)
    return flat.reshaped(batch + [m, n])
  }
  return Tensor(
    .matrixProduct(transposeA: transposeA, transposeB: transposeB),
    [a.broadcast(to: batch + [rowsA, columnsA]), b.broadcast(to: batch + [rowsB, columnsB])],
    shape: batch + [m, n], dtype: a.dtype)
}

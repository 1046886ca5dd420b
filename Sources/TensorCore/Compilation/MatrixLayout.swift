/// Where the matrices of a batch lie, by strides: one matrix behind the other or not, rows or columns contiguous, rows apart or not.
struct MatrixLayout {
  /// Columns are contiguous instead of rows: what lies in memory is the transpose.
  let isTransposed: Bool
  /// Elements from one row to the next, or from one column to the next where columns are contiguous.
  let leading: Int
  /// The batch axes, outermost first, and how far apart their matrices are; unused axes in front are of size 1.
  private let sizes: SIMD4<Int>
  private let strides: SIMD4<Int>

  /// Nil where a product cannot read it: neither rows nor columns are contiguous, or they overlap or run backwards, or there are more
  /// batch axes than are kept here.
  /// - Parameter layout: the batch axes, then rows and columns.
  init?(_ layout: StridedLayout) {
    let (shape, strides) = (layout.shape, layout.strides), rank = shape.count
    guard rank >= 2, strides.allSatisfy({ $0 >= 0 }) else { return nil }
    let (rows, columns) = (shape[rank - 2], shape[rank - 1])
    func fits(_ contiguous: Int, _ count: Int, _ apart: Int, _ others: Int) -> Bool {
      (contiguous == 1 || count == 1) && (apart >= count || others == 1)
    }
    if fits(strides[rank - 1], columns, strides[rank - 2], rows) {
      (isTransposed, leading) = (false, rows == 1 ? columns : strides[rank - 2])
    } else if fits(strides[rank - 2], rows, strides[rank - 1], columns) {
      (isTransposed, leading) = (true, columns == 1 ? rows : strides[rank - 1])
    } else {
      return nil
    }
    let batch = StridedLayout(shape: Array(shape.dropLast(2)), strides: Array(strides.dropLast(2))).collapsed()
    var (sizes, apart) = (SIMD4<Int>(repeating: 1), SIMD4<Int>(repeating: 0))
    guard batch.shape.count <= sizes.scalarCount else { return nil }
    for (place, axis) in batch.shape.indices.reversed().enumerated() {
      let lane = sizes.scalarCount - 1 - place
      (sizes[lane], apart[lane]) = (batch.shape[axis], batch.strides[axis])
    }
    (self.sizes, self.strides) = (sizes, apart)
  }

  /// Where the matrix with this number begins.
  func offset(of matrix: Int) -> Int {
    var rest = matrix, result = 0
    for axis in sizes.indices.reversed() where rest > 0 {
      result += rest % sizes[axis] * strides[axis]
      rest /= sizes[axis]
    }
    return result
  }

  /// Where an element of the matrices lies from the beginning of its matrix.
  func place(row: Int, column: Int) -> Int { isTransposed ? column * leading + row : row * leading + column }
}

import TensorCore
import TestSupport
import Testing

/// Products of every size at which the work is cut anew, held against plain sums in `Double`.
@Suite(.timeLimit(.minutes(20))) struct MatrixProductTests {
  struct Size: CustomTestStringConvertible {
    var batch = 1
    let m, n, k: Int
    var testDescription: String { "\(batch) × (\(m) × \(k) · \(k) × \(n))" }
  }

  /// One share, two and many; cut by columns (n > m) and by rows; sides around multiples of what a share is rounded to.
  static let sizes: [Size] =
    [
      Size(m: 1, n: 1, k: 1), Size(m: 3, n: 5, k: 0), Size(m: 7, n: 1, k: 300), Size(m: 1, n: 300, k: 7),
      // The products of a training step of 784-100-10 on batches of 32.
      Size(m: 32, n: 100, k: 784), Size(m: 784, n: 100, k: 32), Size(m: 32, n: 10, k: 100), Size(m: 100, n: 10, k: 32),
      Size(m: 32, n: 784, k: 100), Size(m: 100, n: 784, k: 32),
      Size(m: 1000, n: 4000, k: 7), Size(m: 4000, n: 1000, k: 7), Size(m: 257, n: 263, k: 269),
      // Long sums, which are cut too.
      Size(m: 17, n: 23, k: 4001), Size(m: 40, n: 72, k: 1543),
      // Rows a multiple of 2 KiB apart, copied in parts of at most 512: fewer and more than that of each side and of the sum.
      Size(m: 512, n: 512, k: 40), Size(m: 1024, n: 40, k: 600), Size(m: 24, n: 1024, k: 600), Size(m: 8, n: 512, k: 600),
      Size(batch: 2, m: 40, n: 512, k: 530),
      Size(batch: 3, m: 33, n: 190, k: 401), Size(batch: 5, m: 190, n: 33, k: 401), Size(batch: 7, m: 2, n: 3, k: 4),
    ]
    + [95, 96, 97, 103, 104, 105, 111, 112, 113, 127, 128, 129].flatMap { side in
      [Size(m: 32, n: side, k: 784), Size(m: side, n: 32, k: 784)]
    }

  @Test(arguments: sizes, [DType.float32, .float64])
  func `products of all transpositions are the sums that they stand for`(size: Size, dtype: DType) {
    var generator = SeededGenerator(seed: UInt64(size.m * 1_000_003 + size.n * 1009 + size.k))
    func random(_ count: Int) -> [Double] {
      // Quarters between −2 and 2: exact in float32, and so are short sums of their products.
      (0..<count).map { _ in Double(Int(generator.next() % 17)) / 4 - 2 }
    }
    let a = random(size.batch * size.m * size.k), b = random(size.batch * size.k * size.n)
    let left = Tensor(shape: [size.batch, size.m, size.k], scalars: a).cast(to: dtype)
    let right = Tensor(shape: [size.batch, size.k, size.n], scalars: b).cast(to: dtype)
    let rowWeights = random(size.m), columnWeights = random(size.n)
    for transposeA in [false, true] {
      for transposeB in [false, true] {
        let product = matmul(
          (transposeA ? left.transposed([0, 2, 1]) : left).evaluated(),
          (transposeB ? right.transposed([0, 2, 1]) : right).evaluated(), transposeA: transposeA, transposeB: transposeB)
        #expect(product.shape == [size.batch, size.m, size.n])
        let result = product.doubles
        // Every sum is a multiple of 1/16 far below 2²⁴ sixteenths, so float32 has no rounding to forgive.
        for item in 0..<size.batch {
          let c = Matrix(result, rows: size.m, columns: size.n, item: item)
          let (x, y) = (
            Matrix(a, rows: size.m, columns: size.k, item: item), Matrix(b, rows: size.k, columns: size.n, item: item)
          )
          let rows = wrong(c.times(columnWeights), x.times(y.times(columnWeights)))
          let columns = wrong(c.transposedTimes(rowWeights), y.transposedTimes(x.transposedTimes(rowWeights)))
          #expect(rows.isEmpty && columns.isEmpty, "transposed \(transposeA), \(transposeB): rows \(rows), columns \(columns) are wrong")
        }
      }
    }
  }
}

private func wrong(_ actual: [Double], _ expected: [Double]) -> [Int] { actual.indices.filter { actual[$0] != expected[$0] } }

/// Sums of rows and columns of a product need no product of matrices: C·v is A·(B·v).
private struct Matrix {
  let values: ArraySlice<Double>
  let rows, columns: Int

  init(_ values: [Double], rows: Int, columns: Int, item: Int) {
    self.values = values[item * rows * columns..<(item + 1) * rows * columns]
    (self.rows, self.columns) = (rows, columns)
  }

  func times(_ vector: [Double]) -> [Double] {
    values.withUnsafeBufferPointer { values in
      (0..<rows).map { row in
        var sum = 0.0
        for column in 0..<columns { sum += values[row * columns + column] * vector[column] }
        return sum
      }
    }
  }

  func transposedTimes(_ vector: [Double]) -> [Double] {
    values.withUnsafeBufferPointer { values in
      var sums = [Double](repeating: 0, count: columns)
      for row in 0..<rows {
        for column in 0..<columns { sums[column] += values[row * columns + column] * vector[row] }
      }
      return sums
    }
  }
}

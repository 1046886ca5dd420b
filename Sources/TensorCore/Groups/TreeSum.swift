/// Sums of equally long vectors in one order: neighbours are added in pairs, then the pairs' sums, and so on, `((0 + 1) + (2 + 3)) + 4`.
///
/// Of eight vectors the same additions are made in the same order whether one process has all, two have four each, or each of eight has one.
enum TreeSum {
  /// Adds the second vector to the first.
  static func add(_ dtype: DType, _ vector: UnsafeRawPointer, into sum: UnsafeMutableRawPointer, count: Int) {
    if dtype == .float64 {
      add(vector.assumingMemoryBound(to: Double.self), into: sum.assumingMemoryBound(to: Double.self), count)
    } else {
      add(vector.assumingMemoryBound(to: Float.self), into: sum.assumingMemoryBound(to: Float.self), count)
    }
  }

  private static func add<Element: FloatingPoint>(_ vector: UnsafePointer<Element>, into sum: UnsafeMutablePointer<Element>, _ count: Int) {
    for index in 0..<count { sum[index] += vector[index] }
  }

  /// The sum of vectors that lie one behind the other is in the place of the first then.
  static func add(_ dtype: DType, _ vectors: UnsafeMutableRawPointer, vectorCount: Int, count: Int) {
    let byteCount = count * dtype.byteCount
    var distance = 1
    while distance < vectorCount {
      for place in stride(from: 0, to: vectorCount - distance, by: 2 * distance) {
        add(dtype, vectors + (place + distance) * byteCount, into: vectors + place * byteCount, count: count)
      }
      distance *= 2
    }
  }
}

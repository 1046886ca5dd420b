import TensorCore

/// How often each class occurs among targets: numbers of classes, one a row, or rows of 0 with a 1 at the class.
struct ClassCounts {
  private var counts: [Int: Int] = [:]
  private var rows = 0
  private var width: Int?
  private var areClasses = true

  /// More numbers than these are not looked at, all targets together.
  private static let greatestCount = 5_000_000
  private static let greatestWidth = 1000, greatestClass = 10_000

  /// Counts the first so many rows of some targets.
  mutating func add(_ targets: Tensor, rows count: Int) {
    let width = targets.shape.dropFirst().reduce(1, *)
    guard areClasses, count > 0, targets.shape.first ?? 0 >= count, self.width ?? width == width, width == 1 || targets.rank == 2,
      width <= ClassCounts.greatestWidth, (rows + count) * width <= ClassCounts.greatestCount
    else {
      areClasses = false
      return
    }
    self.width = width
    rows += count
    let values = targets[0..<count].doubles
    if width == 1 {
      areClasses = values.allSatisfy { $0 >= 0 && $0 == $0.rounded() && $0 < Double(ClassCounts.greatestClass) }
      if areClasses { for value in values { counts[Int(value), default: 0] += 1 } }
      return
    }
    for start in stride(from: 0, to: values.count, by: width) {
      let row = values[start..<(start + width)]
      guard let place = row.firstIndex(of: 1), row.allSatisfy({ $0 == 0 || $0 == 1 }), row.reduce(0, +) == 1 else {
        areClasses = false
        return
      }
      counts[place - start, default: 0] += 1
    }
  }

  /// The part of the rows that the most frequent class has; nil where targets are no classes, all of one class, or too few to tell.
  var greatestShare: Double? {
    guard areClasses, rows >= 20, counts.count >= 2, let most = counts.values.max() else { return nil }
    return Double(most) / Double(rows)
  }
}

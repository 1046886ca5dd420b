/// How a matrix product is cut into shares: by the sizes alone, so that no bit of the result depends on the number of threads.
///
/// A share is a part of the result, and where that is small and the sum long, of the sum, whose parts are then added up (split-K). Large and
/// nearly square parts are read least; but there have to be some for each thread.
struct ProductCut {
  /// Parts of the result's rows and columns, and of the sum.
  private(set) var rows = 1, columns = 1, depth = 1

  var count: Int { rows * columns * depth }

  /// A part begins at a multiple of so many.
  private static let unit = 8
  /// A part of the sum has at least so many units: each part is written by one thread, and read by another to be added up.
  private static let unitsOfDepth = 16
  private static let mostShares = 64
  /// Parts of a sum together are not larger than this, in elements.
  private static let mostPartials = 1 << 21

  /// Into parts of the result's rows.
  init(rows: Int) { self.rows = rows }

  /// - Parameters:
  ///   - products: how many of them there are, each cut alike.
  ///   - isDouble: whether they are of `float64`.
  ///   - cutsDepth: whether parts of the sum may be added up afterwards.
  init(products: Int, m: Int, n: Int, k: Int, isDouble: Bool, cutsDepth: Bool) {
    var best = Double.infinity
    let (rowUnits, columnUnits, depthUnits) = (ProductCut.units(m), ProductCut.units(n), ProductCut.units(k))
    for rows in 1...min(ProductCut.mostShares, rowUnits) {
      for columns in 1...min(ProductCut.mostShares / rows, columnUnits) {
        let most = cutsDepth && k > 4 * max(m, n) ? min(ProductCut.mostShares / (rows * columns), depthUnits / ProductCut.unitsOfDepth) : 1
        for depth in 1...max(most, 1) where depth == 1 || depth * m * n <= ProductCut.mostPartials {
          let height = Double(ProductCut.unit * ((rowUnits + rows - 1) / rows)), width = Double(ProductCut.unit * ((columnUnits + columns - 1) / columns))
          let length = min(Double(k), Double(ProductCut.unit * ((depthUnits + depth - 1) / depth)))
          let (a, b) = (min(height, Double(m)), min(width, Double(n)))
          let share = KernelTime.share(m: a, n: b, k: length, isDouble: isDouble)
          let sum = depth == 1 ? 0 : KernelTime.sumOfOthers(m * n * depth)
          let cost = ProductCut.cost(products * rows * columns * depth, share, sum)
          if cost < best { (best, self.rows, self.columns, self.depth) = (cost, rows, columns, depth) }
        }
      }
    }
  }

  /// For machines with few and with many threads.
  private static func cost(_ shares: Int, _ share: Double, _ sum: Double) -> Double {
    [(threads: 2, weight: 1), (4, 1), (16, 0.25)].reduce(0.0) { total, machine in
      let rounds = Double((shares + machine.threads - 1) / machine.threads)
      let together = shares == 1 ? 0.0 : 2000, after = sum == 0 ? 0 : 2000 + sum / Double(machine.threads)
      return total + machine.weight * Double(machine.threads) * (rounds * share + together + after)
    }
  }

  private static func units(_ size: Int) -> Int { max(1, (size + unit - 1) / unit) }

  /// Whether parts of a sum of so many terms begin at each of some places so far apart, and as many of them between any two.
  func beginParts(of terms: Int, at distance: Int, count: Int) -> Bool {
    let begins = ProductCut.begins(of: depth, terms)
    return depth % count == 0 && (0..<count).allSatisfy { begins[$0 * depth / count] == $0 * distance }
  }

  /// Where each of so many parts of an axis begins.
  static func begins(of parts: Int, _ size: Int) -> [Int] { (0..<parts).map { range($0, of: parts, size).lowerBound } }

  /// The part of an axis that is one of so many, nearly equal ones.
  static func range(_ part: Int, of parts: Int, _ size: Int) -> Range<Int> {
    let units = units(size)
    return min(size, part * units / parts * unit)..<min(size, (part + 1) * units / parts * unit)
  }
}

/// The orthonormal columns q with a = q r, where r is upper triangular with no negative element on its diagonal: the first of them span what the first
/// of a span.
///
/// By Householder's reflections, some columns' at a time, of which all columns behind them are then worked on side by side. Bits do not depend on the
/// number of threads. (Golub & Van Loan, Matrix Computations, section 5.2.)
/// - Parameter columns: of one length, which is not less than their number. A column that depends on those before it gives one of the directions
///   that are left.
package func orthonormalColumns(_ columns: [[Double]]) -> [[Double]] {
  let size = columns.first?.count ?? 0
  precondition(columns.count <= size || columns.isEmpty, "orthonormalColumns: \(columns.count) columns of \(size) elements")
  var reflected = columns.map(OrthonormalColumn.init)
  var isTurned: [Bool] = []
  for start in stride(from: 0, to: columns.count, by: OrthonormalColumn.panel) {
    let end = min(start + OrthonormalColumn.panel, columns.count)
    for place in start..<end {
      isTurned.append(reflected[place].becomeReflection(from: place))
      for other in place + 1..<max(end, place + 1) { reflected[other].reflect(by: reflected[place], from: place) }
    }
    let panel = reflected[start..<end]
    let rest = each(columns.count - end, size: panel.count * size) { [reflected] number in
      var column = reflected[end + number]
      for place in panel.indices { column.reflect(by: panel[place], from: place) }
      return column
    }
    reflected.replaceSubrange(end..., with: rest)
  }
  return each(columns.count, size: columns.count * size / 2) { [reflected, isTurned] number in
    var column = OrthonormalColumn(unit: number, size: size)
    for place in (0...number).reversed() { column.reflect(by: reflected[place], from: place) }
    return column.elements(size, isTurned: isTurned[number])
  }
}

/// - Parameter size: how many elements one of them works on.
private func each<Value: Sendable>(_ count: Int, size: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
  // Below, waking threads takes longer than the work.
  count * size < 1 << 17 ? (0..<count).map(body) : concurrently(count, body)
}

/// A column, or the unit vector across whose plane columns are reflected; in lanes, as sums of products wait for one another otherwise.
private struct OrthonormalColumn {
  private typealias Lanes = SIMD8<Double>
  static let panel = 32

  private var lanes: [Lanes]

  init(_ elements: [Double]) {
    lanes = OrthonormalColumn.zeros(elements.count)
    for (place, element) in elements.enumerated() { self[place] = element }
    scale(from: 0)
  }

  init(unit: Int, size: Int) {
    lanes = OrthonormalColumn.zeros(size)
    self[unit] = 1
  }

  private static func zeros(_ size: Int) -> [Lanes] { [Lanes](repeating: .zero, count: (size + 7) / 8) }

  private subscript(place: Int) -> Double {
    get { lanes[place / 8][place % 8] }
    set { lanes[place / 8][place % 8] = newValue }
  }

  func elements(_ size: Int, isTurned: Bool) -> [Double] { (0..<size).map { isTurned ? -self[$0] : self[$0] } }

  /// Turns the column into what reflects its part from a place on onto that place's axis.
  /// - Returns: whether its image is negative.
  mutating func becomeReflection(from place: Int) -> Bool {
    for part in 0..<place / 8 { lanes[part] = .zero }
    for before in place / 8 * 8..<place { self[before] = 0 }
    scale(from: place)
    let head = self[place]
    let norm = product(self, from: place).squareRoot()
    // The sign that does not cancel.
    let image = head > 0 ? -norm : norm
    self[place] = head - image
    let length = product(self, from: place).squareRoot()
    if length != 0 { for part in place / 8..<lanes.count { lanes[part] /= length } }
    return image < 0
  }

  /// Multiplies by a power of two, after which neither squares overflow nor do they vanish. A column's direction is all that matters.
  private mutating func scale(from place: Int) {
    var greatest = Lanes.zero
    for part in place / 8..<lanes.count { greatest = pointwiseMax(greatest, lanes[part].replacing(with: -lanes[part], where: lanes[part] .< 0)) }
    let size = greatest.max()
    guard size > 0, size.isFinite, abs(size.exponent) > 100 else { return }
    let factor = Double(sign: .plus, exponent: min(-size.exponent, 1000), significand: 1)
    for part in place / 8..<lanes.count { lanes[part] *= factor }
  }

  mutating func reflect(by reflection: OrthonormalColumn, from place: Int) {
    let twice = Lanes(repeating: 2 * product(reflection, from: place))
    for part in place / 8..<lanes.count { lanes[part] -= twice * reflection.lanes[part] }
  }

  private func product(_ other: OrthonormalColumn, from place: Int) -> Double {
    var sums = Lanes.zero
    for part in place / 8..<lanes.count { sums += lanes[part] * other.lanes[part] }
    return sums.sum()
  }
}

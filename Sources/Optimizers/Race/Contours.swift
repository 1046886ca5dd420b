import Foundation

/// Level lines of a function on a grid, by marching squares.
///
/// The grid's coordinates are column and row, from 0.
package struct Contours {
  /// Rows of values from the lowest y to the greatest.
  let values: [[Double]]
  let columns: Int
  let rows: Int

  package init(columns: Int, rows: Int, values: [[Double]]) {
    self.columns = columns
    self.rows = rows
    self.values = values
  }

  /// Levels with about the same area between each and the next, and less near the least values: steep walls get few lines and
  /// flat valleys many, whatever the function's scale.
  package func levels(_ count: Int) -> [Double] {
    let sorted = values.joined().filter(\.isFinite).sorted()
    guard let least = sorted.first, let greatest = sorted.last, greatest > least else { return [] }
    return (1...count).map { number in
      let part = Foundation.pow(Double(number) / Double(count + 1), 1.5)
      return sorted[Int(part * Double(sorted.count - 1))]
    }
  }

  /// The line pieces of one level, in grid coordinates.
  func segments(at level: Double) -> [(from: (x: Double, y: Double), to: (x: Double, y: Double))] {
    var result: [(from: (x: Double, y: Double), to: (x: Double, y: Double))] = []
    for row in 0..<(rows - 1) {
      let (below, above) = (values[row], values[row + 1])
      for column in 0..<(columns - 1) {
        // Most cells have all corners on one side.
        let isLow = below[column] < level
        if (below[column + 1] < level) == isLow && (above[column + 1] < level) == isLow && (above[column] < level) == isLow { continue }
        let corners = [
          values[row][column], values[row][column + 1], values[row + 1][column + 1], values[row + 1][column],
        ]
        if !corners.allSatisfy(\.isFinite) { continue }
        var crossings: [(x: Double, y: Double)] = []
        for side in 0..<4 {
          let a = corners[side], b = corners[(side + 1) % 4]
          if (a < level) == (b < level) { continue }
          let t = (level - a) / (b - a)
          let (x, y) = (Double(column), Double(row))
          switch side {
          case 0: crossings.append((x + t, y))
          case 1: crossings.append((x + 1, y + t))
          case 2: crossings.append((x + 1 - t, y + 1))
          default: crossings.append((x, y + 1 - t))
          }
        }
        if crossings.count >= 2 { result.append((crossings[0], crossings[1])) }
        if crossings.count == 4 { result.append((crossings[2], crossings[3])) }
      }
    }
    return result
  }

  /// The pieces joined to polylines, so that a drawing is small and its lines have no gaps.
  package func lines(at level: Double) -> [[(x: Double, y: Double)]] {
    struct Key: Hashable { let x: Int; let y: Int }
    func key(_ point: (x: Double, y: Double)) -> Key { Key(x: Int((point.x * 4096).rounded()), y: Int((point.y * 4096).rounded())) }
    let pieces = segments(at: level)
    var ends: [Key: [Int]] = [:]
    for (index, piece) in pieces.enumerated() {
      ends[key(piece.from), default: []].append(index)
      ends[key(piece.to), default: []].append(index)
    }
    var isUsed = [Bool](repeating: false, count: pieces.count)
    func follow(_ start: (x: Double, y: Double)) -> [(x: Double, y: Double)] {
      var line: [(x: Double, y: Double)] = []
      var point = start
      while let next = ends[key(point)]?.first(where: { !isUsed[$0] }) {
        isUsed[next] = true
        point = key(pieces[next].from) == key(point) ? pieces[next].to : pieces[next].from
        line.append(point)
      }
      return line
    }
    var result: [[(x: Double, y: Double)]] = []
    for (index, piece) in pieces.enumerated() where !isUsed[index] {
      isUsed[index] = true
      let ahead = follow(piece.to), behind = follow(piece.from)
      result.append(Contours.simplified(behind.reversed() + [piece.from, piece.to] + ahead))
    }
    return result
  }

  /// The line without points that lie within a twelfth of a grid cell of it, after Ramer, Douglas and Peucker.
  private static func simplified(_ line: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    var isKept = [Bool](repeating: false, count: line.count)
    isKept[0] = true
    isKept[line.count - 1] = true
    var pending = [(0, line.count - 1)]
    while let (first, last) = pending.popLast() {
      let (dx, dy) = (line[last].x - line[first].x, line[last].y - line[first].y)
      let length = (dx * dx + dy * dy).squareRoot()
      func distance(_ index: Int) -> Double {
        let (x, y) = (line[index].x - line[first].x, line[index].y - line[first].y)
        // A closed line has no direction from its first point to its last.
        return length < 1e-9 ? (x * x + y * y).squareRoot() : abs(x * dy - y * dx) / length
      }
      guard let furthest = ((first + 1)..<max(first + 1, last)).max(by: { distance($0) < distance($1) }) else { continue }
      if distance(furthest) < 1.0 / 12 { continue }
      isKept[furthest] = true
      pending.append((first, furthest))
      pending.append((furthest, last))
    }
    return zip(line, isKept).filter(\.1).map(\.0)
  }
}

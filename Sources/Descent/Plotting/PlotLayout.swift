/// Where the boxes of a graph stand: in rows by their distance from the inputs, in an order with few crossings, and so that long
/// lines are straight. (Sugiyama, Tagawa and Toda, 1981.)
///
/// `along` is the way from inputs to outputs, `across` the other axis.
struct PlotLayout {
  struct Box {
    /// Nil for a place where a long line passes a row.
    let node: Int?
    let row: Int
    let across: Double
    let along: Double
    var center = 0.0
  }

  /// A line's boxes, from where it begins to where it ends.
  struct Line {
    let edge: Int
    let path: [Int]
    /// Whether it leads back, to a row before: the path is then from the end to the beginning.
    let isBackward: Bool
  }

  private(set) var boxes: [Box] = []
  private(set) var lines: [Line] = []
  private(set) var rows: [[Int]] = []
  /// Where each row begins, and how far it reaches.
  private(set) var starts: [Double] = []
  private(set) var depths: [Double] = []
  private(set) var across = 0.0
  private(set) var along = 0.0

  private let gap: Double
  /// The neighbours of each box in the row before and in the one behind.
  private var before: [[Int]] = []
  private var behind: [[Int]] = []

  /// - Parameters:
  ///   - sizes: those of the boxes.
  ///   - edges: from and to which box, in an order in which the boxes can be computed but for shared layers.
  ///   - gap: between boxes of a row.
  ///   - rowGap: between rows.
  init(sizes: [(across: Double, along: Double)], edges: [(from: Int, to: Int)], gap: Double, rowGap: Double) {
    self.gap = gap
    let levels = PlotLayout.levels(count: sizes.count, edges)
    rows = [[Int]](repeating: [], count: (levels.max() ?? 0) + 1)
    for (number, size) in sizes.enumerated() { add(node: number, row: levels[number], across: size.across, along: size.along) }
    for (number, edge) in edges.enumerated() where edge.from != edge.to {
      let isBackward = edge.from > edge.to
      let (first, last) = isBackward ? (edge.to, edge.from) : (edge.from, edge.to)
      var path = [first]
      for row in levels[first] + 1..<max(levels[first] + 1, levels[last]) { path.append(add(node: nil, row: row, across: 8, along: 0)) }
      path.append(last)
      lines.append(Line(edge: number, path: path, isBackward: isBackward))
    }
    before = [[Int]](repeating: [], count: boxes.count)
    behind = before
    for line in lines {
      for (from, to) in zip(line.path, line.path.dropFirst()) {
        before[to].append(from)
        behind[from].append(to)
      }
    }
    order()
    place()
    finish(rowGap)
  }

  /// Boxes are numbered in an order in which they can be computed; a line to a smaller number, which a shared layer can make, does
  /// not count as one that leads on.
  private static func levels(count: Int, _ edges: [(from: Int, to: Int)]) -> [Int] {
    var onward = [[Int]](repeating: [], count: count), entering = [Int](repeating: 0, count: count)
    for edge in edges where edge.from != edge.to {
      onward[min(edge.from, edge.to)].append(max(edge.from, edge.to))
      entering[max(edge.from, edge.to)] += 1
    }
    var levels = [Int](repeating: 0, count: count)
    for node in 0..<count { for next in onward[node] { levels[next] = max(levels[next], levels[node] + 1) } }
    // An input stands right before what needs it.
    for node in (0..<count).reversed() where entering[node] == 0 {
      if let nearest = onward[node].map({ levels[$0] }).min() { levels[node] = nearest - 1 }
    }
    return levels
  }

  @discardableResult
  private mutating func add(node: Int?, row: Int, across: Double, along: Double) -> Int {
    boxes.append(Box(node: node, row: row, across: across, along: along))
    rows[row].append(boxes.count - 1)
    return boxes.count - 1
  }

  // MARK: - Order

  /// Puts the boxes of each row in the order of the middle of their neighbours, to and fro; the best order found stays.
  private mutating func order() {
    var position = [Double](repeating: 0, count: boxes.count)
    func note(_ row: [Int]) { for (place, box) in row.enumerated() { position[box] = Double(place) } }
    rows.forEach(note)
    var best = rows
    var fewest = crossings(position)
    for sweep in 0..<12 where fewest > 0 {
      let forward = sweep % 2 == 0
      for number in forward ? Array(rows.indices) : rows.indices.reversed() {
        let middle = rows[number].map { box in
          let near = (forward ? before : behind)[box]
          return near.isEmpty ? position[box] : near.reduce(0) { $0 + position[$1] } / Double(near.count)
        }
        rows[number] = rows[number].indices.sorted { (middle[$0], $0) < (middle[$1], $1) }.map { rows[number][$0] }
        note(rows[number])
      }
      let count = crossings(position)
      if count < fewest { (best, fewest) = (rows, count) }
    }
    rows = best
  }

  private func crossings(_ position: [Double]) -> Int {
    var count = 0
    for row in rows {
      let ends = row.flatMap { from in behind[from].map { (position[from], position[$0]) } }
      // Rows hold few lines; of many, counting would take longer than it is worth.
      if ends.count > 400 { continue }
      for (number, a) in ends.enumerated() {
        for b in ends[..<number] where (a.0 - b.0) * (a.1 - b.1) < 0 { count += 1 }
      }
    }
    return count
  }

  // MARK: - Places

  /// Boxes that stand in one line across the rows.
  private struct Strip {
    var boxes: [Int] = []
    var center = 0.0
    /// The strips beside it, and how far away they must be.
    var left: [(strip: Int, distance: Double)] = []
    var right: [(strip: Int, distance: Double)] = []
    /// What its ends are joined to.
    var ends: [Int] = []
  }

  /// Puts each strip as near to the middle of what it is joined to as those beside it let it.
  private mutating func place() {
    var stripOf = [Int](repeating: 0, count: boxes.count)
    var strips = makeStrips(&stripOf)
    for row in rows {
      var start = 0.0
      for box in row {
        strips[stripOf[box]].center += (start + boxes[box].across / 2) / Double(strips[stripOf[box]].boxes.count)
        start += boxes[box].across + gap
      }
      for box in row { strips[stripOf[box]].center -= start / 2 / Double(strips[stripOf[box]].boxes.count) }
      for (a, b) in zip(row, row.dropFirst()) {
        let distance = (boxes[a].across + boxes[b].across) / 2 + gap
        strips[stripOf[a]].right.append((stripOf[b], distance))
        strips[stripOf[b]].left.append((stripOf[a], distance))
      }
    }
    for box in boxes.indices {
      for other in before[box] + behind[box] where stripOf[other] != stripOf[box] { strips[stripOf[box]].ends.append(stripOf[other]) }
    }
    let pairs = strips.indices.flatMap { strip in strips[strip].right.map { (left: strip, right: $0.strip, distance: $0.distance) } }
    for _ in 0..<300 {
      let wanted = strips.map { strip in
        strip.ends.isEmpty ? strip.center : (strip.center + strip.ends.reduce(0) { $0 + strips[$1].center } / Double(strip.ends.count)) / 2
      }
      for strip in strips.indices { strips[strip].center = wanted[strip] }
      // Two that are too near push each other away by as much, so that nothing drifts.
      for _ in 0..<4 {
        for pair in pairs {
          let missing = pair.distance - (strips[pair.right].center - strips[pair.left].center)
          if missing <= 0 { continue }
          strips[pair.left].center -= missing / 2
          strips[pair.right].center += missing / 2
        }
      }
    }
    // What is still too near: pushed from the left, and from the right; the mean of both keeps all distances too.
    let order = PlotLayout.fromLeftToRight(strips)
    var low = strips.map(\.center), high = low
    for strip in order { for (other, distance) in strips[strip].left { low[strip] = max(low[strip], low[other] + distance) } }
    for strip in order.reversed() { for (other, distance) in strips[strip].right { high[strip] = min(high[strip], high[other] - distance) } }
    for strip in strips.indices { strips[strip].center = (low[strip] + high[strip]) / 2 }
    for box in boxes.indices { boxes[box].center = strips[stripOf[box]].center }
  }

  /// Long lines, and boxes of which each leads only to the next and that only from the one before. Strips do not cross one another.
  private func makeStrips(_ stripOf: inout [Int]) -> [Strip] {
    var strips: [Strip] = []
    var position = [Int](repeating: 0, count: boxes.count)
    for row in rows { for (place, box) in row.enumerated() { position[box] = place } }
    var goesOn = [Bool](repeating: false, count: boxes.count)
    for row in rows {
      let straight = row.filter { behind[$0].count == 1 && before[behind[$0][0]].count == 1 }
      // Long lines first: that they are straight matters most.
      var taken: [(from: Int, to: Int)] = []
      for box in straight.filter({ boxes[$0].node == nil }) + straight.filter({ boxes[$0].node != nil }) {
        let link = (from: position[box], to: position[behind[box][0]])
        if taken.contains(where: { ($0.from < link.from) != ($0.to < link.to) }) { continue }
        taken.append(link)
        goesOn[box] = true
      }
    }
    for row in rows {
      for box in row where before[box].count != 1 || !goesOn[before[box][0]] {
        var strip = Strip(), next = box
        while true {
          strip.boxes.append(next)
          stripOf[next] = strips.count
          guard goesOn[next] else { break }
          next = behind[next][0]
        }
        strips.append(strip)
      }
    }
    return strips
  }

  /// The strips in an order in which each comes after those at its left.
  private static func fromLeftToRight(_ strips: [Strip]) -> [Int] {
    var waiting = strips.map(\.left.count)
    var order = strips.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      for (other, _) in strips[order[next]].right {
        waiting[other] -= 1
        if waiting[other] == 0 { order.append(other) }
      }
      next += 1
    }
    return order
  }

  private mutating func finish(_ rowGap: Double) {
    let least = boxes.map { $0.center - $0.across / 2 }.min() ?? 0
    for box in boxes.indices { boxes[box].center -= least }
    across = boxes.map { $0.center + $0.across / 2 }.max() ?? 0
    for row in rows {
      starts.append(along)
      depths.append(row.map { boxes[$0].along }.max() ?? 0)
      along += depths[depths.count - 1] + rowGap
    }
    along -= rowGap
  }

  /// Where a box begins along the way: in the middle of its row.
  func start(of box: Int) -> Double { starts[boxes[box].row] + (depths[boxes[box].row] - boxes[box].along) / 2 }
}

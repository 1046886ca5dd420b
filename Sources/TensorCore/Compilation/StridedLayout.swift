/// How the elements of an array lie in memory: the index along each axis times a stride, counted in elements.
package struct StridedLayout: Hashable, Sendable {
  package let shape: [Int]
  package let strides: [Int]

  package init(shape: [Int], strides: [Int]) { (self.shape, self.strides) = (shape, strides) }

  /// One element after the other, in row-major order.
  package init(contiguous shape: [Int]) {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.reversed().dropFirst() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    self.init(shape: shape, strides: strides)
  }

  package var count: Int { shape.reduce(1, *) }

  /// How many elements of the memory there are: an axis of stride 0 shows the same ones again.
  var shownCount: Int { zip(shape, strides).reduce(1) { $0 * ($1.1 == 0 ? 1 : $1.0) } }

  /// Element i of the array is element i of the memory.
  var isContiguous: Bool {
    var expected = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      if strides[axis] != expected { return false }
      expected *= shape[axis]
    }
    return true
  }

  /// All elements are the same one.
  var isSingle: Bool { zip(shape, strides).allSatisfy { $0 == 1 || $1 == 0 } }

  /// If each of `rows` consecutive elements of the memory stands for a whole row: how long the rows are.
  func rowLength(rows: Int) -> Int? {
    guard rows > 1 else { return nil }
    var inner = 1
    var axis = shape.count - 1
    while axis >= 0 && (shape[axis] == 1 || strides[axis] == 0) {
      inner *= shape[axis]
      axis -= 1
    }
    let outer = StridedLayout(shape: Array(shape[...axis]), strides: Array(strides[...axis]))
    return outer.isContiguous && outer.count == rows && inner > 1 ? inner : nil
  }

  func broadcast(to shape: [Int]) -> StridedLayout {
    let added = shape.count - self.shape.count
    return StridedLayout(
      shape: shape,
      strides: shape.indices.map { $0 < added || (self.shape[$0 - added] == 1 && shape[$0] != 1) ? 0 : strides[$0 - added] })
  }

  func transposed(_ order: [Int]) -> StridedLayout {
    StridedLayout(shape: order.map { shape[$0] }, strides: order.map { strides[$0] })
  }

  /// Every `steps[k]`-th element along axis k.
  func sliced(strides steps: [Int], shape: [Int]) -> StridedLayout { StridedLayout(shape: shape, strides: zip(strides, steps).map(*)) }

  /// The same elements under another shape, if strides can say it.
  func reshaped(_ shape: [Int]) -> StridedLayout? {
    var strides = [Int](repeating: 0, count: shape.count)
    if count == 0 { return StridedLayout(shape: shape, strides: strides) }
    let old = collapsed()
    // Each group of new axes must multiply to one axis of the collapsed old ones.
    var axis = shape.count - 1
    for (size, stride) in zip(old.shape, old.strides).reversed() {
      var filled = 1
      while axis >= 0 && filled < size {
        guard size % (filled * shape[axis]) == 0 else { return nil }
        strides[axis] = stride * filled
        filled *= shape[axis]
        axis -= 1
      }
      if filled != size { return nil }
    }
    guard shape[..<(axis + 1)].allSatisfy({ $0 == 1 }) else { return nil }
    return StridedLayout(shape: shape, strides: strides)
  }

  /// The same with as few axes as possible.
  /// - Parameter keepingFirst: axis 0 stays itself.
  func collapsed(keepingFirst: Bool = false) -> StridedLayout { StridedLayout.collapsed([self], keepingFirst: keepingFirst)[0] }

  /// Layouts of the same shape with axes of size 1 dropped, and neighbours joined where the strides of all of them allow it.
  static func collapsed(_ layouts: [StridedLayout], keepingFirst: Bool = false) -> [StridedLayout] {
    let shape = layouts[0].shape
    var joined: [Int] = [], strides = layouts.map { _ in [Int]() }
    for axis in shape.indices where shape[axis] != 1 || (keepingFirst && axis == 0) {
      if let last = joined.indices.last, !(keepingFirst && last == 0),
        zip(strides, layouts).allSatisfy({ $0[last] == $1.strides[axis] * shape[axis] })
      {
        joined[last] *= shape[axis]
        for index in layouts.indices { strides[index][last] = layouts[index].strides[axis] }
      } else {
        joined.append(shape[axis])
        for index in layouts.indices { strides[index].append(layouts[index].strides[axis]) }
      }
    }
    return strides.map { StridedLayout(shape: joined, strides: $0) }
  }
}

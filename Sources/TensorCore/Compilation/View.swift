/// How the elements of a value lie in the memory of another: the index along each axis times a stride, plus an offset.
struct View: Equatable {
  /// The value whose memory it is.
  var source: Int
  /// A vector of row numbers that replaces the index along axis 0, and how many rows there are.
  var gather: Int?
  var rowLimit = 0
  /// In elements.
  var offset = 0
  var dims: [Int]
  var strides: [Int]

  init(of source: Int, shape: [Int]) {
    self.source = source
    dims = shape
    strides = View.contiguousStrides(shape)
  }

  static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.reversed().dropFirst() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  var count: Int { dims.reduce(1, *) }

  /// Element i of the value is element offset + i of the memory.
  var isContiguous: Bool {
    guard gather == nil else { return false }
    var expected = 1
    for axis in dims.indices.reversed() where dims[axis] != 1 {
      if strides[axis] != expected { return false }
      expected *= dims[axis]
    }
    return true
  }

  /// All elements are the same one.
  var isSingle: Bool { gather == nil && zip(dims, strides).allSatisfy { $0 == 1 || $1 == 0 } }

  /// If each of `rows` consecutive elements of the memory stands for a whole row: how long the rows are.
  func rowLength(rows: Int) -> Int? {
    guard gather == nil, offset == 0, rows > 1 else { return nil }
    var inner = 1
    var axis = dims.count - 1
    while axis >= 0 && (dims[axis] == 1 || strides[axis] == 0) {
      inner *= dims[axis]
      axis -= 1
    }
    var expected = 1
    while axis >= 0 {
      if dims[axis] != 1 {
        if strides[axis] != expected { return nil }
        expected *= dims[axis]
      }
      axis -= 1
    }
    return expected == rows && inner > 1 ? inner : nil
  }

  func broadcast(to shape: [Int]) -> View? {
    let added = shape.count - dims.count
    if gather != nil && (added > 0 || shape.first != dims.first) { return nil }
    var result = self
    result.strides = shape.indices.map { $0 < added || (dims[$0 - added] == 1 && shape[$0] != 1) ? 0 : strides[$0 - added] }
    result.dims = shape
    return result
  }

  func transposed(_ order: [Int]) -> View? {
    if gather != nil && order.first != 0 { return nil }
    var result = self
    result.dims = order.map { dims[$0] }
    result.strides = order.map { strides[$0] }
    return result
  }

  func sliced(starts: [Int], strides steps: [Int], shape: [Int]) -> View? {
    if gather != nil && (starts[0] != 0 || steps[0] != 1 || shape[0] != dims[0]) { return nil }
    var result = self
    for axis in starts.indices { result.offset += starts[axis] * strides[axis] }
    result.dims = shape
    result.strides = zip(strides, steps).map(*)
    return result
  }

  /// The same elements under another shape, if strides can say it.
  func reshaped(_ shape: [Int]) -> View? {
    if gather != nil {
      // The chosen rows stay the first axis; what lies within a row may change shape.
      guard let rows = shape.first, rows == dims.first else { return nil }
      var row = self
      row.gather = nil
      row.dims = Array(dims.dropFirst())
      row.strides = Array(strides.dropFirst())
      guard var result = row.reshaped(Array(shape.dropFirst())) else { return nil }
      result.gather = gather
      result.dims = shape
      result.strides = [strides[0]] + result.strides
      return result
    }
    var result = self
    result.dims = shape
    result.strides = [Int](repeating: 0, count: shape.count)
    if count == 0 { return result }
    let old = collapsed()
    // Each group of new axes must multiply to one axis of the collapsed old ones.
    var axis = shape.count - 1
    for (size, stride) in zip(old.dims, old.strides).reversed() {
      var filled = 1
      while axis >= 0 && filled < size {
        guard size % (filled * shape[axis]) == 0 else { return nil }
        result.strides[axis] = stride * filled
        filled *= shape[axis]
        axis -= 1
      }
      if filled != size { return nil }
    }
    while axis >= 0 {
      guard shape[axis] == 1 else { return nil }
      axis -= 1
    }
    return result
  }

  /// The same view with as few axes as possible. Axis 0 stays itself where rows are gathered.
  func collapsed() -> View {
    var result = self
    let joined = View.joined(dims, [strides], keepingFirst: gather != nil)
    (result.dims, result.strides) = (joined.dims, joined.strides[0])
    return result
  }

  /// Axes of size 1 dropped, and neighbours joined where the strides of all views of these sizes allow it.
  static func joined(_ dims: [Int], _ strides: [[Int]], keepingFirst: Bool = false) -> (dims: [Int], strides: [[Int]]) {
    var joinedDims: [Int] = [], joinedStrides = strides.map { _ in [Int]() }
    for axis in dims.indices where dims[axis] != 1 || (keepingFirst && axis == 0) {
      if let last = joinedDims.indices.last, !(keepingFirst && last == 0),
        zip(joinedStrides, strides).allSatisfy({ $0[last] == $1[axis] * dims[axis] })
      {
        joinedDims[last] *= dims[axis]
        for view in strides.indices { joinedStrides[view][last] = strides[view][axis] }
      } else {
        joinedDims.append(dims[axis])
        for view in strides.indices { joinedStrides[view].append(strides[view][axis]) }
      }
    }
    return (joinedDims, joinedStrides)
  }
}

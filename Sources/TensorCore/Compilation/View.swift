/// Where the elements of a value lie in the memory of another.
struct View: Equatable {
  /// The value whose memory it is.
  var source: Int
  /// A vector of row numbers that replaces the index along axis 0, and how many rows there are.
  var gather: Int?
  var rowLimit = 0
  /// In elements.
  var offset = 0
  var layout: StridedLayout

  init(of source: Int, shape: [Int]) {
    self.source = source
    layout = StridedLayout(contiguous: shape)
  }

  /// Element i of the value is element offset + i of the memory.
  var isContiguous: Bool { gather == nil && layout.isContiguous }

  /// All elements are the same one.
  var isSingle: Bool { gather == nil && layout.isSingle }

  /// If each of `rows` consecutive elements of the memory stands for a whole row: how long the rows are.
  func rowLength(rows: Int) -> Int? { gather == nil && offset == 0 ? layout.rowLength(rows: rows) : nil }

  func broadcast(to shape: [Int]) -> View? {
    if gather != nil && (shape.count > layout.shape.count || shape.first != layout.shape.first) { return nil }
    return with(layout.broadcast(to: shape))
  }

  func transposed(_ order: [Int]) -> View? {
    if gather != nil && order.first != 0 { return nil }
    return with(layout.transposed(order))
  }

  func sliced(starts: [Int], strides steps: [Int], shape: [Int]) -> View? {
    if gather != nil && (starts[0] != 0 || steps[0] != 1 || shape[0] != layout.shape[0]) { return nil }
    var result = with(layout.sliced(strides: steps, shape: shape))
    result.offset += zip(starts, layout.strides).reduce(0) { $0 + $1.0 * $1.1 }
    return result
  }

  /// The same elements under another shape, if strides can say it.
  func reshaped(_ shape: [Int]) -> View? {
    if gather == nil { return layout.reshaped(shape).map(with) }
    // The chosen rows stay the first axis; what lies within a row may change shape.
    guard let rows = shape.first, rows == layout.shape.first else { return nil }
    let row = StridedLayout(shape: Array(layout.shape.dropFirst()), strides: Array(layout.strides.dropFirst()))
    return row.reshaped(Array(shape.dropFirst())).map { with(StridedLayout(shape: shape, strides: [layout.strides[0]] + $0.strides)) }
  }

  /// The same view with as few axes as possible. Axis 0 stays itself where rows are gathered.
  func collapsed() -> View { with(layout.collapsed(keepingFirst: gather != nil)) }

  func with(_ layout: StridedLayout) -> View {
    var result = self
    result.layout = layout
    return result
  }
}

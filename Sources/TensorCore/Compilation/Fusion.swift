/// Kernel fusion: decides what is computed together. Every value becomes one of: memory that is there already, a view of other
/// memory, a member of a fused group, or the result of a kernel of its own.
final class Fusion {
  enum Role { case memory, view, fused, opaque }

  private(set) var values: [SimplifiedGraph.Value] = []
  private(set) var views: [View] = []
  private(set) var roles: [Role] = []
  /// Members of a group that only have their value when the whole group is done.
  private(set) var isLate: [Bool] = []
  /// The kernel that computes each value, by way of `kernel(of:)`.
  private var kernelIndex: [Int] = []
  private(set) var kernels: [Kernel] = []
  /// Which kernel waits for which.
  let order = DependencyGraph()
  /// Where the plan's outputs ended up: contiguous memory of their own.
  private(set) var outputs: [Int] = []
  /// Gathered rows that were brought into memory for a kernel: a batch's are for the forward pass and for a gradient.
  private var gatheredRows: [Int: Int] = [:]
  /// For matrix products whose memory has the axes in their readers' order: the product's own axes in that memory.
  private(set) var productViews: [Int: View] = [:]

  /// A fused group, or one operation with a kernel of its own.
  final class Kernel {
    let index: Int
    var opaque: Int?
    var members: [Int] = []
    var type: DType
    /// Elements of the iteration space, and the length of its rows (0: no rows).
    var count: Int
    var inner: Int
    /// Members with one element a row.
    var rowMembers: Set<Int> = []
    var hasRandom = false

    init(index: Int, opaque: Int?, type: DType, count: Int, inner: Int) {
      self.index = index
      self.opaque = opaque
      self.type = type
      self.count = count
      self.inner = inner
    }

    var rows: Int { inner > 0 ? count / inner : count }
  }

  /// A group of more values than this is not extended: it would gain nothing, as what is read again is little beside what is kept for later.
  static let mostMembers = 1024
  /// Columns of fewer rows than this are not worth keeping sums of.
  static let leastRowsOfColumns = 8

  init(_ graph: SimplifiedGraph) {
    var place: [Int] = []
    let orders = graph.ordersOfProducts()
    for (index, value) in graph.values.enumerated() {
      var value = value
      value.inputs = value.inputs.map { place[$0] }
      place.append(orders[index].map { addProduct(value, order: $0) } ?? add(value))
    }
    var taken: Set<Int> = []
    for output in graph.outputs {
      let index = place[output]
      let source = views[index].source
      let isWhole = roles[source] != .memory && isFlat(index) && !isEnd(source)
      outputs.append(isWhole && taken.insert(source).inserted ? source : copy(index))
    }
    mergeSiblings()
    mergeNumbers()
  }

  func kernel(of value: Int) -> Kernel? {
    let index = kernelIndex[value]
    return index < 0 ? nil : root(index)
  }

  /// The kernel that one was merged into, or itself.
  func root(_ index: Int) -> Kernel { kernels[order.root(index)] }

  /// All that were not merged into others.
  var groupsAndKernels: [Kernel] { kernels.filter { order.root($0.index) == $0.index } }

  private func makeKernel(opaque: Int?, type: DType, count: Int, inner: Int) -> Kernel {
    let kernel = Kernel(index: kernels.count, opaque: opaque, type: type, count: count, inner: inner)
    kernels.append(kernel)
    order.add()
    return kernel
  }

  /// The value is its source's memory from the first element to the last, in the source's dtype.
  func isFlat(_ index: Int) -> Bool {
    let view = views[index]
    let source = values[view.source]
    return view.offset == 0 && view.isContiguous && view.layout.count == source.count && values[index].dtype == source.dtype
  }

  /// The value lies in memory that was given to another one: what has begun it.
  func isEnd(_ index: Int) -> Bool {
    if case .host(let function) = values[index].operation { function.phase == .end } else { false }
  }

  // MARK: - Roles

  private func append(_ value: SimplifiedGraph.Value, _ role: Role, _ view: View? = nil, isLate late: Bool = false) -> Int {
    values.append(value)
    roles.append(role)
    views.append(view ?? View(of: values.count - 1, shape: value.shape))
    isLate.append(late)
    kernelIndex.append(-1)
    return values.count - 1
  }

  private func add(_ value: SimplifiedGraph.Value) -> Int {
    switch value.operation {
    case .constant, .fill, .variable, .argument:
      return append(value, .memory)
    case .reshape:
      return addView(value) { $0.reshaped(value.shape) }
    case .broadcast:
      return addView(value) { $0.broadcast(to: value.shape) }
    case .transpose(let order):
      return addView(value) { $0.transposed(order) }
    case .slice(let starts, let strides):
      return addView(value) { $0.sliced(starts: starts, strides: strides, shape: value.shape) }
    case .gather:
      return addGather(value)
    case .cast:
      return addCast(value)
    case .unary, .binary, .select, .random, .stopGradient, .customGradient:
      return addFused(value)
    case .reduce(let reduction, let axes):
      return addReduction(value, reduction, axes)
    case .argmax(let axis):
      return addArgmax(value, axis)
    case .matrixProduct, .convolution, .pooling, .fourier, .pad, .concatenate, .scatterAdd, .distinctRows, .replaceRows, .scan, .host:
      return addOpaque(value)
    }
  }

  /// The value, or a copy of it, as contiguous memory of its own dtype.
  private func inMemory(_ index: Int) -> Int {
    if views[index].isContiguous && values[views[index].source].dtype == values[index].dtype {
      if case .fill = values[views[index].source].operation { return copy(index) }
      return index
    }
    return copyOnce(index)
  }

  /// A copy for kernels to read.
  private func copyOnce(_ index: Int) -> Int {
    if views[index].gather == nil { return copy(index) }
    if let known = gatheredRows[index] { return known }
    let rows = copy(index)
    gatheredRows[index] = rows
    return rows
  }

  private func copy(_ index: Int) -> Int {
    addFused(
      SimplifiedGraph.Value(
        operation: .stopGradient, inputs: [index], shape: values[index].shape, dtype: values[index].dtype))
  }

  private func addView(_ value: SimplifiedGraph.Value, _ change: (View) -> View?) -> Int {
    if let view = change(views[value.inputs[0]]), view.collapsed().layout.shape.count <= Schedule.mostAxes {
      return append(value, .view, view)
    }
    let source = copy(value.inputs[0])
    return append(value, .view, change(views[source])!)
  }

  private func addGather(_ value: SimplifiedGraph.Value) -> Int {
    let table = inMemory(value.inputs[0]), indices = inMemory(value.inputs[1])
    let tableView = views[table]
    var view = View(of: tableView.source, shape: value.shape)
    view.offset = tableView.offset
    view.gather = indices
    view.rowLimit = values[table].shape[0]
    return append(value, .view, view)
  }

  private func addCast(_ value: SimplifiedGraph.Value) -> Int {
    var input = value.inputs[0]
    let source = views[input].source
    if value.dtype == .bool { return addFused(value) }
    if value.dtype == .uint8 { return addFused(value, isLate: true) }
    if roles[source] == .fused && isFlat(input) && !isLate[source] {
      if values[input].dtype == .bool { return addFused(value) }
      if case .argmax = values[source].operation, value.dtype == kernel(of: source)!.type { return addFused(value) }
    }
    // Converted where it is read; twice would skip the rounding in between.
    if values[source].dtype != values[input].dtype { input = copy(input) }
    return append(value, .view, views[input])
  }

  /// A batch of matrix products whose memory has the axes in another order.
  private func addProduct(_ value: SimplifiedGraph.Value, order: [Int]) -> Int {
    var stored = value
    stored.shape = order.map { value.shape[$0] }
    let index = addOpaque(stored)
    let view = View(of: index, shape: stored.shape).transposed(inversePermutation(of: order))!
    productViews[index] = view
    return append(value, .view, view)
  }

  /// A matrix product's input as it lies, if it can be read so, or a copy of it.
  private func readableByProduct(_ index: Int) -> Int {
    let view = views[index], source = values[view.source]
    if case .fill = source.operation { return copy(index) }
    let isReadable = view.gather == nil && source.dtype == values[index].dtype && MatrixLayout(view.layout) != nil
    return isReadable ? index : copyOnce(index)
  }

  private func addOpaque(_ value: SimplifiedGraph.Value) -> Int {
    var value = value
    if case .matrixProduct = value.operation {
      value.inputs = value.inputs.map(readableByProduct)
    } else {
      value.inputs = value.inputs.map(inMemory)
    }
    let index = append(value, .opaque)
    let kernel = makeKernel(opaque: index, type: value.dtype, count: value.count, inner: 0)
    _ = order.insert(value.inputs.compactMap { self.kernel(of: views[$0].source)?.index }, before: kernel.index)
    kernelIndex[index] = kernel.index
    return index
  }

  // MARK: - Reductions

  private func addReduction(_ value: SimplifiedGraph.Value, _ reduction: Reduction, _ axes: [Int]) -> Int {
    let input = value.inputs[0]
    let shape = values[input].shape
    let long = axes.filter { shape[$0] != 1 }
    let reduced = long.reduce(1) { $0 * shape[$1] }
    if reduced == values[input].count { return addFused(value, isLate: true) }
    let isTrailing = long.allSatisfy { axis in (axis..<shape.count).allSatisfy { shape[$0] == 1 || long.contains($0) } }
    if isTrailing && reduced <= Schedule.longestRow { return addFused(value, rowLength: reduced) }
    let isContiguous = (long.first!...long.last!).allSatisfy { shape[$0] == 1 || long.contains($0) }
    if isContiguous {
      if reduction == .sum, long.first == shape.firstIndex(where: { $0 != 1 }), let index = addSumOfColumns(value) { return index }
      return addOpaque(value)
    }
    // Scattered axes are moved to the end first.
    let order = shape.indices.filter { !axes.contains($0) } + axes
    let moved = add(
      SimplifiedGraph.Value(
        operation: .transpose(order), inputs: [input], shape: order.map { shape[$0] }, dtype: values[input].dtype))
    let last = Array((shape.count - axes.count)..<shape.count)
    return add(
      SimplifiedGraph.Value(
        operation: .reduce(reduction, axes: last), inputs: [moved], shape: value.shape, dtype: value.dtype))
  }

  /// Sums over all axes but the last ones of what a group computes are taken there, before it is in memory. Nil where there is no such group,
  /// or too few rows for it to pay.
  private func addSumOfColumns(_ value: SimplifiedGraph.Value) -> Int? {
    let input = value.inputs[0], columns = value.count
    guard value.dtype.isFloatingPoint, (2...Schedule.longestRow).contains(columns), values[input].count >= Fusion.leastRowsOfColumns * columns,
      case .same(let source) = access(input, from: value), let group = kernel(of: source), group.type == value.dtype,
      group.members.count < Fusion.mostMembers
    else { return nil }
    let index = append(value, .fused, isLate: true)
    enter(index, group, isRow: false)
    return index
  }

  private func addArgmax(_ value: SimplifiedGraph.Value, _ axis: Int) -> Int {
    let shape = values[value.inputs[0]].shape
    let isTrailing = shape[(axis + 1)...].allSatisfy { $0 == 1 }
    let isWhole = shape[axis] == values[value.inputs[0]].count
    if isTrailing && !isWhole && shape[axis] > 1 && shape[axis] <= Schedule.longestRow {
      return addFused(value, rowLength: shape[axis])
    }
    return addOpaque(value)
  }

  // MARK: - Groups

  /// The type the group of a value computes in.
  private func computeType(_ value: SimplifiedGraph.Value) -> DType {
    var type = value.dtype
    switch value.operation {
    case .binary(let function) where function.isComparison: type = values[value.inputs[0]].dtype
    case .unary(.isFinite), .argmax: type = values[value.inputs[0]].dtype
    case .cast where value.dtype == .bool || value.dtype == .uint8: type = values[value.inputs[0]].dtype
    default: break
    }
    if type == .bool || type == .uint8 {
      // Truths can be computed in any type: in that of a group they come from, if there is one.
      for input in value.inputs where values[input].dtype == .bool {
        let source = views[input].source
        if roles[source] == .fused && !isLate[source] { return kernel(of: source)!.type }
      }
      return .float32
    }
    return type
  }

  /// How an input can be had inside a group without going through memory.
  enum Access {
    case same(Int)
    /// One element a row of the given length.
    case rows(Int, length: Int)
    case memory
  }

  func access(_ input: Int, from value: SimplifiedGraph.Value) -> Access {
    let view = views[input]
    let source = view.source
    guard roles[source] == .fused, !isLate[source], values[source].dtype == values[input].dtype else { return .memory }
    if case .argmax = values[source].operation {
      guard case .cast = value.operation else { return .memory }
    }
    if isFlat(input) { return .same(source) }
    if let length = view.rowLength(rows: values[source].count), length <= Schedule.longestRow {
      return .rows(source, length: length)
    }
    return .memory
  }

  private func addFused(_ value: SimplifiedGraph.Value, isLate late: Bool = false, rowLength: Int = 0) -> Int {
    let type = computeType(value)
    var count = value.count
    if rowLength > 0 { count *= rowLength }
    if late, case .reduce = value.operation { count = values[value.inputs[0]].count }

    // Candidates: the groups that inputs come from; the latest first, for the others may be what it waits for.
    var candidates: [Kernel] = []
    for input in value.inputs {
      let source: Int
      switch access(input, from: value) {
      case .same(let index), .rows(let index, _): source = index
      case .memory: continue
      }
      let group = kernel(of: source)!
      if !candidates.contains(where: { $0 === group }) { candidates.append(group) }
    }
    candidates.sort { $0.index > $1.index }
    let index = append(value, .fused, isLate: late)
    for candidate in candidates where candidate.type == type {
      if let group = join(value, candidate, others: candidates, count: count, rowLength: rowLength) {
        enter(index, group, isRow: group.inner > 0 && (rowLength > 0 || count != group.count))
        return index
      }
    }
    let group = makeKernel(opaque: nil, type: type, count: count, inner: rowLength)
    _ = order.insert(memoryDependencies(of: value, in: group).map(\.index), before: group.index)
    enter(index, group, isRow: rowLength > 0)
    return index
  }

  private func enter(_ index: Int, _ group: Kernel, isRow: Bool) {
    group.members.append(index)
    if case .reduce = values[index].operation, isLate[index] {
      // A full reduction of one value a row works on rows itself.
      if group.inner > 0 && values[values[index].inputs[0]].count != group.count { group.rowMembers.insert(index) }
    } else if isRow {
      group.rowMembers.insert(index)
    }
    if case .random = values[index].operation { group.hasRandom = true }
    kernelIndex[index] = group.index
  }
}

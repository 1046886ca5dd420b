/// Matrices that lie in panels: some of the columns of all rows, one row behind the other, and behind them the next columns.
///
/// A batch's rows are brought in by one kernel and read by products that are cut along the batch's columns, in the forward pass the sum
/// and in the gradient the result. If each thread brings in the columns that it will read, none needs what another has written; but where
/// rows lie one behind the other, half a row of one thread follows half a row of the other's, and what a processor reads ahead
/// of its half belongs to the other and has to be fetched back (false sharing by prefetching). (On a Zen 4 whose cores share no cache it took four times as long.) In
/// panels each thread's part is one stretch of memory.
struct ColumnPanels {
  /// Of one matrix.
  struct Panels {
    let count: Int
    /// How many columns each has.
    let width: Int
    /// From the beginning of one to that of the next, in elements.
    let distance: Int
    fileprivate let rows: Int

    /// Where an element lies from the beginning of the first.
    func place(row: Int, column: Int) -> Int { column / width * distance + row * width + column % width }
  }

  private var panels: [Int: Panels] = [:]

  private let schedule: Schedule
  private static let mostPanels = 64
  /// Panels that are narrower are not worth it: a row of a panel is read by a loop of its own.
  private static let leastWidth = 64
  /// Between two panels so many rows are nobody's: a product goes down the columns of one, and processors read on in such steps.
  private static let rowsBetween = 64

  /// - Parameter chains: all kernels, as they are put together.
  init(_ schedule: Schedule, _ chains: [KernelChain]) {
    self.schedule = schedule
    var alone: Set<Int> = []
    for chain in chains where chain.members.count == 1 || chain.beginsWithSum { alone.insert(chain.members[0]) }
    for chain in chains where chain.isUpdate { alone.formUnion(chain.members.dropLast()) }
    var matrices: [(buffer: Int, rows: Int, columns: Int)] = []
    for (position, kernel) in schedule.kernels.enumerated() where alone.contains(position) {
      guard case .group(let programs) = kernel, programs.count == 1, let matrix = Self.gathered(programs[0]) else { continue }
      let buffer = schedule.buffers[matrix.buffer]
      if buffer.isTemporary, buffer.shape.reduce(1, *) == matrix.rows * matrix.columns { matrices.append(matrix) }
    }
    if matrices.isEmpty { return }
    var readers: [Int: [Int]] = [:]
    for (position, kernel) in schedule.kernels.enumerated() {
      for buffer in Set(kernel.reads) { readers[buffer, default: []].append(position) }
    }
    for (buffer, rows, columns) in matrices {
      guard let readers = readers[buffer] else { continue }
      var begins = Set(0..<columns)
      for reader in readers {
        guard alone.contains(reader), let own = partBegins(of: reader, buffer, rows, columns) else {
          begins = []
          break
        }
        begins.formIntersection(own)
      }
      let count = (2...Self.mostPanels).last { count in
        columns % count == 0 && columns / count >= Self.leastWidth && (0..<count).allSatisfy { begins.contains($0 * columns / count) }
      }
      if let count {
        let width = columns / count
        panels[buffer] = Panels(count: count, width: width, distance: (rows + Self.rowsBetween) * width, rows: rows)
      }
    }
  }

  /// The matrix that a program writes, if all it does is to bring in rows and to change them element by element.
  private static func gathered(_ program: GroupProgram) -> (buffer: Int, rows: Int, columns: Int)? {
    guard program.inner == 0, program.reductions.isEmpty, program.stores.count == 1 else { return nil }
    let output = program.operands[program.stores[0].operand]
    guard output.isOutput, output.access == .whole, output.overwrites == nil, case .buffer(let buffer, 0) = output.memory else { return nil }
    let isByElement = program.instructions.allSatisfy { instruction in
      switch instruction.function {
      case .unary, .binary, .select, .copy, .load: true
      case .expand, .rowReduce, .rowArgmax, .reduce, .sumColumns, .random: false
      }
    }
    guard isByElement, let dims = program.views.first?.layout.shape, dims.count == 2, dims[0] * dims[1] == program.count,
      program.views.allSatisfy({ $0.gatherOperand != nil && $0.layout.shape == dims && $0.layout.strides[1] == 1 })
    else { return nil }
    let isReadable = program.operands.allSatisfy { operand in
      switch operand.access {
      case .single, .raw, .view: true
      case .whole, .converted: operand.isOutput
      }
    }
    return isReadable ? (buffer, dims[0], dims[1]) : nil
  }

  /// With which of a matrix's columns the shares of a kernel begin that reads it; nil if it is no product that reads all of it, some
  /// columns for each share.
  private func partBegins(of position: Int, _ buffer: Int, _ rows: Int, _ columns: Int) -> Set<Int>? {
    guard let (call, product) = MatrixProductContext.of(schedule.kernels[position]), call.inputs[0].buffer == buffer,
      call.inputs[1].buffer != buffer, call.inputs[0].offset == 0, call.inputs[0].shape == [rows, columns],
      call.inputs[0].layout.strides == [columns, 1], call.output.shape.count == 2
    else { return nil }
    let parts = product.transposeA ? product.cut.rows : product.cut.depth
    return Set(ProductCut.begins(of: parts, columns))
  }

  /// The panels of a buffer, if it has any.
  func of(_ buffer: Int) -> Panels? { panels[buffer] }

  /// How many bytes lie between a buffer's panels.
  func bytesBetween(_ buffer: Int) -> Int {
    panels[buffer].map { ($0.count - 1) * ($0.distance - $0.rows * $0.width) * schedule.buffers[buffer].dtype.byteCount } ?? 0
  }

  /// A program in as many as there are panels of what it writes, each of which writes one.
  func programs(_ program: GroupProgram) -> [GroupProgram] {
    guard let output = program.stores.first.map({ program.operands[$0.operand] }), let panels = output.buffer.flatMap(of) else { return [program] }
    return (0..<panels.count).map { program.panel($0, of: panels) }
  }
}

extension GroupProgram {
  /// The same for some columns of the rows that it brings in, which are written one behind the other.
  fileprivate func panel(_ number: Int, of panels: ColumnPanels.Panels) -> GroupProgram {
    let (rows, width) = (panels.rows, panels.width)
    var result = GroupProgram(type: type, count: rows * width, inner: inner)
    (result.instructions, result.registers, result.stores) = (instructions, registers, stores)
    result.views = views.map { StoredView(gatherOperand: $0.gatherOperand, limit: $0.limit, layout: StridedLayout(shape: [rows, width], strides: $0.layout.strides)) }
    result.operands = operands.map { operand in
      let elements: Int
      switch operand.access {
      case .view: elements = number * width
      case .whole: elements = number * panels.distance
      case .converted, .single, .raw: return operand
      }
      guard case .buffer(let buffer, let offset) = operand.memory else { return operand }
      return Operand(
        access: operand.access, dtype: operand.dtype, isRow: operand.isRow, isOutput: operand.isOutput,
        memory: .buffer(buffer, offset: offset + elements), overwrites: operand.overwrites)
    }
    return result
  }
}

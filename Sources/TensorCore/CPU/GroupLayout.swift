import CKernels

/// How a group's elements are cut into blocks and shares (tiling and partitioning). Results are combined by blocks, or by shares where columns are added up: the
/// blocks and such shares depend on sizes alone; how many shares there are otherwise, on the number of threads too.
struct GroupLayout {
  let block: Int
  let blockCount: Int
  /// The first block of each share, and the end of the last.
  private let shareStarts: [Int]
  /// How many shares one after the other are a thread's own.
  private let sharesOfThread: Int
  /// Every program is of one element, without rows.
  private let isOfNumbers: Bool
  var shares: Int { shareStarts.count - 1 }

  /// A share whose columns are added up has at least so many rows of them.
  private static let rowsOfColumns = 32

  static let kernel: ThreadPool.Work = { ck_group_run($0, $1) }
  static let finish: ThreadPool.Work = { ck_group_finish($0, $1) }

  /// - Parameter isByProgram: each program is a share.
  init(_ code: CPUProgram, counts: [Int], threadCount: Int, isByProgram: Bool = false) {
    let program = code.program
    block = Swift.max(1, GroupLayout.mostElements(code) / code.blockUnit) * code.blockUnit
    precondition(block <= Int(CK_MAX_BLOCK), "a row of \(program.inner) elements is longer than a block")
    let size = block
    let blocks = counts.map { ($0 + size - 1) / size }
    blockCount = blocks.reduce(0, +)
    isOfNumbers = program.inner == 0 && counts.allSatisfy { $0 == 1 }
    let elements = counts.reduce(0, +)
    let estimate = KernelTime.group(code, count: elements)
    // What a share has of the columns should be little beside its rows.
    let columns = program.reductions.map(\.columns).max() ?? 1
    let wanted =
      columns > 1
      ? Int(Swift.min(64, Double(elements) / Double(columns * GroupLayout.rowsOfColumns), estimate < 2500 ? 1 : estimate / 1000))
      : GroupLayout.shares(nanoseconds: estimate, threadCount: threadCount)
    shareStarts = isByProgram
      ? blocks.reduce(into: [0]) { $0.append($0.last! + $1) }
      : GroupLayout.starts(shares: Swift.max(1, Swift.min(wanted, blockCount)), blocks: blocks, counts: counts)
    sharesOfThread = Swift.max(1, (shareStarts.count - 1) / threadCount)
  }

  /// Shares that begin where a chain's do. Nil where no blocks of a good size end there.
  /// - Parameters:
  ///   - starts: with which element each of them begins, and the end.
  ///   - sharesOfThread: how many one after the other are a thread's own.
  init?(_ code: CPUProgram, starts: [Int], sharesOfThread: Int = 1) {
    let parting = starts.dropLast().reduce(0, greatestCommonDivisor), common = parting == 0 ? starts.last! : parting
    let most = GroupLayout.mostElements(code)
    let sizes = (1...64).lazy.filter { common % $0 == 0 }.map { common / $0 }
    let fitting = sizes.filter { $0 <= most && $0 % code.blockUnit == 0 }
    guard let size = fitting.first(where: { $0 % CPUProgram.vector == 0 }) ?? fitting.first, size >= Swift.min(most / 8, common) else { return nil }
    (block, blockCount) = (size, (starts.last! + size - 1) / size)
    shareStarts = starts.dropLast().map { $0 / size } + [blockCount]
    self.sharesOfThread = sharesOfThread
    isOfNumbers = false
  }

  /// Of a block: all that it touches should stay in the first-level cache. A value that is read and written is one stretch of memory.
  private static func mostElements(_ code: CPUProgram) -> Int {
    let operands = code.program.operands
    let streams = Set(operands.filter { $0.access == .whole && !$0.isOutput }.map(\.memory)).count
    let vectors = streams + code.slotCount + operands.filter(\.isOutput).count
    return (vectors <= 7 ? 2048 : 1024) / (code.program.type == .float64 ? 2 : 1)
  }

  /// As many for each thread, so that none waits for another's last one; a few where there is work enough, so that a thread which
  /// the system stops leaves others something to take over.
  private static func shares(nanoseconds: Double, threadCount: Int) -> Int {
    if nanoseconds < 2500 { return 1 }
    let each = Swift.min(nanoseconds / 16_000 / Double(threadCount), Double(64 / threadCount))
    return each < 1 ? Swift.min(threadCount, Int(nanoseconds / 1250)) : threadCount * Int(each)
  }

  /// Where shares of about as many elements each begin.
  private static func starts(shares: Int, blocks: [Int], counts: [Int]) -> [Int] {
    var starts = [0]
    let elements = counts.reduce(0, +)
    var block = 0, element = 0
    for (segmentBlocks, count) in zip(blocks, counts) {
      let perBlock = Double(count) / Double(Swift.max(segmentBlocks, 1))
      // The boundaries that lie in this segment, each at the nearest block's end.
      while starts.count < shares {
        let wanted = Double(elements) * Double(starts.count) / Double(shares) - Double(element)
        if wanted >= Double(count) { break }
        starts.append(Swift.max(starts.last!, block + Int((wanted / perBlock).rounded())))
      }
      block += segmentBlocks
      element += count
    }
    return starts + [Int](repeating: block, count: shares + 1 - starts.count)
  }

  func blocks(_ count: Int) -> Int { (count + block - 1) / block }

  /// In which order programs of so many elements are best run: a few small ones first. What they read, as the gradients of a layer's bias, was
  /// computed by a kernel of one share, which is the caller's work, and the caller has the first shares.
  static func order(_ counts: [Int]) -> [Int] {
    let (small, large) = (counts.indices.filter { counts[$0] < smallCount }, counts.indices.filter { counts[$0] >= smallCount })
    return small.reduce(0) { $0 + counts[$1] } <= mostBeside(counts.reduce(0, +)) ? small + large : Array(counts.indices)
  }

  /// How many of so many elements one thread can do beside its shares without the others having to wait for it.
  static func mostBeside(_ count: Int) -> Int { count / 16 }

  private static let smallCount = 4096

  func context(_ code: CPUProgram, _ memory: PlanMemory) -> ck_group {
    let program = code.program
    let operands = program.operands.map(GroupLayout.operand) + code.temporaries.map { GroupLayout.operand($0, program.type) }
    var group = ck_group()
    group.dtype = program.type.kernelType
    group.instr_count = Int32(code.instructions.count)
    group.operand_count = Int32(operands.count)
    group.invariant_count = Int32(code.invariantCount)
    group.slot_count = Int32(code.slotCount)
    group.reduction_count = Int32(program.reductions.count)
    group.instrs = UnsafePointer(memory.store(code.instructions.map(GroupLayout.instruction)))
    group.operands = UnsafePointer(memory.store(operands))
    group.inner = Int64(program.inner)
    group.of_numbers = isOfNumbers
    group.block = Int64(block)
    group.block_count = Int64(blockCount)
    group.shares = Int32(shares)
    group.shares_of_thread = Int32(sharesOfThread)
    group.share_starts = UnsafePointer(memory.store(shareStarts.map(Int64.init)))
    group.reductions = UnsafePointer(
      memory.store(
        program.reductions.map { reduction in
          let code = reduction.function.code, columns = Int64(reduction.columns)
          let count = code == CK_SUMCOLUMNS ? Int(ck_partial_columns(columns)) * shares : blockCount
          return ck_group_reduction(op: Int32(code.rawValue), columns: columns, partials: memory.allocate(Double.self, count))
        }))
    return group
  }

  private static func instruction(_ instruction: CPUProgram.Instruction) -> ck_instr {
    func index(_ reference: GroupProgram.Reference) -> UInt16 {
      switch reference {
      case .operand(let index), .reduction(let index): UInt16(index)
      case .register: programmingError("a register was given no slot")
      }
    }
    var result = ck_instr()
    result.op = UInt8(instruction.code.rawValue)
    result.row = instruction.isRow ? 1 : 0
    result.dst = index(instruction.result)
    fill(&result.args, with: instruction.arguments.map(index))
    return result
  }

  private static func operand(_ operand: GroupProgram.Operand) -> ck_operand {
    let kind: ck_operand_kind
    var view = -1
    switch operand.access {
    case .whole: kind = CK_STREAM
    case .converted: kind = CK_BYTES
    case .single: kind = CK_SPLAT
    case .raw: kind = CK_RAW
    case .view(let number): (kind, view) = (CK_VIEW, number)
    }
    return ck_operand(
      kind: UInt8(kind.rawValue), dtype: UInt8(operand.dtype.kernelType), row: operand.isRow ? 1 : 0, output: operand.isOutput ? 1 : 0,
      slot: 0, view: Int32(view))
  }

  private static func operand(_ temporary: CPUProgram.Temporary, _ type: DType) -> ck_operand {
    ck_operand(
      kind: UInt8(CK_TEMP.rawValue), dtype: UInt8(type.kernelType), row: temporary.isRow ? 1 : 0, output: 0, slot: Int32(temporary.slot),
      view: -1)
  }

  static func view(_ view: GroupProgram.StoredView) -> ck_view {
    var result = ck_view()
    result.rank = Int32(view.layout.shape.count)
    result.gather = Int32(view.gatherOperand ?? -1)
    result.limit = Int64(view.limit)
    result.index_count = Int64(view.layout.shape[0])
    fill(&result.dims, with: view.layout.shape.map(Int64.init))
    fill(&result.strides, with: view.layout.strides.map(Int64.init))
    return result
  }
}

extension DType {
  var kernelType: Int32 {
    switch self {
    case .float32: Int32(CK_F32.rawValue)
    case .float64: Int32(CK_F64.rawValue)
    case .int32: Int32(CK_I32.rawValue)
    case .uint8: Int32(CK_U8.rawValue)
    case .bool: Int32(CK_BOOL.rawValue)
    }
  }
}

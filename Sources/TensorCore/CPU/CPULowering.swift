import CKernels

/// Lowering for the CPU: from a ``Schedule`` to calls of kernels. Gives out memory, chooses instructions, cuts the work into shares and
/// writes addresses where the kernels expect them.
struct CPULowering {
  let memory = PlanMemory()
  private(set) var argumentPlaces: [[Plan.Relocation]]
  private(set) var outputPlaces: [[Plan.Relocation]]
  private(set) var statistics = Plan.Statistics()
  var steps: [Plan.Step] = []
  /// Cache lines with single numbers that the calling thread computes for all threads: the first few.
  private(set) var sharedNumbers: [UnsafeMutableRawPointer] = []
  /// See ``Plan/prepare()``.
  var preparations: [Plan.Step] = []
  /// By the number of a chain's step: those that are done with it.
  var chained: [Int: [Plan.Step]] = [:]

  let schedule: Schedule
  let threadCount: Int
  let leastLoopWork: Int
  let part: Plan.PartOfRows?
  private var locations: [Location?]
  private var numbers: [Number: UnsafeMutableRawPointer] = [:]
  /// The last kernel that brings a batch's rows in panels, a share for each: what it writes, and the number of its step.
  private(set) var broughtIn: (buffer: Int, step: Int)?
  /// None in a part of a batch's rows, which is not cut.
  let panels: ColumnPanels?
  /// Whether each kernel is a call of its own.
  let isApart: Bool

  /// Buffers of so many bytes lie a page apart: at the end of one, processors read on, up to the end of a page, and where that is the
  /// beginning of the next, it is another thread's, which has to fetch it back.
  private static let leastApart = 1024
  /// More at once would not all be asked for.
  private static let mostSharedNumbers = 8

  /// Where a buffer is.
  private enum Location {
    case fixed(UnsafeMutableRawPointer)
    case argument(Int)
    case output(Int)
  }

  private struct Number: Hashable {
    let bits: UInt64
    let dtype: DType
  }

  init(_ schedule: Schedule, threadCount: Int, part: Plan.PartOfRows?, leastLoopWork: Int, chains limits: ChainFinder.Limits) {
    self.schedule = schedule
    self.threadCount = threadCount
    self.leastLoopWork = leastLoopWork
    self.part = part
    isApart = limits.isApart
    argumentPlaces = schedule.arguments.map { _ in [] }
    outputPlaces = schedule.outputs.map { _ in [] }
    locations = schedule.buffers.map { _ in nil }
    // The rows of a batch that are a part of it are one thread's.
    let chains = part == nil ? ChainFinder.order(schedule, limits: limits) : schedule.kernels.indices.map { KernelChain([$0]) }
    panels = part == nil ? ColumnPanels(schedule, chains) : nil
    assignMemory(chains)
    for chain in chains {
      if chain.members.count > 1, let together = chain.isUpdate ? updateSteps(chain) : chainSteps(chain) {
        steps += together
      } else {
        for member in chain.members { steps += kernelSteps(schedule.kernels[member]).map { step in step.of(kernel: member) } }
      }
    }
    statistics.kernels = steps.count
    statistics.searchSteps = schedule.searchSteps
  }

  // MARK: - Memory

  /// Gives each buffer a place. All kernels of a chain need their memory at the same time.
  private mutating func assignMemory(_ chains: [KernelChain]) {
    let lifetimes = schedule.lifetimes(inOrder: chains.map(\.members))
    var beginning: [Int: [Int]] = [:], ending: [Int: [Int]] = [:]
    for (index, buffer) in schedule.buffers.enumerated() {
      switch buffer.role {
      case .argument(let number): locations[index] = .argument(number)
      case .output(let number): locations[index] = .output(number)
      case .variable(let variable):
        memory.keep(variable)
        locations[index] = .fixed(variable.storage.pointer)
      case .constant(let elements):
        memory.keep(elements)
        locations[index] = .fixed(elements.pointer)
      case .temporary:
        if let lifetime = lifetimes[index] {
          beginning[lifetime.lowerBound, default: []].append(index)
          ending[lifetime.upperBound, default: []].append(index)
        }
      }
    }
    var workspace = Workspace()
    var offsets: [Int: Int] = [:]
    func size(_ index: Int) -> Int {
      let bytes = schedule.buffers[index].byteCount + (panels?.bytesBetween(index) ?? 0)
      return bytes + (bytes < CPULowering.leastApart || part != nil ? Buffer.alignment : Buffer.page)
    }
    var numbers: [Int] = []
    for position in chains.indices {
      for index in beginning[position] ?? [] {
        if isNumber(index) { numbers.append(index) } else { offsets[index] = workspace.allocate(size(index)) }
      }
      for index in ending[position] ?? [] where !isNumber(index) {
        workspace.free(offsets[index]!, size(index))
      }
    }
    let bytes = MemoryLayout<Double>.size, start = workspace.size
    for (place, index) in numbers.enumerated() { offsets[index] = start + place * bytes }
    let size = start + (numbers.isEmpty ? 0 : numbers.count * bytes + Buffer.alignment)
    let buffer = Buffer(byteCount: size)
    memory.keep(buffer)
    statistics.workspaceBytes = size
    for (index, offset) in offsets { locations[index] = .fixed(buffer.pointer + offset) }
  }

  /// Whether a temporary is one number. Such lie side by side: what the calling thread computes for all is few cache lines, each of which
  /// has to come over to the others.
  private func isNumber(_ buffer: Int) -> Bool { schedule.buffers[buffer].shape.allSatisfy { $0 == 1 } }

  /// Writes the address of a buffer's element into a context, now or whenever it is bound.
  /// - Parameter indexCount: where the kernel is told how many `int32` lie from there on, if that can be more than it reads.
  mutating func point(
    _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>, to buffer: Int, offset: Int, indexCount: UnsafeMutablePointer<Int64>? = nil
  ) {
    let bytes = offset * schedule.buffers[buffer].dtype.byteCount
    switch locations[buffer]! {
    case .fixed(let pointer): place.pointee = pointer + bytes
    case .argument(let index): argumentPlaces[index].append(Plan.Relocation(place: place, offset: bytes, indexCount: indexCount))
    case .output(let index): outputPlaces[index].append(Plan.Relocation(place: place, offset: bytes))
    }
  }

  mutating func point(_ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>, to target: Schedule.Place) {
    point(place, to: target.buffer, offset: target.offset)
  }

  private mutating func number(_ value: Double, _ dtype: DType) -> UnsafeMutableRawPointer {
    let key = Number(bits: value.bitPattern, dtype: dtype)
    if let known = numbers[key] { return known }
    // Kernels read a whole vector of it.
    let raw = UnsafeMutableRawPointer(memory.allocate(UInt8.self, Buffer.alignment))
    let whole = value.isNaN ? 0 : Int(Swift.min(Swift.max(value, -0x1p62), 0x1p62))
    switch dtype {
    case .float32: raw.storeBytes(of: Float(value), as: Float.self)
    case .float64: raw.storeBytes(of: value, as: Double.self)
    case .int32: raw.storeBytes(of: Int32(clamping: whole), as: Int32.self)
    case .uint8, .bool: raw.storeBytes(of: UInt8(clamping: whole), as: UInt8.self)
    }
    numbers[key] = raw
    return raw
  }

  /// Counts memory for intermediate results that is not the workspace's.
  mutating func noteTemporaries(_ bytes: Int) { statistics.workspaceBytes += bytes }

  // MARK: - Kernels

  private mutating func kernelSteps(_ kernel: Schedule.Kernel) -> [Plan.Step] {
    switch kernel {
    case .group(let programs):
      let parts = programs.count == 1 ? panels?.programs(programs[0]) ?? programs : programs
      let code = CPUProgram(parts[0])
      // Each thread brings in the panels that it multiplies.
      let isByPanel = parts.count > programs.count && threadCount <= parts.count
      if isByPanel, let buffer = kernel.writes.first { broughtIn = (buffer, steps.count) }
      let inOrder = inOrder(parts)
      return groupSteps(inOrder, code, GroupLayout(code, counts: inOrder.map(\.count), threadCount: threadCount, isByProgram: isByPanel))
    case .operation(let call):
      // What kernels point to lives as long as the plan.
      if case .host(let function) = call.operation { memory.keep(function) }
      return operationSteps(call)
    case .loop(let loop):
      return loop.output.count == 0 ? [] : [self.loop(loop)]
    case .copy(let source, let target):
      return [move(source, to: target)]
    }
  }

  /// Sums are added up in the order of the schedule.
  private func inOrder(_ programs: [GroupProgram]) -> [GroupProgram] {
    programs[0].reductions.isEmpty ? GroupLayout.order(programs.map(\.count)).map { programs[$0] } : programs
  }

  mutating func groupSteps(_ programs: [GroupProgram], _ code: CPUProgram, _ layout: GroupLayout) -> [Plan.Step] {
    if layout.blockCount == 0 && programs[0].reductions.isEmpty { return [] }
    let group = groupContext(programs, code, layout)
    if part == nil { noteSharedNumbers(programs) }
    var steps: [Plan.Step] = []
    if layout.blockCount > 0 {
      let sharesOf = programs[0].inner > 0 ? "rows" : "elements"
      steps.append(Plan.Step(work: GroupLayout.kernel, context: group, shares: layout.shares, sharesOf: sharesOf, group: group))
    }
    if !programs[0].reductions.isEmpty { steps.append(Plan.Step(work: GroupLayout.finish, context: group, shares: 1)) }
    return steps
  }

  private mutating func noteSharedNumbers(_ programs: [GroupProgram]) {
    for program in programs where program.count == 1 {
      for operand in program.operands where operand.isOutput && sharedNumbers.count < CPULowering.mostSharedNumbers {
        guard case .buffer(let buffer, _) = operand.memory, case .temporary = schedule.buffers[buffer].role,
          case .fixed(let pointer) = locations[buffer]
        else { continue }
        let line = UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: pointer) & ~UInt(Buffer.alignment - 1))!
        if !sharedNumbers.contains(line) { sharedNumbers.append(line) }
      }
    }
  }

  /// What a kernel needs to run a group: one program over the memory of each.
  private mutating func groupContext(_ programs: [GroupProgram], _ code: CPUProgram, _ layout: GroupLayout) -> UnsafeMutablePointer<ck_group> {
    statistics.groups += 1
    statistics.instructions += code.instructions.count
    let reductionCount = programs[0].reductions.count
    let group = memory.allocateGroup()
    let views = memory.store(code.program.views.map(GroupLayout.view))
    let segments = memory.allocate(ck_segment.self, programs.count)
    let results = memory.allocate(UnsafeMutableRawPointer?.self, reductionCount * programs.count)
    var firstBlock = 0
    for (index, part) in programs.enumerated() {
      let bases = memory.allocate(UnsafeMutableRawPointer?.self, part.operands.count + code.temporaries.count)
      for (position, operand) in part.operands.enumerated() {
        switch operand.memory {
        case .number(let bits): bases[position] = number(Double(bitPattern: bits), operand.dtype)
        case .buffer(let buffer, let offset): point(bases + position, to: buffer, offset: offset)
        }
      }
      for (position, reduction) in part.reductions.enumerated() {
        point(results + (position * programs.count + index), to: reduction.buffer, offset: 0)
      }
      segments[index] = ck_segment(
        count: Int64(part.count), first_block: Int64(firstBlock), bases: bases,
        padded: part.operands.allSatisfy { !$0.isOutput || isWholeBuffer($0, part.count) })
      firstBlock += layout.blocks(part.count)
      // The numbers of rows are one operand for all programs, or there may be fewer than the views say.
      for (number, view) in part.views.enumerated() where index == 0 {
        guard let gather = view.gatherOperand, programs.allSatisfy({ $0.operands[gather].memory == part.operands[gather].memory }),
          case .buffer(let buffer, let offset) = part.operands[gather].memory
        else { continue }
        point(bases + gather, to: buffer, offset: offset, indexCount: (views + number).pointer(to: \.index_count))
      }
    }
    group.pointee = layout.context(code, memory)
    group.pointee.views = UnsafePointer(views)
    group.pointee.segments = UnsafePointer(segments)
    group.pointee.segment_count = Int32(programs.count)
    group.pointee.results = results
    return group
  }

  /// Whether an operand is all of a buffer whose memory ends with room for a vector: that of a variable or of a temporary.
  private func isWholeBuffer(_ operand: GroupProgram.Operand, _ count: Int) -> Bool {
    guard case .buffer(let number, 0) = operand.memory else { return false }
    let buffer = schedule.buffers[number]
    guard operand.access == .whole, buffer.dtype == operand.dtype, buffer.shape.reduce(1, *) == count else { return false }
    switch buffer.role {
    case .variable: return true
    case .temporary: return !isNumber(number)
    case .argument, .output, .constant: return false
    }
  }

  /// Fills a place with zeros, or with what lies at another one of the same size.
  mutating func move(_ source: Schedule.Place?, to target: Schedule.Place) -> Plan.Step {
    let context = memory.allocate(ck_move.self, 1)
    let shares = CPULowering.sharesOfCopy(target.byteCount)
    (context.pointee.bytes, context.pointee.shares) = (Int64(target.byteCount), Int64(shares))
    if let source { point(CPULowering.place(context, \.in), to: source) }
    point(CPULowering.place(context, \.out), to: target)
    return Plan.Step(work: { ck_move_run($0, $1) }, context: context, shares: shares, sharesOf: "bytes")
  }

  /// In how many shares so many bytes are copied: some microseconds each.
  static func sharesOfCopy(_ byteCount: Int) -> Int { Swift.max(1, Swift.min(16, byteCount >> 17)) }

  /// Where in a context a pointer field lies.
  static func place<Context, Pointer>(
    _ context: UnsafeMutablePointer<Context>, _ field: WritableKeyPath<Context, Pointer>
  ) -> UnsafeMutablePointer<UnsafeMutableRawPointer?> {
    let offset = MemoryLayout<Context>.offset(of: field)!
    return (UnsafeMutableRawPointer(context) + offset).assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
  }
}

/// Fills the start of a C array, which is a tuple here.
func fill<Tuple, Element>(_ tuple: inout Tuple, with elements: [Element]) {
  withUnsafeMutableBytes(of: &tuple) { bytes in
    precondition(elements.count * MemoryLayout<Element>.stride <= bytes.count)
    for (index, element) in elements.enumerated() { bytes.bindMemory(to: Element.self)[index] = element }
  }
}

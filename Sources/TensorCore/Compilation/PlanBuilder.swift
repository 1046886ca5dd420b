import CKernels

/// From a graph to kernel calls: fuse, write the programs, order the kernels, give out memory, fill in the contexts.
struct PlanBuilder {
  let memory = PlanMemory()
  private(set) var argumentPlaces: [[Plan.Relocation]]
  private(set) var outputPlaces: [[Plan.Relocation]]
  private(set) var statistics = Plan.Statistics()
  /// What each call does, for people.
  private(set) var names: [String] = []

  private let outputCount: Int
  private let variables: [Variable]
  let fusion: Fusion
  private var programs: [Int: [GroupProgram]] = [:]
  private var stored: Set<Int> = []
  /// For values that replace a variable's where it lies: the variable, and the value that reads it.
  private var inPlace: [Int: (variable: Variable, reader: Int?)] = [:]
  private var locations: [Int: Location] = [:]
  private var constants: [GroupProgram.Address: [DType: UnsafeMutableRawPointer]] = [:]

  /// Where a value's memory is.
  enum Location {
    case fixed(UnsafeMutableRawPointer)
    case argument(Int)
    case output(Int)
  }

  init(arguments: [Node], outputs: [Node], assignments: [(variable: Variable, value: Tensor)]) {
    outputCount = outputs.count
    variables = assignments.map(\.variable)
    argumentPlaces = arguments.map { _ in [] }
    outputPlaces = outputs.map { _ in [] }
    fusion = Fusion(SimplifiedGraph(outputs + assignments.map(\.value.node)))
    for value in fusion.values {
      // Memory that the kernels point into lives as long as the plan.
      if case .constant(let buffer) = value.operation { memory.keep(buffer) }
      if case .variable(let variable) = value.operation { memory.keep(variable) }
      if case .host(let function) = value.operation { memory.keep(function) }
    }
    variables.forEach { memory.keep($0) }
  }

  mutating func build() -> [Plan.Step] {
    findStoredValues()
    chooseInPlaceWrites()
    writePrograms()
    mergeEqualPrograms()
    let order = ordered()
    assignMemory(order)
    var calls: [Plan.Step] = []
    for kernel in order {
      let part = steps(for: kernel)
      calls += part
      names += part.map { _ in name(of: kernel) }
    }
    for (index, variable) in variables.enumerated() {
      let value = fusion.outputs[outputCount + index]
      if inPlace[value] == nil {
        calls.append(move(value, to: variable))
        names.append("copy to \(variable.path)")
      }
    }
    statistics.kernels = calls.count
    statistics.searchSteps = fusion.order.steps
    return calls
  }

  private func name(of kernel: Fusion.Kernel) -> String {
    if let opaque = kernel.opaque { return "\(fusion.values[opaque].operation) \(fusion.values[opaque].shape)" }
    let program = programs[kernel.index]![0]
    let codes = program.instructions.map { String($0.code.rawValue) + ($0.isRow ? "r" : "") }.joined(separator: " ")
    return "group of \(programs[kernel.index]!.count) × \(program.count)/\(program.inner) \(program.type): \(codes)"
  }

  // MARK: - What lies in memory

  /// The values a kernel reads from memory, each as the value whose memory it is.
  private func sources(of kernel: Fusion.Kernel) -> [Int] {
    var result: [Int] = []
    func add(_ input: Int) {
      let view = fusion.views[input]
      result.append(view.source)
      if let gather = view.gather { result.append(fusion.views[gather].source) }
    }
    if let opaque = kernel.opaque {
      fusion.values[opaque].inputs.forEach(add)
    } else {
      for member in kernel.members {
        let value = fusion.values[member]
        for input in value.inputs where !fusion.isAccessible(input, from: value, in: kernel) { add(input) }
      }
    }
    return result
  }

  private mutating func findStoredValues() {
    for kernel in fusion.groupsAndKernels { stored.formUnion(sources(of: kernel)) }
    stored.formUnion(fusion.outputs)
  }

  /// A new value may be written over the variable's old one if whoever reads the old one has done so before.
  private mutating func chooseInPlaceWrites() {
    var readers: [ObjectIdentifier: [(kernel: Fusion.Kernel, source: Int)]] = [:]
    for kernel in fusion.groupsAndKernels {
      for source in Set(sources(of: kernel)) {
        if case .variable(let variable) = fusion.values[source].operation {
          readers[ObjectIdentifier(variable), default: []].append((kernel, source))
        }
      }
    }
    let uses = usesOfVariables()
    for (index, variable) in variables.enumerated() {
      let value = fusion.outputs[outputCount + index]
      let writer = fusion.kernel(of: value)!
      let reading = readers[ObjectIdentifier(variable)] ?? []
      let own = reading.first { $0.kernel === writer }
      if let own, !replacesRows(writer, of: own.source),
        !readsElementwise(writer, own.source, uses[own.source] ?? [], writing: value)
      {
        continue
      }
      let others = reading.map(\.kernel).filter { $0 !== writer }
      if others.contains(where: { fusion.depends($0, on: writer) }) { continue }
      guard fusion.order.insert(others.map(\.index), before: writer.index) else { continue }
      inPlace[value] = (variable, own?.source)
    }
  }

  /// For each variable's value the members of groups that read it, by themselves or to choose rows by.
  private func usesOfVariables() -> [Int: [Int]] {
    var uses: [Int: [Int]] = [:]
    for member in fusion.values.indices where fusion.roles[member] == .fused {
      for input in fusion.values[member].inputs {
        let view = fusion.views[input]
        for source in [view.source, view.gather.map { fusion.views[$0].source }] {
          if let source, case .variable = fusion.values[source].operation { uses[source, default: []].append(member) }
        }
      }
    }
    return uses
  }

  /// Whether a kernel gives back what lies at `source` with other rows in it, and reads nothing else from there.
  private func replacesRows(_ kernel: Fusion.Kernel, of source: Int) -> Bool {
    guard let opaque = kernel.opaque, case .replaceRows = fusion.values[opaque].operation else { return false }
    let inputs = fusion.values[opaque].inputs
    return fusion.isFlat(inputs[0]) && inputs.map { fusion.views[$0].source == source } == [true, false, false]
  }

  /// Whether a value replaces the variable's that it was computed from where it lies, so that what stays needs no copy.
  func isInPlace(_ value: Int) -> Bool { inPlace[value]?.reader != nil }

  /// Whether a group that computes `value` reads `source` only at the element it writes. `uses` are all that read `source`.
  private func readsElementwise(_ kernel: Fusion.Kernel, _ source: Int, _ uses: [Int], writing value: Int) -> Bool {
    guard kernel.opaque == nil, !fusion.isLate[value] else { return false }
    for member in uses where fusion.kernel(of: member) === kernel {
      let reader = fusion.values[member]
      for input in reader.inputs where fusion.views[input].source == source {
        if !fusion.isFlat(input) || kernel.rowMembers.contains(member) != kernel.rowMembers.contains(value) { return false }
        if case .random = reader.operation { return false }
        // A reduction over rows reads full elements for a row's result.
        if fusion.values[input].count != fusion.values[value].count { return false }
      }
      for input in reader.inputs where fusion.views[input].gather.map({ fusion.views[$0].source }) == source { return false }
    }
    return true
  }

  // MARK: - Programs

  private mutating func writePrograms() {
    let replaced = inPlace.compactMapValues(\.reader)
    for kernel in fusion.groupsAndKernels where kernel.opaque == nil {
      let written = Set(kernel.members.filter(stored.contains))
      programs[kernel.index] = [GroupProgram(kernel, fusion, stored: written, inPlace: replaced)]
    }
  }

  /// Groups that run the same program on different memory (a step for each parameter) become one kernel of several segments, if they
  /// are as far from the end of the plan or from its beginning: then neither waits for the other.
  private mutating func mergeEqualPrograms() {
    let signatures = programs.mapValues { $0[0].signature }
    for direction in [KernelOrder.Direction.fromEnd, .fromStart] {
      var known: [EqualPrograms: Fusion.Kernel] = [:]
      let distances = KernelOrder(fusion).distances(direction)
      for kernel in fusion.groupsAndKernels where kernel.opaque == nil {
        let key = EqualPrograms(signature: signatures[kernel.index]!, distance: distances[kernel.index]!)
        guard let first = known[key] else {
          known[key] = kernel
          continue
        }
        guard fusion.order.merge(kernel.index, into: first.index) else { continue }
        first.members += kernel.members
        programs[first.index]! += programs[kernel.index]!
      }
    }
  }

  private struct EqualPrograms: Hashable {
    let signature: GroupProgram.Signature
    let distance: Int
  }

  // MARK: - Order and memory

  private func ordered() -> [Fusion.Kernel] { KernelOrder(fusion).kernels }

  private mutating func assignMemory(_ order: [Fusion.Kernel]) {
    for (index, value) in fusion.outputs[..<outputCount].enumerated() { locations[value] = .output(index) }
    for (value, target) in inPlace { locations[value] = .fixed(target.variable.storage.pointer) }
    for (index, value) in fusion.values.enumerated() {
      switch value.operation {
      case .constant(let buffer): locations[index] = .fixed(buffer.pointer)
      case .variable(let variable): locations[index] = .fixed(variable.storage.pointer)
      case .argument(let number): locations[index] = .argument(number)
      default: break
      }
    }
    var lastUse: [Int: Int] = [:]
    for (position, kernel) in order.enumerated() {
      for source in readsFromMemory(of: kernel) { lastUse[source] = position }
    }
    for value in fusion.outputs { lastUse[value] = order.count }
    var workspace = Workspace()
    var offsets: [Int: Int] = [:]
    var ending: [Int: [Int]] = [:]
    for (position, kernel) in order.enumerated() {
      let results = kernel.opaque.map { [$0] } ?? kernel.members.filter(stored.contains)
      for value in results where locations[value] == nil {
        let bytes = fusion.values[value].count * fusion.values[value].dtype.byteCount
        offsets[value] = workspace.allocate(bytes + Buffer.alignment)
        ending[lastUse[value] ?? position, default: []].append(value)
      }
      for value in ending[position] ?? [] {
        let bytes = fusion.values[value].count * fusion.values[value].dtype.byteCount
        workspace.free(offsets[value]!, bytes + Buffer.alignment)
      }
    }
    let buffer = Buffer(byteCount: workspace.size)
    memory.keep(buffer)
    statistics.workspaceBytes = workspace.size
    for (value, offset) in offsets { locations[value] = .fixed(buffer.pointer + offset) }
  }

  /// What a kernel reads when all groups are merged. Merged ones read through the programs they were made of.
  private func readsFromMemory(of kernel: Fusion.Kernel) -> [Int] {
    guard let programs = programs[kernel.index] else { return sources(of: kernel) }
    return programs.flatMap { program in
      program.operands.compactMap { operand in
        if case .value(let source, _) = operand.address, !operand.isOutput { return source }
        return nil
      }
    }
  }

  // MARK: - Contexts

  /// Writes the address of a value into a context, now or whenever it is bound.
  mutating func point(_ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>, to value: Int, offset: Int) {
    let bytes = offset * fusion.values[value].dtype.byteCount
    switch locations[value]! {
    case .fixed(let pointer): place.pointee = pointer + bytes
    case .argument(let index): argumentPlaces[index].append(Plan.Relocation(place: place, offset: bytes))
    case .output(let index): outputPlaces[index].append(Plan.Relocation(place: place, offset: bytes))
    }
  }

  mutating func pointInput(_ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>, to input: Int) {
    let view = fusion.views[input]
    point(place, to: view.source, offset: view.offset)
  }

  private mutating func constant(_ value: Double, _ dtype: DType) -> UnsafeMutableRawPointer {
    let key = GroupProgram.Address.constant(value)
    if let known = constants[key]?[dtype] { return known }
    let place = memory.allocate(Double.self, 1)
    let raw = UnsafeMutableRawPointer(place)
    switch dtype {
    case .float32: raw.storeBytes(of: Float(value), as: Float.self)
    case .float64: raw.storeBytes(of: value, as: Double.self)
    case .int32: raw.storeBytes(of: Int32(clamping: Int(value)), as: Int32.self)
    case .uint8, .bool: raw.storeBytes(of: UInt8(clamping: Int(value)), as: UInt8.self)
    }
    constants[key, default: [:]][dtype] = raw
    return raw
  }

  private mutating func steps(for kernel: Fusion.Kernel) -> [Plan.Step] {
    guard let opaque = kernel.opaque else { return groupSteps(programs[kernel.index]!) }
    return opaqueSteps(opaque)
  }

  private mutating func groupSteps(_ programs: [GroupProgram]) -> [Plan.Step] {
    let program = programs[0]
    statistics.groups += 1
    statistics.instructions += program.instructions.count
    let layout = GroupLayout(program, counts: programs.map(\.count))
    if layout.blockCount == 0 && program.reductions.isEmpty { return [] }
    let group = memory.allocateGroup()
    let segments = memory.allocate(ck_segment.self, programs.count)
    let results = memory.allocate(UnsafeMutableRawPointer?.self, program.reductions.count * programs.count)
    var firstBlock = 0
    for (index, part) in programs.enumerated() {
      let bases = memory.allocate(UnsafeMutableRawPointer?.self, part.operands.count)
      for (number, operand) in part.operands.enumerated() {
        switch operand.address {
        case .none: break
        case .constant(let value): bases[number] = constant(value, operand.dtype)
        case .value(let source, let offset): point(bases + number, to: source, offset: offset)
        }
      }
      for (number, reduction) in part.reductions.enumerated() {
        point(results + (number * programs.count + index), to: reduction.value, offset: 0)
      }
      segments[index] = ck_segment(count: Int64(part.count), first_block: Int64(firstBlock), bases: bases)
      firstBlock += layout.blocks(part.count)
    }
    group.pointee = layout.context(program, memory)
    group.pointee.segments = UnsafePointer(segments)
    group.pointee.segment_count = Int32(programs.count)
    group.pointee.results = results
    var steps: [Plan.Step] = []
    if layout.blockCount > 0 { steps.append(Plan.Step(work: GroupLayout.kernel, context: group, shares: layout.shares)) }
    if !program.reductions.isEmpty { steps.append(Plan.Step(work: GroupLayout.finish, context: group, shares: 1)) }
    return steps
  }

  private mutating func move(_ value: Int, to variable: Variable) -> Plan.Step {
    let context = memory.allocate(ck_move.self, 1)
    context.pointee.bytes = variable.storage.byteCount
    context.pointee.out = variable.storage.pointer
    point(PlanBuilder.place(context, \.in), to: value, offset: 0)
    return Plan.Step(work: { ck_move_run($0, $1) }, context: context, shares: 1)
  }

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

/// From a graph to a ``Schedule``: simplify, fuse, decide what lies in memory and what is written where it was read, write the groups'
/// programs, merge equal ones and put all in order.
struct Scheduler {
  private var schedule = Schedule()
  private let fusion: Fusion
  private let outputCount: Int
  private let variables: [Variable]
  private var programs: [Int: [GroupProgram]] = [:]
  private var stored: Set<Int> = []
  /// For values that replace a variable's where it lies: the variable, and the value that reads it.
  private var inPlace: [Int: (variable: Variable, reader: Int?)] = [:]
  /// The buffer of each value that lies in memory, and of each variable.
  private var buffers: [Int: Int] = [:]
  private var variableBuffers: [Variable: Int] = [:]

  /// The schedule that computes `outputs`, and then gives the variables their new values.
  /// - Parameter arguments: what stands for the function's arguments, in their order.
  static func schedule(arguments: [Node], outputs: [Node], assignments: [(variable: Variable, value: Tensor)]) -> Schedule {
    var scheduler = Scheduler(outputs, assignments)
    scheduler.schedule.arguments = arguments.map { Schedule.Form(shape: $0.shape, dtype: $0.dtype) }
    scheduler.build()
    scheduler.schedule.outputs = zip(outputs, scheduler.fusion.outputs).map { node, value in
      Schedule.Output(buffer: scheduler.buffers[value]!, form: Schedule.Form(shape: node.shape, dtype: node.dtype))
    }
    return scheduler.schedule
  }

  private init(_ outputs: [Node], _ assignments: [(variable: Variable, value: Tensor)]) {
    outputCount = outputs.count
    variables = assignments.map(\.variable)
    fusion = Fusion(SimplifiedGraph(outputs + assignments.map(\.value.node)))
  }

  private mutating func build() {
    findStoredValues()
    chooseInPlaceWrites()
    numberBuffers()
    writePrograms()
    mergeEqualPrograms()
    for kernel in KernelOrder(fusion).kernels {
      schedule.kernels.append(kernel.opaque.map(ownKernel) ?? .group(programs[kernel.index]!))
    }
    for (index, variable) in variables.enumerated() {
      let value = fusion.outputs[outputCount + index]
      if inPlace[value] == nil { schedule.kernels.append(.copy(from: whole(buffers[value]!), to: whole(buffer(of: variable)))) }
    }
    schedule.assigned = variables
    schedule.searchSteps = fusion.order.steps
    findLifetimes()
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
    // Kernels of their own always write, and so do reductions of whole groups.
    for value in fusion.values.indices where fusion.roles[value] == .opaque || fusion.isLate[value] { stored.insert(value) }
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

  // MARK: - Buffers

  private mutating func numberBuffers() {
    var outputs: [Int: Int] = [:]
    for (index, value) in fusion.outputs[..<outputCount].enumerated() { outputs[value] = index }
    for index in stored.sorted() {
      let value = fusion.values[index]
      switch value.operation {
      case .fill: break
      case .variable(let variable): buffers[index] = buffer(of: variable)
      case .constant(let elements): buffers[index] = addBuffer(.constant(elements), value)
      case .argument(let number): buffers[index] = addBuffer(.argument(number), value)
      default:
        if let target = inPlace[index] {
          buffers[index] = buffer(of: target.variable)
        } else if fusion.isEnd(index) {
          buffers[index] = buffers[fusion.views[value.inputs[0]].source]
        } else {
          buffers[index] = addBuffer(outputs[index].map { .output($0) } ?? .temporary, value)
        }
      }
    }
  }

  private mutating func addBuffer(_ role: Schedule.Storage.Role, _ value: SimplifiedGraph.Value) -> Int {
    schedule.buffers.append(Schedule.Storage(role: role, shape: value.shape, dtype: value.dtype))
    return schedule.buffers.count - 1
  }

  private mutating func buffer(of variable: Variable) -> Int {
    if let known = variableBuffers[variable] { return known }
    schedule.buffers.append(Schedule.Storage(role: .variable(variable), shape: variable.shape, dtype: variable.dtype))
    variableBuffers[variable] = schedule.buffers.count - 1
    return schedule.buffers.count - 1
  }

  private func whole(_ buffer: Int) -> Schedule.Place {
    let storage = schedule.buffers[buffer]
    return Schedule.Place(buffer: buffer, offset: 0, layout: StridedLayout(contiguous: storage.shape), dtype: storage.dtype)
  }

  private func place(_ view: View, in buffer: Int, _ dtype: DType) -> Schedule.Place {
    Schedule.Place(buffer: buffer, offset: view.offset, layout: view.layout, dtype: dtype)
  }

  /// Liveness: from the kernel that writes a temporary to the last one that reads it.
  private mutating func findLifetimes() {
    for (buffer, lifetime) in schedule.lifetimes(inOrder: schedule.kernels.indices.map { [$0] }) { schedule.buffers[buffer].lifetime = lifetime }
  }

  /// The kernel of a value that has one of its own.
  private func ownKernel(_ index: Int) -> Schedule.Kernel {
    let value = fusion.values[index]
    let inputs = value.inputs.map { place(fusion.views[$0], in: buffers[fusion.views[$0].source]!, fusion.values[$0].dtype) }
    // The buffer may be that of a value with the same elements in another shape.
    let output = place(fusion.productViews[index] ?? View(of: index, shape: value.shape), in: buffers[index]!, value.dtype)
    if case .scan(let scan) = value.operation { return .loop(Schedule.Loop(scan, inputs: inputs, output: output)) }
    return .operation(Schedule.Call(operation: value.operation, inputs: inputs, output: output, isInPlace: inPlace[index]?.reader != nil))
  }

  // MARK: - Programs

  private mutating func writePrograms() {
    let replaced = inPlace.compactMapValues(\.reader)
    for kernel in fusion.groupsAndKernels where kernel.opaque == nil {
      programs[kernel.index] = [ProgramWriter(kernel, fusion, buffers: buffers, inPlace: replaced).program]
    }
  }

  /// Groups that run the same program on different memory (a step for each parameter) become one kernel of several segments, if they
  /// are as far from the end of the plan or from its beginning: then neither waits for the other.
  private mutating func mergeEqualPrograms() {
    let signatures = programs.mapValues { $0[0].signature }
    for direction in [KernelOrder.Direction.fromEnd, .fromStart] {
      var known: [EqualPrograms: Fusion.Kernel] = [:]
      let distances = KernelOrder(fusion).distances(direction)
      // Sums of columns are kept for one piece of memory.
      for kernel in fusion.groupsAndKernels where kernel.opaque == nil && programs[kernel.index]![0].reductions.allSatisfy({ $0.columns == 1 }) {
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
}

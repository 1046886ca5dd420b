import CKernels

/// A list of kernel calls on fixed memory, ready to run again and again, by one thread at a time.
package final class Plan: @unchecked Sendable {
  /// One call: all shares of a kernel.
  struct Step {
    let work: ThreadPool.Work
    let context: UnsafeMutableRawPointer
    let shares: Int
  }

  /// What each step does, for people.
  package let names: [String]

  /// A place in a kernel's context that holds an address which changes between runs.
  struct Relocation {
    let place: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let offset: Int
  }

  package struct Statistics {
    /// Kernel calls in a run.
    package var kernels = 0
    /// Fused groups among them, and the vector instructions these run on each block.
    package var groups = 0
    package var instructions = 0
    /// Memory for intermediate results.
    package var workspaceBytes = 0
  }

  package private(set) var statistics: Statistics
  /// Whether a run changes variables.
  package var changesVariables: Bool { !assigned.isEmpty }
  private let steps: UnsafeMutableBufferPointer<Step>
  private let memory: PlanMemory
  private let argumentPlaces: [[Relocation]]
  private let outputPlaces: [[Relocation]]
  private let outputs: [(shape: [Int], dtype: DType)]
  private let assigned: [Variable]
  /// Of all variables that are read or written.
  private let locks: [(lock: VariableLock, access: VariableLock.Access)]
  private var boundArguments: [Buffer?]
  private var runs: UInt = 0

  /// Plans that run again and again get machine code of their own; for others the making of it would cost more than it saves.
  private static let runsBeforeTranslation: UInt = 4

  package init(arguments: [Node], outputs: [Node], assignments: [(variable: Variable, value: Tensor)]) {
    var builder = PlanBuilder(arguments: arguments, outputs: outputs, assignments: assignments)
    let steps = builder.build()
    self.steps = .allocate(capacity: steps.count)
    _ = self.steps.initialize(from: steps)
    names = builder.names
    memory = builder.memory
    argumentPlaces = builder.argumentPlaces
    outputPlaces = builder.outputPlaces
    statistics = builder.statistics
    self.outputs = outputs.map { ($0.shape, $0.dtype) }
    assigned = assignments.map(\.variable)
    let read = nodesBelow(outputs + assignments.map(\.value.node)) { $0.value != nil }.compactMap { node in
      if case .variable(let variable) = node.operation { return variable.lock }
      return nil
    }
    let access: VariableLock.Access = assigned.isEmpty ? .reading : .writing
    locks = VariableLock.joined(assigned.map(\.lock) + read).map { ($0, access) }
    boundArguments = arguments.map { _ in nil }
  }

  deinit { steps.deallocate() }

  /// Lets an argument stand for memory from `offset` bytes on. It must hold the argument's elements, be 64-byte readable past
  /// its end as a ``Buffer`` is, and stay as it is while the plan runs.
  package func bind(argument: Int, to buffer: Buffer, offset: Int = 0) {
    boundArguments[argument] = buffer
    for place in argumentPlaces[argument] { place.place.pointee = buffer.pointer + (offset + place.offset) }
  }

  package func bind(argument: Int, to tensor: Tensor, offset: Int = 0) {
    bind(argument: argument, to: tensor.materialized(), offset: offset)
  }

  /// Moves the window an argument sees in the memory it is bound to.
  package func bind(argument: Int, offset: Int) {
    let buffer = boundArguments[argument]!
    for place in argumentPlaces[argument] { place.place.pointee = buffer.pointer + (offset + place.offset) }
  }

  /// Runs all steps. Allocates the outputs and nothing else.
  @discardableResult
  package func run(on pool: ThreadPool = .shared) -> [Tensor] {
    let results = makeOutputs()
    VariableLock.with(locks) {
      for variable in assigned { variable.willChange() }
      execute(on: pool)
    }
    return results
  }

  private func makeOutputs() -> [Tensor] {
    if outputs.isEmpty { return [] }
    return zip(outputs, outputPlaces).map { output, places in
      let buffer = Buffer(byteCount: output.shape.reduce(1, *) * output.dtype.byteCount)
      for place in places { place.place.pointee = buffer.pointer + place.offset }
      return Tensor(.constant(buffer), shape: output.shape, dtype: output.dtype)
    }
  }

  /// The least time of each step over some runs, in nanoseconds, with what it does.
  package func profile(runs: Int) -> [(name: String, shares: Int, nanoseconds: Double)] {
    let results = makeOutputs()
    defer { withExtendedLifetime(results) {} }
    translate()
    let clock = ContinuousClock()
    var least = [Duration](repeating: .seconds(1), count: steps.count)
    for _ in 0..<runs {
      for (index, step) in steps.enumerated() {
        let time = clock.measure { ThreadPool.shared.run(step.work, step.context, shares: step.shares) }
        least[index] = min(least[index], time)
      }
    }
    return steps.indices.map { index in
      let time = least[index].components
      return (names[index], steps[index].shares, Double(time.seconds) * 1e9 + Double(time.attoseconds) / 1e9)
    }
  }

  /// Makes machine code for the groups that allow it and says how many have it, for vectors as wide as the processor's or
  /// narrower (32 or 64 bytes). ``run(on:)`` does this for plans that run again and again.
  @discardableResult
  package func translate(vectorBytes: Int = 0) -> Int { memory.translateGroups(vectorBytes: vectorBytes) }

  private func execute(on pool: ThreadPool) {
    runs &+= 1
    if runs == Plan.runsBeforeTranslation { translate() }
    for step in steps {
      if step.shares == 1 {
        step.work(step.context, 0)
      } else {
        pool.run(step.work, step.context, shares: step.shares)
      }
    }
  }
}

/// The memory a plan owns: kernels' contexts, constants, intermediate results.
final class PlanMemory {
  private var blocks: [UnsafeMutableRawPointer] = []
  private var kept: [AnyObject] = []
  private var groups: [UnsafeMutablePointer<ck_group>] = []

  deinit {
    groups.forEach { ck_group_discard_code($0) }
    blocks.forEach { $0.deallocate() }
  }

  func allocateGroup() -> UnsafeMutablePointer<ck_group> {
    let group = allocate(ck_group.self, 1)
    groups.append(group)
    return group
  }

  func translateGroups(vectorBytes: Int) -> Int { groups.count { ck_group_translate($0, Int64(vectorBytes)) } }

  func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
    let size = max(count, 1) * MemoryLayout<Element>.stride
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Buffer.alignment)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    blocks.append(block)
    return block.bindMemory(to: type, capacity: max(count, 1))
  }

  func store<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let memory = allocate(Element.self, elements.count)
    memory.update(from: elements, count: elements.count)
    return memory
  }

  func keep(_ object: AnyObject) { kept.append(object) }
}

import CKernels

/// A list of kernel calls on fixed memory, ready to run again and again, by one thread at a time.
package final class Plan: @unchecked Sendable {
  /// One call: all shares of a kernel.
  struct Step {
    let work: ThreadPool.Work
    let context: UnsafeMutableRawPointer
    let shares: Int
    /// What the shares are some of; see ``PlanExplanation/Kernel/sharesOf``.
    var sharesOf = ""
    /// For a fused group: what its machine code is made from.
    var group: UnsafeMutablePointer<ck_group>?
    /// Whose code runs, where it is no group's.
    var provider = PlanExplanation.Code.kernel
    /// Which kernel of the schedule it belongs to.
    var kernel = 0
    /// Runs other steps many times, instead of the work. Kept by the plan's memory.
    var loop: Unmanaged<ScanLoop>?

    /// - Parameter pool: nil for the calling thread alone.
    func run(on pool: ThreadPool?) { call.run(on: pool) }

    var call: Call { Call(work: work, context: context, shares: shares, loop: loop) }

    var code: PlanExplanation.Code { group.map { $0.pointee.code == nil ? .interpreted : .machineCode } ?? provider }

    /// The same as a part of what a kernel of the schedule does.
    func of(kernel: Int) -> Step {
      var step = self
      step.kernel = kernel
      return step
    }
  }

  /// What a step does, without what is said of it: no references, for a run to go through it without counting them.
  struct Call: BitwiseCopyable {
    let work: ThreadPool.Work
    let context: UnsafeMutableRawPointer
    let shares: Int
    let loop: Unmanaged<ScanLoop>?

    func run(on pool: ThreadPool?) {
      if let loop {
        loop._withUnsafeGuaranteedRef { $0.run(on: pool) }
      } else if shares > 1, let pool {
        pool.run(work, context, shares: shares)
      } else {
        for share in 0..<shares { work(context, share) }
      }
    }
  }

  /// A place in a kernel's context that holds an address which changes between runs.
  struct Relocation {
    let place: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let offset: Int
    /// Where the kernel is told how many `int32` lie from that address on, if it asks.
    var indexCount: UnsafeMutablePointer<Int64>?

    /// Writes the address of what lies `offset` bytes into a buffer.
    func point(to buffer: Buffer, offset: Int) {
      place.pointee = buffer.pointer + (offset + self.offset)
      indexCount?.pointee = Int64((buffer.byteCount - offset - self.offset) / DType.int32.byteCount)
    }
  }

  /// What the plan of some rows of a batch may rely on and has to keep: a row's values are the same bits whatever rows are beside it.
  package struct PartOfRows {
    /// The arguments that stay as they are from one call of `prepare` to the next.
    let fixedArguments: Range<Int>
  }

  package struct Statistics {
    /// Kernel calls in a run.
    package var kernels = 0
    /// Fused groups among them, and the vector instructions these run on each block.
    package var groups = 0
    package var instructions = 0
    /// Memory for intermediate results.
    package var workspaceBytes = 0
    /// How many steps were taken while the plan was made to find out which kernel waits for which: a measure of the compiler's work.
    package var searchSteps = 0
  }

  package let statistics: Statistics
  /// What the plan does, before it was made for this processor.
  package let schedule: Schedule
  let threadCount: Int
  /// Whether a run changes variables.
  package var changesVariables: Bool { !assigned.isEmpty }
  let steps: [Step]
  private let calls: UnsafeMutableBufferPointer<Call>
  /// What is done once for many runs with the same fixed arguments.
  private let preparations: [Step]
  /// By the number of a chain's step: those that are done with it.
  let chained: [Int: [Step]]
  private let sharedNumbers: [UnsafeMutableRawPointer]
  private let memory: PlanMemory
  let argumentPlaces: [[Relocation]]
  private let outputPlaces: [[Relocation]]
  private let outputs: [Schedule.Form]
  let assigned: [Variable]
  /// The same, to be gone through without counting references.
  private let changed: [Unmanaged<Variable>]
  /// Of all variables that are read or written.
  private let locks: [(lock: VariableLock, access: VariableLock.Access)]
  private(set) var boundArguments: [Buffer?]
  private var runs: UInt = 0

  /// Plans that run again and again get machine code of their own; for others the making of it would cost more than it saves.
  private static let runsBeforeTranslation: UInt = 4

  /// The plan that computes `outputs` and gives variables new values.
  package convenience init(
    arguments: [Node], outputs: [Node], assignments: [(variable: Variable, value: Tensor)],
    threadCount: Int = ThreadPool.shared.threadCount, leastLoopWork: Int = ScanRows.leastWork, chains: ChainFinder.Limits = ChainFinder.Limits()
  ) {
    self.init(
      Scheduler.schedule(arguments: arguments, outputs: outputs, assignments: assignments), threadCount: threadCount,
      leastLoopWork: leastLoopWork, chains: chains)
  }

  /// - Parameters:
  ///   - threadCount: on how many threads it is to run.
  ///   - part: for the body of a loop for some rows of a batch.
  ///   - leastLoopWork: with less work in a step than this a loop's rows are not worth another thread.
  ///   - chains: which kernels are worth being one call.
  init(
    _ schedule: Schedule, threadCount: Int = ThreadPool.shared.threadCount, part: PartOfRows? = nil, leastLoopWork: Int = ScanRows.leastWork,
    chains: ChainFinder.Limits = ChainFinder.Limits()
  ) {
    self.schedule = schedule
    self.threadCount = threadCount
    let lowered = CPULowering(schedule, threadCount: threadCount, part: part, leastLoopWork: leastLoopWork, chains: chains)
    steps = lowered.steps
    calls = .allocate(capacity: steps.count)
    _ = calls.initialize(from: steps.map(\.call))
    preparations = lowered.preparations
    chained = lowered.chained
    sharedNumbers = lowered.sharedNumbers
    memory = lowered.memory
    argumentPlaces = lowered.argumentPlaces
    outputPlaces = lowered.outputPlaces
    statistics = lowered.statistics
    outputs = schedule.outputs.map(\.form)
    assigned = schedule.assigned
    changed = assigned.map { .passUnretained($0) }
    let used = schedule.buffers.compactMap { buffer in
      if case .variable(let variable) = buffer.role { return variable.lock }
      return nil
    }
    let access: VariableLock.Access = assigned.isEmpty ? .reading : .writing
    locks = VariableLock.joined(assigned.map(\.lock) + used).map { ($0, access) }
    boundArguments = schedule.arguments.map { _ in nil }
  }

  deinit { calls.deallocate() }

  /// Lets an argument stand for memory from `offset` bytes on. It must hold the argument's elements, be 64-byte readable past
  /// its end as a ``Buffer`` is, and stay as it is while the plan runs.
  package func bind(argument: Int, to buffer: Buffer, offset: Int = 0) {
    boundArguments[argument] = buffer
    for place in argumentPlaces[argument] { place.point(to: buffer, offset: offset) }
  }

  package func bind(argument: Int, to tensor: Tensor, offset: Int = 0) {
    bind(argument: argument, to: tensor.materialized(), offset: offset)
  }

  /// Moves the window an argument sees in the memory it is bound to.
  package func bind(argument: Int, offset: Int) {
    let buffer = boundArguments[argument]!
    for place in argumentPlaces[argument] { place.point(to: buffer, offset: offset) }
  }

  /// Runs all steps. Allocates the outputs and nothing else.
  @discardableResult
  package func run(on pool: ThreadPool = .shared) -> [Tensor] {
    let results = makeOutputs()
    changeVariables { execute(on: pool) }
    return results
  }

  /// Runs all steps with each output going into the next rows of another tensor, and allocates nothing.
  package func run(into targets: [RowTarget], on pool: ThreadPool = .shared) {
    precondition(targets.count == outputs.count)
    for (place, target) in targets.enumerated() {
      let memory = target.takeRows(of: outputs[place])
      for place in outputPlaces[place] { place.place.pointee = memory + place.offset }
    }
    changeVariables { execute(on: pool) }
    withExtendedLifetime(targets) {}
  }

  /// Runs `body` with the right to read and change what the plan reads and changes.
  func changeVariables(_ body: () -> Void) {
    VariableLock.with(locks) {
      for variable in changed { variable._withUnsafeGuaranteedRef { $0.willChange() } }
      body()
    }
  }

  /// Memory for the outputs of several plans' runs, one after another: plans that differ in their numbers of rows.
  package static func makeTargets(forRunsOf plans: [Plan]) -> [RowTarget] {
    plans[0].outputs.indices.map { place in
      let form = plans[0].outputs[place]
      return RowTarget(shape: [plans.reduce(0) { $0 + $1.outputs[place].shape[0] }] + form.shape.dropFirst(), dtype: form.dtype)
    }
  }

  func makeOutputs() -> [Tensor] {
    if outputs.isEmpty { return [] }
    return zip(outputs, outputPlaces).map { output, places in
      let buffer = Buffer(byteCount: output.byteCount)
      for place in places { place.place.pointee = buffer.pointer + place.offset }
      return Tensor(.constant(buffer), shape: output.shape, dtype: output.dtype)
    }
  }

  /// Makes machine code for the groups that allow it and says how many have it, for vectors as wide as the processor's or
  /// narrower (32 or 64 bytes). ``run(on:)`` does this for plans that run again and again.
  @discardableResult
  package func translate(vectorBytes: Int = 0) -> Int {
    steps.reduce(memory.translateGroups(vectorBytes: vectorBytes)) { $0 + ($1.loop?.takeUnretainedValue().translate(vectorBytes: vectorBytes) ?? 0) }
  }

  /// To be called before runs with other fixed arguments than before, or other elements in them.
  func prepare() {
    for step in preparations { step.run(on: nil) }
  }

  /// Runs all steps on the memory that arguments and outputs point to.
  /// - Parameter pool: nil for the calling thread alone.
  func execute(on pool: ThreadPool?) {
    runs &+= 1
    if runs == Plan.runsBeforeTranslation { translate() }
    // Other threads have read them in the last run. Where they share no cache with this one, it would wait for one line after another.
    for number in sharedNumbers { ck_ask_to_write(number) }
    SubnormalNumbers.flushed {
      for call in calls { call.run(on: pool) }
    }
  }

  /// Lets an argument or an output stand for memory that somebody else keeps.
  func point(argument: Int, to memory: UnsafeMutableRawPointer) {
    for place in argumentPlaces[argument] { place.place.pointee = memory + place.offset }
  }

  func point(output: Int, to memory: UnsafeMutableRawPointer) {
    for place in outputPlaces[output] { place.place.pointee = memory + place.offset }
  }
}

extension Plan.Step {
  init(loop: ScanLoop) {
    self.init(
      work: { _, _ in }, context: UnsafeMutableRawPointer(loop.places), shares: loop.shares, sharesOf: "the batch's rows", provider: .loop,
      loop: .passUnretained(loop))
  }
}

/// A loop of a plan: the plan of its body, run once a step on other memory.
///
/// Where the rows of a batch do not meet in the body, each thread takes some of them through all steps, and threads wait for one
/// another at the end only.
final class ScanLoop {
  private let loop: Schedule.Loop
  /// Where the loop's inputs and, behind them, its result lie.
  let places: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let lanes: [ScanLane]
  /// Whether lanes work side by side; otherwise the threads share each kernel of the only one.
  private let isSplit: Bool

  init(_ loop: Schedule.Loop, _ memory: PlanMemory, threadCount: Int, leastWork: Int) {
    self.loop = loop
    places = memory.allocate(UnsafeMutableRawPointer?.self, loop.inputs.count + 1)
    if let rows = loop.rows, rows.canBeShared {
      isSplit = true
      let units = rows.count / ScanRows.leastCount, count = rows.shareCount(threads: threadCount, work: KernelTime.additions(of: loop.body), leastWork: leastWork)
      // An element's value depends on nothing but its row, so the cut may depend on the number of threads.
      let cuts = (0...count).map { $0 == count ? rows.count : $0 * units / count * ScanRows.leastCount }
      let ranges = (0..<count).map { cuts[$0]..<cuts[$0 + 1] }
      var bodies = [rows.count: loop.body]
      for range in ranges where bodies[range.count] == nil { bodies[range.count] = rows.body(rows: range.count) }
      let part = Plan.PartOfRows(fixedArguments: loop.fixedArguments)
      lanes = ranges.map { ScanLane(loop, rows: (rows, first: $0.lowerBound), Plan(bodies[$0.count]!, part: part)) }
    } else {
      isSplit = false
      lanes = [ScanLane(loop, rows: nil, Plan(loop.body, threadCount: threadCount, leastLoopWork: leastWork))]
    }
    memory.keep(self)
  }

  var byteCount: Int { lanes.reduce(0) { $0 + $1.byteCount } }
  var shares: Int { lanes.count }

  func translate(vectorBytes: Int) -> Int { lanes.reduce(0) { $0 + $1.plan.translate(vectorBytes: vectorBytes) } }

  /// What the first thread does in a step.
  func explanation() -> PlanExplanation { lanes[0].plan.explanation() }

  /// Runs all steps and allocates nothing.
  func run(on pool: ThreadPool?) {
    if loop.count == 0 {
      var target = places[loop.inputs.count]!
      for (index, state) in loop.inputs[..<loop.stateCount].enumerated() {
        target.copyMemory(from: places[index]!, byteCount: state.byteCount)
        target += state.byteCount
      }
    } else if isSplit, let pool {
      pool.run(ScanLoop.work, Unmanaged.passUnretained(self).toOpaque(), shares: lanes.count)
    } else if isSplit {
      for lane in lanes { lane.run(places, on: nil) }
    } else {
      lanes[0].run(places, on: pool)
    }
  }

  private static let work: ThreadPool.Work = { loop, lane in
    Unmanaged<ScanLoop>.fromOpaque(loop!)._withUnsafeGuaranteedRef { $0.lanes[lane].run($0.places, on: nil) }
  }
}

extension ScanRows {
  /// Fewer rows than this are not worth a thread.
  fileprivate static let leastCount = 4
  /// Less of a step's work than this is not: each thread calls all of the body's kernels (measured on 16 processors, where a network of
  /// 8 units took 3.4 ms when all shared it, and 1.0 when two did).
  package static let leastWork = 10_000

  /// Whether there are enough rows for two threads.
  var canBeShared: Bool { count >= 2 * ScanRows.leastCount }

  /// Among how many of so many threads the rows are worth being divided, with so much work a step.
  func shareCount(threads: Int, work: Int, leastWork: Int = ScanRows.leastWork) -> Int {
    max(1, min(threads, count / ScanRows.leastCount, work / leastWork))
  }
}

/// Some rows of the batch on their way through a loop, or all of them.
private final class ScanLane {
  let plan: Plan
  /// How many steps there are, and in which order.
  private let count: Int, isReversed: Bool
  private let stateCount: Int, partCount: Int, argumentCount: Int
  /// The states between the steps, double-buffered: read here, written there, and the other way round.
  private let between: Buffer
  private let betweenOffsets: [Int]
  private let half: Int
  /// How far in each argument and each output the rows begin, in bytes.
  private let argumentOffsets: [Int], outputOffsets: [Int]
  /// Bytes of an argument and an output of the body for all rows.
  private let argumentBytes: [Int], outputBytes: [Int]

  /// - Parameters:
  ///   - rows: which arguments have a batch's rows and how many these are, and the first that go here; nil for all.
  ///   - plan: of the body for these rows.
  init(_ loop: Schedule.Loop, rows: (of: ScanRows, first: Int)?, _ plan: Plan) {
    self.plan = plan
    (count, isReversed) = (loop.count, loop.isReversed)
    (stateCount, partCount, argumentCount) = (loop.stateCount, loop.partCount, loop.body.arguments.count)
    var workspace = Workspace()
    betweenOffsets = plan.schedule.outputs[..<stateCount].map { workspace.allocate($0.form.byteCount + Buffer.alignment) }
    half = workspace.size
    between = Buffer(byteCount: 2 * half)
    argumentBytes = loop.body.arguments.map(\.byteCount)
    outputBytes = loop.body.outputs.map(\.form.byteCount)
    func offset(_ byteCount: Int) -> Int { rows.map { byteCount / $0.of.count * $0.first } ?? 0 }
    argumentOffsets = argumentBytes.enumerated().map { index, bytes in rows?.of.isSplit[index] == false ? 0 : offset(bytes) }
    outputOffsets = outputBytes.map(offset)
  }

  var byteCount: Int { plan.statistics.workspaceBytes + between.byteCount }

  func run(_ places: UnsafeMutablePointer<UnsafeMutableRawPointer?>, on pool: ThreadPool?) {
    let fixed = stateCount + partCount
    let result = places[argumentCount]!
    for index in fixed..<argumentCount { plan.point(argument: index, to: places[index]! + argumentOffsets[index]) }
    plan.prepare()
    for position in 0..<count {
      let step = isReversed ? count - 1 - position : position
      let isLast = position == count - 1
      var last = result
      for index in 0..<stateCount {
        let (from, to) = position % 2 == 0 ? (0, half) : (half, 0)
        plan.point(
          argument: index,
          to: position == 0 ? places[index]! + argumentOffsets[index] : between.pointer + (from + betweenOffsets[index]))
        plan.point(output: index, to: isLast ? last + outputOffsets[index] : between.pointer + (to + betweenOffsets[index]))
        last += argumentBytes[index]
      }
      for index in stateCount..<fixed { plan.point(argument: index, to: places[index]! + (step * argumentBytes[index] + argumentOffsets[index])) }
      var start = last
      for index in stateCount..<outputBytes.count {
        plan.point(output: index, to: start + (step * outputBytes[index] + outputOffsets[index]))
        start += count * outputBytes[index]
      }
      plan.execute(on: pool)
    }
  }
}

extension CPULowering {
  mutating func loop(_ loop: Schedule.Loop) -> Plan.Step {
    let lowered = ScanLoop(loop, memory, threadCount: threadCount, leastWork: leastLoopWork)
    for (index, input) in loop.inputs.enumerated() { point(lowered.places + index, to: input) }
    point(lowered.places + loop.inputs.count, to: loop.output)
    noteTemporaries(lowered.byteCount)
    return Plan.Step(loop: lowered)
  }
}

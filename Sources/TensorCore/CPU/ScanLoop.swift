/// A loop of a plan: the plan of its body, run once a step on other memory.
///
/// Where the rows of a batch do not meet in the body, each thread takes some of them through all steps, and threads wait for one
/// another at the end only.
final class ScanLoop {
  let scan: Scan
  /// Where the loop's inputs and, behind them, its result lie.
  let places: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let lanes: [ScanLane]
  /// Whether lanes work side by side; otherwise the threads share each kernel of the only one.
  private let isSplit: Bool

  init(_ scan: Scan, _ memory: PlanMemory, threadCount: Int, leastWork: Int) {
    self.scan = scan
    places = memory.allocate(UnsafeMutableRawPointer?.self, scan.arguments.count + 1)
    if let rows = ScanRows(scan), rows.canBeShared {
      let fixed = (scan.states.count + scan.parts.count)..<scan.arguments.count
      isSplit = true
      let units = rows.count / ScanRows.leastCount, count = rows.shareCount(threads: threadCount, leastWork: leastWork)
      // An element's value depends on nothing but its row, so the cut may depend on the number of threads.
      let cuts = (0...count).map { $0 == count ? rows.count : $0 * units / count * ScanRows.leastCount }
      lanes = (0..<count).map { index in
        let range = cuts[index]..<cuts[index + 1]
        let body = rows.body(of: scan, rows: range.count)
        return ScanLane(
          scan, rows: (range.lowerBound, rows.count, rows.isSplit), stateBytes: body.outputs.prefix(scan.states.count).map(\.byteCount),
          Plan(arguments: body.arguments, outputs: body.outputs, assignments: [], part: Plan.PartOfRows(fixedArguments: fixed)))
      }
    } else {
      isSplit = false
      let plan = Plan(arguments: scan.arguments, outputs: scan.newStates + scan.results, assignments: [], threadCount: threadCount, leastLoopWork: leastWork)
      lanes = [ScanLane(scan, rows: nil, stateBytes: scan.states.map(\.byteCount), plan)]
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
    if scan.count == 0 {
      var target = places[scan.arguments.count]!
      for (index, state) in scan.states.enumerated() {
        target.copyMemory(from: places[index]!, byteCount: state.byteCount)
        target += state.byteCount
      }
    } else if isSplit, let pool {
      pool.run(ScanLoop.work, Unmanaged.passUnretained(self).toOpaque(), shares: lanes.count)
    } else if isSplit {
      for lane in lanes { lane.run(scan, places, on: nil) }
    } else {
      lanes[0].run(scan, places, on: pool)
    }
  }

  private static let work: ThreadPool.Work = { loop, lane in
    Unmanaged<ScanLoop>.fromOpaque(loop!)._withUnsafeGuaranteedRef { $0.lanes[lane].run($0.scan, $0.places, on: nil) }
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

  /// Among how many of so many threads the rows are worth being divided.
  func shareCount(threads: Int, leastWork: Int = ScanRows.leastWork) -> Int {
    max(1, min(threads, count / ScanRows.leastCount, work / leastWork))
  }
}

/// Some rows of the batch on their way through a loop, or all of them.
private final class ScanLane {
  let plan: Plan
  /// The states between the steps: read here, written there, and the other way round.
  private let between: Buffer
  private let betweenOffsets: [Int]
  private let half: Int
  /// How far in each argument and each output the rows begin, in bytes.
  private let argumentOffsets: [Int], outputOffsets: [Int]

  /// - Parameters:
  ///   - rows: the first of these, how many the batch has, and which of the body's arguments have them; nil for all.
  ///   - stateBytes: how much of each state there is here.
  init(_ scan: Scan, rows: (first: Int, count: Int, isSplit: [Bool])?, stateBytes: [Int], _ plan: Plan) {
    self.plan = plan
    var workspace = Workspace()
    betweenOffsets = stateBytes.map { workspace.allocate($0 + Buffer.alignment) }
    half = workspace.size
    between = Buffer(byteCount: 2 * half)
    func offset(_ node: Node) -> Int { rows.map { node.byteCount / $0.count * $0.first } ?? 0 }
    argumentOffsets = scan.arguments.enumerated().map { index, node in rows?.isSplit[index] == false ? 0 : offset(node) }
    outputOffsets = (scan.newStates + scan.results).map(offset)
  }

  var byteCount: Int { plan.statistics.workspaceBytes + between.byteCount }

  func run(_ scan: Scan, _ places: UnsafeMutablePointer<UnsafeMutableRawPointer?>, on pool: ThreadPool?) {
    let states = scan.states.count, parts = scan.parts.count
    let result = places[scan.arguments.count]!
    for index in (states + parts)..<scan.arguments.count { plan.point(argument: index, to: places[index]! + argumentOffsets[index]) }
    plan.prepare()
    for position in 0..<scan.count {
      let step = scan.isReversed ? scan.count - 1 - position : position
      let isLast = position == scan.count - 1
      var last = result
      for index in 0..<states {
        let (from, to) = position % 2 == 0 ? (0, half) : (half, 0)
        plan.point(
          argument: index,
          to: position == 0 ? places[index]! + argumentOffsets[index] : between.pointer + (from + betweenOffsets[index]))
        plan.point(output: index, to: isLast ? last + outputOffsets[index] : between.pointer + (to + betweenOffsets[index]))
        last += scan.states[index].byteCount
      }
      for index in states..<(states + parts) {
        plan.point(argument: index, to: places[index]! + (step * scan.arguments[index].byteCount + argumentOffsets[index]))
      }
      var start = last
      for (index, node) in scan.results.enumerated() {
        plan.point(output: states + index, to: start + (step * node.byteCount + outputOffsets[states + index]))
        start += scan.count * node.byteCount
      }
      plan.execute(on: pool)
    }
  }
}

extension CPULowering {
  mutating func scan(_ call: Schedule.Call, _ scan: Scan) -> Plan.Step {
    let loop = ScanLoop(scan, memory, threadCount: threadCount, leastWork: leastLoopWork)
    for (index, input) in call.inputs.enumerated() { point(loop.places + index, to: input) }
    point(loop.places + call.inputs.count, to: call.output)
    noteTemporaries(loop.byteCount)
    return Plan.Step(loop: loop)
  }
}

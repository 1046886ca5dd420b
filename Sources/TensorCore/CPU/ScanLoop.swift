/// A loop of a plan: the plan of its body, run once a step on other memory.
final class ScanLoop {
  let scan: Scan
  let plan: Plan
  /// Where the loop's inputs and, behind them, its result lie.
  let places: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// The states between the steps: read here, written there, and the other way round.
  private let between: Buffer
  private let offsets: [Int]
  private let half: Int

  init(_ scan: Scan, _ memory: PlanMemory) {
    self.scan = scan
    plan = Plan(arguments: scan.arguments, outputs: scan.newStates + scan.results, assignments: [])
    places = memory.allocate(UnsafeMutableRawPointer?.self, scan.arguments.count + 1)
    var workspace = Workspace()
    offsets = scan.states.map { workspace.allocate($0.byteCount + Buffer.alignment) }
    half = workspace.size
    between = Buffer(byteCount: 2 * half)
    memory.keep(self)
  }

  var byteCount: Int { plan.statistics.workspaceBytes + between.byteCount }

  /// Runs all steps and allocates nothing.
  func run(on pool: ThreadPool) {
    let states = scan.states.count, parts = scan.parts.count
    let result = places[states + parts + scan.captures.count]!
    let size = scan.dtype.byteCount
    if scan.count == 0 {
      var target = result
      for (index, state) in scan.states.enumerated() {
        target.copyMemory(from: places[index]!, byteCount: state.byteCount)
        target += state.byteCount
      }
      return
    }
    for index in (states + parts)..<(states + parts + scan.captures.count) { plan.point(argument: index, to: places[index]!) }
    for position in 0..<scan.count {
      let step = scan.isReversed ? scan.count - 1 - position : position
      let isLast = position == scan.count - 1
      var last = result
      for index in 0..<states {
        let (from, to) = position % 2 == 0 ? (0, half) : (half, 0)
        plan.point(argument: index, to: position == 0 ? places[index]! : between.pointer + (from + offsets[index]))
        plan.point(output: index, to: isLast ? last : between.pointer + (to + offsets[index]))
        last += scan.states[index].byteCount
      }
      for index in 0..<parts {
        plan.point(argument: states + index, to: places[states + index]! + step * scan.parts[index].byteCount)
      }
      var start = last
      for index in scan.results.indices {
        let stride = scan.results[index].elementCount * size
        plan.point(output: states + index, to: start + step * stride)
        start += scan.count * stride
      }
      plan.execute(on: pool)
    }
  }
}

extension CPULowering {
  mutating func scan(_ call: Schedule.Call, _ scan: Scan) -> Plan.Step {
    let loop = ScanLoop(scan, memory)
    for (index, input) in call.inputs.enumerated() { point(loop.places + index, to: input) }
    point(loop.places + call.inputs.count, to: call.output)
    noteTemporaries(loop.byteCount)
    return Plan.Step(loop: loop)
  }
}

extension Plan {
  /// What the plan does, kernel by kernel. Not while it runs.
  package func explanation() -> PlanExplanation { explanation(nanoseconds: nil) }

  /// The same with the least time of each kernel over some runs; of kernels that share a call, also that of each in a call of its own.
  /// - Parameter keepsVariables: whether variables have afterwards what they had before; otherwise each run changes them as ``run(on:)`` does.
  package func profile(runs: Int, keepsVariables: Bool = false, on pool: ThreadPool = .shared) -> PlanExplanation {
    if runs < 1 { programmingError("profile: runs is \(runs); expected at least 1") }
    let alone = chained.isEmpty ? nil : apart(threadCount: pool.threadCount).measure(runs: runs, keepsVariables: true, on: pool)
    return explanation(nanoseconds: measure(runs: runs, keepsVariables: keepsVariables, on: pool), alone: alone)
  }

  /// The least time of each kernel of the schedule over some runs, in nanoseconds.
  private func measure(runs: Int, keepsVariables: Bool, on pool: ThreadPool) -> [Double] {
    let results = makeOutputs()
    defer { withExtendedLifetime(results) {} }
    translate()
    let clock = ContinuousClock()
    var least = [Duration](repeating: .seconds(1000), count: steps.count)
    changeVariables {
      let before = keepsVariables ? assigned.map { $0.storage.copy() } : []
      SubnormalNumbers.flushed {
        for _ in 0..<runs {
          for (index, step) in steps.enumerated() {
            least[index] = min(least[index], clock.measure { step.run(on: pool) })
          }
        }
      }
      for (variable, before) in zip(assigned, before) { variable.storage.pointer.copyMemory(from: before.pointer, byteCount: before.byteCount) }
    }
    var nanoseconds = [Double](repeating: 0, count: schedule.kernels.count)
    for (step, time) in zip(steps, least) {
      let (seconds, attoseconds) = time.components
      nanoseconds[step.kernel] += Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    }
    return nanoseconds
  }

  /// The same with each kernel in a call of its own, on the same arguments.
  private func apart(threadCount: Int) -> Plan {
    let plan = Plan(schedule, threadCount: threadCount, chains: .apart)
    for (argument, buffer) in boundArguments.enumerated() {
      guard let buffer, let place = argumentPlaces[argument].first, let memory = place.place.pointee else { continue }
      plan.bind(argument: argument, to: buffer, offset: memory - buffer.pointer - place.offset)
    }
    return plan
  }

  private func explanation(nanoseconds: [Double]?, alone: [Double]? = nil) -> PlanExplanation {
    var kernels = schedule.kernels.indices.map { PlanExplanation.Kernel(schedule, $0) }
    for index in kernels.indices { kernels[index].nanoseconds = nanoseconds?[index] }
    for (index, step) in steps.enumerated() {
      let known = kernels[step.kernel]
      if step.shares > known.shares { (kernels[step.kernel].shares, kernels[step.kernel].sharesOf) = (step.shares, step.sharesOf) }
      if known.code == .nothing || step.code != .kernel { kernels[step.kernel].code = step.code }
      if let loop = step.loop?.takeUnretainedValue() { kernels[step.kernel].body = loop.explanation() }
      for other in chained[index] ?? [] {
        (kernels[other.kernel].shares, kernels[other.kernel].sharesOf, kernels[other.kernel].code) = (other.shares, "rows", other.code)
        kernels[other.kernel].runsWith = step.kernel + 1
        for kernel in [other.kernel, step.kernel] { kernels[kernel].nanosecondsAlone = alone?[kernel] }
      }
    }
    return PlanExplanation(
      kernels: kernels, temporaryBytes: statistics.workspaceBytes, callCount: steps.count, threadCount: threadCount)
  }
}

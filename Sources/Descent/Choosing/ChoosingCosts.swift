/// What the runs of a comparison take, in seconds: by the probes, and, once there are runs, by what these took.
struct ChoosingCosts {
  private var probes: [String: OptimizerProbe] = [:]
  /// What a candidate's last run took, as a multiple of what its probe foretold: probes are short, and machines have busy moments.
  private var paces: [String: Double] = [:]

  mutating func add(_ probe: OptimizerProbe) { probes[probe.candidate] = probe }

  mutating func add(pace: Double, of name: String) { paces[name] = pace }

  /// By the probe alone.
  func foretold(_ name: String, steps: Int, legs: Int, starts: Int = 1) -> Double {
    guard let probe = probes[name] else { return 0 }
    return Double(steps) * probe.secondsPerStep + Double(legs) * probe.secondsPerJudging + Double(starts) * probe.secondsPerStart
  }

  /// So many steps of a candidate, judged so many times, in so many runs.
  func run(_ name: String, steps: Int, legs: Int, starts: Int = 1) -> Double {
    (paces[name] ?? 1) * foretold(name, steps: steps, legs: legs, starts: starts)
  }

  func defaults(_ plan: ChoosingPlan) -> Double {
    probes.keys.reduce(0) { $0 + run($1, steps: plan.fullSteps, legs: plan.legs) }
  }

  func tuning(_ plan: ChoosingPlan) -> Double {
    probes.keys.reduce(0) {
      $0 + run($1, steps: plan.tuningSteps, legs: plan.tuningSteps / plan.stepsPerLeg, starts: plan.tuningTrials)
    }
  }

  /// One final run of each.
  func round(_ plan: ChoosingPlan, of names: [String]) -> Double {
    names.reduce(0) { $0 + run($1, steps: plan.fullSteps, legs: plan.legs) }
  }

  /// Of the finalists, or, as long as nobody knows them, of the slowest that there can be.
  func finals(_ plan: ChoosingPlan, of names: [String]? = nil) -> Double {
    let each = (names ?? Array(probes.keys)).map { run($0, steps: plan.fullSteps, legs: plan.legs) }.sorted(by: >)
    return Double(plan.seeds) * each.prefix(plan.finalistCount).reduce(0, +)
  }
}

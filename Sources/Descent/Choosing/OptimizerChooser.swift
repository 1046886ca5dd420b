import Foundation
import Optimizers
import TensorCore

/// What trains and measures for a comparison.
protocol TrialRunner: AnyObject {
  var stepsPerEpoch: Int { get }
  /// Measures a candidate before it is tried.
  func probe(_ candidate: OptimizerCandidate) throws -> OptimizerProbe
  /// Trains to an end; of a tuning trial that has reached an earlier one, it may go on from there.
  func run(_ order: TrialOrder, _ plan: ChoosingPlan) throws -> OptimizerTrial
  /// Lets go of what trials of tuning would go on from.
  func endTuning()
  /// The scores of a final run's model on rows that nobody has looked at.
  func test(_ order: TrialOrder, _ plan: ChoosingPlan) throws -> [String: Double]
  /// Whether there are such rows.
  var hasTestRows: Bool { get }
}

/// A run that is to be made.
struct TrialOrder {
  let stage: OptimizerTrial.Stage
  let candidate: String
  let number: Int
  let rung: Int
  let seed: UInt64
  /// With all that goes for the stage: averages in tuning, the schedule at the end.
  let optimizer: any Optimizer
  /// Of a schedule the greatest.
  let learningRate: Double

  var id: String { "\(stage.rawValue)/\(candidate)/\(number)/\(rung)/\(seed)" }

  func legs(_ plan: ChoosingPlan) -> Int { stage == .tune ? plan.rungs[rung] : plan.legs }

  /// What was measured, as the run's record.
  func trial(_ points: [OptimizerTrial.Point], hasDiverged: Bool) throws -> OptimizerTrial {
    OptimizerTrial(
      stage: stage, candidate: candidate, number: number, rung: rung, seed: seed,
      optimizer: try OptimizerRegistry.compactConfiguration(of: optimizer), learningRate: learningRate, points: points,
      hasDiverged: hasDiverged)
  }
}

/// Says how far a comparison has come.
public struct ChoosingProgress: Sendable {
  /// What was just finished, in a line.
  public let text: String
  /// The part of all steps that is done, from 0 to 1.
  public let part: Double
  /// Seconds that the rest will take, if that is known.
  public let secondsLeft: Double?
}

/// Goes through the stages of a comparison. Decisions follow from the finished runs alone, so one that goes on from a journal decides
/// as one that was never interrupted.
final class OptimizerChooser {
  private let options: ChoosingOptions
  private let runner: any TrialRunner
  private let journal: TrialJournal
  private let crew: TrialCrew
  private let isGreaterBetter: Bool
  private let progress: (ChoosingProgress) -> Void
  private let candidates: [OptimizerCandidate]
  private var probes: [String: OptimizerProbe] = [:]
  private var trials: [String: OptimizerTrial] = [:]
  private var listed: [OptimizerTrial] = []
  private var stepsDone = 0
  private var costs = ChoosingCosts()
  private var isTimeUp = false
  /// Who has made which runs.
  private var makers: [String: Int] = [:]

  init(
    _ options: ChoosingOptions, _ runner: any TrialRunner, _ journal: TrialJournal, crew: TrialCrew = TrialCrew(), isGreaterBetter: Bool,
    progress: @escaping (ChoosingProgress) -> Void
  ) {
    self.options = options
    self.runner = runner
    self.journal = journal
    self.crew = crew
    self.isGreaterBetter = isGreaterBetter
    self.progress = progress
    candidates = options.allCandidates
    for entry in journal.entries where entry["kind"]?.string == "trial" {
      if let trial = OptimizerTrial(entry) { trials[trial.id] = trial }
      if let name = entry["candidate"]?.string, let pace = entry["pace"]?.double { costs.add(pace: pace, of: name) }
    }
  }

  func run() throws -> OptimizerChoice {
    try options.validate()
    for probe in try probeAll() {
      probes[probe.candidate] = probe
      costs.add(probe)
    }
    let first = try self.plan("plan") {
      try ChoosingPlan.fitting(options, candidates: candidates.count, stepsPerEpoch: runner.stepsPerEpoch) {
        journal.elapsed + OptimizerChooser.margin * (costs.defaults($0) + costs.tuning($0) + costs.finals($0))
      }
    }
    _ = try run(candidates.map { try order(.defaults, $0, first) }, first)
    // Probes are short. What whole runs took tells what fits into the time that is left, be it more or less than they said.
    let plan = try self.plan("tuning plan", isOf: first) {
      let greatest = ChoosingPlan(options, candidates: candidates.count, stepsPerEpoch: runner.stepsPerEpoch)
      return greatest.largest(isLengthFree: options.epochs == nil) { hasTime(for: 1.02 * (costs.tuning($0) + costs.finals($0))) }.plan
    }
    var best: [(candidate: OptimizerCandidate, trial: OptimizerTrial)] = []
    for candidate in candidates {
      if let trial = try tune(candidate, plan) { best.append((candidate, trial)) }
      runner.endTuning()
    }
    best = best.enumerated().sorted {
      let (a, b) = ($0.element.trial.score, $1.element.trial.score)
      return a == b ? $0.offset < $1.offset : isBetter(a, b)
    }.map(\.element)
    let baseline = options.baseline
    let others = best.filter { $0.candidate.name != baseline }.prefix(ChoosingPlan.finalists - 1)
    let finalists = best.filter { finalist in finalist.candidate.name == baseline || others.contains { $0.candidate.name == finalist.candidate.name } }
    let last = try self.plan("final plan", isOf: plan) {
      plan.withFinals { hasTime(for: costs.finals($0, of: finalists.map(\.candidate.name))) }
    }
    let orders = try finals(finalists, last)
    let test = try testScores(orders, last)
    return OptimizerChoice(
      options: options, plan: last, tuningPlan: plan, probes: candidates.compactMap { probes[$0.name] }, trials: listed, tuned: best.map(\.trial),
      testScores: test, isGreaterBetter: isGreaterBetter, seconds: journal.elapsed)
  }

  // MARK: - Stages

  private func probeAll() throws -> [OptimizerProbe] {
    func known(_ candidate: OptimizerCandidate) -> OptimizerProbe? {
      journal.first("probe") { $0["candidate"]?.string == candidate.name }.flatMap(OptimizerProbe.init)
    }
    var rest = candidates.filter { known($0) == nil }[...]
    while !rest.isEmpty {
      let wave = Array(rest.prefix(crew.size))
      rest = rest.dropFirst(wave.count)
      let own = crew.rank < wave.count ? try runner.probe(wave[crew.rank]).json : .null
      for entry in try crew.gathered(own) where entry != .null {
        try journal.add(entry)
        guard let probe = OptimizerProbe(entry) else { continue }
        progress(
          ChoosingProgress(
            text: "\(probe.candidate): \(Chart.short(probe.secondsPerStep * 1e6)) µs a step, learning rates about \(Chart.short(probe.learningRate))",
            part: 0, secondsLeft: nil))
      }
    }
    return try candidates.map { candidate in
      guard let probe = known(candidate) else { throw DescentError(.numerics, "chooseOptimizer: \(candidate.name) could not be measured") }
      return probe
    }
  }

  /// A plan as the journal has it, or a new one.
  /// - Parameter known: what it is without a budget of time.
  private func plan(_ kind: String, isOf known: ChoosingPlan? = nil, _ make: () throws -> ChoosingPlan) throws -> ChoosingPlan {
    if let known {
      guard case .seconds? = options.budget else { return known }
    }
    if let known = journal.first(kind).flatMap({ ChoosingPlan($0, candidates: candidates.count) }) { return known }
    let json = try crew.led { try make().json }
    guard let plan = ChoosingPlan(json, candidates: candidates.count) else { throw DescentError(.state, "chooseOptimizer: the plan of rank 0 is not understood") }
    var entry = json.object ?? JSONObject()
    entry["kind"] = .string(kind)
    try journal.add(.object(entry))
    return plan
  }

  /// What is added to estimates, as machines have busy moments.
  private static let margin = 1.05

  /// Whether a budget of time has room for the rest.
  /// - Parameter tolerance: how many times the budget it may take.
  private func hasTime(for seconds: Double, tolerance: Double = 1) -> Bool {
    guard case .seconds(let limit)? = options.budget else { return true }
    return journal.elapsed + seconds <= tolerance * limit
  }

  private func order(
    _ stage: OptimizerTrial.Stage, _ candidate: OptimizerCandidate, _ plan: ChoosingPlan, number: Int = 0, rung: Int = 0, repetition: Int = 0
  ) throws -> TrialOrder {
    let set = try setting(candidate, number, plan)
    var optimizer = set
    let averagesItself = probes[candidate.name]?.averagesItself ?? false
    guard case .constant(let rate) = set.options.learningRate else { programmingError("chooseOptimizer: a schedule among the settings") }
    if stage == .tune && !averagesItself {
      // Rates are not lowered in tuning; averages show what lowering them would give, so that high rates are not cut unfairly.
      optimizer.options.useEMA = true
      optimizer.options.emaMomentum = min(0.999, max(0.9, 1 - 20 / Double(plan.rungs[0] * plan.stepsPerLeg)))
    }
    if stage == .final && options.schedule == .cosine && !averagesItself {
      let warmup = max(1, plan.fullSteps / 20)
      optimizer.options.learningRate = .schedule(
        CosineDecay(initialLearningRate: 0, decaySteps: max(1, plan.fullSteps - warmup), warmupTarget: rate, warmupSteps: warmup))
    }
    // Seeds of the end are not those that settings were chosen by.
    let seed = options.seed &+ (stage == .final ? UInt64(1 + repetition) : 0)
    return TrialOrder(
      stage: stage, candidate: candidate.name, number: number, rung: rung, seed: seed, optimizer: optimizer, learningRate: rate)
  }

  /// The candidate with its settings of that number: its own, then a scrambled Halton sequence over the rate, a decade and a half to
  /// each side of what the range test suggests, and over what the optimizer says matters.
  private func setting(_ candidate: OptimizerCandidate, _ number: Int, _ plan: ChoosingPlan) throws -> any Optimizer {
    if number == 0 { return candidate.optimizer }
    var random = SplitMix64(state: options.seed &+ 0x5EED)
    let shifts = (0..<2).map { _ in Double(random.next() >> 11) / 0x1p53 }
    let parts = [2, 3].enumerated().map { place, base in (Halton.part(number, base: base) + shifts[place]).truncatingRemainder(dividingBy: 1) }
    let middle = probes[candidate.name]?.learningRate ?? 1e-3
    var settings = [("learning_rate", Halton.rounded(middle * Foundation.pow(10, 3 * parts[0] - 1.5)))]
    if let tuning = type(of: candidate.optimizer).tunings.first {
      let value = tuning.value(at: parts[1])
      settings.append((tuning.key, tuning.scale == .complement ? 1 - Halton.rounded(1 - value) : value))
    }
    return try OptimizerRegistry.setting(settings.map { (key: $0.0, value: JSONValue(Halton.rounded($0.1, digits: 5))) }, in: candidate.optimizer)
  }

  /// The best of an optimizer's settings; nil if all diverged, or if time is up.
  private func tune(_ candidate: OptimizerCandidate, _ plan: ChoosingPlan) throws -> OptimizerTrial? {
    var numbers = Array(0..<plan.tuningTrials)
    var last: [OptimizerTrial] = []
    for rung in 0..<3 {
      let legs = plan.rungs[rung] - (rung > 0 ? plan.rungs[rung - 1] : 0)
      let orders = try numbers.map { try order(.tune, candidate, plan, number: $0, rung: rung) }
      // There is no time for final runs either.
      guard let results = try run(orders, plan, seconds: costs.run(candidate.name, steps: legs * plan.stepsPerLeg, legs: legs)) else { return nil }
      last = results.filter { !$0.score.isNaN }.sorted { $0.score == $1.score ? $0.number < $1.number : isBetter($0.score, $1.score) }
      if last.isEmpty { return nil }
      if rung < 2 { numbers = last.prefix(plan.survivors[rung + 1]).map(\.number) }
    }
    return last.first
  }

  /// All finalists with one seed, then all with the next: what is there when time is up is there for all.
  private func finals(_ finalists: [(candidate: OptimizerCandidate, trial: OptimizerTrial)], _ plan: ChoosingPlan) throws -> [TrialOrder] {
    var orders: [TrialOrder] = []
    for repetition in 0..<plan.seeds {
      let round = try finalists.map { try order(.final, $0.candidate, plan, number: $0.trial.number, repetition: repetition) }
      if try round.contains(where: { trials[$0.id] == nil }) && (isTimeUp || !crew.agrees({ hasTime(for: costs.round(plan, of: round.map(\.candidate)), tolerance: 1.03) })) { break }
      _ = try run(round, plan)
      orders += round
    }
    return orders
  }

  /// As many at once as there are processes.
  /// - Parameter seconds: what one takes, if they are not to begin without that much time; it is nil then that is returned.
  private func run(_ orders: [TrialOrder], _ plan: ChoosingPlan, seconds: @autoclosure () -> Double? = nil) throws -> [OptimizerTrial]? {
    var rest = orders[...], results: [OptimizerTrial] = []
    while !rest.isEmpty {
      let wave = Array(rest.prefix(crew.size)), new = wave.filter { trials[$0.id] == nil }
      rest = rest.dropFirst(wave.count)
      if let seconds = seconds() {
        isTimeUp = try isTimeUp || !new.isEmpty && !crew.agrees { hasTime(for: seconds) }
        if isTimeUp { return nil }
      }
      if !new.isEmpty { try make(new, plan) }
      results += wave.map { record(trials[$0.id]!, of: $0, plan) }
    }
    return results
  }

  private func size(of order: TrialOrder, _ plan: ChoosingPlan) -> (steps: Int, legs: Int, isGoingOn: Bool) {
    let isGoingOn = order.stage == .tune && order.rung > 0
    let legs = order.legs(plan) - (isGoingOn ? plan.rungs[order.rung - 1] : 0)
    return (legs * plan.stepsPerLeg, legs, isGoingOn)
  }

  /// Runs that there are not yet, one for each process at most.
  private func make(_ orders: [TrialOrder], _ plan: ChoosingPlan) throws {
    let shares = crew.shares(of: orders)
    var own = JSONValue.null
    if let order = shares[crew.rank] {
      let begin = journal.elapsed
      let trial = try runner.run(order, plan)
      if crew.size == 1 { trials[order.id] = trial }
      var entry = trial.json.object ?? JSONObject()
      let (steps, legs, isGoingOn) = size(of: order, plan)
      let foretold = costs.foretold(order.candidate, steps: steps, legs: legs, starts: isGoingOn ? 0 : 1)
      if !trial.hasDiverged && foretold > 0 { entry["pace"] = JSONValue((journal.elapsed - begin) / foretold) }
      own = .object(entry)
    }
    for (rank, entry) in try crew.gathered(own).enumerated() {
      guard let order = shares[rank] else { continue }
      makers[order.id] = rank
      if crew.size > 1 { trials[order.id] = OptimizerTrial(entry) }
      if let pace = entry["pace"]?.double { costs.add(pace: pace, of: order.candidate) }
      try journal.add(entry)
    }
    for order in orders where trials[order.id] == nil { throw DescentError(.state, "chooseOptimizer: the run \(order.id) was not told of") }
  }

  private func record(_ trial: OptimizerTrial, of order: TrialOrder, _ plan: ChoosingPlan) -> OptimizerTrial {
    let (steps, _, _) = size(of: order, plan)
    listed.append(trial)
    stepsDone += steps
    let all = max(1, plan.steps - candidates.count * ChoosingPlan.probeSteps), part = min(1, Double(stepsDone) / Double(all))
    let result = trial.hasDiverged ? "diverged" : Chart.short(trial.score)
    progress(
      ChoosingProgress(
        text: "\(order.stage.rawValue) \(order.candidate), \(order.stage == .final ? "seed \(order.seed)" : "setting \(order.number)"), learning rate \(Chart.short(order.learningRate)): \(result)",
        part: part, secondsLeft: part > 0.02 ? journal.elapsed * (1 - part) / part : nil))
    return trial
  }

  /// The scores of the recommended optimizer and of the baseline on the rows kept for the end, of their first final run each.
  private func testScores(_ orders: [TrialOrder], _ plan: ChoosingPlan) throws -> [String: [String: Double]] {
    guard runner.hasTestRows else { return [:] }
    let verdict = OptimizerVerdict(options, trials: listed, isGreaterBetter: isGreaterBetter)
    var scores: [String: [String: Double]] = [:]
    for name in Set([verdict.recommended, options.baseline].compactMap { $0 }).sorted() {
      guard let order = orders.first(where: { $0.candidate == name }) else { continue }
      if let known = journal.first("test", where: { $0["candidate"]?.string == name })?["scores"]?.object {
        scores[name] = Dictionary(uniqueKeysWithValues: known.members.map { ($0.key, $0.value.double ?? .nan) })
        continue
      }
      // Who has made the run has its model.
      let tester = makers[order.id] ?? 0
      var own = JSONValue.null
      if crew.rank == tester {
        own = .object(JSONObject(try runner.test(order, plan).sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue($0.value)) }))
      }
      let found = try crew.gathered(own)[tester]
      scores[name] = Dictionary(uniqueKeysWithValues: (found.object?.members ?? []).map { ($0.key, $0.value.double ?? .nan) })
      try journal.add(["kind": "test", "candidate": .string(name), "scores": found])
    }
    return scores
  }

  private func isBetter(_ a: Double, _ b: Double) -> Bool { isGreaterBetter ? a > b : a < b }
}

/// Halton's sequence: numbers from 0 to 1 that fill the range evenly, however many there are.
enum Halton {
  /// A setting that can be read out: more digits of a trial say nothing.
  static func rounded(_ value: Double, digits: Int = 3) -> Double { Double(String(format: "%.\(digits)g", value)) ?? value }

  static func part(_ number: Int, base: Int) -> Double {
    var rest = number, share = 1.0, part = 0.0
    while rest > 0 {
      share /= Double(base)
      part += share * Double(rest % base)
      rest /= base
    }
    return part
  }
}

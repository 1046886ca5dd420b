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
  private let isGreaterBetter: Bool
  private let progress: (ChoosingProgress) -> Void
  private let candidates: [OptimizerCandidate]
  private var probes: [String: OptimizerProbe] = [:]
  private var trials: [String: OptimizerTrial] = [:]
  private var listed: [OptimizerTrial] = []
  private var stepsDone = 0
  private var costs = ChoosingCosts()
  private var isTimeUp = false

  init(
    _ options: ChoosingOptions, _ runner: any TrialRunner, _ journal: TrialJournal, isGreaterBetter: Bool,
    progress: @escaping (ChoosingProgress) -> Void
  ) {
    self.options = options
    self.runner = runner
    self.journal = journal
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
    for candidate in candidates {
      let probe = try probe(candidate)
      probes[candidate.name] = probe
      costs.add(probe)
    }
    let first = try self.plan("plan") {
      try ChoosingPlan.fitting(options, candidates: candidates.count, stepsPerEpoch: runner.stepsPerEpoch) {
        journal.elapsed + OptimizerChooser.margin * (costs.defaults($0) + costs.tuning($0) + costs.finals($0))
      }
    }
    for candidate in candidates { _ = try run(order(.defaults, candidate, first), first) }
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

  private func probe(_ candidate: OptimizerCandidate) throws -> OptimizerProbe {
    if let known = journal.first("probe", where: { $0["candidate"]?.string == candidate.name }).flatMap(OptimizerProbe.init) { return known }
    let probe = try runner.probe(candidate)
    try journal.add(probe.json)
    progress(
      ChoosingProgress(
        text: "\(candidate.name): \(Chart.short(probe.secondsPerStep * 1e6)) µs a step, learning rates about \(Chart.short(probe.learningRate))", part: 0,
        secondsLeft: nil))
    return probe
  }

  /// A plan as the journal has it, or a new one.
  /// - Parameter known: what it is without a budget of time.
  private func plan(_ kind: String, isOf known: ChoosingPlan? = nil, _ make: () throws -> ChoosingPlan) throws -> ChoosingPlan {
    if let known {
      guard case .seconds? = options.budget else { return known }
    }
    if let known = journal.first(kind).flatMap({ ChoosingPlan($0, candidates: candidates.count) }) { return known }
    let plan = try make()
    var entry = plan.json.object ?? JSONObject()
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
      var results: [OptimizerTrial] = []
      for number in numbers {
        let order = try order(.tune, candidate, plan, number: number, rung: rung)
        let legs = plan.rungs[rung] - (rung > 0 ? plan.rungs[rung - 1] : 0)
        isTimeUp = isTimeUp || trials[order.id] == nil && !hasTime(for: costs.run(candidate.name, steps: legs * plan.stepsPerLeg, legs: legs))
        // There is no time for final runs either.
        if isTimeUp { return nil }
        results.append(try run(order, plan))
      }
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
      if round.contains(where: { trials[$0.id] == nil }) && (isTimeUp || !hasTime(for: costs.round(plan, of: round.map(\.candidate)), tolerance: 1.03)) { break }
      for order in round { _ = try run(order, plan) }
      orders += round
    }
    return orders
  }

  private func run(_ order: TrialOrder, _ plan: ChoosingPlan) throws -> OptimizerTrial {
    let isGoingOn = order.stage == .tune && order.rung > 0
    let legs = order.legs(plan) - (isGoingOn ? plan.rungs[order.rung - 1] : 0), steps = legs * plan.stepsPerLeg
    let trial: OptimizerTrial
    if let known = trials[order.id] {
      trial = known
    } else {
      let begin = journal.elapsed
      trial = try runner.run(order, plan)
      trials[order.id] = trial
      var entry = trial.json.object ?? JSONObject()
      let foretold = costs.foretold(order.candidate, steps: steps, legs: legs, starts: isGoingOn ? 0 : 1)
      if !trial.hasDiverged && foretold > 0 {
        let pace = (journal.elapsed - begin) / foretold
        costs.add(pace: pace, of: order.candidate)
        entry["pace"] = JSONValue(pace)
      }
      try journal.add(.object(entry))
    }
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
      let found = try runner.test(order, plan)
      scores[name] = found
      let members = found.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue($0.value)) }
      try journal.add(["kind": "test", "candidate": .string(name), "scores": .object(JSONObject(members))])
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

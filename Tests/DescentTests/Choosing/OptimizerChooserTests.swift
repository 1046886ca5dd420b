import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// Runs that cost nothing: the score falls with the distance of the rate from each optimizer's best, and chance does its part.
private final class SimulatedRunner: TrialRunner {
  let stepsPerEpoch = 20
  let hasTestRows = true
  var bonus: [String: Double] = [:]
  var noise = 0.004
  var diverging: Set<String> = []
  private(set) var steps = 0
  private(set) var tested: [String] = []
  /// What a made-up clock shows.
  private(set) var now = 0.0
  /// What steps take; 1e-4 for those that are not named. Judging takes one more, making a model two.
  var secondsPerStep: [String: Double] = [:]
  /// How many times too short the probes are.
  var surprise = 1.0
  /// How many times longer everything takes in a stage.
  var slowness: [OptimizerTrial.Stage: Double] = [:]
  /// Ends the process after so many runs.
  var runsLeft = Int.max
  private var reached: [String: Int] = [:]

  struct Killed: Error {}

  func probe(_ candidate: OptimizerCandidate) -> OptimizerProbe {
    let cost = secondsPerStep[candidate.name] ?? 1e-4
    now += Double(ChoosingPlan.probeSteps) * cost
    return OptimizerProbe(
      candidate: candidate.name, secondsPerStep: cost / surprise, stateBytes: 1000, secondsPerJudging: cost / surprise,
      secondsPerStart: 2 * cost / surprise, learningRate: 0.01, averagesItself: false)
  }

  func run(_ order: TrialOrder, _ plan: ChoosingPlan) throws -> OptimizerTrial {
    if runsLeft == 0 { throw Killed() }
    runsLeft -= 1
    let legs = order.legs(plan), key = "\(order.candidate)/\(order.number)"
    let before = order.stage == .tune ? reached[key] ?? 0 : 0, isDiverging = diverging.contains(order.candidate)
    // One that diverges is stopped soon.
    let run = isDiverging ? 1 : legs - before
    steps += run * plan.stepsPerLeg
    let cost = (secondsPerStep[order.candidate] ?? 1e-4) * (slowness[order.stage] ?? 1)
    now += cost * Double(run * (plan.stepsPerLeg + 1) + (before == 0 ? 2 : 0))
    if order.stage == .tune { reached[key] = legs }
    // Of each seed what it does to all, and to this optimizer.
    func normal(_ seed: UInt64) -> Double {
      var random = SeededGenerator(seed: seed)
      return (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
    }
    let name = UInt64(order.candidate.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF })
    let off = Foundation.log10(order.learningRate / 0.02)
    let chance: Double = 0.01 * normal(order.seed &* 7919) + noise * normal(order.seed &* 104729 &+ name &* 31)
    let end: Double = 0.8 - 0.03 * off * off + (bonus[order.candidate] ?? 0) + chance
    let points = (1...legs).map { leg in
      OptimizerTrial.Point(
        step: leg * plan.stepsPerLeg, seconds: Double(leg), loss: 1 - end, value: end * (1 - Foundation.exp(-4 * Double(leg) / Double(plan.legs))))
    }
    return try order.trial(points, hasDiverged: isDiverging)
  }

  func endTuning() { reached = [:] }

  func test(_ order: TrialOrder, _ plan: ChoosingPlan) -> [String: Double] {
    tested.append(order.candidate)
    return ["accuracy": 0.5]
  }
}

@Suite struct OptimizerChooserTests {
  fileprivate func options(_ names: [String], seed: UInt64 = 0) -> ChoosingOptions {
    var options = ChoosingOptions()
    options.candidates = [OptimizerCandidate("adam", Adam())] + names.map { OptimizerCandidate($0, Adam(beta1: 0.8)) }
    options.metric = "accuracy"
    options.seed = seed
    options.epochs = 9
    return options
  }

  fileprivate func choose(
    _ options: ChoosingOptions, _ runner: SimulatedRunner, journal: String? = nil
  ) throws -> OptimizerChoice {
    let journal = try TrialJournal(journal, conditions: ["metric": "accuracy"]) { runner.now }
    return try OptimizerChooser(options, runner, journal, isGreaterBetter: true) { _ in }.run()
  }

  @Test func `counts that no choice would come to the end of are refused`() {
    for change in [\ChoosingOptions.tuningTrials, \.seeds] {
      var options = ChoosingOptions()
      options[keyPath: change] = .max
      #expect(throws: DescentError.self) { try options.validate() }
    }
    var options = ChoosingOptions()
    options.epochs = .max
    #expect(throws: DescentError.self) { try options.validate() }
    let plan = ChoosingPlan(candidates: 50, tuningTrials: ChoosingPlan.greatestCount, seeds: ChoosingPlan.greatestCount, stepsPerEpoch: 1 << 40, epochs: 1e300)
    #expect(plan.steps > 0 && plan.cost > 0)
    #expect(ChoosingPlan(["tuning_trials": JSONValue(Int.max), "seeds": 2, "steps_per_epoch": 2, "legs": 9, "steps_per_leg": 1], candidates: 2) == nil)
    #expect(ChoosingPlan(["tuning_trials": 8, "seeds": 2, "steps_per_epoch": 2, "legs": 9, "steps_per_leg": 1], candidates: 2) != nil)
  }

  @Test func `the same optimizer under other names is seldom better`() throws {
    var better = 0
    for seed in 0..<100 {
      let choice = try choose(options(["b", "c"], seed: UInt64(1000 * seed)), SimulatedRunner())
      if choice.recommendedName != "adam" || choice.comparisons.contains(where: \.isWorse) { better += 1 }
    }
    #expect(better <= 5)
  }

  @Test func `a planted winner is found and looked at on the test rows`() throws {
    let runner = SimulatedRunner()
    runner.bonus = ["c": 0.03, "d": -0.1]
    let choice = try choose(options(["b", "c", "d", "e"]), runner)
    #expect(choice.recommendedName == "c")
    #expect(choice.verdict.hasPrefix("c is better than tuned adam: accuracy by 0.0"))
    #expect(runner.tested == ["adam", "c"] && choice.testScores["c"]?["accuracy"] == 0.5)
    #expect(!choice.finalScores.map(\.name).contains("d") && choice.finalScores.count == 4)
    let optimizer = try #require(try choice.optimizer() as? Adam)
    #expect(optimizer.beta1 == 0.8)
    guard case .schedule(let schedule) = optimizer.options.learningRate else {
      Issue.record("no schedule")
      return
    }
    #expect(schedule(step: 0) == 0 && schedule(step: 9) > 0)
    #expect(try #require(choice.code).contains("CosineDecay"))
  }

  @Test func `runs that diverge are counted and never recommended`() throws {
    let runner = SimulatedRunner()
    runner.bonus = ["b": 0.05]
    runner.diverging = ["b"]
    let choice = try choose(options(["b"]), runner)
    #expect(choice.recommendedName == "adam" && choice.verdict.contains("Keep adam"))
    #expect(choice.trials.filter { $0.candidate == "b" }.allSatisfy { $0.hasDiverged })
    // Neither tuning beyond its first end nor final runs.
    #expect(choice.trials.filter { $0.candidate == "b" }.count == 1 + 8)
    let all = SimulatedRunner()
    all.diverging = ["adam", "b"]
    let none = try choose(options(["b"]), all)
    #expect(none.recommendedName == nil && none.code == nil && none.verdict.contains("no answer"))
  }

  @Test(arguments: [150.0, 400, 1200])
  func `a budget in epochs is kept and used`(budget: Double) throws {
    var options = options(["b", "c", "d"])
    options.epochs = nil
    options.budget = .epochs(budget)
    let runner = SimulatedRunner()
    let choice = try choose(options, runner)
    let spent = Double(runner.steps + 4 * ChoosingPlan.probeSteps) / 20
    #expect(spent <= budget)
    #expect(abs(choice.plan.cost - spent) < 1e-9)
    #expect(spent > 0.75 * budget || choice.plan.epochs >= 30)
    options.budget = .epochs(30)
    let small = options
    #expect(failure(.invalidArgument) { try choose(small, SimulatedRunner()) }.contains("the budget is too small"))
  }

  /// Costs of candidates' steps, and what goes otherwise than the probes say.
  fileprivate static let paces: [(name: String, costs: [String: Double], change: @Sendable (SimulatedRunner) -> Void, least: Double)] = [
    ("steps of 10 µs", ["adam": 1e-5, "b": 1e-5, "c": 1e-5, "d": 1e-5], { _ in }, 0.85),
    ("steps of 2 s", ["adam": 2, "b": 2, "c": 2, "d": 2], { _ in }, 0.85),
    ("unequal steps", ["adam": 1e-3, "b": 3e-4, "c": 4e-3, "d": 0.02], { _ in }, 0.6),
    ("one diverges", ["adam": 1e-3, "b": 2e-3, "c": 1e-3, "d": 1e-3], { $0.diverging = ["b"] }, 0.4),
    ("all but Adam diverge", ["adam": 1e-3, "b": 1e-3, "c": 1e-3, "d": 1e-3], { $0.diverging = ["b", "c", "d"] }, 0.2),
    ("probes too short by half", ["adam": 1e-3, "b": 2e-3, "c": 1e-3, "d": 1e-3], { $0.surprise = 2 }, 0.85),
    ("probes far too short", ["adam": 1e-3, "b": 2e-3, "c": 1e-3, "d": 1e-3], { $0.surprise = 3.5 }, 0.8),
    ("probes too long", ["adam": 1e-3, "b": 2e-3, "c": 1e-3, "d": 1e-3], { $0.surprise = 0.5 }, 0.8),
    ("a slower machine in tuning", ["adam": 1e-3, "b": 1e-3, "c": 2e-3, "d": 1e-3], { $0.slowness = [.tune: 1.8, .final: 1.8] }, 0.7),
    ("a slower machine at the end", ["adam": 1e-3, "b": 1e-3, "c": 2e-3, "d": 1e-3], { $0.slowness = [.final: 1.5] }, 0.7),
  ]

  @Test(arguments: paces.indices, [0.5, 2])
  func `a budget of time is kept within 5 percent`(place: Int, size: Double) throws {
    let (name, costs, change, least) = OptimizerChooserTests.paces[place]
    var options = options(["b", "c", "d"])
    options.epochs = nil
    // So many times 400 epochs of the mean candidate: for runs of about 5 and 20 epochs.
    let budget = 400 * size * 20 * costs.values.reduce(0, +) / 4
    options.budget = .seconds(budget)
    let runner = SimulatedRunner()
    runner.secondsPerStep = costs
    change(runner)
    let choice = try choose(options, runner)
    let part = runner.now / budget
    #expect(part <= 1.05, "\(name): \(part) of the budget")
    #expect(part >= least || choice.tuningPlan.epochs >= 30, "\(name): only \(part) of the budget")
    #expect(choice.recommendedName != nil && choice.seconds == runner.now, "\(name): \(choice.verdict)")
    #expect(choice.finalScores.allSatisfy { $0.values.count >= 2 }, "\(name): \(choice.finalScores)")
    // The same for all, whatever was cut.
    for stage in [OptimizerTrial.Stage.defaults, .final] {
      #expect(Set(choice.trials.filter { $0.stage == stage && !$0.hasDiverged }.map { $0.points.last?.step }).count == 1)
    }
    let settings = Dictionary(grouping: choice.trials.filter { $0.stage == .tune && $0.rung == 0 }, by: \.candidate).values.map(\.count)
    #expect(settings.count == 4 && Set(settings).count == 1)
  }

  @Test func `where time is up before tuning is over there is no answer, and no overrun`() throws {
    var options = options(["b", "c", "d"])
    options.epochs = nil
    options.budget = .seconds(4)
    let runner = SimulatedRunner()
    runner.secondsPerStep = ["adam": 1e-3, "b": 1e-3, "c": 1e-3, "d": 1e-3]
    runner.slowness = [.tune: 5, .final: 5]
    try withTemporaryFolder { folder in
      let choice = try choose(options, runner, journal: folder + "/j")
      #expect(runner.now <= 1.05 * 4 && choice.recommendedName == nil && choice.verdict.contains("No final run fitted"))
      #expect(choice.html().contains("No final run fitted"))
    }
  }

  @Test func `a comparison that was killed goes on as if it were not`() throws {
    let whole = SimulatedRunner()
    whole.bonus = ["c": 0.02]
    let expected = try choose(options(["b", "c"]), whole)
    for runs in [1, 5, 17, 40] {
      try withTemporaryFolder { folder in
        let first = SimulatedRunner()
        first.bonus = ["c": 0.02]
        first.runsLeft = runs
        #expect(throws: SimulatedRunner.Killed.self) { try choose(options(["b", "c"]), first, journal: folder + "/j") }
        // Killed in the midst of a line.
        let text = try String(contentsOfFile: folder + "/j", encoding: .utf8)
        try (text + "{\"kind\": \"tri").write(toFile: folder + "/j", atomically: true, encoding: .utf8)
        let second = SimulatedRunner()
        second.bonus = ["c": 0.02]
        let choice = try choose(options(["b", "c"]), second, journal: folder + "/j")
        #expect(choice.trials.map(\.id) == expected.trials.map(\.id) && choice.trials.map(\.score) == expected.trials.map(\.score))
        #expect(choice.recommended == expected.recommended && choice.verdict == expected.verdict)
        // A third time there is nothing to do.
        let third = SimulatedRunner()
        third.runsLeft = 0
        #expect(try choose(options(["b", "c"]), third, journal: folder + "/j").verdict == expected.verdict)
      }
    }
  }

  @Test func `journals of another comparison or of none are refused`() throws {
    try withTemporaryFolder { folder in
      _ = try TrialJournal(folder + "/j", conditions: ["seed": 1])
      #expect(failure(.state) { try TrialJournal(folder + "/j", conditions: ["seed": 2]) }.contains("seed was 1 and is 2"))
      try "hello\n".write(toFile: folder + "/k", atomically: true, encoding: .utf8)
      #expect(failure { try TrialJournal(folder + "/k", conditions: [:]) }.contains("not JSON"))
    }
  }

  @Test func `settings fill the range about the test's rate`() throws {
    let choice = try choose(options([]), SimulatedRunner())
    let rates = choice.trials.filter { $0.stage == .tune && $0.rung == 0 }.map(\.learningRate)
    #expect(rates.count == 8 && rates[0] == 0.001)
    for rate in rates.dropFirst() { #expect(rate >= 0.01 / 32 && rate <= 0.01 * 32) }
    let quarters: [Int] = rates.dropFirst().map { (rate: Double) -> Int in Int((Foundation.log10(rate / 0.01) + 1.5) / 0.75) }
    #expect(Set(quarters).count == 4)
  }

  @Test func `options out of range are refused`() {
    func refused(_ change: (inout ChoosingOptions) -> Void) -> String {
      var options = ChoosingOptions()
      change(&options)
      return failure(.invalidArgument) { try options.validate() }
    }
    #expect(refused { $0.candidates = [] }.contains("no candidates"))
    #expect(refused { $0.candidates = [OptimizerCandidate("a", SGD()), OptimizerCandidate("a", Lion())] }.contains("called 'a'"))
    #expect(refused { $0.seeds = 1 }.contains("seeds is 1"))
    #expect(refused { $0.confidence = 1 }.contains("confidence"))
    #expect(refused { $0.budget = .seconds(-1) }.contains("budget"))
    #expect(refused { $0.candidates = [OptimizerCandidate(nil, SGD(learningRate: CosineDecay(initialLearningRate: 1, decaySteps: 5)))] }.contains("schedule"))
  }

  @Test func `settings that optimizers say matter can be set`() throws {
    for type in OptimizerRegistry.all {
      for tuning in type.tunings {
        for part in [0, 0.5, 1] {
          let value = tuning.value(at: part)
          #expect(tuning.range.contains(value) || abs(value - tuning.range.lowerBound) < 1e-12 || abs(value - tuning.range.upperBound) < 1e-12)
          let set = try OptimizerRegistry.setting([(tuning.key, JSONValue(value))], in: type.init())
          #expect(try OptimizerRegistry.compactConfiguration(of: set)["config"]?[tuning.key]?.double ?? value == value)
        }
      }
    }
  }
}

extension OptimizerChooserTests {
  @Test func `settings and results are written for TensorBoard`() throws {
    try withTemporaryFolder { folder in
      let choice = try choose(options(["b"]), SimulatedRunner())
      try choice.writeTensorBoard(to: folder)
      let root = try EventReader.values(in: folder)
      #expect(root.map(\.tag) == ["_hparams_/experiment"] && root[0].plugin == "hparams")
      let sessions = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix("events") }
      // Eight settings of each of two, and five final runs each.
      #expect(sessions.count == 2 * 8 + 2 * 5)
      let one = try EventReader.values(in: folder + "/tune-adam-0-0")
      #expect(one.first?.tag == "_hparams_/session_start_info" && one.last?.tag == "_hparams_/session_end_info")
      #expect(one.filter { $0.tag == "accuracy" }.map(\.step).isSorted)
    }
  }
}

extension [Int] {
  fileprivate var isSorted: Bool { !isEmpty && zip(self, dropFirst()).allSatisfy { $0 < $1 } }
}

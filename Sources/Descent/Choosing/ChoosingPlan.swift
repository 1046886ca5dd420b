import Foundation
import TensorCore

/// How long runs are and how many there are: what a budget becomes.
///
/// A full run has ``legs`` of ``stepsPerLeg`` steps, and is judged after each leg. Tuning stops at a ninth and a third of it, and lets
/// the best third of an optimizer's own settings go on each time.
struct ChoosingPlan: Equatable {
  let candidates: Int
  let tuningTrials: Int
  let seeds: Int
  let stepsPerEpoch: Int
  let legs: Int
  let stepsPerLeg: Int

  static let finalists = 4
  static let probeSteps = 120
  /// Of settings, seeds and epochs: with more no choice would end.
  static let greatestCount = 1 << 24
  private static let leastTuningTrials = 3, leastSeeds = 3

  /// - Parameter epochs: of a full run.
  init(candidates: Int, tuningTrials: Int, seeds: Int, stepsPerEpoch: Int, epochs: Double) {
    self.candidates = candidates
    self.tuningTrials = tuningTrials
    self.seeds = seeds
    self.stepsPerEpoch = stepsPerEpoch
    legs = 9 * max(1, Int(clamping: (min(epochs, Double(ChoosingPlan.greatestCount)) / 9).rounded()))
    stepsPerLeg = max(1, Int(clamping: (epochs * Double(stepsPerEpoch) / Double(legs)).rounded(.up)))
  }

  var fullSteps: Int { ElementCount.product(legs, stepsPerLeg) }
  var epochs: Double { Double(fullSteps) / Double(stepsPerEpoch) }
  /// How many legs a trial of tuning has run at each of its ends.
  var rungs: [Int] { [legs / 9, legs / 3, legs] }
  /// How many trials of an optimizer reach each of them.
  var survivors: [Int] { [tuningTrials, (tuningTrials + 2) / 3, (tuningTrials + 8) / 9] }
  var finalistCount: Int { min(ChoosingPlan.finalists, candidates) }

  /// Steps of one optimizer's tuning.
  var tuningSteps: Int {
    ElementCount.product(zip(survivors, zip(rungs, [0] + rungs)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }, stepsPerLeg)
  }

  /// Steps of everything.
  var steps: Int {
    ElementCount.product(candidates, ChoosingPlan.probeSteps + fullSteps + tuningSteps) + ElementCount.product(finalistCount * seeds, fullSteps)
  }
  /// The same in passes over the rows.
  var cost: Double { Double(steps) / Double(stepsPerEpoch) }

  /// What there is with a budget that is large enough.
  init(_ options: ChoosingOptions, candidates: Int, stepsPerEpoch: Int) {
    self.init(
      candidates: candidates, tuningTrials: options.tuningTrials, seeds: options.seeds, stepsPerEpoch: stepsPerEpoch,
      epochs: options.epochs.map(Double.init) ?? (options.budget == nil ? 10 : 30))
  }

  /// What fits a budget.
  /// - Parameters:
  ///   - seconds: what a plan takes, if the budget is one of time.
  /// - Throws: ``DescentError`` telling the least budget if nothing fits.
  static func fitting(
    _ options: ChoosingOptions, candidates: Int, stepsPerEpoch: Int, seconds: (ChoosingPlan) -> Double
  ) throws -> ChoosingPlan {
    let greatest = ChoosingPlan(options, candidates: candidates, stepsPerEpoch: stepsPerEpoch)
    guard let budget = options.budget else { return greatest }
    let (smallest, fits) = greatest.largest(isLengthFree: options.epochs == nil) { plan in
      switch budget {
      case .epochs(let limit): plan.cost <= limit
      case .seconds(let limit): seconds(plan) <= limit
      }
    }
    if fits { return smallest }
    let needed = switch budget {
      case .epochs: "\(Int(clamping: smallest.cost.rounded(.up))) epochs in all"
      case .seconds: "\(Int(clamping: seconds(smallest).rounded(.up))) seconds"
    }
    throw DescentError(
      .invalidArgument,
      "chooseOptimizer: the budget is too small: \(candidates) candidates with \(smallest.tuningTrials) settings each and \(smallest.seeds) seeds need \(needed), with runs of \(Chart.short(smallest.epochs)) epochs; give more, or fewer candidates")
  }

  /// The largest plan within this one for which `fits` is true: with shorter runs where their length is free, then fewer settings, then
  /// fewer seeds. If there is none, the smallest, and false.
  func largest(isLengthFree: Bool, _ fits: (ChoosingPlan) -> Bool) -> (plan: ChoosingPlan, fits: Bool) {
    if fits(self) { return (self, true) }
    let lengths = isLengthFree ? stride(from: epochs.rounded(), through: 1, by: -0.5).filter { $0 <= epochs } : []
    let trials = Set([tuningTrials, 6, 4, ChoosingPlan.leastTuningTrials].filter { $0 <= tuningTrials }).sorted(by: >)
    var smallest = self
    for seeds in seedCounts {
      for trials in trials {
        smallest = ChoosingPlan(self, tuningTrials: trials, seeds: seeds, stepsPerLeg: stepsPerLeg)
        if fits(smallest) { return (smallest, true) }
        for length in lengths {
          smallest = ChoosingPlan(candidates: candidates, tuningTrials: trials, seeds: seeds, stepsPerEpoch: stepsPerEpoch, epochs: length)
          if fits(smallest) { return (smallest, true) }
        }
      }
    }
    return (smallest, false)
  }

  /// The same with final runs for which `fits` is true: fewer seeds, then shorter runs, down to a third. If there are none, the smallest.
  func withFinals(_ fits: (ChoosingPlan) -> Bool) -> ChoosingPlan {
    var smallest = self
    for seeds in seedCounts {
      smallest = ChoosingPlan(self, tuningTrials: tuningTrials, seeds: seeds, stepsPerLeg: stepsPerLeg)
      if fits(smallest) { return smallest }
    }
    for length in stride(from: stepsPerLeg - 1, through: max(1, stepsPerLeg / 3), by: -1) {
      smallest = ChoosingPlan(self, tuningTrials: tuningTrials, seeds: smallest.seeds, stepsPerLeg: length)
      if fits(smallest) { return smallest }
    }
    return smallest
  }

  private var seedCounts: [Int] { Set([seeds, 4, ChoosingPlan.leastSeeds].filter { $0 <= seeds }).sorted(by: >) }

  private init(_ other: ChoosingPlan, tuningTrials: Int, seeds: Int, stepsPerLeg: Int) {
    (candidates, stepsPerEpoch, legs) = (other.candidates, other.stepsPerEpoch, other.legs)
    (self.tuningTrials, self.seeds, self.stepsPerLeg) = (tuningTrials, seeds, stepsPerLeg)
  }

  var json: JSONValue {
    [
      "tuning_trials": JSONValue(tuningTrials), "seeds": JSONValue(seeds), "steps_per_epoch": JSONValue(stepsPerEpoch),
      "legs": JSONValue(legs), "steps_per_leg": JSONValue(stepsPerLeg),
    ]
  }

  init?(_ json: JSONValue, candidates: Int) {
    guard let trials = json["tuning_trials"]?.int, let seeds = json["seeds"]?.int, let steps = json["steps_per_epoch"]?.int,
      let legs = json["legs"]?.int, let length = json["steps_per_leg"]?.int, legs >= 9,
      [trials, seeds, legs].allSatisfy((1...(9 * ChoosingPlan.greatestCount)).contains), [steps, length].allSatisfy((1...ElementCount.limit).contains)
    else { return nil }
    (self.candidates, tuningTrials, self.seeds, stepsPerEpoch, self.legs, stepsPerLeg) = (candidates, trials, seeds, steps, legs, length)
  }
}
